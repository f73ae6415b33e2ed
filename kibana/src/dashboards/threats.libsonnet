// SPDX-License-Identifier: Apache-2.0
// Threats: flows with an address on a list, by category, feed and direction; from there to the host and the records.
local c = import '../common.libsonnet';
local k = import '../kibana.libsonnet';
local l = import '../lens.libsonnet';
local v = import '../vega.libsonnet';

local is(class) = { term: { 'flow.threat.class': class } };
local kql(class) = 'flow.threat.class: ' + class;
local red = '#e7664c', orange = '#da8b45', blue = '#6092c0';
local severity(name) = l.count(name, 'flow.threat.severity: ' + name);
local records = c.toRecords;

[
  k.savedSearch('flow-records-threats', 'Flow: records with a threat', 'Flows with an address on a threat list',
                ['flow.threat.severity', 'flow.threat.category', 'flow.threat.direction', 'flow.client.name', 'flow.server.name', 'flow.service.name', 'threat.feed.name', 'observer.name', 'network.bytes'],
                'flow.threat.category: *'),
  c.dashboard('flow-threats', 'Threats', 'Traffic with addresses on threat lists, by category, feed and direction',
              [c.control.exporter, k.control('flow.threat.severity', 'Severity'), k.control('flow.threat.category', 'Category'), k.control('flow.threat.feeds', 'Feed'), k.control('flow.threat.direction', 'Direction'), c.control.client, c.control.server], [
    k.row(6, [[48, v.kpis([
      v.count('Records with a threat', null, red),
      v.count('Critical and high', { terms: { 'flow.threat.severity': ['critical', 'high'] } }, red),
      v.unique('Public threats', 'client.ip', is('public_threat'), orange),
      v.unique('At-risk servers', 'server.ip', is('at_risk_server'), orange),
      v.unique('High-risk clients', 'client.ip', is('high_risk_client'), red),
      v.sum('Bytes to bad servers', 'client.bytes', v.human.bytes, { term: { 'flow.threat.direction': 'outbound' } }, blue),
      v.unique('Bad addresses', 'threat.indicator.ip', null, '#9170b8'),
    ])]]),
    k.row(3, [[48, v.feeds()]]),
    k.row(12, [
      [24, l.stacks('Categories', l.terms('flow.threat.categories', 'Category', 10, false), c.records)],
      [24, l.series('Severity', [severity('critical'), severity('high'), severity('medium'), severity('low')], type='bar_stacked', colours=['#bd271e', '#e7664c', '#da8b45', '#d6bf57'], legendAt='right')],
    ]),
    k.row(18, [
      [24, records(l.table('Inbound from known-bad clients', [l.tuple(['flow.client.name', 'flow.threat.category'], 'Client › category', 100)], [c.records, l.unique('server.ip', 'Servers'), c.bytes], kql('public_threat'), rows=10))],
      [24, c.toHost(l.table('Servers contacted by known-bad clients', [l.tuple(['flow.server.name', 'flow.service.name'], 'Server › service', 100)], [c.records, l.unique('client.ip', 'Clients'), l.sum('server.bytes', 'Answered', 'bytes', 1)], kql('at_risk_server'), rows=10))],
    ]),
    k.row(18, [
      [24, c.toHost(l.table('Clients that contact known-bad servers', [l.tuple(['flow.client.name', 'flow.threat.category'], 'Client › category', 100)], [c.records, l.unique('server.ip', 'Servers'), l.sum('client.bytes', 'Sent', 'bytes', 1)], kql('high_risk_client'), rows=10))],
      [24, l.bars('Feeds', l.terms('flow.threat.feeds', 'Feed', 10, false), c.records)],
    ]),
    k.row(16, [[48, k.search('Records with a threat', 'flow-records-threats')]]),
  ], [['with a threat', ['flow.threat.category']]]),
]
