// SPDX-License-Identifier: Apache-2.0
// Maps without any map service: the countries are in the object (world.geojson: Natural Earth, public domain), all else comes
// from the flows. The background is the theme's.
local k = import 'kibana.libsonnet';
local fixed(c) = { type: 'STATIC', options: { color: c } };
local size(n) = { type: 'STATIC', options: { size: n } };
local byValue(options) = { type: 'DYNAMIC', options: options { field: { name: 'sum_of_network.bytes', origin: 'source' }, fieldMetaOptions: { isEnabled: true, sigma: 3 } } };
local context = { applyGlobalQuery: true, applyGlobalTime: true, applyForceRefresh: true };

local layer(id, label, source, style, alpha=0.8, joins=[], refs=[]) = {
  id: id,
  label: label,
  type: 'GEOJSON_VECTOR',
  visible: true,
  alpha: alpha,
  minZoom: 0,
  maxZoom: 24,
  includeInFitToBounds: false,
  sourceDescriptor: source,
  joins: joins,
  style: { type: 'VECTOR', isTimeAware: true, properties: style },
  refs:: refs,
};
local viewRef(name) = k.ref('index-pattern', 'flow', name);

// The outline of the world, drawn in greys that fit both themes.
local outline = { type: 'GEOJSON_FILE', id: 'world', name: 'Countries', __fields: [{ name: 'iso2', type: 'string' }, { name: 'name', type: 'string' }], __featureCollection: import 'world.geojson', areResultsTrimmed: false, tooltipContent: null };
local world = layer('world', 'Countries', outline, { fillColor: fixed('#98a2b3'), lineColor: fixed('#69707d'), lineWidth: size(0.5) }, 0.25);

local arcs(a, b) = layer('arcs', '%s → %s' % [a, b], {
  type: 'ES_PEW_PEW',
  id: 'arcs',
  indexPatternRefName: 'layer_arcs_source_index_pattern',
  sourceGeoField: a + '.geo.location',
  destGeoField: b + '.geo.location',
  metrics: [{ type: 'sum', field: 'network.bytes', label: 'Bytes' }, { type: 'count', label: 'Records' }],
} + context, {
  lineColor: fixed('#d36086'),
  lineWidth: byValue({ minSize: 1, maxSize: 10 }),
}, 0.45, [], [viewRef('layer_arcs_source_index_pattern')]);

// One point a place, as large as the bytes of all its flows.
local points(end, label, colour) = layer(end, label, {
  type: 'ES_GEO_GRID',
  id: end,
  indexPatternRefName: 'layer_%s_source_index_pattern' % end,
  geoField: end + '.geo.location',
  requestType: 'point',
  resolution: 'FINE',
  metrics: [{ type: 'sum', field: 'network.bytes', label: 'Bytes' }, { type: 'count', label: 'Records' }, { type: 'cardinality', field: end + '.ip', label: 'Addresses' }],
} + context, {
  fillColor: fixed(colour),
  lineColor: fixed(colour),
  lineWidth: size(0),
  iconSize: byValue({ minSize: 5, maxSize: 24 }),
}, 0.75, [], [viewRef('layer_%s_source_index_pattern' % end)]);

{
  map(id, title, description, a, b)::
    local layers = [world, arcs(a[0], b[0]), points(a[0], a[1], '#6092c0'), points(b[0], b[1], '#54b399')];
    k.object('map', id, {
      title: title,
      description: description,
      layerListJSON: layers,
      uiStateJSON: { isLayerTOCOpen: false, openTOCDetails: [] },
      mapStateJSON: {
        zoom: 1.9,
        center: { lat: 28, lon: 8 },
        timeFilters: { from: 'now-24h', to: 'now' },
        refreshConfig: { isPaused: true, interval: 0 },
        query: { query: '', language: 'kuery' },
        filters: [],
        settings: {
          autoFitToDataBounds: false,
          initialLocation: 'LAST_SAVED_LOCATION',
          showScaleControl: false,
          showSpatialFilters: true,
          disableInteractive: false,
          disableTooltipControl: false,
          hideToolbarOverlay: false,
          hideLayerControl: true,
          hideViewControl: true,
        },
      },
    }, std.flattenArrays([l.refs for l in layers])),
}
