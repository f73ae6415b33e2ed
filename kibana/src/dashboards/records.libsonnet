// SPDX-License-Identifier: Apache-2.0
// Flow records: the documents themselves, with their course above.
local c = import '../common.libsonnet';
local k = import '../kibana.libsonnet';
local l = import '../lens.libsonnet';
local v = import '../vega.libsonnet';

local records(id, title, description, controls, search) = c.dashboard(id, title, description, controls, [
  k.row(9, [
    [16, v.kpis([v.count('Flow records'), v.sum('Bytes', 'network.bytes', v.human.bytes), v.rate('Rate', 'network.bytes', v.human.bits, 8)])],
    [16, l.stacks('Flow types, records', l.terms('flow.type', 'Flow type', 8, false), c.records, legendSize='medium')],
    [16, l.stacks('Exporters, records', c.exporter(8), c.records, legendSize='medium')],
  ]),
  k.row(30, [[48, k.search('Flow records', search)]]),
]);

[
  records('flow-records-client-server', 'Records, client and server', 'Every record: who contacted whom for what', c.standard, 'flow-records'),
  records('flow-records-source-destination', 'Records, source and destination', 'Every record as the exporter saw it',
          [k.control('flow.type', 'Flow type'), c.control.exporter, c.control.ingress, c.control.egress, c.control.source, c.control.destination], 'flow-records-wire'),
]
