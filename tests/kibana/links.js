// SPDX-License-Identifier: Apache-2.0
// What links carry (the table of docs/dashboards.md): pages of health without filters, values that are links, the host page by name,
// address and subnet, names with any character. node links.js SHOTS_DIR NAMES (odd.py); prints TAP points.
const { named, open, dashboard, settle } = require('./browser.js');

const point = (good, name, detail = '') => { if (!good && detail) console.log(detail); console.log(`${good ? 'ok' : 'not ok'} - ${name}`); };
const PIN = `filters:!(('$state':(store:globalState),meta:(alias:!n,disabled:!f,index:${named('flow')},key:flow.service.name,negate:!f,params:(query:https),type:phrase),query:(match_phrase:(flow.service.name:https))))`;

(async () => {
	const [shots, names] = process.argv.slice(2), { odd, hard } = JSON.parse(names);
	const pills = page => page.$$eval('[data-test-subj^="filter "]', l => l.map(x => x.innerText.replace(/\n/g, ' ').trim()));
	const asked = page => page.$eval('[data-test-subj="queryInput"]', e => e.value || e.innerText);
	const box = async (page, title) => {
		const e = await page.$(title ? `[data-title="${title}"] canvas` : '[data-test-subj="embeddablePanel"] canvas');
		await e.scrollIntoViewIfNeeded();
		return e.boundingBox();
	};
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

	// ---- a name in a table leads to its page, whatever it holds
	const linked = async (id, title, name, query = '') => {
		({ browser, page } = await open());
		await dashboard(page, id, { from: 'now-12h', query });
		const cell = page.locator(`[data-title^="${title}"] a`, { hasText: name }).first();
		await cell.waitFor({ timeout: 20000 });
		await cell.click({ position: { x: 8, y: 8 } });	// at its begin: the end may be cut
		await page.waitForTimeout(3000);
		await settle(page);
		return pills(page);
	};
	const lead = async (kind, from, title, to, query) => {
		const name = `${kind} ${odd}`;
		now = await linked(from, title, name, query);
		point(new RegExp(to).test(page.url()) && now.length === 1 && now[0] === name, `a link on ${name} in ${title} of ${from} leads to ${to} with it as filter`, `${page.url()} ${now}`);
		point(/12 hours/.test(await time(page)), 'with the time', await time(page));
		return name;
	};
	let name = await lead('host', 'flow-top-talkers', 'Top clients', 'flow-hosts');
	said = await line(page, '', 14);
	point(said.startsWith(name + ' ('), 'which names it, and its address', said);
	await page.screenshot({ path: `${shots}/host-by-name.png` });
	const address = (said.match(/\(([\d.]+)\)$/) || [])[1];
	await browser.close();
	await lead('host', 'flow-records-client-server', 'Flow: records, client and server', 'flow-hosts', 'observer.name:odd');
	await browser.close();
	await lead('as', 'flow-sankey-as', 'Source AS', 'flow-as');
	said = await line(page, 'From AS', 34) + await line(page, 'From AS', 54);	// (of answers the source has no AS)
	point(said.includes(`as ${odd}`), 'whose tables show it', said);
	await browser.close();
	await lead('odd/interface', 'flow-interfaces', 'Interfaces in', 'flow-interfaces');
	await browser.close();

	// ---- the two characters that no link of Kibana's can carry: it says so, and a drill-down does
	now = await linked('flow-top-talkers', 'Top clients', `host ${hard}`);
	const toast = await page.$$eval('.euiToast', l => l.map(t => t.innerText.replace(/\n/g, ' ')).join('; '));
	point(/flow-hosts/.test(page.url()) && !now.length && /restor|URL|state/i.test(toast), `a link on host ${hard}: Kibana says that it cannot read it`, `${page.url()} ${now} ${toast}`);
	said = await line(page, '', 14);
	point(/^No host is chosen/.test(said), 'and the page that no host is chosen', said);
	await browser.close();
	for (const [kind, id, title, entry, to] of [['host', 'flow-top-talkers', 'Top clients', 'Host page', 'flow-hosts'], ['as', 'flow-sankey-as', 'Source AS', 'AS traffic', 'flow-as']]) {
		({ browser, page } = await open());
		await dashboard(page, id, { from: 'now-12h' });
		const cell = page.locator(`[data-title="${title}"] [role="gridcell"]`, { hasText: `${kind} ${hard}` }).first();
		await cell.hover();
		await cell.locator('[data-test-subj="lensDatatableFilterFor"]').click();
		await page.click(`.euiContextMenuItem >> text=${entry}`, { timeout: 20000 });
		await page.waitForTimeout(3000);
		await settle(page);
		now = await pills(page);
		point(page.url().includes(to) && now.length === 1 && now[0].endsWith(`: ${kind} ${hard}`), `the drill-down of a table carries ${kind} ${hard}`, `${page.url()} ${now}`);
		await browser.close();
	}
	// (a table of ours: below what has no AS, the first two rows are those of odd.py)
	for (const y of [54, 74]) {
		({ browser, page } = await open());
		await dashboard(page, 'flow-as', { from: 'now-12h' });
		const b = await box(page, 'From AS'), tip = await line(page, 'From AS', y);
		await page.mouse.click(b.x + 30, b.y + y);
		await page.waitForTimeout(2500);
		await settle(page);
		now = await pills(page);
		const all = `as ${tip.includes(hard) ? hard : odd}`;
		point(tip.includes(all) && now.length === 1 && now[0].startsWith(all), `a click on a row carries ${all}`, `${tip} / ${now}`);
		point((await line(page, 'From AS', 34)).includes(all), 'and it is found', await line(page, 'From AS', 34));
		await browser.close();
	}

	// ---- by address and subnet; without a host
	({ browser, page } = await open());
	const either = a => `source.ip:"${a}" or destination.ip:"${a}"`;
	await dashboard(page, 'flow-hosts', { from: 'now-12h', query: either(address) });
	said = await line(page, '', 14);
	point(said.startsWith(name + ' ('), 'the host page by address', `${address}: ${said}`);
	await dashboard(page, 'flow-hosts', { from: 'now-12h', query: either('10.20.0.0/16') });
	said = await line(page, '', 14);
	point(/^\d+ addresses/.test(said), 'by subnet', said);
	await browser.close();
	({ browser, page } = await open());
	await dashboard(page, 'flow-hosts', { from: 'now-12h' });
	said = await line(page, '', 14);
	point(/^No host is chosen/.test(said), 'without a host it says so', said);
	await browser.close();
})().catch(e => { console.log(String(e.stack || e)); process.exit(1); });
