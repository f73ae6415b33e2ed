// SPDX-License-Identifier: Apache-2.0
// node report.js CHROMIUM PAGE OUT_DIR: opens a report at three widths, light and dark, prints it, and tells as JSON what it did: requests, dialogs, errors.
const { chromium } = require('playwright-core');

(async () => {
	const [, , executablePath, file, out] = process.argv, seen = { requests: [], dialogs: [], errors: [], widths: [], pdf: 0 };
	const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
	for (const colorScheme of ['light', 'dark'])
		for (const width of [400, 900, 1600]) {
			const context = await browser.newContext({ viewport: { width, height: 1000 }, colorScheme }), page = await context.newPage();
			page.on('request', r => { if (!r.url().startsWith('file://' + file)) seen.requests.push(r.url()); });
			page.on('dialog', d => { seen.dialogs.push(d.message()); d.dismiss(); });
			page.on('console', m => seen.errors.push(m.text()));
			page.on('pageerror', e => seen.errors.push(String(e)));
			await page.goto('file://' + file);
			seen.widths.push(await page.evaluate(() => ({ page: document.documentElement.scrollWidth, window: innerWidth, paper: getComputedStyle(document.body).backgroundColor })));
			await page.screenshot({ path: `${out}/${colorScheme}-${width}.png`, fullPage: true });
			if (width === 900) seen.pdf = (await page.pdf({ format: 'A4', printBackground: true })).length;
			await context.close();
		}
	await browser.close();
	console.log(JSON.stringify(seen));
})().catch(e => { console.error(String(e)); process.exit(1); });
