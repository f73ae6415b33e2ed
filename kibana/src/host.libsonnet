// SPDX-License-Identifier: Apache-2.0
// Vega panels of one host, as seen from it: what it sent and received, whichever end of a record it is. A dashboard's query says which
// records are wanted, not which of their two ends is the host; so each panel asks twice, and takes all ends for the client's the first
// time, for the server's the second: runtime fields of the search stand in place of the fields by which hosts are chosen, whether by
// name, address or subnet. Traffic within a subnet is sent and received by it.
local course = import 'course.libsonnet';
local vega = import 'vega.libsonnet';

local bytes = vega.human.bytes;
local ends = ['client', 'server', 'source', 'destination'];
local names = ['flow.%s.name' % e for e in ends] + ['related.hosts'];
local addresses = ['source.ip', 'destination.ip', 'related.ip'];
// The other address of an end that a NAT translates: a filter for one is for all that is behind it.
local translated = ['%s.nat.ip' % e for e in ends];
local other = { client: 'server', server: 'client', source: 'destination', destination: 'source' };

// Each end is END's; `peer` is what the other one is called (its name is taken).
local as(end) =
  vega.instead('flow.%s.name' % end, names)
  + vega.instead(end + '.ip', addresses, 'ip')
  + vega.instead(end + '.nat.ip', translated, 'ip')
  + (if std.member(['client', 'server'], end) then { peer: { type: 'keyword', script: "if (doc['%s.domain'].size() > 0) emit(doc['%s.domain'].value); else %s" % [other[end], other[end], vega.emit(other[end] + '.ip')] } } else {});

local sides = [['A', 'client'], ['B', 'server']];
local flow(end) = { o: { sum: { field: end + '.bytes' } }, i: { sum: { field: other[end] + '.bytes' } } };
// The search with its ends taken for END's.
local ask(name, end, aggs, index) = vega.asked(name, index, aggs, as(end));
local text(x, y, value, more={}, style='guide-label', size=12) = { type: 'text', style: style, encode: { update: { x: x, y: y, baseline: { value: 'middle' }, fontSize: { value: size }, text: value } + more } };

