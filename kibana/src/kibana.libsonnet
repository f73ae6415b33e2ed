// SPDX-License-Identifier: Apache-2.0
// Saved objects, dashboards, controls, navigation: everything around the panels (lens.libsonnet, vega.libsonnet, map.libsonnet).
//
// Members that Kibana keeps as JSON inside a string (*JSON, fieldFormatMap, Vega's spec, ...) stay plain values here;
// the importer folds them (kibana/README.md). Stringifying in Jsonnet costs minutes and gigabytes.
{
  local k = self,

  // Never newer than the oldest Kibana supported: newer ones migrate what they import.
  version:: '8.3.0',
  versions:: { dashboard: '8.3.0', map: '8.1.0', search: '8.0.0', 'index-pattern': '8.0.0' },

  ref(type, id, name):: { type: type, id: id, name: name },

  object(type, id, attributes, references=[]):: {
    type: type,
    id: id,
    attributes: attributes,
    references: references,
    migrationVersion: { [type]: k.versions[type] },
    coreMigrationVersion: k.version,
  },

  // ---- panels ------------------------------------------------------------------------------------------------

  // A panel before it has a place: config becomes embeddableConfig, refs get the panel's id in front.
  panel(type, title, config, refs=[]):: { type: type, title: title, config: config, refs: refs, untitled: false, refName: null },

  untitled(panel):: panel { untitled: true },
  named(name, panel):: panel { name:: name },

  vis(type, title, params, description=''):: k.panel('visualization', title, { savedVis: {
    title: title,
    description: description,
    type: type,
    params: params,
    uiState: {},
    data: { aggs: [], searchSource: { query: { query: '', language: 'kuery' }, filter: [] } },
  } }),

  markdown(text, size=12):: k.untitled(k.vis('markdown', '', { fontSize: size, openLinksInNewTab: false, markdown: text })),

  // Panels that live in an object of their own.
  search(title, id):: k.panel('search', title, {}, [k.ref('search', id, 'panel')]) + { refName: 'panel' },
  map(title, id):: k.panel('map', title, { isLayerTOCOpen: false, hiddenLayers: [], openTOCDetails: [] }, [k.ref('map', id, 'panel')]) + { refName: 'panel' },

  // Clicking a value offers other dashboards, opened with the time, the filters and the clicked value.
  // targets: [[id, label]]
  drill(panel, targets):: panel {
    local name(i) = 'drill%d' % i,
    config+: { enhancements: { dynamicActions: { events: [
      {
        eventId: name(i),
        triggers: ['FILTER_TRIGGER'],
        action: { factoryId: 'DASHBOARD_TO_DASHBOARD_DRILLDOWN', name: targets[i][1], config: { useCurrentFilters: true, useCurrentDateRange: true } },
      }
      for i in std.range(0, std.length(targets) - 1)
    ] } } },
    refs+: [
      k.ref('dashboard', targets[i][0], 'drilldown:DASHBOARD_TO_DASHBOARD_DRILLDOWN:%s:dashboardId' % name(i))
      for i in std.range(0, std.length(targets) - 1)
    ],
  },

  // ---- controls ----------------------------------------------------------------------------------------------

  control(field, title, view='flow'):: { field: field, title: title, view: view },

  local controlGroup(controls) = {
    controlStyle: 'oneLine',
    chainingSystem: 'HIERARCHICAL',
    ignoreParentSettingsJSON: { ignoreFilters: false, ignoreQuery: false, ignoreTimerange: false, ignoreValidations: false },
    panelsJSON: {
      ['c%d' % i]: {
        order: i,
        width: 'small',
        grow: true,
        type: 'optionsListControl',
        explicitInput: { id: 'c%d' % i, fieldName: controls[i].field, title: controls[i].title, enhancements: {} },
      }
      for i in std.range(0, std.length(controls) - 1)
    },
  },

  // ---- filters a dashboard starts with: [name, fields of which one has to exist]. Shown as a pill that users can switch off. --

  local filterIndex(i) = 'kibanaSavedObjectMeta.searchSourceJSON.filter[%d].meta.index' % i,
  filter(i, f):: {
    '$state': { store: 'appState' },
    meta: { alias: f[0], disabled: false, negate: false, type: 'custom', key: 'query', indexRefName: filterIndex(i) },
    query: { bool: { should: [{ exists: { field: name } } for name in f[1]], minimum_should_match: 1 } },
  },

  // ---- dashboards --------------------------------------------------------------------------------------------

  // A row of panels, [[width, panel], ...]: 48 columns wide, height in units of about 20 pixels. Positions follow from the order.
  row(height, cells):: { height: height, cells: cells },

  dashboard(id, title, description, controls, rows, filters=[]):: {
    // sums([3, 4, 5]) = [0, 3, 7]: where each begins
    local sums(list) = std.foldl(function(out, n) out + [out[std.length(out) - 1] + n], list, [0]),
    local tops = sums([r.height for r in rows]),
    local placed = std.flattenArrays([
      local r = rows[j];
      local lefts = sums([c[0] for c in r.cells]);
      [{ x: lefts[i], y: tops[j], w: r.cells[i][0], h: r.height, p: r.cells[i][1] } for i in std.range(0, std.length(r.cells) - 1)]
      for j in std.range(0, std.length(rows) - 1)
    ]),
    // Notes have names, so that numbers stay the panels' own.
    local named(i) = std.objectHasAll(placed[i].p, 'name'),
    local name(i) = if named(i) then placed[i].p.name else 'p%02d' % std.length([j for j in std.range(0, i - 1) if !named(j)]),
    local out(i, c) = {
      type: c.p.type,
      version: k.version,
      panelIndex: name(i),
      gridData: { i: name(i), x: c.x, y: c.y, w: c.w, h: c.h },
      embeddableConfig: { enhancements: {} } + c.p.config { hidePanelTitles: c.p.untitled },
      [if !c.p.untitled then 'title']: c.p.title,
      [if c.p.refName != null then 'panelRefName']: c.p.refName,
    },
    assert std.length([r for r in rows if std.foldl(function(n, c) n + c[0], r.cells, 0) != 48]) == 0 : title + ': a row is not 48 wide',
    object: k.object('dashboard', id, {
      title: title,
      description: description,
      timeRestore: false,
      version: 1,
      hits: 0,
      optionsJSON: { useMargins: true, syncColors: false, hidePanelTitles: false },
      panelsJSON: std.mapWithIndex(out, placed),
      kibanaSavedObjectMeta: { searchSourceJSON: { query: { query: '', language: 'kuery' }, filter: [k.filter(i, filters[i]) for i in std.range(0, std.length(filters) - 1)] } },
      [if controls != [] then 'controlGroupInput']: controlGroup(controls),
    }, std.flattenArrays(std.mapWithIndex(function(i, c) [r { name: name(i) + ':' + r.name } for r in c.p.refs], placed))
       + [k.ref('index-pattern', 'flow', filterIndex(i)) for i in std.range(0, std.length(filters) - 1)]
       + [k.ref('index-pattern', controls[i].view, 'controlGroup_c%d:optionsListDataView' % i) for i in std.range(0, std.length(controls) - 1)]),
  }.object,

  // Two lines on top of every dashboard: the groups, and the pages of the current group.
  // groups: [[label, [[id, label], ...]], ...]; a link inside the app keeps the time and the pinned filters, but for one to a page with
  // a third element: that leaves the filters behind, and says its time
  // itself: without one Kibana would take its own fifteen minutes.
  nav(groups, here, description):: k.markdown(
    local link(page, label) = '[%s](#/view/%s%s)' % [label, page[0], if std.length(page) > 2 then '?_g=(filters:!(),time:(from:now-24h,to:now))' else ''];
    local inside(g) = std.length([p for p in g[1] if p[0] == here]) > 0;
    local bar = std.join(' &nbsp;&nbsp; ', [if inside(g) then '**%s**' % g[0] else link(g[1][0], g[0]) for g in groups]);
    local pages = std.flattenArrays([g[1] for g in groups if inside(g)]);
    local sub = std.join(' &nbsp;·&nbsp; ', [if p[0] == here then '**%s**' % p[1] else link(p, p[1]) for p in pages]);
    bar + '\n\n' + (if std.length(pages) > 1 then sub + ' &nbsp;&nbsp; ' else '') + '_' + description + '_', 13
  ),

  // ---- data view and saved search ----------------------------------------------------------------------------

  dataView(id, pattern, name, formats={}, attrs={}):: k.object('index-pattern', id, {
    title: pattern,
    name: name,
    timeFieldName: '@timestamp',
    allowNoIndex: true,
    sourceFilters: [],
    fieldAttrs: attrs,
    typeMeta: {},
    runtimeFieldMap: {},
    fieldFormatMap: formats,
  }),

  format:: {
    // Bytes in powers of 1,000, like bits and bills: bd (Kibana's own b is of 1,024).
    bytes: { id: 'bytes', params: { pattern: '0,0.[0] bd' } },
    bits: { id: 'number', params: { pattern: '0,0.[0] bitd' } },
    count: { id: 'number', params: { pattern: '0,0' } },
    short: { id: 'number', params: { pattern: '0,0.[0]a' } },
    plain: { id: 'number', params: { pattern: '0' } },
    // For a column: to the second, of this year.
    moment: { format: { id: 'date' }, parentFormat: { id: 'date', params: { pattern: 'MMM D, HH:mm:ss' } } },
    duration(unit): { id: 'duration', params: { inputFormat: unit, outputFormat: 'humanizePrecise', outputPrecision: 1, useShortSuffix: true, includeSpaceWithSuffix: true } },
    // A value that leads to another page of this Kibana.
    link(url): { id: 'url', params: { urlTemplate: url, labelTemplate: '{{value}}', openLinkInCurrentTab: true, type: 'a' } },
  },

  savedSearch(id, title, description, columns, kql='', view='flow'):: k.object('search', id, {
    title: title,
    description: description,
    columns: columns,
    sort: [['@timestamp', 'desc']],
    grid: {},
    hideChart: true,
    rowHeight: 0,
    kibanaSavedObjectMeta: { searchSourceJSON: { query: { query: kql, language: 'kuery' }, filter: [], indexRefName: 'view' } },
  }, [k.ref('index-pattern', view, 'view')]),
}
