// SPDX-License-Identifier: Apache-2.0
// Firewall: what was denied, by which rule, and what was translated.
local c = import '../common.libsonnet';
local k = import '../kibana.libsonnet';
local l = import '../lens.libsonnet';
local r = import '../ranking.libsonnet';
local v = import '../vega.libsonnet';

local denied = 'flow.firewall.event: denied or flow.forwarding.status: dropped';
local event(name) = l.count(name, 'flow.firewall.event: ' + name);
local any(fields) = { bool: { should: [{ exists: { field: f } } for f in fields], minimum_should_match: 1 } };
local deniedQuery = { bool: { should: [{ term: { 'flow.firewall.event': 'denied' } }, { term: { 'flow.forwarding.status': 'dropped' } }], minimum_should_match: 1 } };
local told = [r.records, r.sum('flow.connections', 'Connections'), r.count('Denied', deniedQuery), r.told('network.bytes', 'Bytes')];

[
  c.dashboard('flow-firewall', 'Firewall and NAT', 'What was denied, by which rule, and what was translated',
              [c.control.exporter, k.control('flow.firewall.event', 'Event'), k.control('rule.name', 'Rule'), k.control('observer.ingress.zone', 'Zone in'), c.control.service, c.control.client, c.control.server], [
    k.row(6, [[48, v.kpis([
      v.count('Events', { exists: { field: 'flow.firewall.event' } }),
      v.sum('Connections', 'flow.connections', v.human.count, null, '#54b399'),
      v.sum('Traffic', 'network.bytes', v.human.bytes, { exists: { field: 'flow.firewall.event' } }),
      v.count('Denied', deniedQuery, '#e7664c'),
      v.unique('Denied clients', 'client.ip', deniedQuery, '#e7664c'),
      v.unique('Denied servers', 'server.ip', deniedQuery, '#da8b45'),
      v.sum('Dropped packets', 'flow.dropped.packets', v.human.count, null, '#da8b45'),
      v.unique('Rules hit', 'rule.name'),
      v.count('Records with NAT', any(['flow.nat.event', 'client.nat.ip', 'server.nat.ip'])),
      v.unique('Public addresses in use', 'client.nat.ip', null, '#d6bf57'),
    ])]]),
    k.row(12, [
      [16, l.series('Events', [event('denied'), event('created'), event('deleted'), event('update'), event('alert')], type='bar_stacked', colours=['#e7664c', '#54b399', '#6092c0', '#d6bf57', '#bd271e'], legendAt='right')],
      [16, l.stacks('Denied by rule', l.terms('rule.name', 'Rule', 8), c.records, denied)],
      [16, l.stacks('Denied by reason', l.terms('event.reason', 'Reason', 8), c.records, denied)],
    ]),
    k.row(18, [
      [14, v.panel('Denied clients', r.spec([['flow.client.name', 'Client', 'no client'], ['rule.name', 'rule', 'no rule told']], [r.records, r.unique('server.ip', 'Servers'), r.unique('server.port', 'Ports')], deniedQuery))],
      [13, v.panel('Denied servers', r.spec([['flow.server.name', 'Server', 'no server'], ['flow.service.name', 'service', 'no service']], [r.records, r.unique('client.ip', 'Clients')], deniedQuery))],
      [21, v.panel('Rules', r.spec([['rule.name', 'Rule', 'no rule told'], ['rule.id', 'id', 'no id']], told, { exists: { field: 'rule.name' } }))],
    ]),
    k.row(3, [[48, k.named('twice', k.markdown('**Two firewalls in a row** both report a connection, so it counts twice: `efctl doctor` names such pairs, and `totals` in `exporters.csv` leaves one out. '
                              + '**Bytes** of a rule or a pair of zones are those of records that name it, and – where none of these has any: Cisco ASA names the rule when a connection begins or is denied, and counts bytes at its end.', 11))]]),
    k.row(11, [
      [13, l.stacks('NAT events', l.terms('flow.nat.event', 'Event', 6, false), c.records, 'flow.nat.event: *')],
      [15, l.table('Addresses translated', [l.tuple(['client.ip', 'client.nat.ip'], 'Inside › outside', 100)], [c.records, l.unique('client.nat.port', 'Ports'), c.bytes], 'client.nat.ip: *', rows=5)],
      [20, v.panel('Between zones', r.spec([['observer.ingress.zone', 'Zone in', 'no zone'], ['observer.egress.zone', 'zone out', 'no zone']], told, any(['observer.ingress.zone', 'observer.egress.zone'])))],
    ]),
  ]),
]
