// SPDX-License-Identifier: Apache-2.0
// Lens panels from measures and buckets: area('Services', terms('flow.service.name', 'Service'), bitRate).
local course = import 'course.libsonnet';
local k = import 'kibana.libsonnet';
local vega = import 'vega.libsonnet';
{
  local l = self,

  // ---- measures: one Lens column each ------------------------------------------------------------------------
  // rank names the part that buckets are ordered by: Elasticsearch cannot order by a formula.

  // Bytes are in powers of 1,000. Lens' own format of bytes is of 1,024, so they have the one of their field (views.libsonnet), as with
  // format null; a formula has no field, and takes it from parentFormat, which goes round the number's.
  local number(label, format, decimals, suffix='') = {
    label: label,
    customLabel: true,
    dataType: 'number',
    isBucketed: false,
    scale: 'ratio',
    params: if format == null || format == 'bytes' then {} else { format: { id: format, params: { decimals: decimals } + (if suffix == '' then {} else { suffix: suffix }) } },
    parts:: {},
    rank:: '',
  },
  local aggregation(type, field, label, format, decimals, kql, suffix='') = number(label, format, decimals, suffix) + {
    operationType: type,
    sourceField: field,
    params+: { emptyAsNull: true },
    [if kql != '' then 'filter']: { query: kql, language: 'kuery' },
  },
  sum(field, label, format='number', decimals=0, kql='', suffix=''):: aggregation('sum', field, label, format, decimals, kql, suffix),
  avg(field, label, format='number', decimals=0, kql='', suffix=''):: aggregation('average', field, label, format, decimals, kql, suffix) { params: super.params { emptyAsNull:: null } },
  max(field, label, format='number', decimals=0, kql='', suffix=''):: aggregation('max', field, label, format, decimals, kql, suffix) { params: super.params { emptyAsNull:: null } },
  unique(field, label, kql=''):: aggregation('unique_count', field, label, 'number', 0, kql),
  count(label='Flows', kql=''):: aggregation('count', '___records___', label, 'number', 0, kql),
  last(field, label, type='number', format='number', decimals=0, suffix=''):: number(label, format, decimals, suffix) {
    operationType: 'last_value',
    sourceField: field,
    dataType: type,
    [if type != 'number' then 'scale']: 'ordinal',
    params: (if type == 'number' then super.params else {}) + { sortField: '@timestamp', showArrayValues: false },
    filter: { query: '"%s": *' % field, language: 'kuery' },
  },
  percentile(field, label, n, format='number', decimals=0):: aggregation('percentile', field, label, format, decimals, '') { params: super.params { emptyAsNull:: null } + { percentile: n } },

  // A formula with its parts spelled out, as Lens stores it: the text is for the editor, the parts are computed.
  // parts: {name: column}; names are local, the panel puts the column's id in front. tree: the tinymath tree over them.
  formula(label, text, parts, tree, rank, format='number', decimals=1, suffix='')::
    number(label, if format == 'bytes' then 'number' else format, decimals, suffix) {
    operationType: 'formula',
    references: ['math'],
    params+: { formula: text, isFormulaBroken: false, [if format == 'bytes' then 'parentFormat']: k.format.bytes },
    parts:: parts { math: l.part('math', ['%s' % n for n in std.objectFields(parts)]) { params: { tinymathAst: tree } } },
    rank:: '.' + rank,
  },
  part(type, references=[], field=null, kql=''):: {
    label: 'part',
    customLabel: true,
    dataType: 'number',
    isBucketed: false,
    scale: 'ratio',
    operationType: type,
    params: (if type == 'normalize_by_unit' then { unit: 's' } else if type == 'sum' || type == 'count' then { emptyAsNull: false } else {}),
    [if field != null then 'sourceField']: field,
    [if references != [] then 'references']: references,
    [if kql != '' then 'filter']: { query: kql, language: 'kuery' },
  },
  // tinymath calls; the editor wants a location, its value does not matter.
  local op(name) = function(a, b) { type: 'function', name: name, args: [a, b], text: '', location: { min: 0, max: 0 } },
  divide:: op('divide'),
  plus:: op('add'),
  local mul = op('multiply'), local div = l.divide,
  local withKql(field, kql) = if kql == '' then field else "%s, kql='%s'" % [field, kql],

  // What `field` adds up to in a second, times factor: right at any interval.
  // of: the same for Vega, in units of the field.
  rate(field, label, suffix, factor=1, decimals=1, kql='')::
    { of:: { agg: { sum: { field: field } }, factor: if factor == 1 then 1 else 8, human: if factor == 1 then vega.human.perSecond else vega.human.bits } } +
    l.formula(label, "normalize_by_unit(sum(%s), unit='s') * %s" % [withKql(field, kql), factor],
              { sum: l.part('sum', [], field, kql), second: l.part('normalize_by_unit', ['sum']) }, mul('second', factor), 'sum', 'number', decimals, suffix),
  countRate(label, suffix, decimals=1, kql='')::
    { of:: { agg: { value_count: { field: '@timestamp' } }, factor: 1, human: vega.human.perSecond } } +
    l.formula(label, "normalize_by_unit(count(%s), unit='s') * 1" % (if kql == '' then '' else "kql='%s'" % kql),
              { sum: l.part('count', [], '___records___', kql), second: l.part('normalize_by_unit', ['sum']) }, mul('second', 1), 'sum', 'number', decimals, suffix),
  // The same for a counter that only grows.
  counterRate(field, label, suffix, factor=1, decimals=1)::
    l.formula(label, "normalize_by_unit(counter_rate(max(%s)), unit='s') * %s" % [field, factor],
              { max: l.part('max', [], field), grown: l.part('counter_rate', ['max']), second: l.part('normalize_by_unit', ['grown']) }, mul('second', factor), 'max', 'number', decimals, suffix),
  // Its bits a second divided by the interface's speed.
  counterUtilisation(field, speed, label='Utilisation')::
    l.formula(label, "normalize_by_unit(counter_rate(max(%s)), unit='s') * 8 / max(%s)" % [field, speed],
              { max: l.part('max', [], field), grown: l.part('counter_rate', ['max']), second: l.part('normalize_by_unit', ['grown']), speed: l.part('max', [], speed) },
              div(mul('second', 8), 'speed'), 'max', 'percent', 2),
  // Share of the rows of the table.
  share(field, label='Share')::
    { whole:: true } + l.formula(label, 'sum(%s) / overall_sum(sum(%s))' % [field, field],
              { sum: l.part('sum', [], field), all: l.part('overall_sum', ['sum']) }, div('sum', 'all'), 'sum', 'percent'),
  shareOfCount(label='Share')::
    l.formula(label, 'count() / overall_sum(count())',
              { sum: l.part('count', [], '___records___'), all: l.part('overall_sum', ['sum']) }, div('sum', 'all'), 'sum', 'percent'),
  // sum(a) / sum(b): mean sizes, loss, ...
  ratio(a, b, label, format='number', decimals=1, suffix='')::
    l.formula(label, 'sum(%s) / sum(%s)' % [a, b], { sum: l.part('sum', [], a), per: l.part('sum', [], b) }, div('sum', 'per'), 'sum', format, decimals, suffix),
  // Bits a second divided by the interface's speed. side: flow.ingress or flow.egress.
  utilisation(side, label='Utilisation')::
    local bytes = side + '.bytes', speed = side + '.speed';
    { of:: { agg: { sum: { field: bytes } }, factor: 8, human: vega.human.percent, per: speed } } +
    l.formula(label, "normalize_by_unit(sum(%s), unit='s') * 8 / max(%s)" % [bytes, speed],
              { sum: l.part('sum', [], bytes), second: l.part('normalize_by_unit', ['sum']), speed: l.part('max', [], speed) },
              div(mul('second', 8), 'speed'), 'sum', 'percent', 2),

  // ---- buckets -----------------------------------------------------------------------------------------------

  terms(field, label, n=10, other=true, type='string'):: {
    operationType: 'terms',
    label: label,
    customLabel: true,
    dataType: type,
    isBucketed: true,
    scale: 'ordinal',
    sourceField: field,
    params: { size: n, orderBy: { type: 'column', columnId: 'm0' }, orderDirection: 'desc', otherBucket: other, missingBucket: other && type == 'string',  // (Lens: of texts alone)
              parentFormat: { id: 'terms' } },
  },
  // Several fields as one bucket: the N largest combinations, which nested buckets cannot rank.
  // A record that lacks one of them is in none: for such fields there is ranking.libsonnet.
  tuple(fields, label, n=10):: l.terms(fields[0], label, n, false) { params+: { secondaryFields: fields[1:], parentFormat: { id: 'multi_terms' } } },
  // How often the rows of a view come: shorter buckets would be empty in between, their neighbours too high. (Lens: the least interval.)
  // A record's bytes stand where it ends, after as long as the exporter's active timeout: setup knows it (--active-timeout).
  local every = { flow: '${active_timeout}', 'flow-counters': '5m', 'flow-exporters': '1m' },
  // What is drawn over time says so.
  local stepped(title, view) = if view == 'flow' then title + ', in steps of ${active_timeout} or more' else title,
  time(view):: {
    operationType: 'date_histogram',
    label: '@timestamp',
    dataType: 'date',
    isBucketed: true,
    scale: 'interval',
    sourceField: '@timestamp',
    // The first and the last bucket reach beyond the time range: what they hold would look like a drop in every rate.
    params: { interval: std.get(every, view, 'auto'), includeEmptyRows: true, dropPartials: true },
  },
  // Fixed groups: [[label, kql], ...]
  groups(label, list):: {
    operationType: 'filters',
    label: label,
    customLabel: true,
    dataType: 'string',
    isBucketed: true,
    scale: 'ordinal',
    params: { filters: [{ label: g[0], input: { query: g[1], language: 'kuery' } } for g in list] },
  },

  // ---- a panel of one or more layers -------------------------------------------------------------------------

  // One layer's columns: buckets b0.., measures m0.., the parts of formulas m0.sum ..; prefix keeps ids unique over layers.
  local layer(prefix, buckets, measures) =
    local id(kind, i) = '%s%s%d' % [prefix, kind, i];
    local refer(name, c) = if std.objectHas(c, 'references') then c { references: [name + '.' + r for r in super.references] } else c;
    local tree(name, t) = if std.isString(t) then name + '.' + t else if std.isObject(t) then t { args: [tree(name, a) for a in super.args] } else t;
    local part(name, c) = if std.objectHas(c.params, 'tinymathAst') then refer(name, c) { params+: { tinymathAst: tree(name, super.tinymathAst) } } else refer(name, c);
    local bucket(c) = if c.operationType == 'terms' then c { params+: { orderBy: { type: 'column', columnId: id('m', 0) + measures[0].rank } } } else c;
    local indices(list) = std.range(0, std.length(list) - 1);
    // Parts come before the columns that need them. A list first: Jsonnet evaluates a list's items once, a field at each use.
    local columns = [[id('b', i), bucket(buckets[i])] for i in indices(buckets)]
      + std.flattenArrays([
        [[id('m', i) + '.' + p, part(id('m', i), measures[i].parts[p])] for p in std.objectFields(measures[i].parts)]
        + [[id('m', i), refer(id('m', i), measures[i])]]
        for i in indices(measures)
      ]);
    {
      buckets: [id('b', i) for i in indices(buckets)],
      measures: [id('m', i) for i in indices(measures)],
      columns: { [c[0]]: c[1] for c in columns },
      columnOrder: [c[0] for c in columns],
    },

  // The references stand twice: here, and with the panel's id in front on the dashboard.
  local lens(type, title, layers, visualization, kql, view) =
    local names = std.objectFields(layers);
    local refs = [k.ref('index-pattern', view, 'indexpattern-datasource-current-indexpattern')]
      + [k.ref('index-pattern', view, 'indexpattern-datasource-layer-' + n) for n in names];
    k.panel('lens', title, { attributes: {
      title: title,
      visualizationType: type,
      type: 'lens',
      references: refs,
      state: {
        datasourceStates: { indexpattern: { layers: { [n]: { columnOrder: layers[n].columnOrder, columns: layers[n].columns, incompleteColumns: {} } for n in names } } },
        visualization: visualization,
        query: { query: kql, language: 'kuery' },
        filters: [],
      },
    } }, refs),

  // Cells shaded by value, the same in the light and the dark theme. starts: at which percent of the largest each shade begins.
  local shade(starts=[0, 20, 40, 60, 80]) = {
    local colours = ['#6092c000', '#6092c022', '#6092c044', '#6092c077', '#6092c0aa'],
    colorMode: 'cell',
    palette: { type: 'palette', name: 'custom', params: {
      name: 'custom',
      reverse: false,
      rangeType: 'percent',
      rangeMin: 0,
      rangeMax: 100,
      progression: 'fixed',
      continuity: 'above',
      steps: 5,
      maxSteps: 5,
      colorStops: [{ color: colours[i], stop: starts[i] } for i in std.range(0, 4)],
      stops: [{ color: colours[i], stop: (starts + [100])[i + 1] } for i in std.range(0, 4)],
    } },
  },
  local inout = ['#54b399', '#6092c0', '#d6bf57', '#d36086'],
  local xy(type, layers, legend, extra={}) = {
    preferredSeriesType: type,
    valueLabels: 'hide',
    fittingFunction: 'None',
    curveType: 'LINEAR',  // a curve draws values that were never there
    fillOpacity: 0.7,
    axisTitlesVisibilitySettings: { x: false, yLeft: false, yRight: false },
    gridlinesVisibilitySettings: { x: false, yLeft: true, yRight: true },
    legend: legend,
    layers: layers,
  } + extra,
  local legend(place, size) = { isVisible: true, position: place, showSingleSeries: true, legendSize: size },

  // Over time, one series a value of the bucket: the largest over the whole range. Rates of flows are Vega's (course.libsonnet).
  local drawn(title, split, measures, stacked) = vega.rates(title, course.spec(split, [m.of { name: m.label } for m in measures], stacked)),
  local isRate(measure, kql, view) = std.objectHasAll(measure, 'of') && view == 'flow' && kql == '',
  area(title, bucket, measure, kql='', view='flow', type='area_stacked', legendAt='right', legendSize='large')::
    if isRate(measure, kql, view) then drawn(title, bucket, [measure], type == 'area_stacked') else
    local c = layer('', [bucket, l.time(view)], [measure]);
    lens('lnsXY', stepped(title, view), { l0: c }, xy(type, [{ layerId: 'l0', layerType: 'data', seriesType: type, xAccessor: 'b1', splitAccessor: 'b0', accessors: ['m0'] }], legend(legendAt, legendSize)), kql, view),
  lines(title, bucket, measure, kql='', view='flow', legendSize='large'):: l.area(title, bucket, measure, kql, view, 'line', 'right', legendSize),
  stacks(title, bucket, measure, kql='', view='flow', legendSize='large'):: l.area(title, bucket, measure, kql, view, 'bar_stacked', 'right', legendSize),
  // Over time, one series a measure.
  series(title, measures, kql='', view='flow', type='area', colours=inout, legendAt='bottom')::
    if std.length([m for m in measures if isRate(m, kql, view)]) == std.length(measures) then drawn(title, null, measures, false) else
    local c = layer('', [l.time(view)], measures);
    lens('lnsXY', stepped(title, view), { l0: c }, xy(type, [{
      layerId: 'l0',
      layerType: 'data',
      seriesType: type,
      xAccessor: 'b0',
      accessors: c.measures,
      yConfig: [{ forAccessor: c.measures[i], color: colours[i % std.length(colours)] } for i in std.range(0, std.length(measures) - 1)],
    }], legend(legendAt, 'auto'), { fillOpacity: 0.35 }), kql, view),
  // Ranking as horizontal bars; two measures are stacked.
  bars(title, bucket, measures, kql='', view='flow', colours=['#6092c0', '#54b399', '#d6bf57'])::
    local list = if std.isArray(measures) then measures else [measures];
    local c = layer('', [bucket], list);
    local type = if std.length(list) > 1 then 'bar_horizontal_stacked' else 'bar_horizontal';
    lens('lnsXY', title, { l0: c }, xy(type, [{
      layerId: 'l0',
      layerType: 'data',
      seriesType: type,
      xAccessor: 'b0',
      accessors: c.measures,
      yConfig: [{ forAccessor: c.measures[i], color: colours[i] } for i in std.range(0, std.length(list) - 1)],
    }], { isVisible: std.length(list) > 1, position: 'bottom' }, { valueLabels: if std.length(list) > 1 then 'hide' else 'show', fillOpacity: 1 }), kql, view),
  local pie(shape, title, buckets, measure, kql, view, legendShown) =
    local c = layer('', buckets, [measure]);
    lens('lnsPie', title, { l0: c }, {
      shape: shape,
      layers: [{
        layerId: 'l0',
        layerType: 'data',
        groups: c.buckets,
        metric: 'm0',
        numberDisplay: 'percent',
        categoryDisplay: 'default',
        legendDisplay: if legendShown then 'show' else 'hide',
        legendSize: 'large',
        nestedLegend: false,
        percentDecimals: 1,
        emptySizeRatio: 0.54,
      }],
    }, kql, view),
  donut(title, bucket, measure, kql='', view='flow', legend=true):: pie('donut', title, if std.isArray(bucket) then bucket else [bucket], measure, kql, view, legend),
  treemap(title, bucket, measure, kql='', view='flow'):: pie('treemap', title, if std.isArray(bucket) then bucket else [bucket], measure, kql, view, false),
  heatmap(title, bucket, measure, kql='', view='flow')::
    local c = layer('', [bucket, l.time(view)], [measure]);  // this order: the largest over the whole range
    lens('lnsHeatmap', stepped(title, view), { l0: c }, {
      shape: 'heatmap',
      layerId: 'l0',
      layerType: 'data',
      xAccessor: 'b1',
      yAccessor: 'b0',
      valueAccessor: 'm0',
      palette: shade([0, 0.5, 3, 10, 40]).palette { accessor: 'm0' },  // quiet hours show beside the busiest one
      legend: { isVisible: false, position: 'right', type: 'heatmap_legend' },
      gridConfig: { type: 'heatmap_grid', isCellLabelVisible: false, isYAxisLabelVisible: true, isXAxisLabelVisible: true, isYAxisTitleVisible: false, isXAxisTitleVisible: false },
    }, kql, view),

  // How wide Kibana writes a heading: pixels of each letter in Inter, bold, of 14 pixels (others than these: a digit's).
  local inter = {
    a: 8.1, b: 8.8, c: 8.2, d: 8.8, e: 8.3, f: 5.3, g: 8.8, h: 8.7, i: 3.8, j: 3.8, k: 8.1, l: 3.8, m: 12.7,
    n: 8.6, o: 8.5, p: 8.8, q: 8.8, r: 5.7, s: 7.8, t: 5.4, u: 8.6, v: 8.1, w: 11.8, x: 8, y: 8.1, z: 7.9,
    A: 10.4, B: 9.2, C: 10.5, D: 10.1, E: 8.5, F: 8.1, G: 10.6, H: 10.4, I: 3.9, J: 7.9, K: 9.6, L: 7.9, M: 12.8,
    N: 10.2, O: 10.9, P: 9, Q: 10.9, R: 9.1, S: 9.1, T: 9.3, U: 10.2, V: 10.4, W: 14.4, X: 9.9, Y: 10.1, Z: 9.3,
    ' ': 3.2, '(': 5.7, ')': 5.7, ':': 4.1, ',': 4.2, '.': 4.1, '/': 5.4,
  },
  local written(text) = std.foldl(function(sum, letter) sum + std.get(inter, letter, 9.6), std.stringChars(text), 0),

  // Counts as people say them: 512.3m, not 512,345,678, which the column would cut; below 1,000 they are whole. (`exact`: those that
  // are compared with what somebody set.)
  local isCount(m) = std.get(std.get(m.params, 'format', {}), 'id') == 'number' && m.params.format.params.decimals == 0 && !std.objectHasAll(m, 'exact'),
  local short(m) = if isCount(m) then m { params+: { parentFormat: k.format.short } } else m,

  // Figures have the room that they and their headings need, or their `width`; names share the rest, at least 100 pixels each (Kibana's
  // minimum): a narrow page cuts names, which the mouse shows whole, and no figures. The first measure ranks (no last
  // value can) and is shaded.
  // Where it shows shares they are of everything: the rest, and what lacks the field, have rows (a tuple has none for either).
  table(title, buckets, measures, kql='', view='flow', rows=20, shaded=true)::
    local shares = std.length([m for m in measures if std.objectHasAll(m, 'whole')]) > 0;
    local whole(b) = if shares && b.operationType == 'terms' && b.dataType == 'string' && !std.objectHas(b.params, 'secondaryFields') then b { params+: { otherBucket: true, missingBucket: true } } else b;
    local list = [whole(b) for b in if std.isArray(buckets) then buckets else [buckets]];
    local c = layer('', list, [short(m) for m in measures]);
    local percent(m) = std.get(std.get(m.params, 'format', {}), 'id') == 'percent';
    // (with the margins, the arrow of the menu beside the heading, and that of the order)
    local room(i) = local m = measures[i]; if std.objectHasAll(m, 'width') then m.width else if m.dataType != 'number' then null
    else std.max(if percent(m) || isCount(m) then 68 else 84, std.ceil(written(m.label)) + 33) + (if i == 0 then 16 else 0);
    local column(id, alignment, width=null) = { columnId: id, isTransposed: false, alignment: alignment, [if width != null then 'width']: width };
    lens('lnsDatatable', title, { l0: c }, {
      layerId: 'l0',
      layerType: 'data',
      rowHeight: 'single',
      headerRowHeight: 'single',
      rowHeightLines: 1,
      paging: { enabled: true, size: rows },
      sorting: { columnId: 'm0', direction: 'desc' },
      columns: [column(id, 'left') for id in c.buckets]
        + [column(c.measures[i], if measures[i].dataType == 'number' then 'right' else 'left', room(i)) + (if i == 0 && shaded then shade() else {}) for i in std.range(0, std.length(measures) - 1)],
    }, kql, view),
}
