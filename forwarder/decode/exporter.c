/* SPDX-License-Identifier: Apache-2.0
 * The tables of exporters and of their domains. */
#include "forwarder/decode/exporter.h"

#include <stdlib.h>

#include "common/hash.h"
#include "forwarder/decode/options.h"
#include "forwarder/decode/template.h"

#define BUCKETS      4096
#define MEMORY_SHARE 8       /* one exporter address may have this part of decode_limits.memory */
#define IDLE_MS      3600000 /* a domain with nothing learnt is forgotten after so long */

#define EVICT_MS 60000 /* when the table is full it goes after so long already … */
#define EVICT_STEPS \
	64 /* … if it is found among so many buckets; the next search goes on from there */

struct exporter_table {
	uint32_t hand;                       /* where the last search for idle domains ended */
	struct domain *last;                 /* the one found last: datagrams come in runs */
	struct domain *domains[BUCKETS];     /* by address, protocol, id */
	struct exporter *exporters[BUCKETS]; /* by address */
};

/* The latest[] of an exporter is by option kind. */
_Static_assert(OPTION_LENT == sizeof(((struct exporter *)0)->latest) / sizeof(struct domain *),
	       "one place a kind");

bool memory_take(struct decoder *dec, struct exporter *exporter, size_t bytes)
{
	uint64_t all = dec->options.limits.memory;
	if (dec->counters.memory_now + bytes > all || exporter->memory + bytes > all / MEMORY_SHARE)
		return false;
	dec->counters.memory_now += bytes;
	exporter->memory += bytes;
	return true;
}

void memory_return(struct decoder *dec, struct exporter *exporter, size_t bytes)
{
	dec->counters.memory_now -= bytes;
	exporter->memory -= bytes;
}

static uint32_t bucket_of(const struct decoder *dec, const struct ip *address, uint64_t rest)
{
	uint64_t high, low;
	memcpy(&high, address->b, 8);
	memcpy(&low, address->b + 8, 8);
	return (uint32_t)hash_mix(hash_mix(hash_mix(dec->options.hash_seed, rest), high), low) %
	       BUCKETS;
}

struct exporter_table *exporter_table_new(void)
{
	return calloc(1, sizeof(struct exporter_table));
}

static struct exporter *exporter_find(const struct decoder *dec, const struct ip *address)
{
	struct exporter *e = dec->exporters->exporters[bucket_of(dec, address, 0)];
	while (e && !ip_equal(&e->address, address))
		e = e->next;
	return e;
}

static struct exporter *exporter_get(struct decoder *dec, const struct ip *address)
{
	struct exporter **bucket = &dec->exporters->exporters[bucket_of(dec, address, 0)];
	struct exporter *e = exporter_find(dec, address);
	if (e)
		return e;
	e = calloc(1, sizeof(*e));
	if (!e || !memory_take(dec, e, sizeof(*e))) {
		free(e);
		return NULL;
	}
	e->address = *address;
	e->next = *bucket;
	*bucket = e;
	return e;
}

static void domain_head(struct domain *dom)
{
	char *p = jsonw_lit(dom->head, "\"flow\":{\"type\":\"");
	const char *type = protocol_name(dom->protocol);
	p = jsonw_raw(p, type, strlen(type));
	p = jsonw_lit(p, "\",\"exporter\":");
	const uint8_t *b = dom->exporter->address.b;
	p = ip_is_v4(&dom->exporter->address) ? jsonw_ipv4(p, b + 12) : jsonw_ipv6(p, b);
	dom->head_len = (uint16_t)(p - dom->head);
}

static struct domain *domain_new(struct decoder *dec, struct exporter *sender,
				 struct exporter *exporter, enum protocol protocol, uint32_t id)
{
	if (!memory_take(dec, exporter, sizeof(struct domain)))
		return NULL;
	struct domain *dom = calloc(1, sizeof(*dom));
	if (!dom) {
		memory_return(dec, exporter, sizeof(*dom));
		return NULL;
	}
	dom->exporter = exporter;
	dom->sender = sender;
	sender->charged++;
	dom->protocol = protocol;
	dom->id = id;
	dom->sibling = exporter->domains;
	exporter->domains = dom;
	domain_head(dom);
	dec->counters.exporters_now++;
	return dom;
}

static bool is(const struct domain *dom, const struct ip *address, enum protocol protocol,
	       uint32_t id)
{
	return dom->id == id && dom->protocol == protocol &&
	       ip_equal(&dom->exporter->address, address);
}

/* An exporter without domains, which made none elsewhere: made for one that was refused, or the last one went. */
static void exporter_prune(struct decoder *dec, struct exporter *exporter)
{
	if (exporter->domains || exporter->charged)
		return;
	struct exporter **at = &dec->exporters->exporters[bucket_of(dec, &exporter->address, 0)];
	while (*at != exporter)
		at = &(*at)->next;
	*at = exporter->next;
	fields_free(exporter->fields);
	memory_return(dec, exporter, sizeof(*exporter) + exporter->learnt * FIELDS_LEARN_BYTES);
	free(exporter);
}

static uint64_t rest_of(enum protocol protocol, uint32_t id)
{
	return ((uint64_t)protocol + 1) << 32 | id;
}

/* Free the domain and, with its last one, the exporter; it is out of its bucket already. */
static void domain_free(struct decoder *dec, struct domain *dom)
{
	struct exporter *exporter = dom->exporter, *sender = dom->sender;
	held_free(dec, dom);
	template_store_free(dec, dom);
	options_store_free(dec, dom);
	struct domain **at = &exporter->domains;
	while (*at != dom)
		at = &(*at)->sibling;
	*at = dom->sibling;
	if (dec->exporters->last == dom)
		dec->exporters->last = NULL;
	dec->counters.exporters_now--;
	memory_return(dec, exporter, sizeof(*dom));
	free(dom);
	sender->charged--;
	if (sender != exporter)
		exporter_prune(dec, sender);
	exporter_prune(dec, exporter);
}

