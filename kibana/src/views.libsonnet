// SPDX-License-Identifier: Apache-2.0
// Data views with the formats of their fields, and the saved searches.
local k = import 'kibana.libsonnet';
local f = k.format;
local ends = ['source', 'destination', 'client', 'server'];
local sides(name) = ['flow.ingress.' + name, 'flow.egress.' + name];
local each(fields, format) = { [name]: format for name in fields };

// Values that lead on: an address to the page of its host, an AS to its traffic, an interface to both its directions. (Kibana puts the
// space and /app in front of such a path, but in the default space nothing: /.. is right for both.) A name may hold anything, so it goes
// as a filter and not as text to search for, in which a quote would have to be escaped. {{value}} is encodeURIComponent's: the only
// characters with a meaning in rison's quotes that this leaves are ' and !, and no template of Kibana's can escape them. (isMultiIndex: it
// is of no data view in particular; without one Kibana would look for a field called like the key, and warn.)
local page(id, state) = f.link('/../app/dashboards#/view/%s?_a=(%s)' % [id, state]);
local search(id, fields) = page(id, "query:(language:kuery,query:'%s')" % std.join(' or ', [n + ':%22{{value}}%22' for n in fields]));
local chosen(id, fields) = page(id, "filters:!((meta:(alias:'{{value}}',disabled:!f,isMultiIndex:!t,key:query,negate:!f,type:custom),query:(bool:(minimum_should_match:1,should:!(%s)))))"
                                    % std.join(',', ["(term:(%s:'{{value}}'))" % n for n in fields]));

// What leads out of this Kibana where `efctl setup --external-links on` says so: elsewhere the formatter is that of numbers (of texts).
local outside(url, of='number') = { id: '${external_%s}' % of, params: { pattern: '0', urlTemplate: url, labelTemplate: '{{value}}', type: 'a' } };

local formats =
  each(['network.bytes', 'flow.raw.bytes', 'flow.dropped.bytes', 'flow.duplicate.bytes'] + sides('bytes') + sides('reverse_bytes') + [e + '.bytes' for e in ends], f.bytes)
  + each(['network.packets', 'flow.raw.packets', 'flow.dropped.packets', 'flow.duplicate.packets'] + sides('packets') + sides('reverse_packets') + [e + '.packets' for e in ends], f.count)
  + each(['flow.ingress.speed', 'flow.egress.speed'], f.bits)
  + each(['process.pid'], f.plain)
  + each([e + '.port' for e in ends] + ['flow.service.port'], outside('https://www.iana.org/assignments/service-names-port-numbers/service-names-port-numbers.xhtml?search={{value}}'))
  + each([e + '.as.number' for e in ends], outside('https://bgp.tools/as/{{value}}'))
  + { 'related.ip': outside('https://stat.ripe.net/resource/{{value}}', 'text') }
  + each([e + '.ip' for e in ends], search('flow-hosts', ['source.ip', 'destination.ip']))
  + each(['flow.%s.name' % e for e in ends], chosen('flow-hosts', ['flow.client.name', 'flow.server.name']))
  + each([e + '.as.organization.name' for e in ends], chosen('flow-as', ['source.as.organization.name', 'destination.as.organization.name']))
  + each(sides('interface'), chosen('flow-interfaces', ['flow.ingress.interface', 'flow.egress.interface']))
  + { 'event.duration': f.duration('nanoseconds') }
  + each(['flow.latency.client', 'flow.latency.server', 'flow.latency.application'], f.duration('microseconds'));

local records(a, b) = ['observer.name', 'flow.%s.name' % a, '%s.port' % a, 'flow.%s.name' % b, '%s.port' % b];

local counters(names) = ['counters.if_counters.' + n for n in names];

[
  k.dataView('flow', 'logs-flow-*', 'Flow records', formats),
  k.dataView('flow-counters', 'metrics-flow.counters-*', 'Flow counters', { 'flow.speed': f.bits } + each(counters(['ifInOctets', 'ifOutOctets']), f.bytes)),
  k.dataView('flow-exporters', 'metrics-flow.exporters-*', 'Flow exporters', { 'exporter.bytes': f.bytes, 'exporter.clock_skew_ms': f.duration('milliseconds') }),
  k.dataView('flow-failed', 'logs-flow.failed-*', 'Flow records that failed'),
  k.savedSearch('flow-records-failed', 'Flow: records that failed', 'Records that could not be enriched, with the reason and the raw line', ['observer.ip', 'flow.type', 'error.type', 'error.message', 'event.original'], '', 'flow-failed'),
  // Kibana Security draws its map only when a data view has the title of one of its index patterns.
  k.dataView('flow-security', 'logs-*', 'Logs, for the map of Security'),
  k.savedSearch('flow-records', 'Flow: records, client and server', 'Who asked whom for what',
                records('client', 'server') + ['flow.service.name', 'network.application', 'event.duration', 'network.bytes', 'network.packets']),
  k.savedSearch('flow-records-wire', 'Flow: records, source and destination', 'As the exporter saw them on the wire',
                records('source', 'destination') + ['network.transport', 'flow.tcp.flags', 'flow.ingress.interface', 'flow.egress.interface', 'network.bytes', 'network.packets']),
]
