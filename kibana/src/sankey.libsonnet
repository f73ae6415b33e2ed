// SPDX-License-Identifier: Apache-2.0
// A Vega sankey of any number of columns: the N largest values of each column by a sum, really the largest, and all the rest as
// "other". Click on a node: a filter of the dashboard.
local vega = import 'vega.libsonnet';

// columns: [[field, title, text where the field is absent], ...]
function(columns, measure='network.bytes', human=vega.human.bytes, size=12, index='logs-flow-*') {
  local last = std.length(columns) - 1,
  local fields = [c[0] for c in columns],
  local other = 'other',

  // Vega expressions have no computed member names, hence one branch a column. A column's stand-in for "absent" filters for that.
  local filter(i) =
    "(datum.name == '%s' ? {bool: {must_not: {exists: {field: '%s'}}}} : {match_phrase: {'%s': datum.name}})" % [columns[i][2], fields[i], fields[i]],
  local pick = std.foldr(function(i, rest) "datum.col == 'f%d' ? %s : " % [i, filter(i)] + rest, std.range(0, last), 'null'),

  '$schema': 'https://vega.github.io/schema/vega/v5.json',
  description: 'The largest flows between ' + std.join(', ', [c[1] for c in columns]),
  autosize: { type: 'fit', contains: 'padding' },
  padding: { left: 10, right: 10, top: 8, bottom: 10 },
  signals: [
    { name: 'gap', update: 'min(6, height / 120)' },
    { name: 'bar', value: 14 },
    { name: 'hot', value: '', on: [
      { events: '@node:mouseover, @name:mouseover', update: 'datum.key' },
      { events: '@node:mouseout, @name:mouseout', update: "''" },
    ] },
    // "other" is not one value: clicking it does nothing. The data view is looked up by its title with a full text search:
    // without the quotes Kibana takes the first that has similar words.
    { name: 'pick', value: null, on: [{
      events: '@node:click, @name:click',
      update: "datum.name == '%s' ? null : kibanaAddFilter(%s, '\"%s\"', datum.name)" % [other, pick, index],
    }] },
  ],
  // Nodes: the largest of each column. Links: the pairs of neighbouring columns, with every name that is no node taken as "other".
  local parts = ['p%d' % i for i in std.range(0, last - 1)],
  local field(i) = { field: columns[i][0], missing: columns[i][2] },
  local name(i, key) = "indexof(pluck(datum.n%d.buckets, 'key'), %s) < 0 ? '%s' : %s" % [i, key, other, key],
  data: [
    {
      name: 'reply',
      url: vega.query(index, { all: { sum: { field: measure } } } + {
        ['n%d' % i]: { terms: field(i) { size: size, shard_size: 10 * size + 100, order: { v: 'desc' } }, aggs: { v: { sum: { field: measure } } } }
        for i in std.range(0, last)
      } + {
        ['p%d' % i]: { multi_terms: { terms: [field(i), field(i + 1)], size: 1000, shard_size: 4000, order: { v: 'desc' } }, aggs: { v: { sum: { field: measure } } } }
        for i in std.range(0, last - 1)
      }),
      format: { property: 'aggregations' },
    },
  ] + [
    // The pairs of a hop, as far as the engine lists them.
    { name: 'q%d' % i, source: 'reply', transform: [
      { type: 'formula', as: 'b', expr: 'datum.p%d.buckets' % i },
      { type: 'flatten', fields: ['b'] },
      { type: 'formula', as: 'v', expr: 'datum.b.v.value' },
      { type: 'formula', as: 'from', expr: name(i, 'datum.b.key[0]') },
      { type: 'formula', as: 'to', expr: name(i + 1, 'datum.b.key[1]') },
    ] }
    for i in std.range(0, last - 1)
  ] + std.flattenArrays([
    // A node is as large as all that it has: what pairs lack of it comes from "other" or goes there.
    local side(end, col, row) = [
      { name: 'q%d%s' % [i, end], source: 'q%d' % i, transform: [{ type: 'aggregate', groupby: [end], fields: ['v'], ops: ['sum'], as: ['v'] }] },
      { name: 'r%d%s' % [i, end], source: 'reply', transform: [
        { type: 'formula', as: 'b', expr: 'datum.n%d.buckets' % col },
        { type: 'flatten', fields: ['b'] },
        { type: 'formula', as: 'key', expr: 'datum.b.key' },
        { type: 'lookup', from: 'q%d%s' % [i, end], key: end, fields: ['key'], values: ['v'], as: ['covered'], default: 0 },
        { type: 'formula', as: 'v', expr: 'datum.b.v.value - datum.covered' },
        { type: 'formula', as: 'from', expr: row[0] },
        { type: 'formula', as: 'to', expr: row[1] },
      ] },
    ];
    side('from', i, ['datum.key', "'%s'" % other]) + side('to', i + 1, ["'%s'" % other, 'datum.key']) + [
      { name: 'known%d' % i, source: ['q%d' % i, 'r%dfrom' % i, 'r%dto' % i], transform: [{ type: 'filter', expr: 'datum.v > 0' }] },
      // What is in no pair and of no node goes from "other" to "other".
      { name: 'rest%d' % i, source: 'known%d' % i, transform: [
        { type: 'aggregate', fields: ['v'], ops: ['sum'], as: ['v'] },
        { type: 'formula', as: 'v', expr: "data('reply')[0].all.value - datum.v" },
        { type: 'formula', as: 'from', expr: "'%s'" % other },
        { type: 'formula', as: 'to', expr: "'%s'" % other },
        { type: 'filter', expr: 'datum.v > 0' },
      ] },
      { name: 'p%d' % i, source: ['known%d' % i, 'rest%d' % i], transform: [
        { type: 'formula', as: 'hop', expr: '%d' % i },
        { type: 'formula', as: 'a', expr: "'f%d|' + datum.from" % i },
        { type: 'formula', as: 'b', expr: "'f%d|' + datum.to" % (i + 1) },
        { type: 'aggregate', groupby: ['hop', 'a', 'b'], fields: ['v'], ops: ['sum'], as: ['v'] },
      ] },
    ]
    for i in std.range(0, last - 1)
  ]) + [
    { name: 'rows', source: parts },
    { name: 'nodes', source: 'rows', transform: [
      { type: 'fold', fields: ['a', 'b'], as: ['side', 'key'] },
      // A node in the middle has an in and an out; those of "other" may differ.
      { type: 'aggregate', groupby: ['key', 'side'], fields: ['v'], ops: ['sum'], as: ['v'] },
      { type: 'aggregate', groupby: ['key'], fields: ['v'], ops: ['max'], as: ['v'] },
      { type: 'formula', as: 'col', expr: 'slice(datum.key, 0, 2)' },
      { type: 'formula', as: 'name', expr: 'slice(datum.key, 3)' },
      { type: 'formula', as: 'order', expr: "datum.name == '%s' ? -1 : datum.v" % other },
      { type: 'window', groupby: ['col'], sort: { field: 'order', order: 'descending' }, ops: ['row_number'], as: ['rank'] },
      { type: 'stack', groupby: ['col'], field: 'v', sort: { field: 'order', order: 'descending' } },
      { type: 'joinaggregate', groupby: ['col'], fields: ['v', 'v'], ops: ['sum', 'count'], as: ['total', 'n'] },
      { type: 'joinaggregate', fields: ['n', 'total'], ops: ['max', 'max'], as: ['most', 'largest'] },
      { type: 'formula', as: 'px', expr: '(height - (datum.most - 1) * gap) / datum.largest' },
      { type: 'formula', as: 'top', expr: 'datum.y0 * datum.px + (datum.rank - 1) * gap' },
      { type: 'formula', as: 'size', expr: 'max(1, datum.v * datum.px)' },
      { type: 'formula', as: 'x', expr: '+slice(datum.col, 1) * (width - bar) / %d' % last },
    ] },
    { name: 'links', source: 'rows', transform: [
      { type: 'lookup', from: 'nodes', key: 'key', fields: ['a', 'b'], as: ['from', 'to'] },
      { type: 'stack', groupby: ['a'], field: 'v', sort: { field: 'to.top' }, as: ['a0', 'a1'] },
      { type: 'stack', groupby: ['b'], field: 'v', sort: { field: 'from.top' }, as: ['b0', 'b1'] },
      { type: 'formula', as: 'w', expr: 'max(0.5, datum.v * datum.from.px)' },
      { type: 'formula', as: 'sy', expr: 'datum.from.top + (datum.a0 + datum.a1) / 2 * datum.from.px' },
      { type: 'formula', as: 'ty', expr: 'datum.to.top + (datum.b0 + datum.b1) / 2 * datum.from.px' },
      { type: 'linkpath', orient: 'horizontal', shape: 'diagonal', sourceX: { expr: 'datum.from.x + bar' }, sourceY: 'sy', targetX: { expr: 'datum.to.x' }, targetY: 'ty' },
    ] },
  ],
  local grey = '#98a2b3',
  scales: [{ name: 'colour', type: 'ordinal', domain: { data: 'nodes', field: 'name' }, range: ['#54b399', '#6092c0', '#d36086', '#9170b8', '#ca8eae', '#d6bf57', '#b9a888', '#da8b45', '#aa6556', '#e7664c'] }],
  local colour(name) = [{ test: "%s == '%s'" % [name, other], value: grey }, { scale: 'colour', field: std.strReplace(name, 'datum.', '') }],
  local text = human('datum.v'),
  marks: [
    // clip: thick strokes would count as overflow and shrink the whole picture.
    { type: 'path', clip: true, from: { data: 'links' }, encode: {
      update: {
        path: { field: 'path' },
        fill: { value: null },
        stroke: colour('datum.from.name'),
        strokeWidth: { field: 'w' },
        strokeOpacity: { signal: "hot == '' ? 0.35 : hot == datum.a || hot == datum.b ? 0.75 : 0.1" },
        tooltip: { signal: "datum.from.name + ' → ' + datum.to.name + '   ' + " + text + " + '   ' + format(datum.v / datum.from.total, '.1%')" },
      },
      hover: { strokeOpacity: { value: 0.8 } },
    } },
    { type: 'rect', name: 'node', from: { data: 'nodes' }, encode: { update: {
      x: { field: 'x' },
      width: { signal: 'bar' },
      y: { field: 'top' },
      height: { field: 'size' },
      fill: colour('datum.name'),
      cursor: { value: 'pointer' },
      tooltip: { signal: "datum.name + '   ' + " + text + " + '   ' + format(datum.v / datum.total, '.1%')" },
    } } },
    { type: 'text', name: 'name', from: { data: 'nodes' }, style: 'guide-label', encode: { update: {
      x: { signal: "datum.col == 'f%d' ? datum.x - 6 : datum.x + bar + 6" % last },
      align: { signal: "datum.col == 'f%d' ? 'right' : 'left'" % last },
      y: { signal: 'datum.top + datum.size / 2' },
      baseline: { value: 'middle' },
      text: { signal: "datum.size < 9 ? '' : datum.name + '  ' + " + text },
      fontSize: { value: 12 },
      limit: { signal: 'max(120, width / %d - 40)' % (last + 1) },
      cursor: { value: 'pointer' },
    } } },
    { type: 'text', from: { data: 'nodes' }, style: 'guide-title', encode: { update: {
      y: { value: -12 },
      x: { signal: "datum.col == 'f%d' ? width : datum.x" % last },
      align: { signal: "datum.col == 'f%d' ? 'right' : 'left'" % last },
      text: { signal: 'datum.rank == 1 ? ' + std.manifestJsonMinified([c[1] for c in columns]) + "[+slice(datum.col, 1)] : ''" },
    } } },
  ],
}
