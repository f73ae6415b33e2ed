// SPDX-License-Identifier: Apache-2.0
// Exporters and interfaces: who sends flows, what its interfaces carry, how well it does.
local billing = import '../billing.libsonnet';
local c = import '../common.libsonnet';
local k = import '../kibana.libsonnet';
local l = import '../lens.libsonnet';
local v = import '../vega.libsonnet';

local ingress = l.terms('flow.ingress.interface', 'Interface', 12);
local egress = l.terms('flow.egress.interface', 'Interface', 12);
local interfaces = [c.control.exporter, c.control.ingress, c.control.egress, k.control('flow.ingress.role', 'Role in'), c.control.direction, c.control.service];

[
  c.dashboard('flow-interfaces', 'Interfaces', 'In and out of every interface, 95th percentile, use of its speed', interfaces, [
    k.row(14, [
      [24, v.panel('In: mean, 95th percentile, peak', billing('flow.ingress.interface', 'flow.ingress.speed', '#54b399'))],
      [24, v.panel('Out: mean, 95th percentile, peak', billing('flow.egress.interface', 'flow.egress.speed', '#6092c0'))],
    ]),
    k.row(13, [
      [24, l.lines('In, Mbit/s', ingress, c.bits)],
      [24, l.lines('Out, Mbit/s', egress, c.bits)],
    ]),
    k.row(13, [
      [24, l.lines('In, share of the speed', l.terms('flow.ingress.interface', 'Interface', 12, false), l.utilisation('flow.ingress.speed'), 'flow.ingress.speed > 0')],
      [24, l.lines('Out, share of the speed', l.terms('flow.egress.interface', 'Interface', 12, false), l.utilisation('flow.egress.speed'), 'flow.egress.speed > 0')],
    ]),
    k.row(17, [
      [24, l.table('Interface in', [l.tuple(['observer.name', 'observer.ingress.interface.name', 'observer.ingress.interface.alias'], 'Exporter › interface › description', 200)], [c.bytes, c.packets, c.flows, l.max('flow.ingress.speed', 'Speed', null)], widths=[380], rows=10)],
      [24, l.table('From interface to interface', [l.tuple(['flow.ingress.interface', 'flow.egress.interface'], 'In › out', 200)], [c.bytes, c.share, c.flows], widths=[400], rows=10)],
    ]),
  ]),
]
