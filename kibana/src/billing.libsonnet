// SPDX-License-Identifier: Apache-2.0
// A Vega panel: mean, 95th percentile and peak of each interface, as traffic is billed. Over a day the intervals are 5 minutes
// as usual; over longer ranges they grow with it, and the 95th percentile becomes a little lower.
local vega = import 'vega.libsonnet';

// side: flow.ingress (what came in by an interface) or flow.egress (what went out by it).
function(side, colour, size=10, index='logs-flow-*') {
  local bits = vega.human.bits,
  '$schema': 'https://vega.github.io/schema/vega/v5.json',
  description: 'Mean, 95th percentile and peak of the busiest interfaces',
  autosize: { type: 'fit', contains: 'padding' },
  padding: { left: 10, right: 10, top: 26, bottom: 6 },
  signals: [
    { name: 'names', update: 'clamp(width * 0.24, 90, 220)' },
    { name: 'numbers', update: 'clamp(width * 0.42, 230, 330)' },
    { name: 'row', update: 'height / max(4, length(data("rows")))' },
  ],
  data: [
    {
      name: 'rows',
      url: vega.query(index, { top: {
        terms: { field: side + '.interface', size: size, order: { v: 'desc' } },
        aggs: {
          v: { sum: { field: side + '.bytes' } },
          speed: { max: { field: side + '.speed' } },
          t: {
            date_histogram: { field: '@timestamp', interval: { '%autointerval%': 300 }, min_doc_count: 0, extended_bounds: { min: { '%timefilter%': 'min' }, max: { '%timefilter%': 'max' } } },
            aggs: { v: { sum: { field: side + '.bytes' } } },
          },
          p95: { percentiles_bucket: { buckets_path: 't>v', percents: [95], gap_policy: 'insert_zeros' } },
          peak: { max_bucket: { buckets_path: 't>v', gap_policy: 'insert_zeros' } },
          mean: { avg_bucket: { buckets_path: 't>v', gap_policy: 'insert_zeros' } },
        },
      } }),
      format: { property: 'aggregations.top.buckets' },
      transform: [
        { type: 'window', ops: ['row_number'], as: ['n'] },
        { type: 'formula', as: 'seconds', expr: 'length(datum.t.buckets) > 1 ? (datum.t.buckets[1].key - datum.t.buckets[0].key) / 1000 : 1' },
        { type: 'formula', as: 'mean', expr: 'datum.mean.value * 8 / datum.seconds' },
        { type: 'formula', as: 'p95', expr: "datum.p95.values['95.0'] * 8 / datum.seconds" },
        { type: 'formula', as: 'peak', expr: 'datum.peak.value * 8 / datum.seconds' },
        { type: 'formula', as: 'used', expr: "datum.speed.value > 0 ? format(datum.p95 / datum.speed.value, '.1%') : '–'" },
        { type: 'formula', as: 'y', expr: 'datum.n - 1' },
      ],
    },
  ],
  scales: [{ name: 'x', type: 'linear', domain: { data: 'rows', field: 'peak' }, zero: true, range: [{ signal: 'names' }, { signal: 'max(names + 20, width - numbers)' }] }],
  local at = { signal: 'datum.y * row' },
  local middle = { signal: 'datum.y * row + row / 2' },
  local right(share) = { signal: 'width - numbers * %s' % share },
  local number(text, share) = { type: 'text', from: { data: 'rows' }, style: 'guide-label', encode: { update: {
    x: right(share), y: middle, align: { value: 'right' }, baseline: { value: 'middle' }, fontSize: { value: 12 }, text: text,
  } } },
  local head(text, x, align='right') = { type: 'text', style: 'guide-title', encode: { update: { x: x, y: { value: -10 }, align: { value: align }, text: { value: text } } } },
  local tip = { signal: "{'interface': datum.key, 'mean': %s, '95th percentile': %s, 'peak': %s, 'interval': datum.seconds + ' s'}" % [bits('datum.mean'), bits('datum.p95'), bits('datum.peak')] },
  marks: [
    head('Interface', { value: 0 }, 'left'),
    head('Mean', right(0.74)),
    head('95th', right(0.46)),
    head('Peak', right(0.18)),
    head('Used', right(0)),
    { type: 'text', from: { data: 'rows' }, style: 'guide-label', encode: { update: { x: { value: 0 }, y: middle, baseline: { value: 'middle' }, fontSize: { value: 12 }, text: { field: 'key' }, limit: { signal: 'names - 8' }, tooltip: tip } } },
    // peak pale, 95th percentile full, mean a line
    { type: 'rect', from: { data: 'rows' }, encode: { update: { x: { scale: 'x', value: 0 }, x2: { scale: 'x', field: 'peak' }, y: { signal: 'datum.y * row + row * 0.22' }, height: { signal: 'row * 0.56' }, fill: { value: colour }, fillOpacity: { value: 0.25 }, tooltip: tip } } },
    { type: 'rect', from: { data: 'rows' }, encode: { update: { x: { scale: 'x', value: 0 }, x2: { scale: 'x', field: 'p95' }, y: { signal: 'datum.y * row + row * 0.22' }, height: { signal: 'row * 0.56' }, fill: { value: colour }, tooltip: tip } } },
    { type: 'rect', from: { data: 'rows' }, encode: { update: { x: { scale: 'x', field: 'mean' }, width: { value: 2 }, y: { signal: 'datum.y * row + row * 0.1' }, height: { signal: 'row * 0.8' }, fill: { value: '#98a2b3' }, tooltip: tip } } },
    number({ signal: bits('datum.mean') }, 0.74),
    number({ signal: bits('datum.p95') }, 0.46),
    number({ signal: bits('datum.peak') }, 0.18),
    number({ field: 'used' }, 0),
  ],
}
