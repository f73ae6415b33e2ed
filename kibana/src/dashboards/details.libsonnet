// SPDX-License-Identifier: Apache-2.0
// Traffic details: one row a dimension, its shares, its bits and its packets.
local c = import '../common.libsonnet';
local k = import '../kibana.libsonnet';
local l = import '../lens.libsonnet';
local v = import '../vega.libsonnet';

// field: what to split by; label: one of it; title: many of it
local dimension(field, label, title, n=8, type='string') = k.row(11, [
  [10, l.donut(title + ', bytes', l.terms(field, label, n, true, type), c.bytes, legend=false)],
  [19, l.area(title + ', bits/s', l.terms(field, label, n, true, type), c.bits, legendSize='large')],
  [19, l.area(title + ', packets/s', l.terms(field, label, n, true, type), c.pps, legendSize='large')],
]);
local kpis(list) = k.row(6, [[48, v.kpis(list)]]);

[
  c.dashboard('flow-details-types', 'Details, types', 'Clients, servers, services, applications, categories', c.standard, [
    kpis([v.unique('Clients', 'client.ip'), v.unique('Servers', 'server.ip'), v.unique('Services', 'flow.service.name'), v.unique('Applications', 'network.application'), v.unique('Categories', 'flow.application.category')]),
    dimension('flow.client.name', 'Client', 'Clients'),
    dimension('flow.server.name', 'Server', 'Servers'),
    dimension('flow.service.name', 'Service', 'Services'),
    dimension('network.application', 'Application', 'Applications'),
    dimension('flow.application.category', 'Category', 'Application categories'),
    dimension('flow.type', 'Flow type', 'Flow types'),
  ]),

  c.dashboard('flow-details-attributes', 'Details, attributes', 'Protocols, VLANs, DSCP, ECN, TCP flags, ICMP, VRF, tunnels',
              [c.control.exporter, c.control.ingress, k.control('network.transport', 'Protocol'), k.control('network.vlan.id', 'VLAN'), k.control('flow.dscp.name', 'DSCP'), k.control('flow.tcp.flags', 'TCP flag')], [
    kpis([v.unique('Protocols', 'network.transport'), v.unique('VLANs', 'network.vlan.id'), v.unique('DSCP classes', 'flow.dscp.name'),
          v.count('Congestion seen (CE)', { term: { 'flow.ecn': 'CE' } }, '#e7664c'), v.count('TCP resets', { term: { 'flow.tcp.flags': 'RST' } }, '#da8b45'),
          v.sum('Retransmits', 'flow.retransmits', v.human.count, null, '#da8b45'), v.count('ICMP', { exists: { field: 'flow.icmp.type' } })]),
    dimension('network.transport', 'Protocol', 'IP protocols'),
    dimension('network.type', 'IP version', 'IP versions'),
    dimension('network.vlan.id', 'VLAN', 'VLANs'),
    dimension('flow.dscp.name', 'DSCP', 'DSCP classes'),
    dimension('flow.ecn', 'ECN', 'ECN'),
    k.row(12, [
      [12, l.bars('TCP flags, records', l.terms('flow.tcp.flags', 'Flag', 10, false), c.records)],
      [18, l.lines('TCP flags, records/s', l.terms('flow.tcp.flags', 'Flag', 8, false), c.rps, legendSize='small')],
      [18, l.stacks('ICMP', l.terms('flow.icmp.name', 'Message', 8), c.records, 'flow.icmp.name: *')],
    ]),
    k.row(12, [
      [12, l.bars('Flow end reason', l.terms('flow.end_reason', 'Reason', 6, false), c.records)],
      [12, l.bars('How the client was identified', l.terms('flow.role.reason', 'Reason', 8, false), c.records)],
      [12, l.bars('TTL, 10 most frequent', l.terms('flow.ttl.min', 'TTL', 10, false, 'number'), c.records)],
      [12, l.table('Tunnels', [l.tuple(['flow.tunnel.type', 'flow.tunnel.id'], 'Type › id', 50)], [c.records, c.bytes], 'flow.tunnel.type: *', rows=5)],
    ]),
  ]),

  c.dashboard('flow-details-locality', 'Details, locality', 'Private or public, networks, sites, AS, countries, cities',
              [c.control.exporter, c.control.direction, k.control('flow.locality', 'Locality'), k.control('flow.client.network.name', 'Client network'), k.control('server.as.organization.name', 'Server AS'), k.control('server.geo.country_iso_code', 'Server country')], [
    kpis([v.sum('Private', 'network.bytes', v.human.bytes, { term: { 'flow.locality': 'private' } }), v.sum('Public', 'network.bytes', v.human.bytes, { term: { 'flow.locality': 'public' } }, '#54b399'),
          v.unique('Networks', 'flow.client.network.name'), v.unique('Server AS', 'server.as.number'), v.unique('Server countries', 'server.geo.country_iso_code'), v.unique('Server cities', 'server.geo.city_name')]),
    dimension('flow.locality', 'Locality', 'Locality'),
    dimension('network.direction', 'Direction', 'Directions'),
    dimension('flow.client.network.name', 'Network', 'Client networks'),
    dimension('server.as.organization.name', 'AS', 'Server AS'),
    dimension('server.geo.country_iso_code', 'Country', 'Server countries'),
    dimension('server.geo.city_name', 'City', 'Server cities'),
    dimension('client.geo.country_iso_code', 'Country', 'Client countries'),
  ], geo=true),
]
