// SPDX-License-Identifier: Apache-2.0
// A Vega table of the largest combinations of fields. Lens leaves out of such a table every record that lacks one of them, and its
// shares are of the rows it lists; here a field that is absent has a name, shares are of everything in the time range, and what the
// rows do not hold stands below them. Click on a row: a filter of the dashboard.
local vega = import 'vega.libsonnet';

{
  // human: how the value is written; path: where the bucket has it
  measure(label, agg, human, path='value'):: { label: label, agg: agg, human: human, path: path },
  of(field, label):: self.measure(label, { sum: { field: field } }, vega.human.bytes),
  bytes:: self.of('network.bytes', 'Bytes'),
  records:: self.measure('Records', { value_count: { field: '@timestamp' } }, vega.human.count),
  unique(field, label):: self.measure(label, { cardinality: { field: field } }, vega.human.count),
  sum(field, label):: self.measure(label, { sum: { field: field } }, vega.human.count),
  count(label, query):: self.measure(label, { filter: query }, vega.human.count, 'doc_count'),
  // Bytes where any record has some: what nobody told is not nothing.
  told(field, label):: self.measure(label, { filter: { exists: { field: field } }, aggs: { v: { sum: { field: field } } } }, function(x) "(%s > 0 ? %s : '–')" % [x, vega.human.bytes(x)], 'v.value'),

  // context: false counts all of the time range, whatever the filters.
  // columns: [[field, title, text where the field is absent, value for it (a text of no other record; a number or an address where
  // the field holds these)], ...]; measures: the first one ranks and has a share; filter: an Elasticsearch query, of what alone.
  spec(columns, measures, filter={ match_all: {} }, size=100, index='logs-flow-*', context=true):: {
    local last = std.length(columns) - 1,
    local m = std.length(measures) - 1,
    local absent(c) = if std.length(c) > 3 then c[3] else c[2],
    local quoted(value) = if std.isString(value) then "'" + value + "'" else '%s' % value,
    local key(i) = if last == 0 then 'datum.b.key' else 'datum.b.key[%d]' % i,
    local longer(i) = std.length([j for j in std.range(0, i) if std.length(measures[j].label) > 9]),
    local number(i) = std.length(columns[i]) > 3 && std.isNumber(columns[i][3]),
    // A key of several fields has its numbers as text.
    local isAbsent(i, k) = if number(i) then '+%s == %s' % [k, columns[i][3]] else '%s == %s' % [k, quoted(absent(columns[i]))],
    local condition(i) = "(%s ? {bool: {must_not: {exists: {field: '%s'}}}} : {term: {'%s': datum.k%d}})" % [isAbsent(i, 'datum.k%d' % i), columns[i][0], columns[i][0], i],

    '$schema': 'https://vega.github.io/schema/vega/v5.json',
    description: 'The largest by ' + std.join(', ', [c[1] for c in columns]),
    autosize: { type: 'fit', contains: 'padding' },
    padding: { left: 8, right: 8, top: 6, bottom: 4 },
    signals: [
      { name: 'row', value: 20 },
      { name: 'lines', update: 'max(1, floor(height / row) - 1)' },
      { name: 'cell', update: 'clamp(width * 0.11, 58, 92)' },
      // (a long heading needs more than the narrowest cell)
      { name: 'more', update: 'max(0, 86 - cell)' },
      { name: 'names', update: 'width - cell * %d - more * %d' % [m + 2, longer(m)] },
      { name: 'whole', update: "length(data('reply')) ? data('reply')[0].f.all.value || 0 : 0" },
      { name: 'rest', update: "whole - (length(data('sum')) ? data('sum')[0].v : 0)" },
      { name: 'pick', value: null, on: [{
        events: '@line:click',
        update: "kibanaAddFilter({bool: {filter: [%s]}}, '\"%s\"', datum.name)" % [std.join(', ', [condition(i) for i in std.range(0, last)]), index],
      }] },
    ],
    local terms = [{ field: c[0], missing: absent(c) } for c in columns],
    local order = { size: size, shard_size: 10 * size, order: { v0: 'desc' } },
    data: [
      { name: 'reply', url: vega.query(index, { f: { filter: filter, aggs: {
        all: measures[0].agg,
        top: (if last == 0 then { terms: terms[0] + order } else { multi_terms: { terms: terms } + order }) + { aggs: { ['v%d' % i]: measures[i].agg for i in std.range(0, m) } },
      } } }, context), format: { property: 'aggregations' } },
      { name: 'rows', source: 'reply', transform: [
        { type: 'formula', as: 'b', expr: 'datum.f.top.buckets' },
        { type: 'flatten', fields: ['b'] },
        { type: 'window', ops: ['row_number'], as: ['n'] },
        { type: 'filter', expr: 'datum.n <= lines' },
        { type: 'formula', as: 'y', expr: '(datum.n - 1) * row' },
      ] + [{ type: 'formula', as: 'k%d' % i, expr: key(i) } for i in std.range(0, last)]
        + [{ type: 'formula', as: 'v%d' % i, expr: 'datum.b.v%d.%s' % [i, measures[i].path] } for i in std.range(0, m)] + [
        { type: 'formula', as: 'name', expr: std.join(" + ' › ' + ", ["(%s ? '%s' : datum.k%d)" % [isAbsent(i, 'datum.k%d' % i), columns[i][2], i] for i in std.range(0, last)]) },
        { type: 'formula', as: 'share', expr: 'whole > 0 ? datum.v0 / whole : 0' },
      ] },
      { name: 'sum', source: 'rows', transform: [{ type: 'aggregate', fields: ['v0'], ops: ['sum'], as: ['v'] }] },
    ],
    // The measures' columns, with the share after the first.
    local column(i) = { signal: 'names + cell * %d + more * %d' % [i + 1, longer(std.max(0, i - 1))] },
    local text(x, value, align='right', style='guide-label', more={}) = { type: 'text', style: style, encode: { update: {
      x: x, y: { signal: 'datum.y + row / 2' }, align: { value: align }, baseline: { value: 'middle' }, fontSize: { value: 12 }, text: value } + more } },
    local head(x, title, align='right') = { type: 'text', style: 'guide-title', encode: { update: { x: x, y: { value: -9 }, align: { value: align }, text: { value: title } } } },
    local below(x, value, align='right') = { type: 'text', style: 'guide-label', encode: { update: {
      x: x, y: { signal: 'lines * row + row / 2' }, align: { value: align }, baseline: { value: 'middle' }, fontSize: { value: 12 }, fontStyle: { value: 'italic' }, text: { signal: value } } } },
    local tip = { signal: '{%s}' % std.join(', ', ["'%s': %s ? '%s' : datum.k%d" % [columns[i][1], isAbsent(i, 'datum.k%d' % i), columns[i][2], i] for i in std.range(0, last)]
                                             + ["'%s': %s" % [measures[i].label, measures[i].human('datum.v%d' % i)] for i in std.range(0, m)]) },
    marks: [
      head({ value: 0 }, std.join(' › ', [c[1] for c in columns]), 'left'),
      head(column(0), measures[0].label),
      head(column(1), 'Share'),
    ] + [head(column(i + 1), measures[i].label) for i in std.range(1, m)] + [
      { type: 'rect', name: 'line', from: { data: 'rows' }, encode: { update: { x: { value: 0 }, width: { signal: 'width' }, y: { field: 'y' }, height: { signal: 'row' }, fill: { value: 'transparent' }, cursor: { value: 'pointer' }, tooltip: tip } } },
      { type: 'rect', interactive: false, from: { data: 'rows' }, encode: { update: { x: { value: 0 }, width: { signal: 'names * datum.share' }, y: { signal: 'datum.y + 2' }, height: { signal: 'row - 4' }, fill: { value: '#6092c0' }, fillOpacity: { value: 0.3 } } } },
      text({ value: 2 }, { field: 'name' }, 'left', more={ limit: { signal: 'names - 6' } }) { from: { data: 'rows' }, interactive: false },
      text(column(0), { signal: measures[0].human('datum.v0') }) { from: { data: 'rows' }, interactive: false },
      text(column(1), { signal: "format(datum.share, '.1%')" }) { from: { data: 'rows' }, interactive: false },
    ] + [text(column(i + 1), { signal: measures[i].human('datum.v%d' % i) }) { from: { data: 'rows' }, interactive: false } for i in std.range(1, m)] + [
      below({ value: 2 }, "whole > 0 ? (rest > whole * 1e-9 ? 'all others' : 'nothing else') : length(data('rows')) ? 'nothing else' : 'nothing in this time range'", 'left'),
      below(column(0), 'whole > 0 && rest > whole * 1e-9 ? %s : ""' % measures[0].human('rest')),
      below(column(1), "whole > 0 && rest > whole * 1e-9 ? format(rest / whole, '.1%') : ''"),
    ],
  },
}
