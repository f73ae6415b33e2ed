// SPDX-License-Identifier: Apache-2.0
// AS traffic: what comes from and goes to each autonomous system. Flows with one private end count.
local c = import '../common.libsonnet';
local k = import '../kibana.libsonnet';
local l = import '../lens.libsonnet';
local r = import '../ranking.libsonnet';
local v = import '../vega.libsonnet';

// What has no AS is in the tables below: here it would hide those that have.
local known(bucket) = bucket { params+: { missingBucket: false } };
local from = known(l.terms('source.as.organization.name', 'Source AS', 10));
local to = known(l.terms('destination.as.organization.name', 'Destination AS', 10));
local has(end) = { exists: { field: end + '.as.number' } };

[
  c.dashboard('flow-as', 'AS traffic', 'Traffic from and to each autonomous system',
              [c.control.exporter, c.control.ingress, c.control.service, k.control('source.as.organization.name', 'From AS'), k.control('destination.as.organization.name', 'To AS')], [
    k.row(6, [[48, v.kpis([
      v.rate('From other networks', 'network.bytes', v.human.bits, 8, has('source')),
      v.rate('To other networks', 'network.bytes', v.human.bits, 8, has('destination'), '#6092c0'),
      v.sum('Received', 'network.bytes', v.human.bytes, has('source'), '#54b399'),
      v.sum('Sent', 'network.bytes', v.human.bytes, has('destination')),
      v.unique('Source AS', 'source.as.number'),
      v.unique('Destination AS', 'destination.as.number'),
      v.unique('Next AS', 'flow.bgp.next_as', null, '#d6bf57'),
    ])]]),
    k.row(13, [
      [24, l.area('From AS, bits/s', from, c.bits)],
      [24, l.area('To AS, bits/s', to, c.bits)],
    ]),
    k.row(13, [
      [24, l.area('From AS, packets/s', from, c.pps)],
      [24, l.area('To AS, packets/s', to, c.pps)],
    ]),
    k.row(18, [
      [16, v.panel('From AS', r.spec([['source.as.organization.name', 'AS', 'no AS known'], ['source.as.number', 'number', '–', -1]], [r.bytes, r.records, r.unique('source.ip', 'Hosts')]))],
      [16, v.panel('To AS', r.spec([['destination.as.organization.name', 'AS', 'no AS known'], ['destination.as.number', 'number', '–', -1]], [r.bytes, r.records, r.unique('destination.ip', 'Hosts')]))],
      [16, v.panel('Outgoing interface and destination AS', r.spec([['flow.egress.interface', 'Interface out', 'none'], ['destination.as.organization.name', 'AS', 'no AS known']], [r.of('flow.egress.bytes', 'Bytes'), r.records]))],
    ]),
  ], geo=true),
]
