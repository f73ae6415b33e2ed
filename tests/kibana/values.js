// SPDX-License-Identifier: Apache-2.0
// What Vega specs, which hold their data, make of it: node values.js FOLDER with NAME.json; prints one line of JSON for each: its name, its data sets and signals.
const fs = require('fs'), path = require('path'), vega = require('vega');
for (const f of ['kibanaAddFilter', 'kibanaRemoveFilter', 'kibanaRemoveAllFilters', 'kibanaSetTimeFilter']) vega.expressionFunction(f, () => null);

const plain = (datum) => Object.fromEntries(Object.entries(datum).filter(([, v]) => v === null || typeof v !== 'object'));

(async () => {
	const folder = process.argv[2];
	for (const file of fs.readdirSync(folder).filter(f => f.endsWith('.json')).sort()) {
		const spec = Object.assign(JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')), { width: 1400, height: 400 });
		const view = await new vega.View(vega.parse(spec), { renderer: 'none' }).runAsync();
		const texts = ((await view.toSVG()).match(/<text[^>]*>[^<]*/g) || []).map(t => t.replace(/<[^>]*>/, ''));
		const data = Object.fromEntries(spec.data.filter(d => d.name !== 'reply').map(d => [d.name, view.data(d.name).map(plain)]));
		const signals = Object.fromEntries(spec.signals.map(s => [s.name, view.signal(s.name)]).filter(([, v]) => typeof v === 'number' || typeof v === 'boolean'));
		console.log(JSON.stringify({ name: file.slice(0, -5), data, signals, texts }));
	}
})();
