// SPDX-License-Identifier: Apache-2.0
// A Vega panel: mean and highest step of the busiest interfaces. Steps grow with the time range, and the highest one is a mean of that
// long: how long is written above it. The 95th percentile as it is billed is percentile.libsonnet's.
local vega = import 'vega.libsonnet';

// side: flow.ingress (what came in by an interface) or flow.egress (what went out by it).
function(side, colour, size=10, index='logs-flow-*') {
  local bits = vega.human.bits,
  '$schema': 'https://vega.github.io/schema/vega/v5.json',
  description: 'Mean and highest step of the busiest interfaces',
  autosize: { type: 'fit', contains: 'padding' },
  padding: { left: 10, right: 10, top: 8, bottom: 6 },
  signals: [
    { name: 'names', update: 'clamp(width * 0.24, 90, 220)' },
    { name: 'numbers', update: 'clamp(width * 0.42, 230, 330)' },
    { name: 'row', update: 'height / max(4, length(data("rows")))' },
  ],
  data: [
    {
      name: 'reply',
      url: vega.query(index, { n: { cardinality: { field: side + '.interface' } }, top: {
        terms: { field: side + '.interface', size: size, order: { v: 'desc' } },
        aggs: {
          v: { sum: { field: side + '.bytes' } },
          speed: { max: { field: side + '.speed' } },
          t: {
            date_histogram: { field: '@timestamp', interval: { '%autointerval%': 300 }, min_doc_count: 0, extended_bounds: { min: { '%timefilter%': 'min' }, max: { '%timefilter%': 'max' } } },
            aggs: { v: { sum: { field: side + '.bytes' } } },
          },
          mean: { avg_bucket: { buckets_path: 't>v', gap_policy: 'insert_zeros' } },
        },
      } }),
      format: { property: 'aggregations' },
      transform: [
        { type: 'formula', as: 'of', expr: 'datum.n.value' },
        { type: 'formula', as: 'top', expr: 'datum.top.buckets' },
        { type: 'flatten', fields: ['top'] },
      ] + [{ type: 'formula', as: f, expr: 'datum.top.' + f } for f in ['key', 't', 'mean', 'speed']] + [
        { type: 'window', ops: ['row_number'], as: ['n'] },
        { type: 'formula', as: 'wide', expr: 'length(datum.t.buckets) > 1 ? datum.t.buckets[1].key - datum.t.buckets[0].key : 1000' },
        { type: 'formula', as: 'seconds', expr: 'max(datum.wide, ${active_timeout_ms}) / 1000' },
      ],
    },
    // A flow's bytes stand where it ends: steps that are shorter than flows may last are taken together.
    { name: 'highest', source: 'reply', transform: [
      { type: 'formula', as: 'b', expr: 'datum.t.buckets' },
      { type: 'flatten', fields: ['b'] },
      { type: 'formula', as: 'step', expr: 'floor(datum.b.key / ${active_timeout_ms})' },
      { type: 'formula', as: 'bytes', expr: 'datum.b.v.value' },
      { type: 'aggregate', groupby: ['key', 'step'], fields: ['bytes'], ops: ['sum'], as: ['bytes'] },
      { type: 'aggregate', groupby: ['key'], fields: ['bytes'], ops: ['max'], as: ['bytes'] },
    ] },
    { name: 'rows', source: 'reply', transform: [
      { type: 'lookup', from: 'highest', key: 'key', fields: ['key'], values: ['bytes'], as: ['most'] },
      { type: 'formula', as: 'mean', expr: 'datum.mean.value * 8000 / datum.wide' },
      { type: 'formula', as: 'peak', expr: 'datum.most * 8 / datum.seconds' },
      { type: 'formula', as: 'used', expr: "datum.speed.value > 0 ? format(datum.peak / datum.speed.value, '.1%') : '–'" },
      { type: 'formula', as: 'y', expr: 'datum.n - 1' },
    ] },
  ],
  scales: [{ name: 'x', type: 'linear', domain: { data: 'rows', field: 'peak' }, zero: true, range: [{ signal: 'names' }, { signal: 'max(names + 20, width - numbers)' }] }],
  local at = { signal: 'datum.y * row' },
  local middle = { signal: 'datum.y * row + row / 2' },
  local right(share) = { signal: 'width - numbers * %s' % share },
  local number(text, share) = { type: 'text', from: { data: 'rows' }, style: 'guide-label', encode: { update: {
    x: right(share), y: middle, align: { value: 'right' }, baseline: { value: 'middle' }, fontSize: { value: 12 }, text: text,
  } } },
  local head(text, x, align='right') = { type: 'text', style: 'guide-title', encode: { update: { x: x, y: { value: -10 }, align: { value: align }, text: { value: text } } } },
  local tip = { signal: "{'interface': datum.key, 'mean': %s, 'highest': %s, 'in steps of': datum.seconds + ' s'}" % [bits('datum.mean'), bits('datum.peak')] },
  marks: [
    { type: 'text', style: 'guide-title', encode: { update: { x: { value: 0 }, y: { value: -10 }, text: {
      signal: "length(data('rows')) && data('rows')[0].of > %d ? 'The %d busiest of ' + data('rows')[0].of + ' interfaces' : 'Interface'" % [size, size] } } } },
    head('Mean', right(0.74)),
    { type: 'text', style: 'guide-title', encode: { update: { x: right(0.3), y: { value: -10 }, align: { value: 'right' }, text: {
      signal: "length(data('rows')) ? 'Highest ' + (data('rows')[0].seconds < 3600 ? data('rows')[0].seconds / 60 + ' min' : data('rows')[0].seconds / 3600 + ' h') : 'Highest'" } } } },
    head('of the speed', right(0)),
    { type: 'text', from: { data: 'rows' }, style: 'guide-label', encode: { update: { x: { value: 0 }, y: middle, baseline: { value: 'middle' }, fontSize: { value: 12 }, text: { field: 'key' }, limit: { signal: 'names - 8' }, tooltip: tip } } },
    // highest pale, mean full
    { type: 'rect', from: { data: 'rows' }, encode: { update: { x: { scale: 'x', value: 0 }, x2: { scale: 'x', field: 'peak' }, y: { signal: 'datum.y * row + row * 0.22' }, height: { signal: 'row * 0.56' }, fill: { value: colour }, fillOpacity: { value: 0.25 }, tooltip: tip } } },
    { type: 'rect', from: { data: 'rows' }, encode: { update: { x: { scale: 'x', value: 0 }, x2: { scale: 'x', field: 'mean' }, y: { signal: 'datum.y * row + row * 0.22' }, height: { signal: 'row * 0.56' }, fill: { value: colour }, tooltip: tip } } },
    number({ signal: bits('datum.mean') }, 0.74),
    number({ signal: bits('datum.peak') }, 0.3),
    number({ field: 'used' }, 0),
  ],
}
