/* SPDX-License-Identifier: Apache-2.0
 * Whose names and rates the records of a session get. */
#include "forwarder/decode/exporter/known.h"

#include "forwarder/decode/exporter/ports.h"

/* Who taught it sends no flows. */
static bool teaches_only(const struct domain *dom)
{
	if (dom->exporter->devices && !dom->stream)
		return dom->learnt && !dom->learnt->mixed &&
		       !ports_sends_flows(dom, dom->learnt->port);
	return dom->now.records == 0;
}

/* The only one of the address that teaches and nothing else; NULL: there is none, or there are
 * several. */
static const struct domain *teacher_of(const struct exporter *root, enum learnt_kind kind)
{
	const struct domain *only = root->latest[kind];
	if (only && !teaches_only(only))
		only = NULL;
	for (const struct exporter *e = root->device; e; e = e->device) {
		const struct domain *dom = e->latest[kind];
		if (!dom || !teaches_only(dom))
			continue;
		if (only)
			return NULL;
		only = dom;
	}
	return only;
}

static const struct domain *lending_domain(const struct domain *dom, enum learnt_kind kind)
{
	const struct domain *latest = dom->exporter->latest[kind];
	if (!latest && dom->exporter->port)
		latest = teacher_of(dom->exporter->root, kind);
	return latest != dom ? latest : NULL;
}

static bool lends_rates(const struct domain *dom, const struct domain *lender)
{
	return lender && lender->protocol == dom->protocol && teaches_only(lender);
}

/* Rates of others are not for who told some, not even where that was none. */
static bool told_itself(const struct session *session, enum learnt_kind kind)
{
	return session->taught >> kind & 1 &&
	       (kind == LEARNT_RATE || kind == LEARNT_SAMPLER || kind == LEARNT_INIT);
}

/* The domain's own, for a session that has some of its own, too. */
static const struct learnt_store *store_behind(const struct session *session, enum learnt_kind kind)
{
	const struct learnt_store *store = session->domain->learnt;
	return session->learnt && store && learnt_tells(store, kind) ? store : NULL;
}

bool known_lends_rates(const struct session *session, enum learnt_kind kind)
{
	return store_behind(session, kind) ||
	       lends_rates(session->domain, lending_domain(session->domain, kind));
}

const struct learnt_store *known_own(const struct session *session)
{
	return session->learnt ? session->learnt : session->domain->learnt;
}

const struct learnt_store *known_lent(const struct session *session, enum learnt_kind kind)
{
	const struct learnt_store *behind = store_behind(session, kind);
	const struct domain *lender = lending_domain(session->domain, kind);
	bool of_rates = kind == LEARNT_RATE || kind == LEARNT_SAMPLER;
	if (__builtin_expect(session->taught, 0) && told_itself(session, kind))
		return NULL;
	if (__builtin_expect(behind != NULL, 0))
		return behind;
	return lender && (!of_rates || lends_rates(session->domain, lender)) ? lender->learnt
									     : NULL;
}

uint32_t known_only_sampler(const struct learnt_store *store)
{
	return store->samplers == 1 && !store->sampled ? store->sampler_rate : 0;
}

uint32_t known_rate(const struct session *session, bool *ret_header)
{
	const struct learnt_store *own = known_own(session), *lent;
	*ret_header = false;
	if (own && own->rate)
		return own->rate;
	*ret_header = session->domain->header_rate != 0;
	if (session->domain->header_rate)
		return session->domain->header_rate;
	lent = known_lent(session, LEARNT_RATE);
	return lent ? lent->rate : 0;
}

bool known_uptime(const struct decoder *dec, const struct session *session, uint32_t *ret_uptime_ms)
{
	const struct learnt_store *from = known_own(session);
	if (!from || !from->init_ms)
		from = known_lent(session, LEARNT_INIT);
	if (!from || !from->init_ms || from->init_ms > dec->ctx.exported_ms)
		return false;
	*ret_uptime_ms = (uint32_t)(dec->ctx.exported_ms - from->init_ms);
	return true;
}
