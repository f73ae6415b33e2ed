// SPDX-License-Identifier: Apache-2.0
// Hosts: one host (reached by a click on any address or name, or by the query related.ip) or all; users and processes.
local c = import '../common.libsonnet';
local k = import '../kibana.libsonnet';
local l = import '../lens.libsonnet';
local r = import '../ranking.libsonnet';
local v = import '../vega.libsonnet';

local sent = l.rate('client.bytes', 'client to server', '', 0.000008, 2);
local answered = l.rate('server.bytes', 'server to client', '', 0.000008, 2);

[
  c.dashboard('flow-hosts', 'Hosts', 'One host: its peers, services, traffic and threats. Ask for related.ip: "10.0.0.1" or related.hosts: "name", or click an address anywhere', c.standard, [
    k.row(6, [[48, v.kpis([
      v.rate('Traffic, mean', 'network.bytes', v.human.bits, 8),
      v.sum('Sent by clients', 'client.bytes', v.human.bytes, null, '#54b399'),
      v.sum('Sent by servers', 'server.bytes', v.human.bytes),
      v.count('Flow records'),
      v.unique('Clients', 'client.ip'),
      v.unique('Servers', 'server.ip'),
      v.unique('Services', 'flow.service.name', null, '#d6bf57'),
      v.count('With a threat', { exists: { field: 'flow.threat.category' } }, '#e7664c'),
    ])]]),
    k.row(12, [
      [24, l.series('Sent by clients and by servers, bits/s', [answered, sent])],
      [12, l.area('Services, bits/s', c.service(8), c.bits, legendSize='medium')],
      [12, l.stacks('Records by direction', l.terms('network.direction', 'Direction', 4, false), c.records, legendSize='medium')],
    ]),
    k.row(15, [
      [12, c.toHost(l.table('Contacts', [c.server(100)], [c.bytes, c.records], widths=[210], rows=8))],
      [12, c.toHost(l.table('Contacted by', [c.client(100)], [c.bytes, c.records], widths=[210], rows=8))],
      [12, v.panel('Services', r.spec([['flow.service.name', 'Service', 'no service'], ['network.transport', 'protocol', 'no protocol']], [r.bytes, r.records]))],
      [12, v.panel('Countries and AS', r.spec([['server.geo.country_iso_code', 'Country', 'no country'], ['server.as.organization.name', 'AS', 'no AS known']], [r.bytes, r.records]))],
    ]),
    k.row(11, [
      [16, l.series('Latency, ms', [
        l.formula('network, client side', 'average(flow.latency.client) / 1000', { avg: l.part('average', [], 'flow.latency.client') }, l.divide('avg', 1000), 'avg', 'number', 1),
        l.formula('network, server side', 'average(flow.latency.server) / 1000', { avg: l.part('average', [], 'flow.latency.server') }, l.divide('avg', 1000), 'avg', 'number', 1),
        l.formula('application', 'average(flow.latency.application) / 1000', { avg: l.part('average', [], 'flow.latency.application') }, l.divide('avg', 1000), 'avg', 'number', 1),
      ], type='line')],
      [16, c.toThreats(l.table('Threats', [l.tuple(['flow.threat.category', 'flow.client.name', 'flow.server.name'], 'Category › client › server', 50)], [c.records, c.bytes], 'flow.threat.category: *', widths=[320], rows=5))],
      [16, l.table('Client addresses', [l.tuple(['client.ip', 'flow.client.scope'], 'Client address › scope', 50)], [c.bytes, c.records], widths=[260], rows=5)],
    ]),
    k.row(18, [[48, k.search('Flow records', 'flow-records')]]),
  ]),

  c.dashboard('flow-users', 'Users and processes', 'Who and which program, from exporters on hosts, firewalls and anything else that knows',
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
      [24, c.toRecords(l.table('User, process and server', [l.tuple(['user.name', 'process.name', 'flow.server.name'], 'User › process › server', 200)], [c.bytes, c.listed, c.records], widths=[380], rows=10))],
      [24, c.toRecords(l.table('Host and executable', [l.tuple(['host.name', 'process.executable'], 'Host › executable', 200)], [c.bytes, c.records, l.unique('server.ip', 'Servers')], widths=[380], rows=10))],
    ]),
  ], [['with a user or process', ['user.name', 'process.name']]]),
]
