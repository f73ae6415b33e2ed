// SPDX-License-Identifier: Apache-2.0
// A Vega panel: the 95th percentile of one interface as traffic is billed: values of five minutes, whatever the time range, at most
// of its last 31 days (8,928 values; many interfaces would need more buckets than Elasticsearch gives). In, out, and the greater of
// both in each five minutes. Of N values the highest N/20 are dropped, and the next one counts. Minutes without a record are zero:
// whether the exporter was silent then, these records do not tell; how many there were is written below.
local interface = import 'interface.libsonnet';
local vega = import 'vega.libsonnet';

local step = 300000;
local longest = 31 * 86400000;
// Of each side the six with the most bytes have values (what search.max_buckets allows). The one that has the most both ways may be
// without those of a direction: it says so, and where it is asked for, it is alone and has both.
local drawn = 6;

function(index='logs-flow-*') {
  local bits = vega.human.bits,
  local sides = [['in', 'flow.ingress'], ['out', 'flow.egress']],
  local sums(field) = { f: { sum: { field: field + '.bytes' } }, b: { sum: { field: field + '.reverse_bytes' } } },
  local side(field) = {
    names: { terms: { field: field + '.interface', size: 1000, order: { f: 'desc' } }, aggs: sums(field) + { speed: { max: { field: field + '.speed' } } } },
    top: { terms: { field: field + '.interface', size: drawn, order: { f: 'desc' } }, aggs: {
      f: { sum: { field: field + '.bytes' } },
      t: { date_histogram: { field: '@timestamp', fixed_interval: '5m', min_doc_count: 1 }, aggs: sums(field) },
    } },
  },
  local last(aggs) = { last: { filter: { range: { '@timestamp': { gte: { '%timefilter%': 'max', shift: -31, unit: 'day' } } } }, aggs: aggs } },
  local flat(name, source, list, more) = { name: name, source: source, transform: [
    { type: 'formula', as: 'top', expr: 'datum.last.%s.buckets' % list },
    { type: 'flatten', fields: ['top'] },
    { type: 'formula', as: 'name', expr: 'datum.top.key' },
  ] + more },
  // Which of a bucket's two sums went this way.
  local way = { 'in': { 'in': 'f', out: 'b' }, out: { 'in': 'b', out: 'f' } },
  local of(expr, as) = { type: 'formula', as: as, expr: expr },
  '$schema': 'https://vega.github.io/schema/vega/v5.json',
  description: '95th percentile of one interface, of values of five minutes',
  autosize: { type: 'fit', contains: 'padding' },
  padding: { left: 10, right: 10, top: 8, bottom: 6 },
  data: [
    { name: 'reply', url: vega.query(index, { whole: { date_range: { field: '@timestamp', ranges: [{ from: { '%timefilter%': 'min' }, to: { '%timefilter%': 'max' } }] } } }), format: { property: 'aggregations' } },
  ] + [interface.ask('reply_' + s[0], s[0], last(side(s[1])), index) for s in sides]
  + [flat('names_' + s[0], 'reply_' + s[0], 'names', [
    of('datum.top.%s.value' % way['in'][s[0]], 'i'),
    of('datum.top.%s.value' % way.out[s[0]], 'o'),
    of('datum.top.speed.value || 1e18', 'speed'),
  ]) for s in sides]
  + [flat('top_' + s[0], 'reply_' + s[0], 'top', []) for s in sides]
  + [
    { name: 'names', source: ['names_' + s[0] for s in sides], transform: [
      { type: 'aggregate', groupby: ['name'], fields: ['i', 'o', 'speed'], ops: ['sum', 'sum', 'min'], as: ['i', 'o', 'speed'] },
      of('datum.i + datum.o', 'sum'),
      { type: 'collect', sort: { field: ['sum', 'speed', 'name'], order: ['descending', 'ascending', 'ascending'] } },
      { type: 'window', ops: ['row_number'], as: ['rank'] },
    ] },
    // The one with the most bytes, with what of it is on which side.
    { name: 'one', source: 'names', transform: [
      { type: 'filter', expr: 'datum.rank == 1' },
    ] + std.flattenArrays([[
      { type: 'lookup', from: 'top_' + s[0], key: 'name', fields: ['name'], values: ['name'], as: ['top_' + s[0]] },
      { type: 'lookup', from: 'names_' + s[0], key: 'name', fields: ['name'], values: ['i', 'o'], as: ['i_' + s[0], 'o_' + s[0]], default: 0 },
    ] for s in sides]) },
  ] + [
    { name: 'values_' + s[0], source: 'top_' + s[0], transform: [
      { type: 'filter', expr: "length(data('one')) && datum.name == data('one')[0].name" },
      of('datum.top.t.buckets', 'b'),
      { type: 'flatten', fields: ['b'] },
      of('datum.b.key', 't'),
      of('datum.b.%s.value * 8 / %d' % [way['in'][s[0]], step / 1000], 'i'),
      of('datum.b.%s.value * 8 / %d' % [way.out[s[0]], step / 1000], 'o'),
    ] }
    for s in sides
  ] + [
    { name: 'five', source: ['values_' + s[0] for s in sides], transform: [{ type: 'aggregate', groupby: ['t'], fields: ['i', 'o'], ops: ['sum', 'sum'], as: ['i', 'o'] }] },
    { name: 'in', source: 'five', transform: [of('datum.i', 'v')] },
    { name: 'out', source: 'five', transform: [of('datum.o', 'v')] },
    { name: 'both', source: 'five', transform: [of('max(datum.i, datum.o)', 'v')] },
  ] + [
    { name: 'ranked_' + s, source: s, transform: [
      { type: 'window', sort: { field: 'v', order: 'descending' }, ops: ['row_number'], as: ['n'] },
      { type: 'filter', expr: 'datum.n == floor(n / 20) + 1' },
    ] }
    for s in ['in', 'out', 'both']
  ] + [
    { name: 'sum_' + s, source: s, transform: [{ type: 'aggregate', fields: ['v', 'v'], ops: ['sum', 'max'], as: ['sum', 'max'] }] }
    for s in ['in', 'out', 'both']
  ],
  local first(data, field) = "(length(data('%s')) ? data('%s')[0].%s : 0)" % [data, data, field],
  signals: [
    { name: 'span', update: "length(data('reply')) ? data('reply')[0].whole.buckets[0].to - data('reply')[0].whole.buckets[0].from : 0" },
    { name: 'n', update: 'max(1, ceil(min(span, %d) / %d))' % [longest, step] },
    { name: 'limit', update: 'floor(n / 20)' },
    { name: 'interfaces', update: "length(data('names'))" },
    // A direction has values where each side that adds to it has.
  ] + [
    { name: 'known_' + way[0], update: "length(data('one')) ? %s : false" % std.join(' && ', ["(isValid(data('one')[0].top_%s) || data('one')[0].%s_%s == 0)" % [s[0], way[1], s[0]] for s in sides]) }
    for way in [['in', 'i'], ['out', 'o']]
  ] + [
    { name: 'known_both', update: 'known_in && known_out' },
    { name: 'which', update: "interfaces < 2 ? '' : 'the one with the most bytes of ' + interfaces + '; click another in the tables below' + (known_both ? '' : ', or this one for what is missing here')" },
  ],
  local rows = [['In', 'in', 'i', '#54b399'], ['Out', 'out', 'o', '#6092c0'], ['Greater of both', 'both', null, '#d36086']],
  local line(y, x, value, align='left', style='guide-label', size=13) = { type: 'text', style: style, encode: { update: {
    x: x, y: { value: y }, align: { value: align }, baseline: { value: 'middle' }, fontSize: { value: size }, text: value, limit: { signal: 'width' } } } },
  local at(share) = { signal: 'width * %s' % share },
  marks: [
    line(8, { value: 0 }, { signal: "length(data('one')) ? data('one')[0].name : 'No interface in this time range'" }, style='guide-title'),
    line(8, { signal: 'width' }, { signal: 'which' }, 'right', size=12),
    line(34, at(0.55), { value: '95th percentile' }, 'right', 'guide-title', 12),
    line(34, at(0.78), { value: 'Mean' }, 'right', 'guide-title', 12),
    line(34, { signal: 'width' }, { value: 'Highest 5 minutes' }, 'right', 'guide-title', 12),
    line(148, { value: 0 }, { signal: "n + ' values of 5 minutes' + (span > %d ? ' (the last 31 days of the range)' : '') + ', the highest ' + limit + ' dropped; without a record: ' + (n - min(n, length(data('five'))))" % longest }, size=11),
    line(166, { value: 0 }, { signal: "${active_timeout_ms} > %d ? 'Exporters tell of flows after up to ${active_timeout}, so these values are higher and lower than what crossed the line: set their active timeout to 60 s.' : ''" % step }, size=11),
  ] + std.flattenArrays([
    local r = rows[i], y = 58 + i * 26;
    local sum = if r[1] == 'both' then 'max(%s, %s)' % [first('one', 'i'), first('one', 'o')] else first('one', r[2]);
    local written(x, known) = { signal: "%s == 0 ? 'none' : %s ? %s : '–'" % [sum, known, bits(x)] };
    local mean = if r[1] == 'both' then first('sum_both', 'sum') + ' / n' else sum + ' * 8 / %d / n' % (step / 1000);
    [
      line(y, { value: 14 }, { value: r[0] }),
      { type: 'rect', encode: { update: { x: { value: 0 }, y: { value: y - 6 }, width: { value: 8 }, height: { value: 12 }, fill: { value: r[3] } } } },
      line(y, at(0.55), written(first('ranked_' + r[1], 'v'), 'known_' + r[1]), 'right', size=16),
      line(y, at(0.78), written(mean, if r[1] == 'both' then 'known_both' else 'true'), 'right'),
      line(y, { signal: 'width' }, written(first('sum_' + r[1], 'max'), 'known_' + r[1]), 'right'),
    ]
    for i in std.range(0, 2)
  ]),
}
