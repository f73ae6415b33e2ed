// SPDX-License-Identifier: Apache-2.0
// Exporters and interfaces: who sends flows, what its interfaces carry, how well it does.
local billing = import '../billing.libsonnet';
local c = import '../common.libsonnet';
local interface = import '../interface.libsonnet';
local k = import '../kibana.libsonnet';
local l = import '../lens.libsonnet';
local percentile = import '../percentile.libsonnet';
local r = import '../ranking.libsonnet';
local v = import '../vega.libsonnet';

local into = c.interface['in'];
local out = c.interface.out;
local interfaces = [c.control.exporter, c.control.ingress, c.control.egress, k.control('flow.ingress.role', 'Role in'), c.control.direction, c.control.service];
local own = interface.own;

// Packets as they were sent are in records that were sampled (and in those that nobody believes).
local sampled = { bool: { filter: [{ exists: { field: f } } for f in ['network.packets', 'flow.raw.packets']], must_not: c.believed.bool.must_not } };

local counters = 'flow-counters';
local port = l.terms('flow.interface', 'Interface', 10, false);
local octets(field) = l.counterRate('counters.if_counters.' + field, 'Mbit/s', '', 0.000008, 2);
local grown(field, decimals=1) = l.counterRate('counters.if_counters.' + field, '/s', '', 1, decimals);
local reported(field, label, format='number') = l.last('counters.if_counters.' + field, label, 'number', format);
local health = 'flow-exporters';
local sum(field, label) = l.sum('exporter.' + field, label);
local rate(field, label) = l.rate('exporter.' + field, label, '');
local healthKpis = v.kpis([
  v.unique('Exporters', 'observer.name', null, '#d6bf57'),
  v.rate('Datagrams', 'exporter.datagrams'),
  v.rate('Records', 'exporter.records'),
  v.sum('Lost (gaps in the sequence)', 'exporter.lost', v.human.count, null, '#e7664c'),
  v.sum('Without template', 'exporter.unknown_templates', v.human.count, null, '#da8b45'),
  v.sum('Not decoded', 'exporter.decode_errors', v.human.count, null, '#e7664c'),
  v.max('Largest clock skew', 'exporter.clock_skew_ms', v.human.millis),
  v.sum('Restarts', 'exporter.restarts'),
], 'metrics-flow.exporters-*');

