/* SPDX-License-Identifier: Apache-2.0
 * The tables of exporters and of their domains. */
#include "forwarder/decode/exporter/exporter.h"

#include <endian.h>
#include <stdlib.h>

#include "common/hash.h"
#include "forwarder/decode/core/memory.h"
#include "forwarder/decode/core/problem.h"
#include "forwarder/decode/core/protocol.h"
#include "forwarder/decode/exporter/held.h"
#include "forwarder/decode/exporter/learnt.h"
#include "forwarder/decode/exporter/meter.h"
#include "forwarder/decode/exporter/sums.h"
#include "forwarder/decode/exporter/ports.h"
#include "forwarder/decode/template/field.h"
#include "forwarder/decode/template/template.h"

#define BUCKETS 4096
#define IDLE_MS 3600000 /* a domain with nothing learnt is forgotten after so long */

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
_Static_assert(LEARNT_LENT == sizeof(((struct exporter *)0)->latest) / sizeof(struct domain *),
	       "one place a kind");

static uint32_t bucket_of(const struct decoder *dec, const struct ip *address, uint64_t rest)
{
	uint64_t high, low;
	memcpy(&high, address->b, 8);
	memcpy(&low, address->b + 8, 8);
	/* the order of lines about exporters is that of the buckets: the same on every machine */
	uint64_t h = hash_mix(hash_mix(dec->settings.hash_seed, rest), le64toh(high));
	return (uint32_t)hash_mix(h, le64toh(low)) % BUCKETS;
}

struct exporter_table *exporter_table_new(void)
{
	return calloc(1, sizeof(struct exporter_table));
}

struct exporter *exporter_find(const struct decoder *dec, const struct ip *address, uint16_t port)
{
	struct exporter *e = dec->exporters->exporters[bucket_of(dec, address, port)];
	while (e && (e->port != port || !ip_equal(&e->address, address)))
		e = e->next;
	return e;
}

static struct exporter *exporter_get(struct decoder *dec, const struct ip *address, uint16_t port)
{
	struct exporter **bucket = &dec->exporters->exporters[bucket_of(dec, address, port)];
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
	e->next = *bucket;
	*bucket = e;
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
	dom->sibling = exporter->domains;
	exporter->domains = dom;
	domain_head(dom);
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
	struct exporter **at =
	    &dec->exporters->exporters[bucket_of(dec, &exporter->address, exporter->port)];
	while (*at != exporter)
		at = &(*at)->next;
	*at = exporter->next;
	if (exporter != root) {
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

static struct domain **domain_bucket(const struct decoder *dec, const struct domain_key *key)
{
	uint64_t kind = 2 * (uint64_t)key->protocol + key->stream + 1;
	uint64_t rest = (kind | (uint64_t)key->port << 8) << 32 | key->id;
	uint32_t at = bucket_of(dec, key->exporter, rest);
	return &dec->exporters->domains[at];
}

/* Free the domain and, with its last one, the exporter; it is out of its bucket already. */
static void domain_free(struct decoder *dec, struct domain *dom)
{
	struct exporter *exporter = dom->exporter, *sender = dom->sender;
	held_free(dec, dom);
	ports_free(dec, dom);
	template_store_free(dec, dom);
	learnt_free(dec, dom);
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
	return dom->last_seen_ms < before_ms && !dom->learnt &&
	       (!dom->templates || !dom->templates->len);
}

/* ---- ceilings ---- */

static void domain_drop(struct decoder *dec, struct domain *dom)
{
	const struct domain_key key = domain_key(dom);
	struct domain **at = domain_bucket(dec, &key);
	while (*at != dom)
		at = &(*at)->next;
	*at = dom->next;
	domain_free(dec, dom);
}

/* One sender has too many: that one of its own goes which was silent the longest, if nothing was
 * learnt of it. */
static bool evict_of(struct decoder *dec, const struct exporter *sender)
{
	struct domain *oldest = NULL;
	for (struct domain *dom = sender->domains; dom; dom = dom->sibling)
		if (dom->sender == sender && idle(dom, UINT64_MAX) && dom != dec->ctx.domain &&
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
static const char *domain_make_room(struct decoder *dec, const struct ip *sender)
{
	const struct decode_limits *limits = &dec->settings.limits;
	const struct exporter *e = exporter_find(dec, sender, 0);
	if (e && e->charged >= limits->domains_per_exporter && !evict_of(dec, e))
		return "too many domains of one exporter (decode.max_domains)";
	uint64_t now_ms = dec->ctx.dgram ? dec->ctx.dgram->received_ms : 0;
	if (dec->counters.exporters_now >= limits->exporters && !evict_any(dec, now_ms))
		return "no room for another exporter (decode.max_exporters)";
	return NULL;
}

static struct domain *make_domain(struct decoder *dec, const struct domain_key *key)
{
	const char *refusal = domain_make_room(dec, key->sender);
	struct domain *dom = NULL;
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
	struct domain *dom = *domain_bucket(dec, key);
	while (dom && !is_domain(dom, key))
		dom = dom->next;
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
		struct domain **bucket = domain_bucket(dec, key);
		dom->next = *bucket;
		*bucket = dom;
	}
	table->last = dom;
	return dom;
}

/* ---- the end ---- */

void exporter_drop(struct decoder *dec, struct exporter *exporter)
{
	bool last = false;
	while (!last) { /* with its last domain he goes, too */
		last = !exporter->domains->sibling;
		domain_drop(dec, exporter->domains);
	}
}

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

/* The ports of devices change when NAT forgets them. */
static bool silent_device(const struct domain *dom, uint64_t before_ms)
{
	return dom->exporter->port && dom->last_seen_ms < before_ms;
}

static bool silent(const struct domain *dom, uint64_t before_ms)
{
	return dom->last_seen_ms < before_ms;
}

void exporter_expire(struct decoder *dec, uint64_t now_ms)
{
	uint64_t long_ms = dec->settings.limits.template_ms;
	if (now_ms > IDLE_MS)
		free_where(dec, idle, now_ms - IDLE_MS);
	if (now_ms > IDLE_MS && dec->counters.devices_now)
		free_where(dec, silent_device, now_ms - IDLE_MS);
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