/* Nothing learnt that would be missed. */
static bool idle(const struct domain *dom, uint64_t before_ms)
{
	return dom->last_seen_ms < before_ms && !dom->options &&
	       (!dom->templates || !dom->templates->len);
}

/* ---- ceilings ---- */

static void domain_drop(struct decoder *dec, struct domain *dom)
{
	uint64_t rest = rest_of(dom->protocol, dom->id);
	struct domain **at =
	    &dec->exporters->domains[bucket_of(dec, &dom->exporter->address, rest)];
	while (*at != dom)
		at = &(*at)->next;
	*at = dom->next;
	domain_free(dec, dom);
}

/* One sender has too many: that one of its own goes which was silent the longest, if nothing was learnt of it. */
static bool evict_of(struct decoder *dec, const struct exporter *sender)
{
	struct domain *oldest = NULL;
	for (struct domain *dom = sender->domains; dom; dom = dom->sibling)
		if (dom->sender == sender && idle(dom, UINT64_MAX) &&
		    (!oldest || dom->last_seen_ms < oldest->last_seen_ms))
			oldest = dom;
	if (oldest)
		domain_drop(dec, oldest);
	return oldest != NULL;
}

/* The table is full: the first that was silent for a while goes. */
static bool evict_any(struct decoder *dec, uint64_t now_ms)
{
	struct exporter_table *table = dec->exporters;
	for (int i = 0; i < EVICT_STEPS; i++) {
		table->hand = (table->hand + 1) % BUCKETS;
		for (struct domain *dom = table->domains[table->hand]; dom; dom = dom->next) {
			if (now_ms > EVICT_MS && idle(dom, now_ms - EVICT_MS)) {
				domain_drop(dec, dom);
				return true;
			}
		}
	}
	return false;
}

/* Is there room for one more domain? NULL: yes; else what stands against it. */
static const char *make_room(struct decoder *dec, const struct ip *sender)
{
	const struct decode_limits *limits = &dec->options.limits;
	const struct exporter *e = exporter_find(dec, sender);
	if (e && e->charged >= limits->domains_per_exporter && !evict_of(dec, e))
		return "too many domains of one exporter (decode.max_domains)";
	uint64_t now_ms = dec->ctx.dgram ? dec->ctx.dgram->received_ms : 0;
	if (dec->counters.exporters_now >= limits->exporters && !evict_any(dec, now_ms))
		return "no room for another exporter (decode.max_exporters)";
	return NULL;
}

static struct domain *make_domain(struct decoder *dec, const struct ip *sender,
				  const struct ip *address, enum protocol protocol, uint32_t id)
{
	const char *refusal = make_room(dec, sender);
	struct domain *dom = NULL;
	if (!refusal) {
		struct exporter *from = exporter_get(dec, sender);
		struct exporter *exporter = exporter_get(dec, address);
		if (from && exporter)
			dom = domain_new(dec, from, exporter, protocol, id);
		if (!dom && from)
			exporter_prune(dec, from);
		if (!dom && exporter && exporter != from)
			exporter_prune(dec, exporter);
		refusal = "no memory for another exporter (decode.memory)";
	}
	if (!dom)
		problem_at(dec, &dec->counters.exporters_refused, refusal,
			   dec->ctx.dgram ? dec->ctx.dgram->data : NULL, id);
	return dom;
}

struct domain *domain_get(struct decoder *dec, const struct ip *sender, const struct ip *address,
			  enum protocol protocol, uint32_t id)
{
	struct exporter_table *table = dec->exporters;
	if (table->last && is(table->last, address, protocol, id))
		return table->last;
	struct domain **bucket = &table->domains[bucket_of(dec, address, rest_of(protocol, id))];
	struct domain *dom = *bucket;
	while (dom && !is(dom, address, protocol, id))
		dom = dom->next;
	if (!dom) {
		dom = make_domain(dec, sender, address, protocol, id);
		if (!dom)
			return NULL;
		dom->next = *bucket;
		*bucket = dom;
	}
	table->last = dom;
	return dom;
}

/* ---- the end ---- */

static void free_where(struct decoder *dec, bool (*gone)(const struct domain *, uint64_t),
		       uint64_t before_ms)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct domain **at = &dec->exporters->domains[i]; *at;) {
			struct domain *dom = *at;
			if (!gone(dom, before_ms)) {
				at = &dom->next;
				continue;
			}
			*at = dom->next;
			domain_free(dec, dom);
		}
	}
}

static bool always(const struct domain *dom, uint64_t before_ms)
{
	(void)dom;
	(void)before_ms;
	return true;
}

static bool silent(const struct domain *dom, uint64_t before_ms)
{
	return dom->last_seen_ms < before_ms;
}

void exporter_expire(struct decoder *dec, uint64_t now_ms)
{
	uint64_t long_ms = dec->options.limits.template_ms;
	if (now_ms > IDLE_MS)
		free_where(dec, idle, now_ms - IDLE_MS);
	if (now_ms > long_ms)
		free_where(dec, silent, now_ms - long_ms);
}

void exporter_table_free(struct decoder *dec)
{
	if (!dec->exporters)
		return;
	free_where(dec, always, 0);
	free(dec->exporters);
	dec->exporters = NULL;
}

int exporter_each(const struct decoder *dec, int (*each)(struct domain *, void *), void *arg)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct domain *dom = dec->exporters->domains[i]; dom; dom = dom->next) {
			int result = each(dom, arg);
			if (result)
				return result;
		}
	}
	return 0;
}
