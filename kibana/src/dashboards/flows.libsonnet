// SPDX-License-Identifier: Apache-2.0
// Flows: sankeys between clients and servers, sources and destinations, autonomous systems. Geo: the same on a map.
local c = import '../common.libsonnet';
local k = import '../kibana.libsonnet';
local l = import '../lens.libsonnet';
local maps = import '../map.libsonnet';
local sankey = import '../sankey.libsonnet';
local r = import '../ranking.libsonnet';
local v = import '../vega.libsonnet';

// to: the drill-down of both tables.
local flows(id, title, description, controls, spec, a, b, to, geo=false) = c.dashboard(id, title, description, controls, [
  k.row(35, [[48, v.panel('The largest flows; click a name to filter', spec)]]),
  k.row(18, [
    [6, l.donut(a[0] + ', bytes', a[1], c.bytes, legend=false)],
    [18, to(l.table(a[0], [a[1] { params+: { size: 200, otherBucket: false } }], [c.bytes, c.share, c.packets, c.records], rows=10))],
    [18, to(l.table(b[0], [b[1] { params+: { size: 200, otherBucket: false } }], [c.bytes, c.share, c.packets, c.records], rows=10))],
    [6, l.donut(b[0] + ', bytes', b[1], c.bytes, legend=false)],
  ]),
], geo=geo);

local geo(id, title, mapId, controls, a, b, ports) = c.dashboard(id, title, 'Where the ends are; private networks at their site', controls, [
  k.row(27, [[48, k.map('Flows between places', mapId)]]),
  k.row(13, [
    [12, l.treemap(a[0] + ' countries', l.terms(a[1] + '.geo.country_iso_code', 'Country', 12), c.bytes)],
    [12, l.treemap(b[0] + ' countries', l.terms(b[1] + '.geo.country_iso_code', 'Country', 12), c.bytes)],
    [12, l.area('%s countries, bits/s' % b[0], l.terms(b[1] + '.geo.country_iso_code', 'Country', 8), c.bits, legendSize='medium')],
    [12, ports],
  ]),
  k.row(18, [
    [24, v.panel('Between countries', r.spec([[a[1] + '.geo.country_iso_code', a[0], 'no country'], [b[1] + '.geo.country_iso_code', std.asciiLower(b[0]), 'no country']], [r.bytes, r.records]))],
    [24, v.panel('Between cities', r.spec([[a[1] + '.geo.city_name', a[0], 'no city'], [b[1] + '.geo.city_name', std.asciiLower(b[0]), 'no city']], [r.bytes, r.records]))],
  ]),
], geo=true);

local asOf(end, label) = l.terms(end + '.as.organization.name', label, 12);
local wire = [c.control.exporter, c.control.ingress, c.control.direction, c.control.source, c.control.destination, k.control('flow.destination.service', 'Port')];

[
  flows('flow-sankey-client-server', 'Flows, client to server', 'The largest flows between clients, services and servers', c.standard,
        sankey([['flow.client.name', 'Client', 'no client'], ['flow.service.name', 'Service', 'no service'], ['flow.server.name', 'Server', 'no server']]),
        ['Clients', c.client(12, true)], ['Servers', c.server(12, true)], c.toHost),
  flows('flow-sankey-source-destination', 'Flows, source to destination', 'The largest flows as the exporters saw them', wire,
        sankey([['flow.source.name', 'Source', 'no source'], ['flow.destination.service', 'Destination port', 'no port'], ['flow.destination.name', 'Destination', 'no destination']]),
        ['Sources', c.source(12, true)], ['Destinations', c.destination(12, true)], c.toHost),
  flows('flow-sankey-as', 'Flows, autonomous systems', 'The largest flows between autonomous systems; private addresses have none',
        [c.control.exporter, c.control.direction, c.control.service, k.control('source.as.organization.name', 'From AS'), k.control('destination.as.organization.name', 'To AS')],
        sankey([['source.as.organization.name', 'Source AS', 'no AS known'], ['observer.name', 'Exporter', 'no exporter'], ['destination.as.organization.name', 'Destination AS', 'no AS known']]),
        ['Source AS', asOf('source', 'Source AS')], ['Destination AS', asOf('destination', 'Destination AS')], c.toAs, geo=true),

  maps.map('flow-map-client-server', 'Flow: map of clients and servers', 'Works without the internet', ['client', 'Clients'], ['server', 'Servers']),
  maps.map('flow-map-source-destination', 'Flow: map of sources and destinations', 'Works without the internet', ['source', 'Sources'], ['destination', 'Destinations']),
  geo('flow-geo-client-server', 'Geo, client to server', 'flow-map-client-server', c.standard, ['Client', 'client'], ['Server', 'server'],
      l.donut('Services', c.service(10), c.bytes, legend=false)),
  geo('flow-geo-source-destination', 'Geo, source to destination', 'flow-map-source-destination', wire, ['Source', 'source'], ['Destination', 'destination'],
      l.donut('Destination ports', l.terms('flow.destination.service', 'Destination port', 10), c.bytes, legend=false)),
]
