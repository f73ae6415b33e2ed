// SPDX-License-Identifier: Apache-2.0
// Top-N: talkers, services, conversations, applications, each ranked by bytes with its share and its course.
local c = import '../common.libsonnet';
local k = import '../kibana.libsonnet';
local l = import '../lens.libsonnet';
local r = import '../ranking.libsonnet';
local v = import '../vega.libsonnet';

local measures = [c.bytes, c.share, c.packets, c.records];
// What a client received is what its servers sent, and the other way round.
local talker(sent, received) = [c.bytes, c.share, c.packets, c.records, sent { label: 'Sent' }, received { label: 'Received' }];

[
  c.dashboard('flow-top-talkers', 'Top talkers', 'Clients and servers by volume', c.standard, [
    k.row(13, [
      [24, c.toHost(l.area('Clients, bits/s', c.client(10, true), c.bits))],
      [24, c.toHost(l.area('Servers, bits/s', c.server(10, true), c.bits))],
    ]),
    k.row(22, [
      [24, c.toHost(l.table('Top clients', [c.client(200)], talker(c.up, c.down), rows=13))],
      [24, c.toHost(l.table('Top servers', [c.server(200)], talker(c.down, c.up), rows=13))],
    ]),
  ]),

  c.dashboard('flow-top-services', 'Top services', 'Ports and protocols by volume', c.standard, [
    k.row(13, [
      [24, l.area('Services, bits/s', c.service(12), c.bits)],
      [24, l.area('Services, packets/s', c.service(12), c.pps)],
    ]),
    k.row(20, [
      [26, c.toRecords(l.table('Top services', [c.service(200, false)], measures + [l.unique('client.ip', 'Clients'), l.unique('server.ip', 'Servers')], rows=12))],
      [22, v.panel('Service and server port', r.spec([['flow.service.name', 'Service', 'no service'], ['network.transport', 'protocol', 'no protocol'], ['server.port', 'port', 'no port', -1]], [r.bytes, r.records]))],
    ]),
    k.row(12, [
      [48, l.table('Top IP protocols', [c.protocol(50, false)], [c.bytes, c.share, c.packets, c.records], rows=6)],
    ]),
  ]),

  c.dashboard('flow-top-conversations', 'Top conversations', 'Pairs of hosts, ranked as pairs', c.standard, [
    k.row(13, [
      [24, l.area('Conversations, bits/s', l.tuple(['flow.client.name', 'flow.server.name'], 'Client › server', 8), c.bits, legendSize='xlarge')],
      [24, l.bars('Largest pairs', l.tuple(['flow.client.name', 'flow.server.name'], 'Client › server', 10), c.bytes)],
    ]),
    k.row(22, [
      [48, c.toRecords(l.table('Client, server and service', [l.tuple(['flow.client.name', 'flow.server.name', 'flow.service.name'], 'Client › server › service', 500)],
                               [c.bytes, c.listed, c.packets, c.records, c.down, c.up, l.avg('event.duration', 'Duration', null)], rows=13))],
    ]),
    k.row(14, [
      [48, v.panel('Networks', r.spec([['flow.client.network.name', 'Client network', 'no name'], ['flow.server.network.name', 'server network', 'no name']], [r.bytes, r.records]))],
    ]),
  ]),

  c.dashboard('flow-top-applications', 'Top applications', 'What the traffic is for', [c.control.exporter, c.control.application, c.control.direction, c.control.client, c.control.server], [
    k.row(13, [
      [30, l.area('Applications, bits/s', c.application(12), c.bits)],
      [18, l.treemap('Application categories', l.terms('flow.application.category', 'Category', 12), c.bytes)],
    ]),
    k.row(20, [
      [20, c.toRecords(l.table('Top applications', [c.application(200, false)], measures + [l.unique('client.ip', 'Clients')], rows=12))],
      [14, v.panel('Application and service', r.spec([['network.application', 'Application', 'not told'], ['flow.service.name', 'service', 'no service']], [r.bytes, r.records]))],
      [14, v.panel('Top clients by application', r.spec([['flow.client.name', 'Client', 'no client'], ['network.application', 'application', 'not told']], [r.bytes, r.records]))],
    ]),
  ]),
]
