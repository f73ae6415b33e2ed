// SPDX-License-Identifier: Apache-2.0
// Vega panels: a strip of key figures with their trend, and the sankey (sankey.libsonnet).
// Text has the styles guide-label and guide-title, to which Kibana gives the colours of its theme; no colour of text is written.
local k = import 'kibana.libsonnet';
{
  local v = self,

  // Vega expressions that write a number for people. `x` is an expression.
  human:: {
    // Powers of 1,000, of bytes too. (7.24e-5: 999.5 and more would be written as 1,000, so that it is 1 of the next unit.)
    local scaled(x, units) =
      local power = 'min(%d, floor(log(%s) / log(1000) + 7.24e-5))' % [std.length(units) - 1, x];
      "(%s < 1 ? format(%s, '.2~f') + ' %s' : format(%s / pow(1000, %s), '.3~r') + ' ' + %s[%s])" % [x, x, units[0], x, power, std.manifestJsonMinified(units), power],
    bytes(x):: "(%s == 0 ? '0 B' : %s)" % [x, scaled(x, ['B', 'kB', 'MB', 'GB', 'TB', 'PB'])],
    bits(x):: "(%s == 0 ? '0 bit/s' : %s)" % [x, scaled(x, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'])],
    count(x):: "(%s < 10000 ? format(round(%s), ',') : format(%s, '.3~s'))" % [x, x, x],
    perSecond(x):: "(%s < 100 ? format(%s, '.2~f') : %s < 10000 ? format(%s, ',.0f') : format(%s, '.3~s')) + ' /s'" % [x, x, x, x, x],
    micros(x):: "(%s < 1000 ? format(%s, '.0f') + ' µs' : %s < 1e6 ? format(%s / 1000, '.3~r') + ' ms' : format(%s / 1e6, '.3~r') + ' s')" % [x, x, x, x, x],
    millis(x):: "(%s < 1000 ? format(%s, '.0f') + ' ms' : %s < 120000 ? format(%s / 1000, '.3~r') + ' s' : format(%s / 60000, ',.0f') + ' min')" % [x, x, x, x, x],
    hundredths(x):: "format(%s / 10000, '.1%%')" % x,
    percent(x):: "format(%s, '.2~%%')" % x,
  },

  // A search in the dashboard's context: its time, its filters, its query; without `context` of its time alone.
  query(index, aggs, context=true):: {
    [if context then '%context%']: true,
    '%timefield%': '@timestamp',
    index: index,
    body: { size: 0, track_total_hits: false, aggs: aggs },
  },

  // The same as the set of data NAME, with fields of the search's own.
  asked(name, index, aggs, fields={}):: {
    name: name,
    url: v.query(index, aggs) + (if fields == {} then {} else { body+: { runtime_mappings: fields } }),
    format: { property: 'aggregations' },
  },
  // Such fields: what FIELD has stands in place of OTHERS.
  emit(field):: "if (doc['%s'].size() > 0) emit(doc['%s'].value)" % [field, field],
  instead(field, others, type='keyword'):: { [f]: { type: type, script: v.emit(field) } for f in others if f != field },

  // ---- key figures -------------------------------------------------------------------------------------------
  // A tile: what to compute for each bucket of time and for the whole range, and how to write it.
  //   rate: the value is a sum that is shown per second.

  local tile(title, agg, human, rate=false, kql=null, factor=1, colour='#6092c0') = {
    title: title, agg: agg, human: human, rate: rate, filter: kql, factor: factor, colour: colour,
  },
  sum(title, field, human=v.human.count, filter=null, colour='#6092c0'):: tile(title, { sum: { field: field } }, human, false, filter, 1, colour),
  rate(title, field, human=v.human.perSecond, factor=1, filter=null, colour='#54b399'):: tile(title, { sum: { field: field } }, human, true, filter, factor, colour),
  count(title, filter=null, colour='#6092c0'):: tile(title, { value_count: { field: '@timestamp' } }, v.human.count, false, filter, 1, colour),
  unique(title, field, filter=null, colour='#9170b8'):: tile(title, { cardinality: { field: field } }, v.human.count, false, filter, 1, colour),
  avg(title, field, human, filter=null, colour='#d6bf57'):: tile(title, { avg: { field: field } }, human, false, filter, 1, colour),
  max(title, field, human=v.human.count, filter=null, colour='#d6bf57'):: tile(title, { max: { field: field } }, human, false, filter, 1, colour),
  // sum(a) / sum(b), and avg(a) - avg(b)
  fraction(title, a, b, human=v.human.percent, colour='#e7664c', filter=null):: tile(title, null, human, false, filter, 1, colour) + { two: { a: { sum: { field: a } }, b: { sum: { field: b } }, of: '(%s > 0 ? %s / %s : 0)' } },
  difference(title, a, b, human=v.human.millis, colour='#d6bf57'):: tile(title, null, human, false, null, 1, colour) + { two: { a: { avg: { field: a } }, b: { avg: { field: b } }, of: 'max(0, (%s || 0) * 0 + %s - %s)' } },

  // A tile whose parts are asked in other searches (`searches` of kpis) and added up: {search: aggregation}.
  parts(tile, parts):: tile { parts: parts },
  // How many values of KEY fit QUERY by the last document of each; over time, how many fitted it in each step.
  latest(title, key, query, colour='#54b399'):: tile(title, { cardinality: { field: key } }, v.human.count, false, query, 1, colour) + { latest: {
    terms: { field: key, size: 10000 }, aggs: { t: { max: { field: '@timestamp' } }, fits: { filter: query, aggs: { t: { max: { field: '@timestamp' } } } } } } },

  // The filter of a tile is an Elasticsearch query.
  local wrap(t, agg) = if t.filter == null then agg else { filter: t.filter, aggs: { v: agg } },
  local aggsOf(tiles, search, whole) = std.foldl(function(a, b) a + b, [
    local t = tiles[i];
    if std.objectHas(t, 'parts') then (if std.objectHas(t.parts, search) then { ['a%d' % i]: wrap(t, t.parts[search]) } else {})
    else if search != '' then {}
    else if std.objectHas(t, 'two') then { ['a%d' % i]: wrap(t, t.two.a), ['b%d' % i]: wrap(t, t.two.b) }
    else if std.objectHas(t, 'latest') && whole then { ['a%d' % i]: t.latest }
    else { ['a%d' % i]: wrap(t, t.agg) }
    for i in std.range(0, std.length(tiles) - 1)
  ], {}),
  // where: the bucket of a search, as an expression; last: a set of data, what `latest` found
  local valueOf(t, i, where, last=null) =
    local path(n, search='') = where(search) + '.' + n + (if t.filter == null then '' else '.v') + '.value';
    if std.objectHas(t, 'parts') then '(%s) * %s' % [std.join(' + ', ['(%s || 0)' % path('a%d' % i, search) for search in std.objectFields(t.parts)]), t.factor]
    else if std.objectHas(t, 'two') then t.two.of % [path('b%d' % i), path('a%d' % i), path('b%d' % i)]
    else if std.objectHas(t, 'latest') && last != null then "length(data('%s'))" % last
    else '(%s || 0) * %s' % [path('a%d' % i), t.factor],

  // How often the rows of a stream come (lens.libsonnet): the course has no shorter steps.
  local least = { 'logs-flow-*': '${active_timeout_ms}', 'metrics-flow.counters-*': '300000', 'metrics-flow.exporters-*': '60000' },
  // Kibana chooses the steps of the search; those that are too short are drawn as one.
  local drawn(t) = if std.objectHas(t, 'two') || std.objectHas(t.agg, 'avg') then 'mean' else if std.objectHas(t.agg, 'max') || std.objectHas(t.agg, 'cardinality') then 'max' else 'sum',
  // searches: {name: runtime fields} of more searches, in which other fields stand in place of those that filters name.
  kpis(tiles, index='logs-flow-*', searches={}):: k.untitled(k.vis('vega', 'Key figures', { spec: {
    '$schema': 'https://vega.github.io/schema/vega/v5.json',
    description: 'Key figures of the time range, each with its course',
    autosize: { type: 'fit', contains: 'padding' },
    padding: { left: 0, right: 0, top: 0, bottom: 0 },
    local n = std.length(tiles),
    signals: [
      { name: 'gap', value: 12 },
      { name: 'tile', update: '(width - gap * %d) / %d' % [n + 1, n] },
      { name: 'big', update: 'clamp(tile / 7, 14, 26)' },
      // small enough for the longest title
      { name: 'small', update: 'clamp(tile / %s, 9, 12)' % (0.54 * std.foldl(function(most, t) std.max(most, std.length(t.title)), tiles, 1)) },
    ],
    local others = std.objectFields(searches),
    local asked(search, name, fields={}) = v.asked(name, index, {
      whole: { range: { field: '@timestamp', ranges: [{ from: { '%timefilter%': 'min' }, to: { '%timefilter%': 'max' } }] }, aggs: aggsOf(tiles, search, true) },
      course: {
        date_histogram: { field: '@timestamp', interval: { '%autointerval%': 60 }, min_doc_count: 0, extended_bounds: { min: { '%timefilter%': 'min' }, max: { '%timefilter%': 'max' } } },
        aggs: aggsOf(tiles, search, false),
      },
    }, fields),
    local whole(search) = if search == '' then 'datum.w' else "data('reply_%s')[0].whole.buckets[0]" % search,
    local bucket(search) = if search == '' then 'datum.b' else 'datum.b_' + search,
    local text(i) = tiles[i].human('datum.v'),
    data: [
      asked('', 'reply'),
    ] + [
      asked(s, 'reply_' + s, searches[s])
      for s in others
    ] + [
      { name: 'latest%d' % i, source: 'reply', transform: [
        { type: 'formula', as: 'b', expr: 'datum.whole.buckets[0].a%d.buckets' % i },
        { type: 'flatten', fields: ['b'] },
        { type: 'filter', expr: 'datum.b.fits.t.value == datum.b.t.value' },
      ] }
      for i in std.range(0, n - 1)
      if std.objectHas(tiles[i], 'latest')
    ] + [
      { name: 'tiles', source: 'reply', transform: [
        { type: 'formula', as: 'w', expr: 'datum.whole.buckets[0]' },
        { type: 'formula', as: 'seconds', expr: '(datum.w.to - datum.w.from) / 1000' },
        { type: 'formula', as: 'i', expr: std.manifestJsonMinified(std.range(0, n - 1)) },
        { type: 'flatten', fields: ['i'] },
        { type: 'formula', as: 'title', expr: std.manifestJsonMinified([t.title for t in tiles]) + '[datum.i]' },
        { type: 'formula', as: 'v', expr: std.foldr(function(i, rest) 'datum.i == %d ? %s%s : ' % [i, valueOf(tiles[i], i, whole, 'latest%d' % i), if tiles[i].rate then ' / datum.seconds' else ''] + rest, std.range(0, n - 1), '0') },
        { type: 'formula', as: 'text', expr: std.foldr(function(i, rest) 'datum.i == %d ? %s : ' % [i, text(i)] + rest, std.range(0, n - 1), "''") },
      ] },
      { name: 'course', source: 'reply', transform: [
        { type: 'formula', as: 'b', expr: 'datum.course.buckets' },
        { type: 'flatten', fields: ['b'] },
        { type: 'formula', as: 't', expr: 'floor(datum.b.key / %s) * %s' % [least[index], least[index]] },
        // (all searches have the same steps)
      ] + (if others == [] then [] else [{ type: 'window', ops: ['row_number'], as: ['n'] }]) + [
        { type: 'formula', as: 'b_' + s, expr: "data('reply_%s')[0].course.buckets[datum.n - 1]" % s }
        for s in others
      ] + [{ type: 'formula', as: 'y%d' % i, expr: valueOf(tiles[i], i, bucket) } for i in std.range(0, n - 1)] + [
        { type: 'aggregate', groupby: ['t'], fields: ['y%d' % i for i in std.range(0, n - 1)], ops: [drawn(t) for t in tiles], as: ['y%d' % i for i in std.range(0, n - 1)] },
      ] },
    ],
    scales: [{ name: 't', type: 'time', domain: { data: 'course', field: 't' }, range: [0, { signal: 'tile' }] }]
      // the least number beside the data: nothing but noughts would be drawn at the top
      + [{ name: 'y%d' % i, type: 'linear', domain: { fields: [{ data: 'course', field: 'y%d' % i }, [0, 1e-9]] }, zero: true, range: [{ signal: 'height - 4' }, { signal: 'height * 0.62' }] } for i in std.range(0, n - 1)],
    marks: [
      { type: 'group', encode: { update: { x: { signal: 'gap + %d * (tile + gap)' % i }, y: { value: 0 }, width: { signal: 'tile' }, height: { signal: 'height' } } }, marks: [
        { type: 'area', from: { data: 'course' }, encode: { update: {
          x: { scale: 't', field: 't' }, y: { scale: 'y%d' % i, field: 'y%d' % i }, y2: { signal: 'height - 4' },
          fill: { value: tiles[i].colour }, fillOpacity: { value: 0.25 }, stroke: { value: tiles[i].colour }, strokeWidth: { value: 1.5 }, interpolate: { value: 'linear' },
        } } },
      ] }
      for i in std.range(0, n - 1)
    ] + [
      { type: 'text', from: { data: 'tiles' }, style: 'guide-label', encode: { update: {
        x: { signal: 'gap + datum.i * (tile + gap)' }, y: { value: 6 }, baseline: { value: 'top' }, text: { field: 'title' }, fontSize: { signal: 'small' }, limit: { signal: 'tile' } } } },
      { type: 'text', from: { data: 'tiles' }, style: 'guide-title', encode: { update: {
        x: { signal: 'gap + datum.i * (tile + gap)' }, y: { signal: 'height * 0.36' }, baseline: { value: 'middle' },
        text: { field: 'text' }, fontSize: { signal: 'big' }, fontWeight: { value: 600 }, limit: { signal: 'tile' } } } },
    ],
  } })),

  // ---- what filters hide ---------------------------------------------------------------------------------------
  // One line: how many of all exporters a page of health shows. Filters of flows (a service, a host) fit no line of health: nothing
  // would be lost any more. So what all of them lost stands here, whatever the filters.

  guard():: v.line('Exporters shown', {
    description: 'Exporters shown, of all',
    local aggs = { n: { cardinality: { field: 'observer.name' } }, lost: { sum: { field: 'exporter.lost' } } },
    data: [
      { name: 'all', url: v.query('metrics-flow.exporters-*', aggs, false), format: { property: 'aggregations' } },
      { name: 'here', url: v.query('metrics-flow.exporters-*', aggs), format: { property: 'aggregations' } },
    ],
    signals: [
      { name: 'n', update: "length(data('all')) ? data('all')[0].n.value : 0" },
      { name: 'shown', update: "length(data('here')) ? data('here')[0].n.value : 0" },
      { name: 'lost', update: "length(data('all')) ? %s + ' records lost' : ''" % v.human.count("data('all')[0].lost.value") },
      { name: 'good', update: 'n > 0 && shown == n' },
      { name: 'line', update: "n == 0 ? 'No exporter was heard in this time range' : shown == n ? 'All ' + n + ' exporters: ' + lost"
                              + " : shown == 0 ? 'The filters leave none of the ' + n + ' exporters: remove them. All together: ' + lost : shown + ' of ' + n + ' exporters are shown. All together: ' + lost" },
    ],
  }),

  // One line of text. spec: with the signals `line` and `good`, whether all is as it should be.
  line(title, spec):: k.untitled(k.vis('vega', title, { spec: {
    '$schema': 'https://vega.github.io/schema/vega/v5.json',
    autosize: { type: 'fit', contains: 'padding' },
    padding: { left: 0, right: 0, top: 0, bottom: 0 },
    marks: [
      { type: 'symbol', encode: { update: { x: { value: 20 }, y: { signal: 'height / 2' }, size: { value: 90 }, fill: { signal: "good ? '#54b399' : '#da8b45'" } } } },
      { type: 'text', style: 'guide-label', encode: { update: { x: { value: 34 }, y: { signal: 'height / 2' }, baseline: { value: 'middle' }, text: { signal: 'line' }, fontSize: { value: 13 }, limit: { signal: 'width - 40' }, tooltip: { signal: 'line' } } } },
    ],
  } + spec })),

  // ---- threat feeds --------------------------------------------------------------------------------------------
  // One line: which feeds the tables hold, and of when, by the newest document that efctl wrote of them, whatever the time
  // range. Ages are counted when it is drawn, so that the line stays true where nothing writes any more.

  feeds():: k.untitled(k.vis('vega', 'Threat feeds', { spec: {
    '$schema': 'https://vega.github.io/schema/vega/v5.json',
    description: 'Threat feeds that are loaded, and whether they are fresh',
    autosize: { type: 'fit', contains: 'padding' },
    padding: { left: 0, right: 0, top: 0, bottom: 0 },
    data: [
      {
        name: 'reply',
        url: { index: 'logs-ti_flow-*', body: { size: 1, sort: [{ '@timestamp': { order: 'desc' } }], query: { term: { 'event.dataset': 'ti_flow.feeds' } } } },
        format: { property: 'hits.hits' },
      },
      { name: 'feeds', source: 'reply', transform: [
        { type: 'formula', as: 'feed', expr: 'datum._source.flow.feeds' },
        { type: 'flatten', fields: ['feed'] },
        { type: 'formula', as: 'name', expr: 'datum.feed.name' },
        { type: 'formula', as: 'confirmed', expr: 'datum.feed.confirmed' },
        { type: 'formula', as: 'indicators', expr: 'datum.feed.indicators' },
        { type: 'formula', as: 'stale', expr: 'now() > datum.feed.stale' },
      ] },
      { name: 'stale', source: 'feeds', transform: [{ type: 'filter', expr: 'datum.stale' }] },
      { name: 'sum', source: 'feeds', transform: [{ type: 'aggregate', fields: ['indicators', 'confirmed'], ops: ['sum', 'min'], as: ['indicators', 'oldest'] }] },
    ],
    signals: [
      { name: 'n', update: "length(data('feeds'))" },
      { name: 'bad', update: "length(data('stale'))" },
      { name: 'hours', update: "n ? (now() - data('sum')[0].oldest) / 3600000 : 0" },
      { name: 'age', update: "hours < 2 ? format(hours * 60, '.0f') + ' minutes' : hours < 48 ? format(hours, '.0f') + ' hours' : format(hours / 24, '.0f') + ' days'" },
      { name: 'line', update: "n == 0 ? 'No threat feed is loaded: threats are only what your own threats.csv lists. efctl setup --feeds loads some.'"
                              + " : bad ? bad + ' of ' + n + ' threat feeds are stale: ' + join(pluck(data('stale'), 'name'), ', ')"
                              + " : n + (n == 1 ? ' threat feed with ' : ' threat feeds with ') + %s + ' indicators, the oldest confirmed ' + age + ' ago'" % v.human.count("data('sum')[0].indicators") },
    ],
    marks: [
      { type: 'symbol', encode: { update: { x: { value: 20 }, y: { signal: 'height / 2' }, size: { value: 90 }, fill: { signal: "n == 0 ? '#da8b45' : bad ? '#e7664c' : '#54b399'" } } } },
      { type: 'text', style: 'guide-label', encode: { update: {
        x: { value: 34 }, y: { signal: 'height / 2' }, baseline: { value: 'middle' }, text: { signal: 'line' }, fontSize: { value: 13 }, limit: { signal: 'width - 40' }, tooltip: { signal: 'line' } } } },
    ],
  } })),

  // about: shown behind the i beside the title
  panel(title, spec, about=''):: k.vis('vega', title, { spec: spec }, about),
  // A chart of rates: its page says what makes them higher than the line (common.libsonnet).
  rates(title, spec):: v.panel(title, spec, 'In steps of ${active_timeout} or more') { rates:: true },
}
