// SPDX-License-Identifier: Apache-2.0
// Overview: who talks to whom, with what, and how much.
local c = import '../common.libsonnet';
local k = import '../kibana.libsonnet';
local l = import '../lens.libsonnet';
local r = import '../ranking.libsonnet';
local v = import '../vega.libsonnet';

local threats = { exists: { field: 'flow.threat.category' } };

[
  c.dashboard('flow-overview', 'Overview', 'Who talks to whom, with what, and how much', c.standard, [
    k.row(6, [[48, v.kpis([
      v.rate('Traffic, mean', 'network.bytes', v.human.bits, 8),
      v.sum('Traffic', 'network.bytes', v.human.bytes),
      v.rate('Packets', 'network.packets'),
      v.count('Flow records'),
      v.unique('Clients', 'client.ip'),
      v.unique('Servers', 'server.ip'),
      v.unique('Exporters', 'observer.name', null, '#d6bf57'),
      v.sum('Counted elsewhere', 'flow.duplicate.bytes', v.human.bytes, c.believed, '#d6bf57'),
      v.count('Records with a threat', threats, '#e7664c'),
    ])]]),
    k.row(14, [
      [24, c.toService(l.area('Applications and services, bits/s', l.terms('network.protocol', 'Protocol', 10), c.bits))],
      [24, l.area('Directions, bits/s', l.terms('network.direction', 'Direction', 4, false), c.bits)],
    ]),
    k.row(15, [
      [14, c.toHost(l.bars('Top clients', c.client(10), c.bytes))],
      [14, c.toHost(l.bars('Top servers', c.server(10), c.bytes))],
      [20, c.toRecords(v.panel('Top conversations', r.spec([['flow.client.name', 'Client', 'no client'], ['flow.server.name', 'server', 'no server'], ['flow.service.name', 'service', 'no service']], [r.bytes, r.records])))],
    ]),
    k.row(12, [
      [16, c.toAs(l.treemap('Top server networks (AS)', l.terms('server.as.organization.name', 'AS', 12), c.bytes))],
      [16, l.treemap('Top server countries', l.terms('server.geo.country_iso_code', 'Country', 12), c.bytes)],
      [16, l.donut('IP versions and protocols', [l.terms('network.type', 'IP version', 4, false), c.protocol(6)], c.bytes)],
    ]),
    k.row(12, [
      [16, c.toExporter(l.area('Exporters, bits/s', c.exporter(8), c.bits))],
      [16, c.toThreats(l.stacks('Threats', l.terms('flow.threat.category', 'Category', 8, false), c.records))],
      [16, l.heatmap('Activity of the top clients', c.client(10), c.bytes)],
    ]),
  ], geo=true),
]
