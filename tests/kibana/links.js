// SPDX-License-Identifier: Apache-2.0
// What links carry (the table of docs/dashboards.md): pages of health without filters, values that are links, the host page by name,
// address and subnet. node links.js SHOTS_DIR; prints TAP points.
const { named, open, dashboard, settle } = require('./browser.js');

const point = (good, name, detail = '') => { if (!good && detail) console.log(detail); console.log(`${good ? 'ok' : 'not ok'} - ${name}`); };
const PIN = `filters:!(('$state':(store:globalState),meta:(alias:!n,disabled:!f,index:${named('flow')},key:flow.service.name,negate:!f,params:(query:https),type:phrase),query:(match_phrase:(flow.service.name:https))))`;

(async () => {
	const [shots] = process.argv.slice(2);
	const pills = page => page.$$eval('[data-test-subj^="filter "]', l => l.map(x => x.innerText.replace(/\n/g, ' ').trim()));
	const asked = page => page.$eval('[data-test-subj="queryInput"]', e => e.value || e.innerText);
	const box = async (page, title) => (await page.$(title ? `[data-title="${title}"] canvas` : '[data-test-subj="embeddablePanel"] canvas')).boundingBox();
	const time = page => page.$eval('[data-test-subj="superDatePickerShowDatesButton"]', e => e.innerText.trim());
	// (Without a title: the first panel.) The text of a Vega panel is on a canvas; where it stands there is a tooltip of the same words.
	const line = async (page, title, y) => {
		const b = await box(page, title);
		for (let x = 20; x < 200; x += 20) {
			await page.mouse.move(b.x + x, b.y + (y < 0 ? b.height / 2 : y));
			await page.waitForTimeout(300);
			const tip = await page.evaluate(() => (document.querySelector('#vega-kibana-tooltip') || {}).innerText || '');
			if (tip) return tip;
		}
		return '';
	};
	const rows = (page, title) => page.$$eval(`[data-title="${title}"] [data-test-subj="dataGridRowCell"], [data-title="${title}"] [role="gridcell"]`, l => l.length);

	// ---- health: by the navigation, and with a filter all the same
	let { browser, page } = await open();
	await dashboard(page, 'flow-overview', { from: 'now-12h', global: PIN });
	let now = await pills(page);
	point(now.length === 1, 'a pinned filter is there', String(now));
	await page.click('[data-test-subj="markdownBody"] >> text=Health');
	await page.waitForTimeout(2000);
	await settle(page);
	now = await pills(page);
	point(/flow-health/.test(page.url()) && !now.length, 'the link to Exporter health leaves it behind', `${page.url()} ${now}`);
	point(/24 hours/.test(await time(page)), 'and shows a day', await time(page));
	point(await rows(page, 'Health of the exporters') > 12, 'the table of exporters is full');
	let said = await line(page, '', -1);
	point(/^All \d+ exporters: [\d,.k]+ records lost/.test(said), 'the first line tells what all lost', said);
	const lost = said.replace(/.*: /, '');
	await browser.close();
	({ browser, page } = await open());
	await dashboard(page, 'flow-health', { from: 'now-12h', global: PIN });
	said = await line(page, '', -1);
	point(/^The filters leave none of the \d+ exporters/.test(said) && / records lost/.test(said), 'with a filter for a service it says so, and still what all lost', `${said} / ${lost}`);
	await page.screenshot({ path: `${shots}/health-filtered.png` });
	await browser.close();

	// ---- a name in a table leads to its host page
	({ browser, page } = await open());
	await dashboard(page, 'flow-top-talkers', { from: 'now-12h' });
	const link = await page.waitForSelector('[data-title="Top clients"] [role="gridcell"] a', { timeout: 20000 });
	const name = (await link.innerText()).trim();
	await link.click();
	await page.waitForTimeout(3000);
	await settle(page);
	let query = await asked(page);
	point(/flow-hosts/.test(page.url()) && query === `flow.client.name:"${name}" or flow.server.name:"${name}"`, 'a name in a table leads to its host page', `${page.url()} ${query}`);
	point(/12 hours/.test(await time(page)), 'with the time', await time(page));
	said = await line(page, '', 14);
	point(said.startsWith(name + ' ('), 'which names it, and its address', said);
	await page.screenshot({ path: `${shots}/host-by-name.png` });
	const address = (said.match(/\(([^)]+)\)/) || [])[1];
	await browser.close();

	// ---- by address and subnet; without a host
	({ browser, page } = await open());
	const either = a => `source.ip:"${a}" or destination.ip:"${a}"`;
	await dashboard(page, 'flow-hosts', { from: 'now-12h', query: either(address) });
	said = await line(page, '', 14);
	point(said.startsWith(name + ' ('), 'the host page by address', said);
	await dashboard(page, 'flow-hosts', { from: 'now-12h', query: either('10.0.0.0/8') });
	said = await line(page, '', 14);
	point(/^\d+ addresses/.test(said), 'by subnet', said);
	await browser.close();
	({ browser, page } = await open());
	await dashboard(page, 'flow-hosts', { from: 'now-12h' });
	said = await line(page, '', 14);
	point(/^No host is chosen/.test(said), 'without a host it says so', said);
	await browser.close();
})().catch(e => { console.log(String(e.stack || e)); process.exit(1); });
