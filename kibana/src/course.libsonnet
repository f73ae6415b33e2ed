// SPDX-License-Identifier: Apache-2.0
// A Vega chart of rates over time. Lens draws the mean of each step, and in a week's view a step is an hour: ten minutes at full speed
// are lost in it. Here each step has its highest five minutes, too, as a dashed line (Elasticsearch finds them: max_bucket over a date
// histogram within the step). What lacks the field, and what is not among the largest, have series of their own, whatever the field's
// type. Click on a series: a filter of the dashboard. Drag along the time: its time range.
local vega = import 'vega.libsonnet';

// search.max_buckets is 65,536; the steps themselves want some of these.
local most = 60000;
local aDay = 288;

{
  // How many days back the highest five minutes are looked for; series: how many have a dashed line of their own.
  days(series):: std.min(31, std.floor(most / aDay / series)),

  // Buckets shorter than flows may last are taken as one; a step that reaches beyond the time range would look like a drop.
  timed(b):: [
    { type: 'formula', as: 't', expr: 'wide < ${active_timeout_ms} ? floor(%s.key / ${active_timeout_ms}) * ${active_timeout_ms} : %s.key' % [b, b] },
    { type: 'filter', expr: 'datum.t >= from && datum.t + step <= to' },
  ],

  // split: a bucket of lens.libsonnet (terms, tuple) or null: one series for each measure. measures: { name, agg, factor, human, per }; per
  // is the field (a maximum) that values are divided by. stacked: one dashed line for all, else one for each series.
  spec(split, measures, stacked, index='logs-flow-*'):: {
    local each = std.range(0, std.length(measures) - 1),
    local m = measures[0],
    local whole = stacked || split == null,  // the dashed line is that of `all`
    local days = $.days(if whole then std.length(measures) else split.params.size + 1),  // + 1: what lacks the field
    local fields = if split == null then [] else [split.sourceField] + std.get(split.params, 'secondaryFields', []),
    local single = std.length(fields) == 1,
    // (Lens has no missing bucket for other types than text; the bucket says it for these.)
    local tellAbsent = single && (split.params.missingBucket || split.params.otherBucket && split.dataType != 'string'),
    local tellOthers = split != null && !std.objectHas(m, 'per') && (split.params.otherBucket || !single),
    local per = std.objectHas(m, 'per'),
    // What has no series of its own is no part of the chart.
    local of = (if split == null || tellAbsent then [] else [{ exists: { field: f } } for f in fields]) + (if per then [{ range: { [m.per]: { gt: 0 } } }] else []),
    local absent = if split == null then '' else 'no ' + (if std.length(split.label) > 1 && std.asciiUpper(split.label[1]) == split.label[1] then split.label else std.asciiLower(split.label[0]) + split.label[1:]),

    local sums = { ['v%d' % i]: measures[i].agg for i in each },
    local steps = { field: '@timestamp', interval: { '%autointerval%': 100 } },
    local peaks = { last: { filter: { range: { '@timestamp': { gte: { '%timefilter%': 'max', shift: -days, unit: 'day' } } } }, aggs: {
      f: { date_histogram: { field: '@timestamp', fixed_interval: '${peak}', min_doc_count: 1 }, aggs: sums },
    } + { ['p%d' % i]: { max_bucket: { buckets_path: 'f>v%d' % i } } for i in each } } },
    local series = { v0: m.agg, t: { date_histogram: steps { min_doc_count: 1 }, aggs: { v0: m.agg } + (if stacked then {} else peaks) } }
                   + (if per then { per: { max: { field: m.per } } } else {}),
    local order = { size: split.params.size, shard_size: 10 * split.params.size + 100, order: { v0: 'desc' } },

    local points = [
      { type: 'formula', as: 'c', expr: 'datum.b.t.buckets' },
      { type: 'flatten', fields: ['c'] },
    ] + $.timed('datum.c') + [
      { type: 'formula', as: 'v', expr: 'datum.c.v0.value || 0' },
      { type: 'formula', as: 'p', expr: 'datum.c.last ? datum.c.last.p0.value || 0 : 0' },
      { type: 'formula', as: 'per', expr: if per then 'datum.b.per.value || 0' else '1' },
      { type: 'formula', as: 'k0', expr: if single then 'datum.b.key' else 'datum.b.key[0]' },
      { type: 'formula', as: 'k1', expr: if single then 'null' else 'datum.b.key[1]' },
      { type: 'aggregate', groupby: ['name', 'rank', 't', 'per', 'k0', 'k1'], fields: ['v', 'p'], ops: ['sum', 'max'], as: ['v', 'p'] },
      { type: 'impute', key: 't', field: 'v', groupby: ['name', 'rank', 'per', 'k0', 'k1'], value: 0, keyvals: { signal: "pluck(data('all'), 't')" } },
    ],
    local last = std.length(fields) - 1,
    local is(i) = "{term: {'%s': datum.k%d}}" % [fields[i], i],
    local pick = if split == null then 'null'
    else "datum.rank == 998 ? null : datum.rank == 999 ? {bool: {must_not: {exists: {field: '%s'}}}} : %s" % [fields[0], if single then is(0) else '{bool: {filter: [%s]}}' % std.join(', ', [is(i) for i in std.range(0, last)])],
    local dragged = 'moved && abs(moved[1] - moved[0]) > 8',
    local time(px) = "+invert('x', %s - left)" % px,

    '$schema': 'https://vega.github.io/schema/vega/v5.json',
    description: 'Rates over time' + (if split == null then '' else ' by ' + split.label),
    autosize: { type: 'fit', contains: 'padding' },
    padding: { left: 4, right: 6, top: 6, bottom: 4 },
    data: [
      { name: 'reply', url: vega.query(index, {
        whole: { date_range: { field: '@timestamp', ranges: [{ from: { '%timefilter%': 'min' }, to: { '%timefilter%': 'max' } }] } },
        f: { filter: { bool: { filter: of } }, aggs: {
          all: { date_histogram: steps { min_doc_count: 0, extended_bounds: { min: { '%timefilter%': 'min' }, max: { '%timefilter%': 'max' } } }, aggs: sums + (if whole then peaks else {}) },
        } + (if split == null then {} else { top: (if single then { terms: { field: fields[0] } + order } else { multi_terms: { terms: [{ field: f } for f in fields] } + order }) + { aggs: series } })
          + (if tellAbsent then { absent: { missing: { field: fields[0] }, aggs: series } } else {}) },
      }), format: { property: 'aggregations' } },
      { name: 'all', source: 'reply', transform: [
        { type: 'formula', as: 'b', expr: 'datum.f.all.buckets' },
        { type: 'flatten', fields: ['b'] },
      ] + $.timed('datum.b') + std.flattenArrays([[
        { type: 'formula', as: 'v%d' % i, expr: 'datum.b.v%d.value || 0' % i },
        { type: 'formula', as: 'p%d' % i, expr: 'datum.b.last ? datum.b.last.p%d.value || 0 : 0' % i },
      ] for i in each]) + [
        { type: 'aggregate', groupby: ['t'], local names = ['%s%d' % [n, i] for n in ['v', 'p'] for i in each], fields: names, as: names, ops: ['sum' for i in each] + ['max' for i in each] },
      ] },
    ] + (if split == null then [
      { name: 'm%d' % i, source: 'all', transform: [
        { type: 'formula', as: 'name', expr: "'%s'" % measures[i].name },
        { type: 'formula', as: 'rank', expr: '%d' % (i + 1) },
        { type: 'formula', as: 'v', expr: 'datum.v%d' % i },
        { type: 'formula', as: 'p', expr: 'datum.p%d' % i },
        { type: 'formula', as: 'per', expr: '1' },
      ] }
      for i in each
    ] else [
      { name: 'top', source: 'reply', transform: [
        { type: 'formula', as: 'b', expr: 'datum.f.top.buckets' },
        { type: 'flatten', fields: ['b'] },
        { type: 'window', ops: ['row_number'], as: ['rank'] },
        { type: 'formula', as: 'name', expr: if single then "'' + datum.b.key" else "join(datum.b.key, ' › ')" },
      ] + points },
    ]) + (if tellAbsent then [
      { name: 'absent', source: 'reply', transform: [
        { type: 'formula', as: 'b', expr: 'datum.f.absent' },
        { type: 'filter', expr: 'datum.b.v0.value > 0' },
        { type: 'formula', as: 'rank', expr: '999' },
        { type: 'formula', as: 'name', expr: "'%s'" % absent },
      ] + points },
    ] else []) + (if tellOthers then [
      { name: 'told', source: ['top'] + (if tellAbsent then ['absent'] else []), transform: [{ type: 'aggregate', groupby: ['t'], fields: ['v'], ops: ['sum'], as: ['v'] }] },
      { name: 'others', source: 'all', transform: [
        { type: 'lookup', from: 'told', key: 't', fields: ['t'], values: ['v'], as: ['told'], default: 0 },
        { type: 'formula', as: 'v', expr: 'max(0, datum.v0 - datum.told)' },
        { type: 'joinaggregate', fields: ['v', 'v0'], ops: ['sum', 'sum'], as: ['rest', 'sum'] },
        { type: 'filter', expr: 'datum.rest > datum.sum * 1e-9' },
        { type: 'formula', as: 'name', expr: "'all others'" },
        { type: 'formula', as: 'rank', expr: '998' },
        { type: 'formula', as: 'per', expr: '1' },
        { type: 'formula', as: 'p', expr: '0' },
      ] },
    ] else []) + [
      { name: 'rows', source: if split == null then ['m%d' % i for i in each] else ['top'] + (if tellAbsent then ['absent'] else []) + (if tellOthers then ['others'] else []), transform: [
        { type: 'formula', as: 'y', expr: 'datum.per > 0 ? datum.v * %s / datum.per / (step / 1000) : 0' % m.factor },
        { type: 'formula', as: 'peak', expr: 'datum.per > 0 ? (datum.p || 0) * %s / datum.per / (${peak_ms} / 1000) : 0' % m.factor },
        { type: 'collect', sort: { field: ['rank', 't'] } },
        if stacked then { type: 'stack', groupby: ['t'], field: 'y', sort: { field: 'rank' }, as: ['y0', 'y1'] } else { type: 'formula', as: 'y1', expr: 'datum.y' },
      ] },
      { name: 'peaks', source: if stacked then 'all' else 'rows', transform: [{ type: 'filter', expr: 'coarse && datum.t >= to - %d' % (days * 86400000) }]
        + (if stacked then [{ type: 'formula', as: 'peak', expr: 'datum.p0 * %s / (${peak_ms} / 1000)' % m.factor }, { type: 'formula', as: 'name', expr: "'all'" }] else []) },
      { name: 'names', source: 'rows', transform: [
        { type: 'aggregate', groupby: ['name', 'rank'] + (if split == null then [] else ['k0', 'k1']), fields: ['y', 'peak'], ops: ['mean', 'max'], as: ['mean', 'peak'] },
        { type: 'collect', sort: { field: 'rank' } },
        { type: 'window', ops: ['row_number'], as: ['n'] },
      ] },
      { name: 'highest', source: 'peaks', transform: [{ type: 'aggregate', fields: ['peak'], ops: ['max'], as: ['peak'] }] },
    ],
    local buckets = "data('reply')[0].f.all.buckets",
    local here = "length(data('reply'))",
    local minutes(ms) = "(%s < 3600000 ? %s / 60000 + ' min' : %s < 86400000 ? format(%s / 3600000, '~r') + ' h' : format(%s / 86400000, '~r') + ' d')" % [ms, ms, ms, ms, ms],
    signals: [
      { name: 'from', update: here + " ? data('reply')[0].whole.buckets[0].from : 0" },
      { name: 'to', update: here + " ? data('reply')[0].whole.buckets[0].to : 1" },
      { name: 'wide', update: here + ' && length(%s) > 1 ? %s[1].key - %s[0].key : 60000' % [buckets, buckets, buckets] },
      { name: 'step', update: 'max(wide, ${active_timeout_ms})' },
      // Steps of five minutes are their own highest.
      { name: 'coarse', update: 'step > ${peak_ms}' },
      { name: 'left', value: 70 },
      { name: 'legend', update: 'clamp(width * 0.27, 120, 230)' },
      { name: 'w', update: 'max(40, width - left - legend - 14)' },
      { name: 'h', update: 'height - 22' },
      { name: 'line', update: "clamp((height - 32) / max(1, length(data('names'))), 12, 17)" },
      { name: 'anchor', value: 0, on: [{ events: 'mousedown', update: 'x()' }] },
      { name: 'moved', value: null, on: [{ events: 'mousedown', update: 'null' }, { events: '[mousedown, mouseup] > mousemove', update: '[anchor, clamp(x(), left, left + w)]' }] },
      { name: 'zoom', value: null, on: [{ events: 'mouseup', update: '%s ? kibanaSetTimeFilter(%s, %s) : null' % [dragged, time('min(moved[0], moved[1])'), time('max(moved[0], moved[1])')] }] },
      { name: 'hot', value: '', on: [{ events: '@cell:mouseover, @name:mouseover', update: 'datum.name' }, { events: '@cell:mouseout, @name:mouseout', update: "''" }] },
    ] + (if split == null then [] else [
      { name: 'pick', value: null, on: [{ events: '@cell:click, @name:click', update: "%s || datum.rank == 998 ? null : kibanaAddFilter(%s, '\"%s\"', datum.name)" % [dragged, pick, index] }] },
    ]),
    scales: [
      { name: 'x', type: 'time', domain: { signal: '[from, to]' }, range: [0, { signal: 'w' }] },
      { name: 'y', type: 'linear', nice: true, zero: true, range: [{ signal: 'h' }, 0], domain: { fields: [{ data: 'rows', field: 'y1' }, { data: 'peaks', field: 'peak' }, [0, 1e-9]] } },
      { name: 'colour', type: 'ordinal', domain: { data: 'names', field: 'name' }, range: ['#54b399', '#6092c0', '#d36086', '#9170b8', '#ca8eae', '#d6bf57', '#b9a888', '#da8b45', '#aa6556', '#79aad9', '#7de2d1', '#4c7a34'] },
    ],
    local dash = '#e7664c',
    local colour = [{ test: 'datum.rank == 998', value: '#98a2b3' }, { test: 'datum.rank == 999', value: '#69707d' }, { scale: 'colour', field: 'name' }],
    local middle = { scale: 'x', signal: 'datum.t + step / 2' },
    local faint(a, b) = { signal: "hot == '' || hot == datum.name ? %s : %s" % [a, b] },
    local what = if split == null then 'of' else split.label,
    local tip = { signal: "{'time': timeFormat(datum.t, '%%d %%b %%H:%%M'), '%s': datum.name, 'mean': %s, 'in steps of': %s%s}" % [
      what,
      m.human('datum.y'),
      minutes('step'),
      if stacked then '' else ", 'highest': coarse ? %s : '–'" % m.human('datum.peak'),
    ] },
    local note(y, value, more={}) = { type: 'text', style: 'guide-label', encode: { update: { x: { signal: 'left + w + 14' }, y: y, baseline: { value: 'middle' }, fontSize: { value: 11 }, text: value, limit: { signal: 'legend' } } + more } },
    marks: [
      { type: 'group', encode: { update: { x: { signal: 'left' }, width: { signal: 'w' }, height: { signal: 'h' } } },
        axes: [
          { orient: 'bottom', scale: 'x', tickCount: { signal: 'max(2, w / 90)' }, format: { hours: '%H:%M', minutes: '%H:%M' }, labelOverlap: true, ticks: true, grid: false },
          { orient: 'left', scale: 'y', tickCount: { signal: 'max(2, h / 40)' }, grid: true, ticks: false, domain: false, encode: { labels: { update: { text: { signal: m.human('datum.value') } } } } },
        ],
        marks: [
          { type: 'group', from: { facet: { name: 'one', data: 'rows', groupby: 'name' } }, marks: [
            if stacked then { type: 'area', interactive: false, from: { data: 'one' }, encode: { update: { x: middle, y: { scale: 'y', field: 'y0' }, y2: { scale: 'y', field: 'y1' }, fill: colour, fillOpacity: faint(0.75, 0.25) } } }
            else { type: 'line', interactive: false, from: { data: 'one' }, encode: { update: { x: middle, y: { scale: 'y', field: 'y' }, stroke: colour, strokeWidth: { value: 1.75 }, strokeOpacity: faint(1, 0.25) } } },
          ] },
          if stacked then { type: 'line', interactive: false, from: { data: 'peaks' }, encode: { update: { x: middle, y: { scale: 'y', field: 'peak' }, stroke: { value: dash }, strokeDash: { value: [4, 2] }, strokeWidth: { value: 1.5 } } } }
          else { type: 'group', from: { facet: { name: 'two', data: 'peaks', groupby: 'name' } }, marks: [
            { type: 'line', interactive: false, from: { data: 'two' }, encode: { update: { x: middle, y: { scale: 'y', field: 'peak' }, stroke: colour, strokeDash: { value: [4, 2] }, strokeWidth: { value: 1.25 }, strokeOpacity: faint(0.8, 0.15) } } },
          ] },
          if stacked then { type: 'rect', name: 'cell', from: { data: 'rows' }, encode: { update: { x: { scale: 'x', field: 't' }, x2: { scale: 'x', signal: 'datum.t + step' }, y: { scale: 'y', field: 'y0' }, y2: { scale: 'y', field: 'y1' }, fill: { value: 'transparent' }, tooltip: tip } } }
          else { type: 'symbol', name: 'cell', from: { data: 'rows' }, encode: { update: { x: middle, y: { scale: 'y', field: 'y' }, size: { value: 90 }, fill: { value: 'transparent' }, tooltip: tip } } },
        ] },
      { type: 'rect', interactive: false, encode: { update: { x: { signal: 'moved ? min(moved[0], moved[1]) : 0' }, x2: { signal: 'moved ? max(moved[0], moved[1]) : 0' }, y: { value: 0 }, y2: { signal: 'h' }, fill: { value: '#98a2b3' }, fillOpacity: { signal: '%s ? 0.3 : 0' % dragged } } } },
      note({ value: 5 }, { signal: "to - from < 2 * step ? 'choose a longer time range: steps are ' + %s : 'mean of ' + %s" % [minutes('step'), minutes('step')] }, { fontStyle: { value: 'italic' } }),
      note({ value: 20 }, { signal: "coarse ? width < 500 ? '- - highest' : '- - highest ' + %s + (to - from > %d ? ', last %d days' : '') : ''" % [minutes('${peak_ms}'), days * 86400000, days] },
           { fontStyle: { value: 'italic' }, tooltip: { signal: "'The highest ' + %s + ' within each step%s'" % [minutes('${peak_ms}'), if stacked then ', of all together' else ', of each line'] } } + (if stacked then { fill: { value: dash } } else {})),
    ] + (if stacked then [
      note({ value: 20 }, { signal: "coarse && length(data('highest')) ? %s : ''" % m.human("data('highest')[0].peak") }, { x: { signal: 'width' }, align: { value: 'right' }, fill: { value: dash } }),
    ] else []) + [
      { type: 'symbol', from: { data: 'names' }, interactive: false, encode: { update: { x: { signal: 'left + w + 18' }, y: { signal: '37 + (datum.n - 1) * line' }, shape: { value: 'square' }, size: { value: 70 }, fill: colour, fillOpacity: faint(1, 0.3) } } },
      { type: 'rect', name: 'name', from: { data: 'names' }, encode: { update: { x: { signal: 'left + w + 12' }, width: { signal: 'legend' }, y: { signal: '37 + (datum.n - 1.5) * line' }, height: { signal: 'line' }, fill: { value: 'transparent' }, cursor: { value: 'pointer' },
        tooltip: { signal: "{'%s': datum.name, 'mean': %s%s}" % [what, m.human('datum.mean'), if stacked then '' else ", 'highest': coarse ? %s : '–'" % m.human('datum.peak')] } } } },
      note({ signal: '37 + (datum.n - 1) * line' }, { field: 'name' }, { x: { signal: 'left + w + 28' }, limit: { signal: 'width < 500 ? legend - 14 : legend - 78' } }) { from: { data: 'names' }, interactive: false },
      note({ signal: '37 + (datum.n - 1) * line' }, { signal: "width < 500 ? '' : " + m.human('datum.mean') }, { x: { signal: 'width' }, align: { value: 'right' } }) { from: { data: 'names' }, interactive: false },
    ],
  },
}
