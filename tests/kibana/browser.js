// SPDX-License-Identifier: Apache-2.0
// What the browser tests share: a headless Chromium that is logged in to Kibana and opens dashboards.
const { chromium } = require('playwright-core');

// With the space, and what comes before and behind our ids in it: the test's own installation has both.
const KIBANA = (process.env.KIBANA_URL || '').replace(/\/$/, '');
const named = id => (process.env.DASHBOARD_ID || '%').replace('%', id);
const FLAGS = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
	'--use-gl=swiftshader', '--enable-webgl', '--ignore-gpu-blocklist', '--enable-unsafe-swiftshader'];
// Kibana probes on every page whether inline scripts are blocked, and Chromium reports that they are.
const HARMLESS = /Executing inline script violates|Refused to execute inline script/;

async function open(width = 1920, height = 1080) {
	const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: FLAGS });
	const context = await browser.newContext({ viewport: { width, height } });
	if (process.env.ES_USER) {
		const reply = await context.request.post(KIBANA + '/internal/security/login', { headers: { 'kbn-xsrf': '1' }, data: {
			providerType: 'basic', providerName: 'basic', currentURL: KIBANA + '/login', params: { username: process.env.ES_USER, password: process.env.ES_PASSWORD } } });
		if (!reply.ok()) throw new Error(`login: ${reply.status()}`);
	}
	// Kibana tells newcomers about saved searches, over the page.
	await context.addInitScript(() => { try { localStorage.setItem('data.searchSession.tour.takingTooLong', 'true'); } catch (e) { /* about:blank */ } });
	const page = await context.newPage();
	const troubles = [], foreign = new Set();
	page.on('console', m => m.type() === 'error' && !HARMLESS.test(m.text()) && troubles.push(`console: ${m.text().slice(0, 200)} ${(m.location().url || '').slice(0, 120)}`));
	page.on('pageerror', e => troubles.push(`page: ${String(e.stack || e).slice(0, 300)}`));
	page.on('response', r => r.status() >= 400 && troubles.push(`HTTP ${r.status()}: ${r.url().slice(0, 140)}`));
	page.on('request', r => { const u = new URL(r.url()); if (u.protocol.startsWith('http') && u.origin !== new URL(KIBANA).origin) foreign.add(u.origin); });
	return { browser, context, page, troubles, foreign };
}

// Opens a dashboard and waits until each of its panels says that it is complete. Returns what the page shows.
async function dashboard(page, id, { from = 'now-24h', to = 'now', query = '', global = '', limit = 90000 } = {}) {
	const app = query ? `&_a=(query:(language:kuery,query:'${encodeURIComponent(query)}'))` : '';
	await page.goto('about:blank');
	await page.goto(`${KIBANA}/app/dashboards#/view/${named(id)}?_g=(${global ? global + ',' : ''}time:(from:${from},to:${to}))${app}`, { waitUntil: 'domcontentloaded', timeout: 120000 });
	await page.addStyleTag({ content: '.euiGlobalToastList{display:none}' });
	return settle(page, limit);
}

async function settle(page, limit = 90000) {
	await page.waitForSelector('[data-test-subj="embeddablePanel"]', { timeout: 90000 });
	const start = Date.now();
	let s;
	do {
		await page.waitForTimeout(700);
		s = await page.evaluate(() => ({
			panels: document.querySelectorAll('[data-test-subj="embeddablePanel"]').length,
			complete: document.querySelectorAll('[data-test-subj="embeddablePanel"] [data-shared-item][data-render-complete="true"], [data-test-subj="embeddablePanel"][data-shared-item][data-render-complete="true"]').length,
			loading: document.querySelectorAll('[data-test-subj="embeddablePanel"] [data-loading="true"], .euiLoadingChart').length,
		}));
	} while ((s.loading || s.complete < s.panels) && Date.now() - start < limit);
	await page.waitForTimeout(1200);
	const shown = await page.evaluate(() => [...document.querySelectorAll('[data-test-subj="embeddablePanel"]')].map(e => ({
		title: (e.querySelector('[data-title]') || { getAttribute: () => '' }).getAttribute('data-title') || e.innerText.slice(0, 40).replace(/\n/g, ' '),
		text: e.innerText.slice(0, 300).replace(/\n/g, ' | '),
		failed: !!e.querySelector('[data-test-subj="embeddableStackError"],[data-test-subj="embeddable-lens-failure"],.embPanel--error,.lnsEmbeddedError,.vgaVis__message--err,.vgaVis__message--warn')
			|| /Could not find|Unable to|An error|Error in|Cannot read/.test(e.innerText),
		empty: /No results found|No data|no-data/.test(e.innerText),
	})));
	return { ...s, shown, milliseconds: Date.now() - start };
}

// Columns of Lens tables that are not whole at the page's width: the table is wider than its panel, or a figure or a heading ends in dots. Names may.
async function cut(page) {
	return page.evaluate(() => [...document.querySelectorAll('[data-test-subj="embeddablePanel"]')].flatMap(panel => {
		const title = (panel.querySelector('[data-title]') || { getAttribute: () => '' }).getAttribute('data-title');
		const grid = panel.querySelector('.lnsDataTableContainer .euiDataGrid__virtualized');
		if (!grid) return [];
		const shorter = e => e.scrollWidth > e.clientWidth + 1;
		const heads = [...panel.querySelectorAll('.euiDataGridHeaderCell__content')].filter(e => shorter(e) && !/›/.test(e.innerText)).map(e => e.innerText);
		const figures = [...panel.querySelectorAll('[data-test-subj="dataGridRowCell"] .lnsTableCell--right, [data-test-subj="dataGridRowCell"] .lnsTableCell--multiline')].filter(shorter).map(e => e.innerText);
		return [...(shorter(grid) ? [`${title}: wider than its panel by ${grid.scrollWidth - grid.clientWidth}`] : []), ...[...heads, ...figures].slice(0, 3).map(t => `${title}: ${t}`)];
	}));
}

module.exports = { KIBANA, named, open, dashboard, settle, cut };
