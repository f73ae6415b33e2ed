// SPDX-License-Identifier: Apache-2.0
// A Vega panel: the 95th percentile of one interface as traffic is billed: values of five minutes, whatever the time range, at most
// of its last 31 days (8,928 values; several interfaces would need more buckets than Elasticsearch gives). In, out, and the greater of
// both in each five minutes. Of N values the highest N/20 are dropped, and the next one counts. Minutes without a record are zero:
// whether the exporter was silent then, these records do not tell; how many there were is written below.
local vega = import 'vega.libsonnet';

local step = 300000;
local longest = 31 * 86400000;

function(index='logs-flow-*') {
  local bits = vega.human.bits,
  // Of each side the two that most records count for: the panel is about one that is on both, and where the search is for one interface
  // (the links in tables are), no other is as often on either side. Two are as often on both where all that passes one passes the
  // other: then it is the slower line.
  local side(field) = { filter: { exists: { field: field + '.bytes' } }, aggs: { top: { terms: { field: field + '.interface', size: 2 }, aggs: {
    speed: { max: { field: field + '.speed' } },
    t: { date_histogram: { field: '@timestamp', fixed_interval: '5m', min_doc_count: 1 }, aggs: { v: { sum: { field: field + '.bytes' } } } },
  } } } },
  local sides = ['in', 'out'],
  '$schema': 'https://vega.github.io/schema/vega/v5.json',
  description: '95th percentile of one interface, of values of five minutes',
  autosize: { type: 'fit', contains: 'padding' },
  padding: { left: 10, right: 10, top: 8, bottom: 6 },
  data: [
    { name: 'reply', url: vega.query(index, {
      whole: { date_range: { field: '@timestamp', ranges: [{ from: { '%timefilter%': 'min' }, to: { '%timefilter%': 'max' } }] } },
      last: { filter: { range: { '@timestamp': { gte: { '%timefilter%': 'max', shift: -31, unit: 'day' } } } }, aggs: { 'in': side('flow.ingress'), out: side('flow.egress') } },
    }), format: { property: 'aggregations' } },
  ] + [
    { name: 'names_' + s, source: 'reply', transform: [
      { type: 'formula', as: 'top', expr: "datum.last['%s'].top.buckets" % s },
      { type: 'flatten', fields: ['top'] },
      { type: 'formula', as: 'name', expr: 'datum.top.key' },
      { type: 'formula', as: 'count', expr: 'datum.top.doc_count' },
      { type: 'formula', as: 'speed', expr: 'datum.top.speed.value || 1e18' },
    ] }
    for s in sides
  ] + [
    { name: 'names', source: ['names_' + s for s in sides], transform: [
      { type: 'aggregate', groupby: ['name'], fields: ['count', 'count', 'speed'], ops: ['count', 'sum', 'min'], as: ['sides', 'count', 'speed'] },
      { type: 'filter', expr: 'datum.sides == 2' },
      { type: 'collect', sort: { field: ['count', 'speed', 'name'], order: ['descending', 'ascending', 'ascending'] } },
    ] },
  ] + [
    { name: s, source: 'names_' + s, transform: [
      { type: 'filter', expr: "datum.name == (length(data('names')) ? data('names')[0].name : data('names_%s')[0].name)" % s },
      { type: 'formula', as: 'b', expr: 'datum.top.t.buckets' },
      { type: 'flatten', fields: ['b'] },
      { type: 'formula', as: 't', expr: 'datum.b.key' },
      { type: 'formula', as: 'v', expr: 'datum.b.v.value * 8 / %d' % (step / 1000) },
    ] }
    for s in sides
  ] + [
    { name: 'both', source: sides, transform: [
      { type: 'filter', expr: 'one' },
      { type: 'aggregate', groupby: ['t'], fields: ['v'], ops: ['max'], as: ['v'] },
    ] },
  ] + [
    { name: 'ranked_' + s, source: s, transform: [
      { type: 'window', sort: { field: 'v', order: 'descending' }, ops: ['row_number'], as: ['n'] },
      { type: 'filter', expr: 'datum.n == floor(n / 20) + 1' },
    ] }
    for s in sides + ['both']
  ] + [
    { name: 'sum_' + s, source: s, transform: [{ type: 'aggregate', fields: ['v', 'v'], ops: ['sum', 'max'], as: ['sum', 'max'] }] }
    for s in sides + ['both']
  ],
  local first(data, field) = "(length(data('%s')) ? data('%s')[0].%s : 0)" % [data, data, field],
  local name(s) = "(length(data('%s')) ? data('%s')[0].name : 'none')" % [s, s],
  signals: [
    { name: 'span', update: "length(data('reply')) ? data('reply')[0].whole.buckets[0].to - data('reply')[0].whole.buckets[0].from : 0" },
    { name: 'n', update: 'max(1, ceil(min(span, %d) / %d))' % [longest, step] },
    { name: 'one', update: "length(data('in')) && length(data('out')) ? data('in')[0].name == data('out')[0].name : false" },
    { name: 'limit', update: 'floor(n / 20)' },
  ],
  local rows = [['In', 'in', '#54b399'], ['Out', 'out', '#6092c0'], ['Greater of both', 'both', '#d36086']],
  local line(y, x, value, align='left', style='guide-label', size=13) = { type: 'text', style: style, encode: { update: {
    x: x, y: { value: y }, align: { value: align }, baseline: { value: 'middle' }, fontSize: { value: size }, text: value, limit: { signal: 'width' } } } },
  local at(share) = { signal: 'width * %s' % share },
  marks: [
    line(8, { value: 0 }, { signal: "one ? data('in')[0].name : 'In: ' + %s + ', out: ' + %s + '. Click an interface in the tables below: both its directions'" % [name('in'), name('out')] }, style='guide-title'),
    line(34, at(0.55), { value: '95th percentile' }, 'right', 'guide-title', 12),
    line(34, at(0.78), { value: 'Mean' }, 'right', 'guide-title', 12),
    line(34, { signal: 'width' }, { value: 'Highest 5 minutes' }, 'right', 'guide-title', 12),
    line(148, { value: 0 }, { signal: "n + ' values of 5 minutes' + (span > %d ? ' (the last 31 days of the range)' : '') + ', the highest ' + limit + ' dropped; without a record: in ' + (n - min(n, length(data('in')))) + ', out ' + (n - min(n, length(data('out'))))" % longest }, size=11),
    line(166, { value: 0 }, { signal: "${active_timeout_ms} > %d ? 'Exporters tell of flows after up to ${active_timeout}, so these values are higher and lower than what crossed the line: set their active timeout to 60 s.' : ''" % step }, size=11),
  ] + std.flattenArrays([
    local r = rows[i], y = 58 + i * 26;
    [
      line(y, { value: 14 }, { value: r[0] }),
      { type: 'rect', encode: { update: { x: { value: 0 }, y: { value: y - 6 }, width: { value: 8 }, height: { value: 12 }, fill: { value: r[2] } } } },
      line(y, at(0.55), { signal: (if r[1] == 'both' then "!one ? '–' : " else '') + bits(first('ranked_' + r[1], 'v')) }, 'right', size=16),
      line(y, at(0.78), { signal: (if r[1] == 'both' then "!one ? '–' : " else '') + bits(first('sum_' + r[1], 'sum') + ' / n') }, 'right'),
      line(y, { signal: 'width' }, { signal: (if r[1] == 'both' then "!one ? '–' : " else '') + bits(first('sum_' + r[1], 'max')) }, 'right'),
    ]
    for i in std.range(0, 2)
  ]),
}