[
  c.dashboard('flow-exporters', 'Exporters', 'What each exporter and its interfaces carry', interfaces, [
    k.row(6, [[48, v.kpis([
      v.unique('Exporters', 'observer.name', null, '#d6bf57'),
      v.rate('Traffic, mean', 'network.bytes', v.human.bits, 8),
      v.sum('Counted', 'network.bytes', v.human.bytes, null, '#54b399'),
      v.sum('Counted elsewhere', 'flow.duplicate.bytes', v.human.bytes, c.believed, '#d6bf57'),
      v.count('Flow records'),
      v.unique('Interfaces in', 'flow.ingress.interface'),
      v.unique('Interfaces out', 'flow.egress.interface'),
    ])]]),
    k.row(13, [
      [24, c.toExporter(l.area('Exporters, bits/s', c.exporter(10), c.bits))],
      [24, c.toExporter(l.area('Exporters, packets/s', c.exporter(10), c.pps))],
    ]),
    k.row(13, [
      [24, l.area('Interfaces in, bits/s', into.bucket(), into.bits)],
      [24, l.area('Interfaces out, bits/s', out.bucket(), out.bits)],
    ]),
    k.row(13, [
      [24, l.area('Interfaces in, packets/s', into.bucket(), into.pps)],
      [24, l.area('Interfaces out, packets/s', out.bucket(), out.pps)],
    ]),
    // For those who want every meter point: what totals leave out is beside what they count.
    k.row(15, [[48, c.toExporter(l.table('All meter points, by exporter', [c.exporter(200, false)], [c.bytes, c.share, c.packets, c.elsewhere, c.metered, c.records, l.unique('flow.ingress.interface', 'Interfaces in'), l.unique('flow.egress.interface', 'Interfaces out')], rows=8))]]),
  ]),

  c.dashboard('flow-health', 'Exporter health', 'How well exporters send: loss, templates, clocks, restarts', [k.control('observer.name', 'Exporter', health)], [
    k.row(3, [[48, v.guard()]]),
    k.row(6, [[48, healthKpis]]),
    k.row(12, [
      [24, l.area('Records/s', c.exporter(10), rate('records', 'records/s'), view=health)],
      [24, l.stacks('Lost records by exporter (gaps in the sequence)', c.exporter(10), sum('lost', 'Lost'), view=health)],
    ]),
    k.row(18, [
      [48, l.table('Health of the exporters', [l.tuple(['observer.name', 'flow.type', 'flow.exporter.domain'], 'Exporter › type › domain', 200)], [
        sum('records', 'Records'),
        sum('lost', 'Lost'),
        sum('duplicates', 'Repeated'),
        sum('reordered', 'Reordered'),
        sum('restarts', 'Restarts'),
        sum('unknown_templates', 'No template'),
        sum('decode_errors', 'Undecoded'),
        sum('held_dropped', 'Dropped'),
        l.last('exporter.sampling_rate', 'Sampling') { exact:: true },
        l.max('exporter.clock_skew_ms', 'Skew', null),
        // Silent exporters have a line each minute, too.
        l.last('@timestamp', 'Last heard', 'date') { filter: { query: 'exporter.datagrams > 0', language: 'kuery' }, params+: k.format.moment, width:: 130 },
      ], view=health, rows=10)],
    ]),
    k.row(12, [
      [16, l.lines('Clock skew, ms', c.exporter(10, false), l.max('exporter.clock_skew_ms', 'ms'), view=health, legendSize='medium')],
      [16, l.series('Abnormal datagrams', [sum('decode_errors', 'not decoded'), sum('unknown_templates', 'without template'), sum('reordered', 'reordered'), sum('duplicates', 'duplicates')], view=health, type='bar_stacked', colours=['#e7664c', '#da8b45', '#d6bf57', '#6092c0'], legendAt='right')],
      [16, l.lines('Templates known', c.exporter(10, false), l.max('exporter.templates', 'templates'), view=health, legendSize='medium')],
    ]),
    k.row(12, [
      [48, l.series('Records held for a template, dropped, lost', [sum('held', 'held'), sum('held_dropped', 'dropped'), sum('lost', 'lost')], view=health, type='bar_stacked', colours=['#6092c0', '#da8b45', '#e7664c'])],
    ]),
  ]),

  c.dashboard('flow-interfaces', 'Interfaces', 'Traffic in and out of every interface, its 95th percentile and utilisation', interfaces, [
    k.row(3, [[48, k.named('whose', interface.whose())]]),
    k.row(6, [[48, v.kpis([
      interface.rate('In, mean', 'in', '#54b399'),
      interface.rate('Out, mean', 'out', '#6092c0'),
      interface.sum('In', 'in', '#54b399'),
      interface.sum('Out', 'out', '#6092c0'),
      interface.partial('Partial records, in', 'in'),
      interface.partial('Partial records, out', 'out'),
      v.sum('Metered twice, counted once', 'flow.duplicate.bytes', v.human.bytes, { term: { 'flow.duplicate.reason': 'egress' } }, '#d6bf57'),
    ], searches=interface.searches)]]),
    k.row(8, [[48, v.panel('95th percentile of one interface', percentile())]]),
    k.row(14, [
      [24, own('in', v.rates('In: mean and peak', billing('flow.ingress', '#54b399')))],
      [24, own('out', v.rates('Out: mean and peak', billing('flow.egress', '#6092c0')))],
    ]),
    k.row(13, [
      [24, own('in', l.lines('In, bits/s', into.bucket(8), into.bits))],
      [24, own('out', l.lines('Out, bits/s', out.bucket(8), out.bits))],
    ]),
    k.row(13, [
      [24, own('in', l.lines('In, utilisation (8 busiest)', into.bucket(8, false), into.used))],
      [24, own('out', l.lines('Out, utilisation (8 busiest)', out.bucket(8, false), out.used))],
    ]),
    k.row(15, [
      [48, l.table('Interfaces in, of the records that match', [into.bucket(200, false)], [into.bytes, into.packets, into.back, into.partial, l.last('observer.ingress.interface.alias', 'Description', 'string'), l.last('flow.ingress.speed', 'Speed', 'number', null)], rows=8)],
    ]),
    k.row(15, [
      [48, l.table('Interfaces out, of the records that match', [out.bucket(200, false)], [out.bytes, out.packets, out.back, out.partial, l.last('observer.egress.interface.alias', 'Description', 'string'), l.last('flow.egress.speed', 'Speed', 'number', null)], rows=8)],
    ]),
    k.row(15, [
      [48, l.table('From interface to interface (each packet counted once)', [l.tuple(['flow.ingress.interface', 'flow.egress.interface'], 'In › out', 200)], [c.bytes, c.listed, c.packets, c.records], rows=8)],
    ]),
  ]),

  c.dashboard('flow-counters', 'sFlow counters', 'What the devices count themselves: every packet, not a sample',
              [k.control('observer.name', 'Exporter', counters), k.control('flow.interface', 'Interface', counters)], [
    k.row(6, [[48, v.kpis([
      v.unique('Exporters', 'observer.name', null, '#d6bf57'),
      v.unique('Interfaces', 'flow.interface'),
      v.count('Samples'),
      v.latest('Interfaces up', 'flow.interface', { range: { 'counters.if_counters.ifStatus': { gte: 3 } } }),
      v.max('Highest speed', 'flow.speed', v.human.bits),
    ], 'metrics-flow.counters-*')]]),
    k.row(13, [
      [24, l.lines('In, Mbit/s (10 highest counters)', port, octets('ifInOctets'), view=counters)],
      [24, l.lines('Out, Mbit/s (10 highest counters)', port, octets('ifOutOctets'), view=counters)],
    ]),
    k.row(13, [
      [24, l.lines('In, utilisation (10 highest counters)', port, l.counterUtilisation('counters.if_counters.ifInOctets', 'flow.speed'), view=counters)],
      [24, l.lines('Out, utilisation (10 highest counters)', port, l.counterUtilisation('counters.if_counters.ifOutOctets', 'flow.speed'), view=counters)],
    ]),
    k.row(13, [
      [24, l.lines('In, unicast packets/s (10 highest counters)', port, grown('ifInUcastPkts'), view=counters)],
      [24, l.lines('In, multicast packets/s (10 highest counters)', port, grown('ifInMulticastPkts'), view=counters)],
    ]),
    k.row(13, [
      [24, l.lines('In, discards/s (10 highest counters)', port, grown('ifInDiscards', 3), view=counters)],
      [24, l.lines('Out, errors/s (10 highest counters)', port, grown('ifOutErrors', 3), view=counters)],
    ]),
    k.row(12, [
      [48, l.table('Interfaces, as last reported', [l.terms('flow.interface', 'Interface', 200, false)], [
        l.count('Samples'),
        reported('ifInOctets', 'Octets in', null),
        reported('ifOutOctets', 'Octets out', null),
        l.last('flow.speed', 'Speed', 'number', null),
        reported('ifInErrors', 'Errors in'),
        reported('ifOutErrors', 'Errors out'),
        reported('ifInDiscards', 'Discards in'),
        reported('ifOutDiscards', 'Discards out'),
        reported('ifStatus', 'Status (3: up)'),
      ], view=counters, rows=6, shaded=false)],
    ]),
  ]),

  c.dashboard('flow-ingest', 'Ingest health', 'From the exporter to the document: delay, failures, tags', [c.control.exporter], [
    k.row(6, [[48, v.kpis([
      v.count('Documents'),
      v.difference('Receive to ingest, mean', 'event.ingested', 'event.created'),
      v.difference('End of flow to receive, mean', 'event.created', '@timestamp'),
      v.count('Clock off (receive time used)', { term: { tags: 'exporter_clock_skew' } }, '#da8b45'),
      v.count('Held for a template', { term: { tags: 'held' } }, '#6092c0'),
      v.count('Records with corrected values', { term: { tags: 'clamped' } }, '#da8b45'),
      v.fraction('Mean sampling, one in', 'network.packets', 'flow.raw.packets', v.human.count, '#9170b8', sampled),
      v.sum('Left out of totals', 'flow.duplicate.bytes', v.human.bytes, c.believed, '#d6bf57'),
      v.count('Implausible', { term: { tags: 'implausible' } }, '#da8b45'),
    ])]]),
    k.row(12, [
      [16, l.stacks('Documents by flow type', l.terms('flow.type', 'Flow type', 8, false), c.records, legendSize='medium')],
      [16, l.area('Documents/s by exporter', c.exporter(10), c.rps, legendSize='medium')],
      [16, l.stacks('Tags', l.terms('tags', 'Tag', 8, false), c.records, 'tags: *')],
    ]),
    k.row(12, [
      [24, l.stacks('Documents by sampling rate', l.terms('flow.sampling.rate', 'One in', 8, true, 'number'), c.records, legendSize='medium')],
      [24, l.stacks('Origin of the sampling rate', l.terms('flow.sampling.origin', 'Origin', 6, false), c.records, legendSize='medium')],
    ]),
    k.row(12, [
      [24, l.stacks('Records that failed, by stage', l.terms('error.type', 'Where', 8, false), c.records, view='flow-failed')],
      [24, v.panel('Records that failed, of all exporters', r.spec([['observer.ip', 'Exporter', 'not told', '0.0.0.0'], ['error.type', 'stage', 'not told']], [r.records], index='logs-flow.failed-*', context=false))],
    ]),
    k.row(12, [
      [24, l.stacks('Left out of totals, bytes by reason', l.terms('flow.duplicate.reason', 'Reason', 9, false), c.duplicate, 'not ' + c.implausible)],
      [24, l.table('Left out of totals', [l.tuple(['observer.name', 'flow.duplicate.reason'], 'Exporter › reason', 100)], [c.duplicate, l.sum('flow.duplicate.packets', 'Packets'), c.records], 'flow.duplicate.reason: * and not ' + c.implausible, rows=5)],
    ]),
    k.row(12, [
      [16, l.stacks('Records with implausible values, by exporter', l.terms('observer.name', 'Exporter', 10), c.records, 'tags: implausible')],
      [32, l.table('Implausible values, by exporter', [l.terms('observer.name', 'Exporter', 100, false)], [
        c.records,
        l.count('Counters', c.implausible),
        l.sum('flow.duplicate.bytes', 'Bytes left out', 'bytes', 1, c.implausible),
        l.count('Sampling rates', 'flow.raw.sampling_rate: *'),
        l.count('Frame lengths', 'flow.raw.frame_length: *'),
        l.count('VLANs', 'flow.raw.vlan: *'),
        l.count('Prefixes', 'flow.raw.source_mask: * or flow.raw.destination_mask: *'),
      ], 'tags: implausible', rows=5)],
    ]),
    k.row(14, [[48, k.search('Records that failed', 'flow-records-failed')]]),
  ]),
]
