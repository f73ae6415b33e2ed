// SPDX-License-Identifier: Apache-2.0
// Screenshots: node shots.js OUT_DIR [--width N] [--height N] [--full] [--from now-24h] id...   (KIBANA_URL, ES_USER, ES_PASSWORD from the environment)
const { open, dashboard } = require('./browser.js');

(async () => {
	const args = process.argv.slice(2), out = args.shift(), option = { width: 1920, height: 1080, from: 'now-24h' }, ids = [];
	while (args.length) {
		const a = args.shift();
		if (a === '--full') option.full = true;
		else if (a.startsWith('--')) option[a.slice(2)] = /^\d+$/.test(args[0]) ? +args.shift() : args.shift();
		else ids.push(a);
	}
	const { browser, page, troubles } = await open(option.width, option.full ? 3000 : option.height);
	for (const id of ids) {
		const s = await dashboard(page, id, { from: option.from, query: option.query });
		if (option.full) {		// as high as its panels
			const h = await page.evaluate(() => Math.ceil(Math.max(...[...document.querySelectorAll('.react-grid-item')].map(e => e.getBoundingClientRect().bottom)) + 12));
			await page.setViewportSize({ width: option.width, height: Math.min(6000, h) });
			await page.waitForTimeout(2500);
		}
		await page.screenshot({ path: `${out}/${id}.png` });
		if (option.full) await page.setViewportSize({ width: option.width, height: 3000 });
		console.log(id, `${s.complete}/${s.panels} panels, ${s.milliseconds} ms`, s.shown.filter(x => x.failed || x.empty).map(x => `BAD ${x.title}: ${x.text}`).join('\n  '), [...new Set(troubles.splice(0))].slice(0, 5).join('\n  '));
	}
	await browser.close();
})();
