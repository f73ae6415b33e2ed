// SPDX-License-Identifier: Apache-2.0
// A Vega sankey of any number of columns: the N largest combinations of fields by a sum, really the largest (multi_terms
// ordered by it), and what is left as one band "other". Click on a node: a filter of the dashboard.
local vega = import 'vega.libsonnet';

// columns: [[field, title, text where the field is absent], ...]
function(columns, measure='network.bytes', human=vega.human.bytes, size=50, index='logs-flow-*') {
  local last = std.length(columns) - 1,
  local cols = ['f%d' % i for i in std.range(0, last)],
  local fields = [c[0] for c in columns],
  local other = 'other',

  // Vega expressions have no computed member names, hence one branch a column. A column's stand-in for "absent" filters for that.
  local filter(i) =
    "(datum.name == '%s' ? {bool: {must_not: {exists: {field: '%s'}}}} : {match_phrase: {'%s': datum.name}})" % [columns[i][2], fields[i], fields[i]],
  local pick = std.foldr(function(i, rest) "datum.col == 'f%d' ? %s : " % [i, filter(i)] + rest, std.range(0, last), 'null'),

  '$schema': 'https://vega.github.io/schema/vega/v5.json',
  description: 'The largest flows between ' + std.join(', ', [c[1] for c in columns]),
  autosize: { type: 'fit', contains: 'padding' },
  padding: { left: 10, right: 10, top: 28, bottom: 10 },
  signals: [
    { name: 'gap', update: 'min(6, height / 120)' },
    { name: 'bar', value: 14 },
    { name: 'hot', value: '', on: [
      { events: '@node:mouseover, @name:mouseover', update: 'datum.key' },
      { events: '@node:mouseout, @name:mouseout', update: "''" },
    ] },
    // "other" is not one value: clicking it does nothing.
    { name: 'pick', value: null, on: [{
      events: '@node:click, @name:click',
      update: "datum.name == '%s' ? null : kibanaAddFilter(%s, '%s', datum.name)" % [other, pick, index],
    }] },
  ],
  data: [
    {
      name: 'reply',
      url: vega.query(index, {
        top: { multi_terms: { terms: [{ field: c[0], missing: c[2] } for c in columns], size: size, shard_size: 20 * size, order: { v: 'desc' } }, aggs: { v: { sum: { field: measure } } } },
        all: { sum: { field: measure } },
      }),
      format: { property: 'aggregations' },
    },
    { name: 'rows', source: 'reply', transform: [
      { type: 'formula', as: 'b', expr: 'datum.top.buckets' },
      { type: 'flatten', fields: ['b'] },
      { type: 'formula', as: 'v', expr: 'datum.b.v.value' },
      { type: 'joinaggregate', fields: ['v'], ops: ['sum'], as: ['covered'] },
      // One more row than buckets: the last bucket also yields the rest.
      { type: 'window', ops: ['row_number'], as: ['n'] },
      { type: 'joinaggregate', ops: ['count'], as: ['count'] },
      { type: 'formula', as: 'take', expr: 'datum.n == datum.count && datum.all.value - datum.covered > datum.all.value * 0.001 ? [0, 1] : [0]' },
      { type: 'flatten', fields: ['take'] },
      { type: 'formula', as: 'v', expr: 'datum.take ? datum.all.value - datum.covered : datum.v' },
    ] + [{ type: 'formula', as: cols[i], expr: "datum.take ? '%s' : datum.b.key[%d]" % [other, i] } for i in std.range(0, last)]
      + [{ type: 'filter', expr: 'datum.v > 0' }] },
    { name: 'nodes', source: 'rows', transform: [
      { type: 'fold', fields: cols, as: ['col', 'name'] },
      { type: 'aggregate', groupby: ['col', 'name'], fields: ['v'], ops: ['sum'], as: ['v'] },
      { type: 'formula', as: 'key', expr: "datum.col + '|' + datum.name" },
      { type: 'formula', as: 'order', expr: "datum.name == '%s' ? -1 : datum.v" % other },
      { type: 'window', groupby: ['col'], sort: { field: 'order', order: 'descending' }, ops: ['row_number'], as: ['rank'] },
      { type: 'stack', groupby: ['col'], field: 'v', sort: { field: 'order', order: 'descending' } },
      { type: 'joinaggregate', groupby: ['col'], fields: ['v', 'v'], ops: ['sum', 'count'], as: ['total', 'n'] },
      { type: 'joinaggregate', fields: ['n'], ops: ['max'], as: ['most'] },
      { type: 'formula', as: 'px', expr: '(height - (datum.most - 1) * gap) / datum.total' },
      { type: 'formula', as: 'top', expr: 'datum.y0 * datum.px + (datum.rank - 1) * gap' },
      { type: 'formula', as: 'size', expr: 'max(1, datum.v * datum.px)' },
      { type: 'formula', as: 'x', expr: '+slice(datum.col, 1) * (width - bar) / %d' % last },
    ] },
    { name: 'links', source: 'rows', transform: [
      { type: 'formula', as: 'hop', expr: std.manifestJsonMinified(std.range(0, last - 1)) },
      { type: 'flatten', fields: ['hop'] },
      { type: 'formula', as: 'a', expr: "'f' + datum.hop + '|' + datum['f' + datum.hop]" },
      { type: 'formula', as: 'b', expr: "'f' + (datum.hop + 1) + '|' + datum['f' + (datum.hop + 1)]" },
      { type: 'aggregate', groupby: ['a', 'b'], fields: ['v'], ops: ['sum'], as: ['v'] },
      { type: 'lookup', from: 'nodes', key: 'key', fields: ['a', 'b'], as: ['from', 'to'] },
      { type: 'stack', groupby: ['a'], field: 'v', sort: { field: 'to.top' }, as: ['a0', 'a1'] },
      { type: 'stack', groupby: ['b'], field: 'v', sort: { field: 'from.top' }, as: ['b0', 'b1'] },
      { type: 'formula', as: 'w', expr: 'max(0.5, datum.v * datum.from.px)' },
      { type: 'formula', as: 'sy', expr: 'datum.from.top + (datum.a0 + datum.a1) / 2 * datum.from.px' },
      { type: 'formula', as: 'ty', expr: 'datum.to.top + (datum.b0 + datum.b1) / 2 * datum.from.px' },
      { type: 'linkpath', orient: 'horizontal', shape: 'diagonal', sourceX: { expr: 'datum.from.x + bar' }, sourceY: 'sy', targetX: { expr: 'datum.to.x' }, targetY: 'ty' },
    ] },
  ],
  local grey = '#98a2b3',
  scales: [{ name: 'colour', type: 'ordinal', domain: { data: 'nodes', field: 'name' }, range: ['#54b399', '#6092c0', '#d36086', '#9170b8', '#ca8eae', '#d6bf57', '#b9a888', '#da8b45', '#aa6556', '#e7664c'] }],
  local colour(name) = [{ test: "%s == '%s'" % [name, other], value: grey }, { scale: 'colour', field: std.strReplace(name, 'datum.', '') }],
  local text = human('datum.v'),
  marks: [
    // clip: thick strokes would count as overflow and shrink the whole picture.
    { type: 'path', clip: true, from: { data: 'links' }, encode: {
      update: {
        path: { field: 'path' },
        fill: { value: null },
        stroke: colour('datum.from.name'),
        strokeWidth: { field: 'w' },
        strokeOpacity: { signal: "hot == '' ? 0.35 : hot == datum.a || hot == datum.b ? 0.75 : 0.1" },
        tooltip: { signal: "datum.from.name + ' → ' + datum.to.name + '   ' + " + text + " + '   ' + format(datum.v / datum.from.total, '.1%')" },
      },
      hover: { strokeOpacity: { value: 0.8 } },
    } },
    { type: 'rect', name: 'node', from: { data: 'nodes' }, encode: { update: {
      x: { field: 'x' },
      width: { signal: 'bar' },
      y: { field: 'top' },
      height: { field: 'size' },
      fill: colour('datum.name'),
      cursor: { value: 'pointer' },
      tooltip: { signal: "datum.name + '   ' + " + text + " + '   ' + format(datum.v / datum.total, '.1%')" },
    } } },
    { type: 'text', name: 'name', from: { data: 'nodes' }, style: 'guide-label', encode: { update: {
      x: { signal: "datum.col == 'f%d' ? datum.x - 6 : datum.x + bar + 6" % last },
      align: { signal: "datum.col == 'f%d' ? 'right' : 'left'" % last },
      y: { signal: 'datum.top + datum.size / 2' },
      baseline: { value: 'middle' },
      text: { signal: "datum.size < 9 ? '' : datum.name + '  ' + " + text },
      fontSize: { value: 12 },
      limit: { signal: 'max(120, width / %d - 40)' % (last + 1) },
      cursor: { value: 'pointer' },
    } } },
    { type: 'text', from: { data: 'nodes' }, style: 'guide-title', encode: { update: {
      y: { value: -12 },
      x: { signal: "datum.col == 'f%d' ? width : datum.x" % last },
      align: { signal: "datum.col == 'f%d' ? 'right' : 'left'" % last },
      text: { signal: 'datum.rank == 1 ? ' + std.manifestJsonMinified([c[1] for c in columns]) + "[+slice(datum.col, 1)] : ''" },
    } } },
  ],
}
