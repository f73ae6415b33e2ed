// SPDX-License-Identifier: Apache-2.0
// Opens dashboards and says whether all is well, at 1920 and at 1366 pixels: node panels.js SHOTS_DIR id...; prints TAP points.
const { KIBANA, named, open, dashboard, settle, cut } = require('./browser.js');

// Nothing in there is good news: no record failed.
const MAY_BE_EMPTY = { 'flow-ingest': /failed|Left out of totals|[Ii]mplausible/ };

(async () => {
	const [shots, ...ids] = process.argv.slice(2);
	const { browser, context, page, troubles, foreign } = await open();
	for (const id of ids) {
		const s = await dashboard(page, id);
		const wanted = await (await context.request.get(`${KIBANA}/api/saved_objects/dashboard/${named(id)}`)).json();
		const n = JSON.parse(wanted.attributes.panelsJSON).length, wrong = [];
		if (s.panels !== n || s.complete < n) wrong.push(`${s.complete} of ${n} panels complete after ${s.milliseconds} ms`);
		for (const x of s.shown) {
			if (x.failed) wrong.push(`failed: ${x.title}: ${x.text}`);
			if (x.empty && !(MAY_BE_EMPTY[id] && MAY_BE_EMPTY[id].test(x.title))) wrong.push(`empty: ${x.title}`);
		}
		wrong.push(...new Set(troubles.splice(0)));
		await page.screenshot({ path: `${shots}/${id}.png` });
		wrong.push(...(await cut(page)).map(c => `cut at 1920: ${c}`));
		await page.setViewportSize({ width: 1366, height: 768 });
		await settle(page);
		wrong.push(...(await cut(page)).map(c => `cut at 1366: ${c}`));
		await page.screenshot({ path: `${shots}/${id}-1366.png` });
		await page.setViewportSize({ width: 1920, height: 1080 });
		for (const w of wrong) console.log(w);
		console.log(`${wrong.length ? 'not ok' : 'ok'} - ${id}: ${n} panels`);
	}
	console.log(`${foreign.size ? 'not ok' : 'ok'} - no request left for another server ${[...foreign].join(' ')}`);
	await browser.close();
})().catch(e => { console.log(String(e.stack || e)); process.exit(1); });