{
  // Figures of the host and, above them, which host it is.
  card(index='logs-flow-*'):: {
    local own(end) = flow(end) {
      n: { value_count: { field: '@timestamp' } },
      peers: { cardinality: { field: 'peer' } },
      hosts: { cardinality: { field: end + '.ip' } },
      name: { terms: { field: 'flow.%s.name' % end, size: 1 } },
      address: { terms: { field: end + '.ip', size: 1 } },
      nat: { terms: { field: end + '.nat.ip', size: 1 } },
    },
    local sum(path) = "((data('A')[0].%s || 0) + (data('B')[0].%s || 0))" % [path, path],
    local most(path) = "(data('A')[0].n.value >= data('B')[0].n.value ? data('A') : data('B'))[0].%s" % path,
    local date(x) = "(isValid(%s) ? timeFormat(%s, '%%d %%b %%Y %%H:%%M') : '–')" % [x, x],
    local count(x) = vega.human.count(x),
    local all = "data('reply')[0]",
    local nat(s) = "(length(data('%s')[0].nat.buckets) ? data('%s')[0].nat.buckets[0].doc_count : 0)" % [s, s],
    local tiles = [
      ['Sent', bytes('sent')],
      ['Received', bytes('received')],
      ['Contacts', count('contacts')],
      ['Contacted by', count('contacted_by')],
      ['First seen', date(all + '.first.value')],
      ['Last seen', date(all + '.last.value')],
      ['Records', count(all + '.n.value')],
      ['With a threat', count(all + '.threats.doc_count')],
      ['Exporters', count(all + '.exporters.value')],
    ],
    '$schema': 'https://vega.github.io/schema/vega/v5.json',
    description: 'One host: sent, received, first and last seen',
    autosize: { type: 'fit', contains: 'padding' },
    padding: { left: 12, right: 12, top: 6, bottom: 4 },
    data: [
      { name: 'reply', url: vega.query(index, {
        n: { value_count: { field: '@timestamp' } },
        first: { min: { field: '@timestamp' } },
        last: { max: { field: '@timestamp' } },
        threats: { filter: { exists: { field: 'flow.threat.category' } } },
        exporters: { cardinality: { field: 'observer.ip' } },
      }), format: { property: 'aggregations' } },
    ] + [ask(s[0], s[1], own(s[1]), index) for s in sides],
    signals: [
      { name: 'tile', update: 'width / %d' % std.length(tiles) },
      { name: 'ready', update: "length(data('reply')) && length(data('A')) && length(data('B'))" },
      { name: 'n', update: 'ready ? %s.n.value : 0' % all },
      { name: 'sent', update: 'ready ? %s : 0' % sum('o.value') },
      { name: 'received', update: 'ready ? %s : 0' % sum('i.value') },
      { name: 'contacts', update: "ready ? data('A')[0].peers.value : 0" },
      { name: 'contacted_by', update: "ready ? data('B')[0].peers.value : 0" },
      { name: 'both', update: 'ready ? %s : 0' % sum('n.value') },
      { name: 'hosts', update: "ready ? max(data('A')[0].hosts.value, data('B')[0].hosts.value) : 0" },
      // All of it is behind one address, so that is what was asked for.
      { name: 'behind', update: 'hosts > 1 && both > 0 && both == %s + %s' % [nat('A'), nat('B')] },
      { name: 'who', update: "!ready ? '' : n == 0 ? 'No record in this time range. Where a NAT translates to this address, ask for client.nat.ip: \"192.0.2.1\" or server.nat.ip: \"192.0.2.1\"' : both == 0 ? 'The filters name both ends of the records: remove the one of the other end'"
                             + " : both == 2 * n ? 'No host is chosen, so these are figures of all. Ask for source.ip: \"10.0.0.1\" or destination.ip: \"10.0.0.1\" (a subnet: \"10.0.0.0/8\"), or click a host anywhere'"
                             + " : behind ? format(hosts, ',') + ' addresses behind ' + (" + nat('A') + " ? data('A') : data('B'))[0].nat.buckets[0].key"
                             + " : hosts > 1 ? format(hosts, ',') + ' addresses, most records of ' + %s : %s + ' (' + %s + ')'" % [most('name.buckets[0].key'), most('name.buckets[0].key'), most('address.buckets[0].key')] },
    ],
    marks: [
      text({ value: 0 }, { value: 8 }, { signal: 'who' }, { limit: { signal: 'width' }, tooltip: { signal: 'who' } }, 'guide-title', 14),
    ] + std.flattenArrays([[
      text({ signal: 'tile * %d' % i }, { signal: 'height * 0.45' }, { value: tiles[i][0] }, { limit: { signal: 'tile - 8' } }),
      text({ signal: 'tile * %d' % i }, { signal: 'height * 0.75' }, { signal: "ready ? %s : ''" % tiles[i][1] }, { limit: { signal: 'tile - 8' } }, 'guide-title', if std.startsWith(tiles[i][0], 'First') || std.startsWith(tiles[i][0], 'Last') then 13 else 20),
    ] for i in std.range(0, std.length(tiles) - 1)]),
  },

  // What it sends and receives over time, with the highest five minutes of each step.
  chart(index='logs-flow-*'):: course.spec(null, [
    { name: 'sent', agg: { sum: { field: 'client.bytes' } }, factor: 8, human: vega.human.bits },
    { name: 'received', agg: { sum: { field: 'server.bytes' } }, factor: 8, human: vega.human.bits },
  ], false, index) {
    local steps = { field: '@timestamp', interval: { '%autointerval%': 100 } },
    local read(name, path, more) = [
      { name: name + s[0], source: s[0], transform: [
        { type: 'formula', as: 'b', expr: 'datum.%s.buckets' % path },
        { type: 'flatten', fields: ['b'] },
      ] + more + [
        { type: 'formula', as: 'o', expr: 'datum.b.o.value' },
        { type: 'formula', as: 'i', expr: 'datum.b.i.value' },
      ] }
      for s in sides
    ],
    description: 'Rates over time, as seen from the host',
    data: [
      super.data[0] { url+: { body+: { aggs+: { f+: { aggs: { all: { date_histogram: steps { min_doc_count: 0, extended_bounds: { min: { '%timefilter%': 'min' }, max: { '%timefilter%': 'max' } } } } } } } } } },
    ] + [
      ask(s[0], s[1], {
        t: { date_histogram: steps { min_doc_count: 1 }, aggs: flow(s[1]) },
        last: { filter: { range: { '@timestamp': { gte: { '%timefilter%': 'max', shift: -course.days(2), unit: 'day' } } } }, aggs: { f: { date_histogram: { field: '@timestamp', fixed_interval: '${peak}', min_doc_count: 1 }, aggs: flow(s[1]) } } },
      }, index)
      for s in sides
    ] + [
      { name: 'steps', source: 'reply', transform: [{ type: 'formula', as: 'b', expr: 'datum.f.all.buckets' }, { type: 'flatten', fields: ['b'] }] + course.timed('datum.b') + [{ type: 'aggregate', groupby: ['t'] }] },
    ] + read('f', 'last.f', [{ type: 'formula', as: 'five', expr: 'datum.b.key' }]) + [
      { name: 'five', source: ['fA', 'fB'], transform: [
        { type: 'aggregate', groupby: ['five'], fields: ['o', 'i'], ops: ['sum', 'sum'], as: ['o', 'i'] },
        { type: 'formula', as: 't', expr: 'floor(datum.five / step) * step' },
        { type: 'aggregate', groupby: ['t'], fields: ['o', 'i'], ops: ['max', 'max'], as: ['o', 'i'] },
      ] },
    ] + read('t', 't', course.timed('datum.b')) + [
      { name: 'all', source: ['tA', 'tB'], transform: [
        { type: 'aggregate', groupby: ['t'], fields: ['o', 'i'], ops: ['sum', 'sum'], as: ['v0', 'v1'] },
        { type: 'impute', key: 't', field: 'v0', value: 0, keyvals: { signal: "pluck(data('steps'), 't')" } },
        { type: 'formula', as: 'v1', expr: 'datum.v1 || 0' },
        { type: 'lookup', from: 'five', key: 't', fields: ['t'], values: ['o', 'i'], as: ['p0', 'p1'], default: 0 },
      ] },
    ] + super.data[2:],
  },

  // The largest values of a field, with what the host sent and received. a, b: [the host's end, the field when it is that end];
  // sums: those of an end.
  table(label, a, b, absent, size=1000, index='logs-flow-*', sums=flow):: {
    local pair = [['A', a], ['B', b]],
    local all(of) = "(length(data('A')) && length(data('B')) ? data('A')[0].%s.value + data('B')[0].%s.value : 0)" % [of, of],
    local less(of) = "%s: %s - (length(data('shown')) ? data('shown')[0].%s : 0)" % [of, all(of), of],
    local measures = [['Sent', 'o', bytes], ['Received', 'i', bytes], ['Records', 'n', vega.human.count]],
    '$schema': 'https://vega.github.io/schema/vega/v5.json',
    description: 'As seen from the host, by ' + label,
    autosize: { type: 'fit', contains: 'padding' },
    padding: { left: 8, right: 8, top: 6, bottom: 4 },
    signals: [
      { name: 'row', value: 20 },
      { name: 'lines', update: 'max(1, floor(height / row) - 1)' },
      { name: 'cell', update: 'clamp(width * 0.16, 58, 92)' },
      { name: 'label', update: 'width - 3 * cell' },
      { name: 'whole', update: '%s + %s' % [all('o'), all('i')] },
      { name: 'rest', update: '{%s}' % std.join(', ', [less(m[1]) for m in measures]) },
    ],
    data: std.flattenArrays([
      [
        ask(p[0], p[1][0], sums(p[1][0]) + { n: { value_count: { field: '@timestamp' } }, top: { terms: { field: p[1][1], missing: absent, size: size }, aggs: sums(p[1][0]) } }, index),
        { name: 'rows' + p[0], source: p[0], transform: [
          { type: 'formula', as: 'b', expr: 'datum.top.buckets' },
          { type: 'flatten', fields: ['b'] },
          { type: 'formula', as: 'name', expr: 'datum.b.key' },
          { type: 'formula', as: 'o', expr: 'datum.b.o.value' },
          { type: 'formula', as: 'i', expr: 'datum.b.i.value' },
          { type: 'formula', as: 'n', expr: 'datum.b.doc_count' },
        ] },
      ]
      for p in pair
    ]) + [
      { name: 'ranked', source: ['rowsA', 'rowsB'], transform: [
        { type: 'aggregate', groupby: ['name'], fields: ['o', 'i', 'n'], ops: ['sum', 'sum', 'sum'], as: ['o', 'i', 'n'] },
        { type: 'formula', as: 'v', expr: 'datum.o + datum.i' },
        { type: 'window', sort: { field: 'v', order: 'descending' }, ops: ['row_number'], as: ['k'] },
        { type: 'formula', as: 'y', expr: '(datum.k - 1) * row' },
      ] },
      { name: 'rows', source: 'ranked', transform: [{ type: 'filter', expr: 'datum.k <= lines' }] },
      { name: 'shown', source: 'rows', transform: [{ type: 'aggregate', fields: ['o', 'i', 'n'], ops: ['sum', 'sum', 'sum'], as: ['o', 'i', 'n'] }] },
    ],
    local at(i) = { signal: 'label + cell * %d' % (i + 1) },
    local middle = { signal: 'datum.y + row / 2' },
    marks: [
      text({ value: 0 }, { value: -9 }, { value: label }, {}, 'guide-title'),
    ] + [text(at(i), { value: -9 }, { value: measures[i][0] }, { align: { value: 'right' } }, 'guide-title') for i in std.range(0, 2)] + [
      { type: 'rect', from: { data: 'rows' }, encode: { update: { x: { value: 0 }, width: { signal: 'whole > 0 ? label * datum.v / whole : 0' }, y: { signal: 'datum.y + 2' }, height: { signal: 'row - 4' }, fill: { value: '#6092c0' }, fillOpacity: { value: 0.3 } } } },
      text({ value: 2 }, middle, { field: 'name' }, { limit: { signal: 'label - 6' }, tooltip: { field: 'name' } }) { from: { data: 'rows' } },
    ] + [text(at(i), middle, { signal: measures[i][2]('datum.' + measures[i][1]) }, { align: { value: 'right' } }) { from: { data: 'rows' } } for i in std.range(0, 2)] + [
      text({ value: 2 }, { signal: 'lines * row + row / 2' }, { signal: "length(data('rows')) == 0 ? 'nothing in this time range' : rest.n > 0 ? 'all others' : 'nothing else'" }, { fontStyle: { value: 'italic' } }),
    ] + [text(at(i), { signal: 'lines * row + row / 2' }, { signal: "rest.n > 0 ? %s : ''" % measures[i][2]('rest.' + measures[i][1]) }, { align: { value: 'right' }, fontStyle: { value: 'italic' } }) for i in std.range(0, 2)],
  },
  peers(index='logs-flow-*'):: self.table('Peer', ['client', 'peer'], ['server', 'peer'], 'no name', index=index),
  services(index='logs-flow-*'):: self.table('Service', ['client', 'flow.service.name'], ['server', 'flow.service.name'], 'no service', index=index),
  // An interface is the host's where its packets came in, or went out to it; it has all that it carried, whoever counts it, too.
  interfaces(index='logs-flow-*'):: self.table('Interface', ['source', 'flow.ingress.interface'], ['destination', 'flow.egress.interface'], 'none', index=index, sums=function(end)
    if end == 'source' then { o: { sum: { field: 'flow.ingress.bytes' } }, i: { sum: { field: 'flow.ingress.reverse_bytes' } } }
    else { o: { sum: { field: 'flow.egress.reverse_bytes' } }, i: { sum: { field: 'flow.egress.bytes' } } }),
}
