// SPDX-License-Identifier: Apache-2.0
// Draws Vega specs, which hold their data, to SVG: node draw.js FOLDER with NAME.json -> NAME.svg. Prints "NAME ok ..." or what is wrong.
const fs = require('fs'), path = require('path'), vega = require('vega');
for (const f of ['kibanaAddFilter', 'kibanaRemoveFilter', 'kibanaRemoveAllFilters', 'kibanaSetTimeFilter']) vega.expressionFunction(f, () => null);

(async () => {
	const folder = process.argv[2];
	for (const file of fs.readdirSync(folder).filter(f => f.endsWith('.json')).sort()) {
		const name = file.slice(0, -5), said = [];
		try {
			const spec = JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8'));
			Object.assign(spec, /sankey/.test(name) ? { width: 1400, height: 800 } : { width: 1400, height: 200 });
			const log = (...a) => said.push(a.join(' '));
			const logger = { level() { return this; }, error(...a) { log(...a); return this; }, warn(...a) { log(...a); return this; }, info() { return this; }, debug() { return this; } };
			const view = new vega.View(vega.parse(spec), { renderer: 'none', logger });
			const svg = await view.toSVG();
			fs.writeFileSync(path.join(folder, name + '.svg'), svg);
			const paths = (svg.match(/<path/g) || []).length, texts = (svg.match(/<text/g) || []).length;
			if (/NaN|undefined|Infinity/.test(svg)) said.push('NaN, undefined or Infinity in the picture');
			const least = /^(Threat feeds|One host|Exporters shown|Interfaces that are shown)/.test(spec.description) ? 1 : 4; // lines of text
			if (paths < least || texts < least) said.push(`only ${paths} paths and ${texts} texts`);
			console.log(name, said.length ? said.slice(0, 3).join('; ').replace(/\n/g, ' ') : `ok ${paths} paths, ${texts} texts`);
		} catch (e) {
			console.log(name, String(e).replace(/\n/g, ' '));
		}
	}
})();
