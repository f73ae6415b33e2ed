/* SPDX-License-Identifier: Apache-2.0
 * The tables of exporters and of their domains. */
#include "forwarder/decode/exporter/exporter.h"

#include <endian.h>
#include <stdlib.h>

#include "common/hash.h"
#include "forwarder/decode/core/memory.h"
#include "forwarder/decode/core/problem.h"
#include "forwarder/decode/core/protocol.h"
#include "forwarder/decode/exporter/due.h"
#include "forwarder/decode/exporter/held.h"
#include "forwarder/decode/exporter/learnt.h"
#include "forwarder/decode/exporter/meter.h"
#include "forwarder/decode/exporter/sums.h"
#include "forwarder/decode/exporter/ports.h"
#include "forwarder/decode/exporter/rank.h"
#include "forwarder/decode/exporter/session.h"
#include "forwarder/decode/exporter/stated.h"
#include "forwarder/decode/exporter/table.h"
#include "forwarder/decode/template/field.h"
#include "forwarder/decode/template/template.h"

#define IDLE_MS     3600000 /* a domain with nothing learnt is forgotten after so long */
#define EVICT_STEPS 64      /* domains of a sender, of which one makes room for another of his */

/* The latest[] of an exporter is by option kind. */
_Static_assert(LEARNT_LENT == sizeof(((struct exporter *)0)->latest) / sizeof(struct domain *),
	       "one place a kind");
_Static_assert(LEARNT_LENT == sizeof(((struct domain *)0)->teacher) / sizeof(struct session *),
	       "one place a kind");

static uint32_t hash_of(const struct decoder *dec, const struct ip *address, uint64_t rest)
{
	uint64_t high, low;
	memcpy(&high, address->b, 8);
	memcpy(&low, address->b + 8, 8);
	/* the order of lines about exporters is that of the buckets: the same on every machine */
	uint64_t h = hash_mix(hash_mix(dec->settings.hash_seed, rest), le64toh(high));
	return (uint32_t)hash_mix(h, le64toh(low));
}

bool exporter_table_make(struct decoder *dec)
{
	struct exporter_table *table = calloc(1, sizeof(*table));
	if (!table)
		return false;
	dec->exporters = table;
	dec->make_room = rank_make_room;
	for (unsigned i = 0; i < RANKS; i++)
		ring_init(&table->ranks[i]);
	for (unsigned i = 0; i < DUE_SLOTS; i++)
		ring_init(&table->slots[i]);
	bool made = hashed_init(&table->domains) && hashed_init(&table->sessions);
	return hashed_init(&table->exporters) && made;
}

static struct exporter *exporter_row(struct hashed *row)
{
	return row ? ring_row(row, struct exporter, hashed) : NULL;
}

static struct domain *domain_row(struct hashed *row)
{
	return row ? ring_row(row, struct domain, hashed) : NULL;
}

struct exporter *exporter_find(const struct decoder *dec, const struct ip *address, uint16_t port)
{
	uint32_t hash = hash_of(dec, address, port);
	struct exporter *e = exporter_row(hashed_find(&dec->exporters->exporters, hash));
	while (e && (e->port != port || !ip_equal(&e->address, address)))
		e = exporter_row(e->hashed.next);
	return e;
}

static struct exporter *exporter_get(struct decoder *dec, const struct ip *address, uint16_t port)
{
	struct exporter *e = exporter_find(dec, address, port);
	if (e)
		return e;
	struct exporter *root = port ? exporter_find(dec, address, 0) : NULL;
	e = port && !root ? NULL : calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->root = root ? root : e;
	if (!memory_take(dec, e, sizeof(*e))) {
		free(e);
		return NULL;
	}
	e->address = *address;
	e->port = port;
	e->hashed.hash = hash_of(dec, address, port);
	hashed_add(&dec->exporters->exporters, &e->hashed);
	if (root) {
		e->device = root->device;
		root->device = e;
		root->devices++;
		dec->counters.devices_now++;
	}
	return e;
}

static char *put_address(char *p, const struct ip *address)
{
	return ip_is_v4(address) ? jsonw_ipv4(p, address->b + 12) : jsonw_ipv6(p, address->b);
}

static void domain_head(struct domain *dom)
{
	const struct ip *exporter = &dom->exporter->address, *sender = &dom->sender->address;
	char *p = jsonw_lit(dom->head, "\"flow\":{\"type\":\"");
	const char *type = protocol_name(dom->protocol);
	p = jsonw_raw(p, type, strlen(type));
	p = put_address(jsonw_lit(p, "\",\"exporter\":"), exporter);
	if (!ip_equal(sender, exporter))
		p = put_address(jsonw_lit(p, ",\"relay\":"), sender);
	if (!ip_equal(&dom->agent, exporter))
		p = put_address(jsonw_lit(p, ",\"agent\":"), &dom->agent);
	if (dom->exporter->port)
		p = jsonw_lit(p, ",\"shared\":true");
	dom->head_len = (uint16_t)(p - dom->head);
}

