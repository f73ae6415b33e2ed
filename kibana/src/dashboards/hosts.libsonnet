// SPDX-License-Identifier: Apache-2.0
// Hosts: one host (reached by a click on any address or name, or by the query related.ip) or all; users and processes.
local c = import '../common.libsonnet';
local host = import '../host.libsonnet';
local k = import '../kibana.libsonnet';
local l = import '../lens.libsonnet';
local r = import '../ranking.libsonnet';
local v = import '../vega.libsonnet';

[
  c.dashboard('flow-hosts', 'Hosts', 'One host or subnet, as seen from it. Behind a NAT: client.nat.ip: "192.0.2.1" or server.nat.ip: "192.0.2.1"',
              [c.control.exporter, c.control.direction, c.control.service, c.control.application, k.control('flow.threat.category', 'Threat')], [
    k.row(6, [[48, k.untitled(v.panel('Host', host.card()))]]),
    k.row(12, [
      [24, v.rates('Sent and received, bits/s', host.chart())],
      [24, l.area('Services, bits/s', c.service(8), c.bits)],
    ]),
    k.row(15, [
      [16, v.panel('Peers', host.peers())],
      [16, v.panel('Services', host.services())],
      [16, v.panel('Exporters and interfaces', r.spec([['observer.name', 'Exporter', 'no exporter'], ['flow.ingress.interface', 'in', 'none'], ['flow.egress.interface', 'out', 'none']], [r.bytes, r.records]))],
    ]),
    k.row(13, [
      [16, v.panel('Its interface', host.interfaces())],
      [16, c.toThreats(l.table('Threats', [l.tuple(['flow.threat.category', 'flow.client.name', 'flow.server.name'], 'Category › client › server', 50)], [c.records, c.bytes], 'flow.threat.category: *', rows=5))],
      [16, v.panel('Countries and networks (AS) of servers', r.spec([['server.geo.country_iso_code', 'Country', 'no country'], ['server.as.organization.name', 'AS', 'no AS known']], [r.bytes, r.records]))],
    ]),
    k.row(11, [
      [24, l.series('Latency, ms', [
        l.formula('network, client side', 'average(flow.latency.client) / 1000', { avg: l.part('average', [], 'flow.latency.client') }, l.divide('avg', 1000), 'avg', 'number', 1),
        l.formula('network, server side', 'average(flow.latency.server) / 1000', { avg: l.part('average', [], 'flow.latency.server') }, l.divide('avg', 1000), 'avg', 'number', 1),
        l.formula('application', 'average(flow.latency.application) / 1000', { avg: l.part('average', [], 'flow.latency.application') }, l.divide('avg', 1000), 'avg', 'number', 1),
      ], type='line', legendAt='right')],
      [12, l.stacks('Records by direction', l.terms('network.direction', 'Direction', 4, false), c.records, legendSize='medium')],
      [12, l.table('Client addresses', [l.tuple(['client.ip', 'flow.client.scope'], 'Client address › scope', 50)], [c.bytes, c.records], rows=5)],
    ]),
    k.row(18, [[48, k.search('Flow records', 'flow-records')]]),
  ], geo=true),

  c.dashboard('flow-users', 'Users and processes', 'Who sent it and with which program, where the exporter knows',
              [c.control.exporter, k.control('user.name', 'User'), k.control('process.name', 'Process'), k.control('host.name', 'Host'), k.control('host.os.platform', 'Platform'), c.control.service], [
    k.row(6, [[48, v.kpis([
      v.rate('Traffic, mean', 'network.bytes', v.human.bits, 8),
      v.sum('Traffic', 'network.bytes', v.human.bytes),
      v.unique('Users', 'user.name'),
      v.unique('Processes', 'process.name'),
      v.unique('Hosts', 'host.name'),
      v.unique('Servers', 'server.ip'),
      v.count('Flow records'),
    ])]]),
    k.row(13, [
      [12, l.donut('Users', l.terms('user.name', 'User', 12), c.bytes, legend=false)],
      [36, l.area('Users, bits/s', l.terms('user.name', 'User', 12), c.bits)],
    ]),
    k.row(13, [
      [12, l.donut('Processes', l.terms('process.name', 'Process', 12), c.bytes, legend=false)],
      [36, l.area('Processes, bits/s', l.terms('process.name', 'Process', 12), c.bits)],
    ]),
    k.row(13, [
      [12, l.donut('Platforms', l.terms('host.os.platform', 'Platform', 8), c.bytes, legend=false)],
      [36, l.area('Platforms, bits/s', l.terms('host.os.platform', 'Platform', 8), c.bits)],
    ]),
    k.row(18, [
      [24, c.toRecords(l.table('User, process and server', [l.tuple(['user.name', 'process.name', 'flow.server.name'], 'User › process › server', 200)], [c.bytes, c.listed, c.records], rows=10))],
      [24, c.toRecords(l.table('Host and executable', [l.tuple(['host.name', 'process.executable'], 'Host › executable', 200)], [c.bytes, c.records, l.unique('server.ip', 'Servers')], rows=10))],
    ]),
  ], [['with a user or process', ['user.name', 'process.name']]]),
]
