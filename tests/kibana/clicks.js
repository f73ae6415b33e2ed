// SPDX-License-Identifier: Apache-2.0
// Clicks: a sankey node and a bar set a filter, a link of the navigation keeps the time and the filter, a drill-down takes the
// clicked value along. node clicks.js SHOTS_DIR; prints TAP points.
const { open, dashboard, settle } = require('./browser.js');

const point = (good, name, detail = '') => { if (!good && detail) console.log(detail); console.log(`${good ? 'ok' : 'not ok'} - ${name}`); };

(async () => {
	const [shots] = process.argv.slice(2);
	let { browser, page } = await open();
	const pills = () => page.$$eval('[data-test-subj^="filter "]', l => l.map(x => x.innerText.replace(/\n/g, ' ')));
	const time = () => page.evaluate(() => new URLSearchParams(location.hash.split('?')[1] || '').get('_g') || '');
	const canvas = async title => (await page.$(`[data-title="${title}"] canvas`)).boundingBox();
	const sankey = 'The largest flows; click a name to filter';

	// ---- sankey: the first node is at the top left
	await dashboard(page, 'flow-sankey-client-server', { from: 'now-12h' });
	let box = await canvas(sankey);
	let tip = '', x = box.x + 18, y;
	for (y = box.y + 20; y < box.y + 160 && !tip; y += 6) {		// down the column until a node answers
		await page.mouse.move(x, y);
		await page.waitForTimeout(250);
		tip = await page.evaluate(() => (document.querySelector('#vega-kibana-tooltip') || {}).innerText || '');
	}
	point(/\d/.test(tip), 'a node of the sankey has a tooltip', tip);
	await page.mouse.click(x, y - 6);
	await page.waitForTimeout(1500);
	await settle(page);
	let now = await pills();
	const name = (now[0] || '').trim();
	point(now.length === 1 && name && tip.startsWith(name), 'a click on it sets the filter', `${now} / ${tip}`);
	await page.screenshot({ path: `${shots}/click-sankey.png` });

	// ---- the filter goes along with a link of the navigation
	const goTo = async label => {
		await page.click(`[data-test-subj="markdownBody"] >> text=${label}`);
		await page.waitForTimeout(1500);
		await settle(page);
	};
	await goTo('Overview');
	now = await pills();
	point(/flow-overview/.test(page.url()), 'a link of the navigation opens the dashboard', page.url());
	point(/from:now-12h/.test(await time()), 'it keeps the time', await time());
	point(now.length === 1 && now[0].trim() === name, 'and the filter', String(now));
	await browser.close();

	// ---- a click on a bar (names may take half of the panel): filter or drill-down, as the menu says
	({ browser, page } = await open());
	await dashboard(page, 'flow-overview', { from: 'now-12h' });
	box = await canvas('Top clients');
	const click = async entry => {
		await page.mouse.move(box.x + box.width * 0.75, box.y + 24);
		await page.waitForTimeout(600);
		await page.mouse.click(box.x + box.width * 0.75, box.y + 24);
		await page.waitForTimeout(1500);
		const menu = await page.$(`text=${entry}`);
		if (menu) await menu.click();
		await page.waitForTimeout(2500);
		return !!menu;
	};
	let menu = await click('Apply filter to current view');
	await settle(page);
	now = await pills();
	point(menu && now.some(x => /flow\.client\.name|Client/.test(x)), 'a click on a bar sets the filter', `menu ${menu}, ${now}`);
	const bar = (now[0] || '').trim();
	await goTo('Threats');
	now = await pills();
	point(/flow-threats/.test(page.url()) && now.some(x => x.trim() === bar), 'and it stays on the next page', `${page.url()} ${now}`);
	point(/from:now-12h/.test(await time()), 'with the time', await time());
	await browser.close();
	({ browser, page } = await open());		// Kibana remembers unsaved filters of a session
	await dashboard(page, 'flow-overview', { from: 'now-12h', query: 'network.bytes > 0' });
	box = await canvas('Top clients');
	menu = await click('Host page');
	await settle(page);
	now = await pills();
	point(menu && /flow-hosts/.test(page.url()), 'its drill-down opens the host page', `menu ${menu} ${page.url()}`);
	point(now.some(x => /flow\.client\.name|Client/.test(x)), 'with the clicked client as filter', String(now));
	point(/from:now-12h/.test(await time()), 'the time', await time());
	const asked = await page.$eval('[data-test-subj="queryInput"]', e => e.value || e.innerText);
	point(/network\.bytes > 0/.test(asked), 'and the search text', asked);
	await page.screenshot({ path: `${shots}/drill-host.png` });
	await browser.close();

	// ---- charts of rates: a name of the legend, and a drag along the time
	({ browser, page } = await open());
	await dashboard(page, 'flow-overview', { from: 'now-12h' });
	box = await canvas('Applications and services, bits/s');
	x = box.x + box.width - Math.min(230, (box.width - 10) * 0.27) + 32;
	await page.mouse.move(x, box.y + 47);
	await page.waitForTimeout(600);
	await page.mouse.click(x, box.y + 47);
	await page.waitForSelector('.euiContextMenuItem', { timeout: 20000 }).catch(() => null);
	menu = await page.$('.euiContextMenuItem >> text=Services');
	if (menu) await menu.click();
	await page.waitForTimeout(2500);
	await settle(page);
	now = await pills();
	point(menu && /flow-top-services/.test(page.url()) && now.length === 1, 'a name in the legend of a chart leads on, with a filter', `${page.url()} ${now}`);
	await browser.close();
	({ browser, page } = await open());
	await dashboard(page, 'flow-top-applications', { from: 'now-12h' });
	box = await canvas('Applications, bits/s');
	await page.mouse.move(box.x + 200, box.y + 60);
	await page.mouse.down();
	await page.mouse.move(box.x + 300, box.y + 60, { steps: 5 });
	await page.mouse.up();
	await page.waitForTimeout(2500);
	const zoomed = (await time()).match(/from:'([^']+)',to:'([^']+)'/) || [];
	const hours = (new Date(zoomed[2]) - new Date(zoomed[1])) / 3600000;
	now = await pills();
	point(hours > 0.5 && hours < 6 && !now.length, 'a drag along the time of a chart is its time range, and no filter', `${hours} ${now}`);
	await browser.close();
})().catch(e => { console.log(String(e.stack || e)); process.exit(1); });