static uint32_t domain_hash(const struct decoder *dec, const struct domain_key *key)
{
	uint64_t kind = 2 * (uint64_t)key->protocol + key->stream + 1;
	uint64_t rest = (kind | (uint64_t)key->port << 8) << 32 | key->id;
	return hash_of(dec, key->exporter, rest);
}

static struct domain *domain_new(struct decoder *dec, struct exporter *sender,
				 struct exporter *exporter, const struct domain_key *key)
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
	dom->agent = *key->agent;
	dom->protocol = key->protocol;
	dom->id = key->id;
	dom->stream = key->stream;
	dom->own.domain = dom;
	dom->hashed.hash = domain_hash(dec, key);
	dom->sibling = exporter->domains;
	dom->link = &exporter->domains;
	if (dom->sibling)
		dom->sibling->link = &dom->sibling;
	exporter->domains = dom;
	if (dec->ctx.dgram)
		dom->line_due_ms = dec->ctx.dgram->received_ms + dec->settings.exporter_line_ms;
	domain_head(dom);
	hashed_add(&dec->exporters->domains, &dom->hashed);
	rank_begin(dec, dom);
	due_begin(dec, dom);
	dec->counters.exporters_now++;
	return dom;
}

static bool is_domain(const struct domain *dom, const struct domain_key *key)
{
	return dom->id == key->id && dom->protocol == key->protocol && dom->stream == key->stream &&
	       dom->exporter->port == key->port &&
	       ip_equal(&dom->exporter->address, key->exporter) &&
	       ip_equal(&dom->sender->address, key->sender) && ip_equal(&dom->agent, key->agent);
}

/* An exporter without domains, which made none elsewhere: made for one that was refused, or the
 * last one went. */
static void exporter_prune(struct decoder *dec, struct exporter *exporter)
{
	if (exporter->domains || exporter->charged || exporter->devices)
		return;
	struct exporter *root = exporter->root;
	hashed_remove(&dec->exporters->exporters, &exporter->hashed);
	if (exporter != root) {
		struct exporter **at;
		for (at = &root->device; *at != exporter;)
			at = &(*at)->device;
		*at = exporter->device;
		root->devices--;
		dec->counters.devices_now--;
	}
	fields_free(exporter->fields);
	meter_free(dec, exporter);
	sums_free(dec, exporter);
	memory_return(dec, exporter, sizeof(*exporter) + exporter->elements * FIELDS_LEARN_BYTES);
	bool device = exporter != root;
	free(exporter);
	if (device)
		exporter_prune(dec, root);
}

/* With its last domain the exporter goes. */
void domain_drop(struct decoder *dec, struct domain *dom)
{
	struct exporter *exporter = dom->exporter, *sender = dom->sender;
	hashed_remove(&dec->exporters->domains, &dom->hashed);
	ring_leave(&dom->due);
	ring_leave(&dom->rank);
	while (dom->sessions) {
		struct session *s = dom->sessions;
		s->stream->forgotten |= s->templates && s->templates->len;
		session_drop(dec, s);
	}
	held_free(dec, &dom->own);
	ports_free(dec, dom);
	template_store_free(dec, &dom->own);
	learnt_free(dec, dom);
	stated_free(dec, dom);
	*dom->link = dom->sibling;
	if (dom->sibling)
		dom->sibling->link = dom->link;
	if (exporter->hand == dom)
		exporter->hand = dom->sibling;
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
	return dom->last_seen_ms < before_ms && !dom->learnt && !dom->templates;
}

/* ---- ceilings ---- */

/* One sender has too many: that one of its own goes which was silent the longest, if nothing was
 * learnt of it. Of more than EVICT_STEPS the next ones are looked at the next time. */
static bool evict_of(struct decoder *dec, struct exporter *sender)
{
	struct domain *oldest = NULL, *dom = sender->hand ? sender->hand : sender->domains;
	for (int i = 0; i < EVICT_STEPS && dom; i++, dom = dom->sibling) {
		dec->work.steps++;
		if (dom->sender == sender && idle(dom, UINT64_MAX) && dom != dec->ctx.domain &&
		    (!oldest || dom->last_seen_ms < oldest->last_seen_ms))
			oldest = dom;
	}
	sender->hand = dom;
	if (oldest)
		domain_drop(dec, oldest);
	return oldest != NULL;
}

/* Is there room for one more domain? NULL: yes; else what stands against it. */
static const char *domain_make_room(struct decoder *dec, const struct ip *sender)
{
	const struct decode_limits *limits = &dec->settings.limits;
	struct exporter *e = exporter_find(dec, sender, 0);
	if (e && e->charged >= limits->domains_per_exporter && !evict_of(dec, e))
		return "too many domains of one exporter (decode.max_domains)";
	uint64_t now_ms = dec->ctx.dgram ? dec->ctx.dgram->received_ms : 0;
	if (dec->counters.exporters_now >= limits->exporters && !rank_evict(dec, now_ms))
		return "no room for another exporter (decode.max_exporters)";
	return NULL;
}

