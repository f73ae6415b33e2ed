// SPDX-License-Identifier: Apache-2.0
// What the dashboards share: measures, buckets, controls, the navigation. A field is named here once.
local k = import 'kibana.libsonnet';
local l = import 'lens.libsonnet';
local v = import 'vega.libsonnet';
{
  local c = self,

  // ---- measures
  bytes: l.sum('network.bytes', 'Bytes', 'bytes', 1),
  packets: l.sum('network.packets', 'Packets'),
  // What totals leave out because it is counted elsewhere.
  duplicate: l.sum('flow.duplicate.bytes', 'Bytes', 'bytes', 1),
  elsewhere: l.sum('flow.duplicate.bytes', 'Counted elsewhere', 'bytes', 1, 'not flow.duplicate.reason: implausible'),
  // All that an exporter metered, whether it counts or another meter point does.
  metered: l.formula('Metered in all', "sum(network.bytes) + sum(flow.duplicate.bytes, kql='%s')" % c.elsewhere.filter.query, { sum: l.part('sum', [], 'network.bytes'), more: l.part('sum', [], 'flow.duplicate.bytes', c.elsewhere.filter.query) }, l.plus('sum', 'more'), 'sum', 'bytes', 1),
  // What cannot be is apart from what totals leave out, lest it hides that.
  implausible: 'flow.duplicate.reason: implausible',
  believed: { bool: { must_not: { term: { 'flow.duplicate.reason': 'implausible' } } } },
  // A record is no flow: a long one has a record for each active timeout, a firewall one for each event.
  records: l.count('Records'),
  connections: l.sum('flow.connections', 'Connections'),
  up: l.sum('client.bytes', 'Client sent', 'bytes', 1),
  down: l.sum('server.bytes', 'Server sent', 'bytes', 1),
  share: l.share('network.bytes'),
  // Of the rows of the table: a tuple knows no rest.
  listed: l.share('network.bytes', 'Share of rows'),
  bits: l.rate('network.bytes', 'Mbit/s', '', 0.000008, 2),
  pps: l.rate('network.packets', 'packets/s', ''),
  rps: l.countRate('records/s', ''),

  // What an interface carries: not network.bytes, in which a packet counts once although two interfaces metered it (docs/counting.md).
  // by: the side of the record that names the interface; count: what of that record counts.
  interface: {
    local side(by, verb) = {
      bucket(n=12, other=true): l.terms(by + '.interface', 'Interface', n, other),
      bytes: l.sum(by + '.bytes', verb, 'bytes', 1),
      packets: l.sum(by + '.packets', 'Packets'),
      bits: l.rate(by + '.bytes', 'Mbit/s', '', 0.000008, 2),
      pps: l.rate(by + '.packets', 'packets/s', ''),
      used: l.utilisation(by),
      partial: l.count('Partial', by + '.partial: true'),
    },
    // A record of both directions: what it counts the other way went out by the interface it came in by.
    local back(by) = l.sum(by + '.reverse_bytes', 'Replies', 'bytes', 1),
    'in': side('flow.ingress', 'In') { back: back('flow.ingress') },
    out: side('flow.egress', 'Out') { back: back('flow.egress') },
  },

  // ---- buckets
  client(n=10, other=false): l.terms('flow.client.name', 'Client', n, other),
  server(n=10, other=false): l.terms('flow.server.name', 'Server', n, other),
  source(n=10, other=false): l.terms('flow.source.name', 'Source', n, other),
  destination(n=10, other=false): l.terms('flow.destination.name', 'Destination', n, other),
  service(n=10, other=true): l.terms('flow.service.name', 'Service', n, other),
  application(n=10, other=true): l.terms('network.application', 'Application', n, other),
  protocol(n=10, other=true): l.terms('network.transport', 'Protocol', n, other),
  exporter(n=10, other=true): l.terms('observer.name', 'Exporter', n, other),

  // ---- controls
  control: {
    exporter: k.control('observer.name', 'Exporter'),
    ingress: k.control('flow.ingress.interface', 'Interface in'),
    egress: k.control('flow.egress.interface', 'Interface out'),
    direction: k.control('network.direction', 'Direction'),
    service: k.control('flow.service.name', 'Service'),
    application: k.control('network.application', 'Application'),
    client: k.control('flow.client.name', 'Client'),
    server: k.control('flow.server.name', 'Server'),
    source: k.control('flow.source.name', 'Source'),
    destination: k.control('flow.destination.name', 'Destination'),
  },
  standard: [c.control.exporter, c.control.ingress, c.control.direction, c.control.service, c.control.client, c.control.server],

  // ---- drill-downs: a clicked value leads to its page and to the records
  local records = ['flow-records-client-server', 'Flow records'],
  toHost(panel): k.drill(panel, [['flow-hosts', 'Host page'], records]),
  toAs(panel): k.drill(panel, [['flow-as', 'AS traffic'], records]),
  toService(panel): k.drill(panel, [['flow-top-services', 'Services'], records]),
  // (Not to its health: a drill-down takes pinned filters along whatever it is told, and ours are pinned.)
  toExporter(panel): k.drill(panel, [['flow-exporters', 'Exporter page'], records]),
  toThreats(panel): k.drill(panel, [['flow-threats', 'Threats'], records]),
  toRecords(panel): k.drill(panel, [records]),

  // ---- navigation: groups of pages
  local groups = [
    ['Overview', [['flow-overview', 'Overview']]],
    ['Top-N', [['flow-top-talkers', 'Talkers'], ['flow-top-services', 'Services'], ['flow-top-conversations', 'Conversations'], ['flow-top-applications', 'Applications']]],
    ['Threats', [['flow-threats', 'Threats']]],
    ['Flows', [['flow-sankey-client-server', 'Client / server'], ['flow-sankey-source-destination', 'Source / destination'], ['flow-sankey-as', 'Autonomous systems']]],
    ['Geo', [['flow-geo-client-server', 'Client / server'], ['flow-geo-source-destination', 'Source / destination']]],
    ['AS traffic', [['flow-as', 'AS traffic']]],
    ['Hosts', [['flow-hosts', 'Hosts']]],
    ['Users', [['flow-users', 'Users and processes']]],
    ['Firewall', [['flow-firewall', 'Firewall and NAT']]],
    ['Details', [['flow-details-types', 'Types'], ['flow-details-attributes', 'Attributes'], ['flow-details-locality', 'Locality']]],
    ['Exporters', [['flow-exporters', 'Exporters'], ['flow-interfaces', 'Interfaces']]],
    ['Health', [['flow-health', 'Exporter health', 'alone'], ['flow-ingest', 'Ingest health', 'alone'], ['flow-counters', 'sFlow counters', 'alone']]],
    ['Records', [['flow-records-client-server', 'Client / server'], ['flow-records-source-destination', 'Source / destination']]],
  ],
  nav(here, description): k.row(4, [[48, k.nav(groups, here, description)]]),

  // What MaxMind's licence asks for wherever places or AS are shown.
  credit: k.row(2, [[48, k.markdown('Places and AS numbers: this product includes GeoLite2 data created by MaxMind, available from [https://www.maxmind.com](https://www.maxmind.com).', 10)]]),

  // Above the first chart of rates.
  above: k.row(2, [[48, k.named('steps', k.markdown('Steps are ${active_timeout} or more: a flow’s bytes stand where its record ends. Peaks of exporters that take longer are too high, even above the line’s speed; `efctl doctor` names them.', 10))]]),

  dashboard(id, title, description, controls, rows, filters=[], geo=false):
    local rated(row) = std.length([cell for cell in row.cells if std.objectHasAll(cell[1], 'rates')]) > 0;
    local first = std.foldl(function(n, i) if n == null && rated(rows[i]) then i else n, std.range(0, std.length(rows) - 1), null);
    local whole = if first == null then rows else rows[:first] + [c.above] + rows[first:];
    k.dashboard(id, 'Flow: ' + title, description, controls, [c.nav(id, description)] + whole + (if geo then [c.credit] else []), filters),
}
