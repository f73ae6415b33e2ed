// SPDX-License-Identifier: Apache-2.0
// Top-N: talkers, services, conversations, applications, each ranked by bytes with its share and its course.
local c = import '../common.libsonnet';
local k = import '../kibana.libsonnet';
local l = import '../lens.libsonnet';
local v = import '../vega.libsonnet';

local measures = [c.bytes, c.share, c.packets, c.records];
local talker = [c.bytes, c.share, c.packets, c.records, c.down, c.up];

[
  c.dashboard('flow-top-talkers', 'Top talkers', 'Clients and servers by what they move', c.standard, [
    k.row(13, [
      [24, c.toHost(l.area('Clients, Mbit/s', c.client(10, true), c.bits))],
      [24, c.toHost(l.area('Servers, Mbit/s', c.server(10, true), c.bits))],
    ]),
    k.row(22, [
      [24, c.toHost(l.table('Top clients', [c.client(200)], talker, widths=[230], rows=13))],
      [24, c.toHost(l.table('Top servers', [c.server(200)], talker, widths=[230], rows=13))],
    ]),
  ]),

  c.dashboard('flow-top-services', 'Top services', 'Ports and protocols by what they move', c.standard, [
    k.row(13, [
      [24, l.area('Services, Mbit/s', c.service(12), c.bits)],
      [24, l.area('Services, packets/s', c.service(12), c.pps)],
    ]),
    k.row(20, [
      [20, c.toRecords(l.table('Top services', [c.service(200, false)], measures + [l.unique('client.ip', 'Clients'), l.unique('server.ip', 'Servers')], widths=[160], rows=13))],
      [14, c.toRecords(l.table('Service and server port', [l.tuple(['flow.service.name', 'network.transport', 'server.port'], 'Service › protocol › port', 200)], [c.bytes, c.records], widths=[240], rows=13))],
      [14, l.table('Top IP protocols', [c.protocol(50, false)], [c.bytes, c.share, c.records], widths=[130], rows=13)],
    ]),
  ]),

  c.dashboard('flow-top-conversations', 'Top conversations', 'Pairs of hosts, ranked as pairs', c.standard, [
    k.row(13, [
      [24, l.area('Conversations, Mbit/s', l.tuple(['flow.client.name', 'flow.server.name'], 'Client › server', 8), c.bits, legendSize='xlarge')],
      [24, l.bars('Largest pairs', l.tuple(['flow.client.name', 'flow.server.name'], 'Client › server', 10), c.bytes)],
    ]),
    k.row(22, [
      [30, c.toRecords(l.table('Client, server and service', [l.tuple(['flow.client.name', 'flow.server.name', 'flow.service.name'], 'Client › server › service', 500)],
                               [c.bytes, c.share, c.packets, c.records, c.down, c.up, l.avg('event.duration', 'Duration', null)], widths=[430], rows=13))],
      [18, c.toRecords(l.table('Networks', [l.tuple(['flow.client.network.name', 'flow.server.network.name'], 'Client network › server network', 100)], [c.bytes, c.share, c.records], widths=[260], rows=13))],
    ]),
  ]),

  c.dashboard('flow-top-applications', 'Top applications', 'What the traffic is for', [c.control.exporter, c.control.application, c.control.direction, c.control.client, c.control.server], [
    k.row(13, [
      [30, l.area('Applications, Mbit/s', c.application(12), c.bits)],
      [18, l.treemap('Categories and applications', [l.terms('flow.application.category', 'Category', 12), l.terms('network.application', 'Application', 5, false)], c.bytes)],
    ]),
    k.row(20, [
      [18, c.toRecords(l.table('Top applications', [c.application(200, false)], measures + [l.unique('client.ip', 'Clients')], widths=[170], rows=13))],
      [15, c.toRecords(l.table('Application and service', [l.tuple(['network.application', 'flow.service.name'], 'Application › service', 200)], [c.bytes, c.records], widths=[260], rows=13))],
      [15, c.toHost(l.table('Who uses them', [l.tuple(['flow.client.name', 'network.application'], 'Client › application', 200)], [c.bytes, c.records], widths=[300], rows=13))],
    ]),
  ]),
]