static struct domain *make_domain(struct decoder *dec, const struct domain_key *key)
{
	struct domain *dom = NULL;
	dec->exporters->sender = key->sender;
	dec->exporters->exporter = key->exporter;
	const char *refusal = domain_make_room(dec, key->sender);
	if (!refusal) {
		struct exporter *from = exporter_get(dec, key->sender, 0);
		struct exporter *exporter = exporter_get(dec, key->exporter, key->port);
		if (from && exporter)
			dom = domain_new(dec, from, exporter, key);
		if (!dom && from)
			exporter_prune(dec, from);
		if (!dom && exporter && exporter != from)
			exporter_prune(dec, exporter);
		refusal = "no memory for another exporter (decode.memory)";
	}
	dec->exporters->sender = dec->exporters->exporter = NULL;
	if (!dom)
		problem_at(dec, &dec->counters.exporters_refused, refusal,
			   dec->ctx.dgram ? dec->ctx.dgram->data : NULL, key->id);
	return dom;
}

struct domain_key domain_key(const struct domain *dom)
{
	return (struct domain_key){
		&dom->sender->address, &dom->exporter->address, &dom->agent, dom->protocol, dom->id,
		dom->stream,           dom->exporter->port
	};
}

struct domain *domain_find(const struct decoder *dec, const struct domain_key *key)
{
	uint32_t hash = domain_hash(dec, key);
	struct domain *dom = domain_row(hashed_find(&dec->exporters->domains, hash));
	while (dom && !is_domain(dom, key))
		dom = domain_row(dom->hashed.next);
	return dom;
}

struct domain *domain_base(const struct decoder *dec, const struct domain *dom)
{
	struct domain_key key = domain_key(dom);
	if (!key.port)
		return NULL;
	key.port = 0;
	return domain_find(dec, &key);
}

struct domain *domain_get(struct decoder *dec, const struct domain_key *key)
{
	struct exporter_table *table = dec->exporters;
	if (table->last && is_domain(table->last, key))
		return table->last;
	struct domain *dom = domain_find(dec, key);
	if (!dom) {
		dom = make_domain(dec, key);
		if (!dom)
			return NULL;
	}
	table->last = dom;
	return dom;
}

/* ---- the end ---- */

void exporter_drop(struct decoder *dec, struct exporter *exporter)
{
	struct domain *next;
	for (struct domain *dom = exporter->domains; dom; dom = next) {
		next = dom->sibling;
		domain_drop(dec, dom); /* with its last domain he goes, too */
	}
}

/* The ports of devices change when NAT forgets them. Over TCP templates do not come again to a
 * connection that is silent; and who has none any more is silent all the same. */
bool domain_is_over(const struct decoder *dec, const struct domain *dom, uint64_t now_ms)
{
	uint64_t long_ms = dec->settings.limits.template_ms;
	bool disconnected = dom->stream && dom->now.records;
	if (now_ms > IDLE_MS && ((!disconnected && idle(dom, now_ms - IDLE_MS)) ||
				 (dom->exporter->port && dom->last_seen_ms < now_ms - IDLE_MS)))
		return true;
	return now_ms > long_ms && !(dom->stream && dom->templates) &&
	       dom->last_seen_ms < now_ms - long_ms;
}

void exporter_table_free(struct decoder *dec)
{
	struct exporter_table *table = dec->exporters;
	if (!table)
		return;
	for (unsigned i = 0; i < RANKS; i++)
		for (struct ring *next, *row = table->ranks[i].after; row != &table->ranks[i];
		     row = next) {
			next = row->after;
			domain_drop(dec, ring_row(row, struct domain, rank));
		}
	hashed_release(&table->domains);
	hashed_release(&table->exporters);
	hashed_release(&table->sessions);
	free(table);
	dec->exporters = NULL;
}

int exporter_each_of(const struct decoder *dec, uint32_t part, uint32_t parts,
		     int (*each)(struct domain *, void *), void *arg)
{
	const struct hashed_table *table = &dec->exporters->domains;
	uint32_t end = (uint32_t)((uint64_t)table->buckets * (part + 1) / parts);
	for (uint32_t i = (uint32_t)((uint64_t)table->buckets * part / parts); i < end; i++) {
		struct hashed *row = *hashed_first(table, i);
		for (; row; row = row->next) {
			int result = each(domain_row(row), arg);
			if (result)
				return result;
		}
	}
	return 0;
}

int exporter_each(const struct decoder *dec, int (*each)(struct domain *, void *), void *arg)
{
	return exporter_each_of(dec, 0, 1, each, arg);
}
