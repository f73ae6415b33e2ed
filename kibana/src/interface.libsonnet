// SPDX-License-Identifier: Apache-2.0
// What one interface carries, whichever side of a record names it. A filter for an interface (by either side, or by both) leaves the
// records that name it, and the other interfaces of these with it; so each panel asks once of the side that packets came in by and once
// of the one that they went out by: runtime fields of the search stand in place of the fields of the other side by which interfaces are
// chosen, so that a filter is about the side in question alone. A record of both directions has what went the other way in reverse_bytes:
// out by the interface that it came in by, in by the other one (docs/counting.md).
local vega = import 'vega.libsonnet';

local sides = { 'in': 'ingress', out: 'egress' };
local other = { 'in': 'out', out: 'in' };

{
  // The fields of a search that is of one side alone.
  as(side):: local of(way, f) = 'flow.%s.%s' % [sides[way], f]; std.foldl(function(all, f) all + vega.instead(of(side, f), [of(other[side], f)]), ['interface', 'role'], {}),
  searches:: { [s]: $.as(s) for s in std.objectFields(sides) },
  ask(name, side, aggs, index='logs-flow-*'):: vega.asked(name, index, aggs, $.as(side)),

  // A Vega panel by the interfaces of a side: those that are asked for, and not what else their records name.
  own(side, panel):: panel { config+: { savedVis+: { params+: { spec+: {
    data: [super.data[0] { url+: { body+: { runtime_mappings: $.as(side) } } }] + super.data[1:],
  } } } } },

  // Tiles (vega.libsonnet's kpis, with these searches): all that came in or went out.
  local carried(side) = { [side]: { sum: { field: 'flow.%s.bytes' % sides[side] } }, [other[side]]: { sum: { field: 'flow.%s.reverse_bytes' % sides[other[side]] } } },
  rate(title, side, colour):: vega.parts(vega.rate(title, null, vega.human.bits, 8, null, colour), carried(side)),
  sum(title, side, colour):: vega.parts(vega.sum(title, null, vega.human.bytes, null, colour), carried(side)),
  partial(title, side):: vega.parts(vega.count(title, { term: { ['flow.%s.partial' % sides[side]]: true } }, '#da8b45'), { [side]: { value_count: { field: '@timestamp' } } }),

  // One line: whose figures the page shows.
  whose(index='logs-flow-*'):: vega.line('Interfaces shown', {
    local which(side) = { n: { cardinality: { field: 'flow.%s.interface' % sides[side] } }, top: { terms: { field: 'flow.%s.interface' % sides[side], size: 1 } }, back: { sum: { field: 'flow.%s.reverse_bytes' % sides[side] } } },
    local n(side) = "(length(data('%s')) ? data('%s')[0].n.value : 0)" % [side, side],
    local name(side) = "data('%s')[0].top.buckets[0].key" % side,
    description: 'Interfaces that are shown',
    data: [
      { name: 'reply', url: vega.query(index, { n: { value_count: { field: '@timestamp' } } }), format: { property: 'aggregations' } },
    ] + [$.ask(s, s, which(s), index) for s in std.objectFields(sides)],
    signals: [
      { name: 'records', update: "length(data('reply')) ? data('reply')[0].n.value : 0" },
      { name: 'came', update: n('in') },
      { name: 'went', update: n('out') },
      { name: 'one', update: 'came + went > 0 && came < 2 && went < 2 && (came == 0 || went == 0 || %s == %s)' % [name('in'), name('out')] },
      { name: 'good', update: 'one' },
      { name: 'back', update: std.join(' + ', ["(length(data('%s')) ? data('%s')[0].back.value : 0)" % [s, s] for s in std.objectFields(sides)]) },
      { name: 'text', update: "records == 0 ? 'No record in this time range'"
                              + " : came + went == 0 ? 'The filters leave no interface: where one names the interface in and another the interface out, remove one of them'"
                              + " : one ? 'What came in and went out by ' + (came ? %s : %s)" % [name('in'), name('out')]
                              + " : 'All interfaces together, ' + came + ' in and ' + went + ' out: click one in the tables below for its own figures'" },
      { name: 'line', update: "text + (back > 0 ? '. Charts leave out ' + %s + ' of answers told in the record of the request' : '')" % vega.human.bytes('back') },
    ],
  }),
}
