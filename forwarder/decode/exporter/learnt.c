/* SPDX-License-Identifier: Apache-2.0
 * The table of learnt names and rates of a domain. */
#include "forwarder/decode/exporter/learnt.h"

#include <stdlib.h>

#include "common/hash.h"
#include "forwarder/decode/core/memory.h"
#include "forwarder/decode/exporter/ports.h"

static const char *const part_keys[LEARNT_KINDS][LEARNT_PARTS] = {
	[LEARNT_INTERFACE] = { "name", "description" },
	[LEARNT_APPLICATION] = { "name", "description", "category", "subcategory", "group", "p2p",
				 "tunnel", "encrypted" },
	[LEARNT_VRF] = { "name" },
	[LEARNT_SAMPLER] = { "name" },
};

static inline uint32_t slot_of(const struct learnt_store *store, enum learnt_kind kind, uint64_t id)
{
	return (uint32_t)hash_mix(store->seed + kind, id) & (store->room - 1);
}

const struct learnt_entry *learnt_find(const struct learnt_store *store, enum learnt_kind kind,
				       uint64_t id)
{
	if (!store || !store->len)
		return NULL;
	for (uint32_t i = slot_of(store, kind, id); store->slots[i];
	     i = (i + 1) & (store->room - 1))
		if (store->slots[i]->id == id && store->slots[i]->kind == kind)
			return store->slots[i];
	return NULL;
}

static struct learnt_entry **name_slot(struct learnt_store *store, enum learnt_kind kind,
				       uint64_t id)
{
	uint32_t i = slot_of(store, kind, id);
	while (store->slots[i] && (store->slots[i]->id != id || store->slots[i]->kind != kind))
		i = (i + 1) & (store->room - 1);
	return &store->slots[i];
}

static struct learnt_store *learnt_store_of(struct decoder *dec, struct domain *dom)
{
	if (!dom->learnt && memory_take(dec, dom->exporter, sizeof(*dom->learnt))) {
		dom->learnt = calloc(1, sizeof(*dom->learnt));
		if (!dom->learnt)
			memory_return(dec, dom->exporter, sizeof(*dom->learnt));
		else
			*dom->learnt = (struct learnt_store){ .oldest_ms = UINT64_MAX,
							      .seed = dec->settings.hash_seed };
	}
	if (dom->learnt && dom->learnt->port != dec->ctx.port) {
		dom->learnt->mixed |= dom->learnt->port != 0;
		dom->learnt->port = dec->ctx.port;
	}
	return dom->learnt;
}

/* Keep the table at most half full. */
static bool grow_names(struct decoder *dec, const struct domain *dom, struct learnt_store *store)
{
	if (2 * (store->len + 1) <= store->room)
		return true;
	struct learnt_store bigger = *store;
	bigger.room = store->room ? 2 * store->room : 16;
	size_t more = (bigger.room - store->room) * sizeof(*store->slots);
	if (!memory_take(dec, dom->exporter, more))
		return false;
	bigger.slots = calloc(bigger.room, sizeof(*bigger.slots));
	if (!bigger.slots) {
		memory_return(dec, dom->exporter, more);
		return false;
	}
	for (uint32_t i = 0; i < store->room; i++)
		if (store->slots[i])
			*name_slot(&bigger, (enum learnt_kind)store->slots[i]->kind,
				   store->slots[i]->id) = store->slots[i];
	free(store->slots);
	*store = bigger;
	return true;
}

static size_t sources_len(const struct learnt_entry *e)
{
	size_t len = 0;
	for (unsigned i = 0; i < LEARNT_PARTS; i++)
		len += e->source_len[i];
	return len;
}

/* The text with its padding. */
static size_t text_room(const struct learnt_entry *e)
{
	return JSONW_PADDED((size_t)e->text_len) + JSONW_GUARD;
}

static size_t entry_size(const struct learnt_entry *e)
{
	return sizeof(*e) + text_room(e) + sources_len(e);
}

struct bytes learnt_source(const struct learnt_entry *e, unsigned part)
{
	const uint8_t *p = (const uint8_t *)e->text + text_room(e);
	for (unsigned i = 0; i < part; i++)
		p += e->source_len[i];
	return (struct bytes){ p, e->source_len[part] };
}

static void count_kinds(struct learnt_store *store, const struct learnt_entry *e, uint32_t by)
{
	if (e->text_len)
		store->kinds[e->kind] += by;
	if (e->rate && e->kind == LEARNT_SAMPLER) {
		store->samplers += by;
		if (by == 1)
			store->sampler_rate = e->rate;
		else if (store->sampler_rate == e->rate)
			store->sampler_rate = 0;
	}
	if (e->rate && e->kind == LEARNT_INTERFACE)
		store->interface_rates += by;
}

/* `dom` sent something of `kind`. A domain that has flows of its own does not push one aside that
 * is there for meta records. */
static void note_sender(struct domain *dom, enum learnt_kind kind)
{
	const struct domain **latest = &dom->exporter->latest[kind];
	if (!*latest || (*latest)->now.records || dom->now.records == 0)
		*latest = dom;
}

/* Put `e` (of which *slot holds an older one, or NULL) in its place; frees `e` when it is
 * refused. */
static bool place_entry(struct decoder *dec, struct domain *dom, struct learnt_entry **slot,
			struct learnt_entry *e)
{
	struct learnt_store *store = dom->learnt;
	struct learnt_entry *old = *slot;
	bool full = !old && dom->exporter->root->names >= dec->settings.limits.options_per_exporter;
	if (full || !memory_take(dec, dom->exporter, entry_size(e))) {
		free(e);
		return false;
	}
	if (old) {
		count_kinds(store, old, (uint32_t)-1);
		memory_return(dec, dom->exporter, entry_size(old));
		free(old);
	} else {
		store->len++;
		dom->exporter->root->names++;
		dec->counters.options_now++;
	}
	*slot = e;
	count_kinds(store, e, 1);
	if (e->text_len > store->max_text)
		store->max_text = e->text_len;
	note_sender(dom, (enum learnt_kind)e->kind);
	return true;
}

/* A name as it is kept: cut at the start of a character, NULs at the end removed. */
static struct bytes trim_name(struct bytes name)
{
	size_t n = name.len < LEARNT_SOURCE_MAX ? name.len : LEARNT_SOURCE_MAX;
	while (n && n < name.len && (name.p[n] & 0xc0) == 0x80)
		n--;
	while (n && name.p[n - 1] == 0)
		n--;
	return (struct bytes){ name.p, n };
}

/* Control characters are no part of a name, and six times as long in JSON: a blank stands for one,
 * as do those beyond ASCII (C1), which are two bytes. */
static struct bytes printable(struct bytes source, uint8_t room[LEARNT_SOURCE_MAX])
{
	for (size_t i = 0; i < source.len; i++) {
		uint8_t c = source.p[i];
		bool c1 = i && source.p[i - 1] == 0xc2 && c >= 0x80 && c < 0xa0;
		room[i] = c < ' ' || c == 0x7f || c1 ? ' ' : c;
		if (c1)
			room[i - 1] = ' ';
	}
	return (struct bytes){ room, source.len };
}

/* The text of all names, as one object; its length. */
static size_t render_names(char *out, enum learnt_kind kind,
			   const struct bytes source[LEARNT_PARTS])
{
	char *p = out;
	for (unsigned i = 0; i < LEARNT_PARTS; i++) {
		if (!source[i].len)
			continue;
		p = jsonw_lit(p, ",\"");
		p = jsonw_raw(p, part_keys[kind][i], strlen(part_keys[kind][i]));
		p = jsonw_lit(p, "\":");
		uint8_t room[LEARNT_SOURCE_MAX];
		struct bytes name = printable(source[i], room);
		p = jsonw_string(p, name.p, name.len);
	}
	if (p == out)
		return 0;
	out[0] = '{';
	*p++ = '}';
	return (size_t)(p - out);
}

static struct learnt_entry *entry_new(enum learnt_kind kind, uint64_t id, uint32_t rate,
				      const struct bytes source[LEARNT_PARTS])
{
	char text[LEARNT_PARTS * (JSONW_STRING_MAX(LEARNT_SOURCE_MAX) + 32) + JSONW_SLACK];
	struct learnt_entry e = { .id = id, .kind = (uint8_t)kind, .rate = rate };
	e.text_len = (uint16_t)render_names(text, kind, source);
	for (unsigned i = 0; i < LEARNT_PARTS; i++)
		e.source_len[i] = (uint8_t)source[i].len;
	struct learnt_entry *ret = calloc(1, entry_size(&e));
	if (!ret)
		return NULL;
	*ret = e;
	memcpy(ret->text, text, e.text_len);
	jsonw_guard(ret->text, e.text_len, text_room(&e));
	char *p = ret->text + text_room(&e);
	for (unsigned i = 0; i < LEARNT_PARTS; i++)
		if (source[i].len)
			p = mempcpy(p, source[i].p, source[i].len);
	return ret;
}

/* Replace the entry in `slot` by one with this rate and these names. */
static bool replace_entry(struct decoder *dec, struct domain *dom, struct learnt_entry **slot,
			  struct learnt_entry *e)
{
	if (!e || !place_entry(dec, dom, slot, e)) {
		dec->counters.options_refused++;
		return false;
	}
	e->seen_ms = dec->ctx.received_ms;
	if (e->seen_ms < dom->learnt->oldest_ms)
		dom->learnt->oldest_ms = e->seen_ms;
	return true;
}

/* The slot of an entry, its age renewed when there is one; NULL: refused. */
static struct learnt_entry **slot_get(struct decoder *dec, struct domain *dom,
				      enum learnt_kind kind, uint64_t id)
{
	struct learnt_store *store = learnt_store_of(dec, dom);
	if (!store || !grow_names(dec, dom, store)) {
		dec->counters.options_refused++;
		return NULL;
	}
	struct learnt_entry **slot = name_slot(store, kind, id);
	if (*slot) {
		if (dec->ctx.received_ms > (*slot)->seen_ms)
			(*slot)->seen_ms = dec->ctx.received_ms;
		note_sender(dom, kind);
	}
	return slot;
}

static void sources_of(const struct learnt_entry *e, struct bytes ret[LEARNT_PARTS])
{
	for (unsigned i = 0; i < LEARNT_PARTS; i++)
		ret[i] = e ? learnt_source(e, i) : (struct bytes){ NULL, 0 };
}

bool learnt_set_name(struct decoder *dec, struct domain *dom, enum learnt_kind kind, uint64_t id,
		     unsigned part, struct bytes name)
{
	if (part >= LEARNT_PARTS || !part_keys[kind][part])
		return false;
	name = trim_name(name);
	if (name.len == 0) /* it says nothing about one that is known */
		return true;
	struct learnt_entry **slot = slot_get(dec, dom, kind, id);
	if (!slot)
		return false;
	struct bytes source[LEARNT_PARTS];
	sources_of(*slot, source);
	if (source[part].len == name.len && memcmp(source[part].p, name.p, name.len) == 0)
		return true;
	source[part] = name;
	return replace_entry(dec, dom, slot,
			     entry_new(kind, id, *slot ? (*slot)->rate : 0, source));
}

bool learnt_set_rate(struct decoder *dec, struct domain *dom, enum learnt_kind kind, uint64_t id,
		     uint32_t rate)
{
	if (!rate && !learnt_find(dom->learnt, kind, id))
		return true;
	struct learnt_entry **slot = slot_get(dec, dom, kind, id);
	if (!slot)
		return false;
	if (*slot && (*slot)->rate == rate) {
		if (kind == LEARNT_SAMPLER)
			dom->learnt->sampler_rate = rate;
		return true;
	}
	struct bytes source[LEARNT_PARTS];
	sources_of(*slot, source);
	return replace_entry(dec, dom, slot, entry_new(kind, id, rate, source));
}

uint32_t learnt_only_sampler(const struct learnt_store *store)
{
	return store->samplers == 1 && !store->sampler_scoped ? store->sampler_rate : 0;
}

void learnt_set_exporter_rate(struct decoder *dec, struct domain *dom, uint32_t rate)
{
	struct learnt_store *store = rate ? learnt_store_of(dec, dom) : dom->learnt;
	if (!store)
		return;
	store->rate = rate;
	store->rate_seen_ms = dec->ctx.received_ms;
	if (rate)
		note_sender(dom, LEARNT_RATE);
}

void learnt_set_init(struct decoder *dec, struct domain *dom, uint64_t init_ms)
{
	struct learnt_store *store = learnt_store_of(dec, dom);
	if (!store || !init_ms)
		return;
	store->init_ms = init_ms;
	note_sender(dom, LEARNT_INIT);
}

/* ---- lending ---- */

/* Who taught it sends no flows. */
static bool teaches_only(const struct domain *dom)
{
	if (dom->exporter->devices)
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

bool learnt_lends_rates(const struct domain *dom, enum learnt_kind kind)
{
	return lends_rates(dom, lending_domain(dom, kind));
}

const struct learnt_store *learnt_lender(const struct domain *dom, enum learnt_kind kind)
{
	const struct domain *lender = lending_domain(dom, kind);
	bool of_rates = kind == LEARNT_RATE || kind == LEARNT_SAMPLER;
	return lender && (!of_rates || lends_rates(dom, lender)) ? lender->learnt : NULL;
}

uint32_t learnt_rate(const struct domain *dom, bool *ret_header)
{
	*ret_header = false;
	if (dom->learnt && dom->learnt->rate)
		return dom->learnt->rate;
	*ret_header = dom->header_rate != 0;
	if (dom->header_rate)
		return dom->header_rate;
	const struct learnt_store *lender = learnt_lender(dom, LEARNT_RATE);
	return lender ? lender->rate : 0;
}

bool learnt_uptime(const struct decoder *dec, const struct domain *dom, uint32_t *ret_uptime_ms)
{
	const struct learnt_store *from = dom->learnt;
	if (!from || !from->init_ms)
		from = learnt_lender(dom, LEARNT_INIT);
	if (!from || !from->init_ms || from->init_ms > dec->ctx.exported_ms)
		return false;
	*ret_uptime_ms = (uint32_t)(dec->ctx.exported_ms - from->init_ms);
	return true;
}

/* ---- the end ---- */

static void forget_name(struct decoder *dec, struct domain *dom, struct learnt_entry *e)
{
	count_kinds(dom->learnt, e, (uint32_t)-1);
	memory_return(dec, dom->exporter, entry_size(e));
	free(e);
	dom->learnt->len--;
	dom->exporter->root->names--;
	dec->counters.options_now--;
}

void learnt_expire(struct decoder *dec, struct domain *dom, uint64_t before_ms)
{
	struct learnt_store *store = dom->learnt;
	if (!store)
		return;
	if (store->rate_seen_ms < before_ms)
		store->rate = 0;
	if (store->oldest_ms >= before_ms || !store->room)
		return;
	/* What stays is put into a new table: a gap in the old one would hide what is behind it. */
	struct learnt_entry **old = store->slots;
	struct learnt_entry **slots = calloc(store->room, sizeof(*slots));
	if (!slots)
		return;
	store->slots = slots;
	store->oldest_ms = UINT64_MAX;
	for (uint32_t i = 0; i < store->room; i++) {
		if (old[i] && old[i]->seen_ms < before_ms) {
			forget_name(dec, dom, old[i]);
		} else if (old[i]) {
			*name_slot(store, (enum learnt_kind)old[i]->kind, old[i]->id) = old[i];
			if (old[i]->seen_ms < store->oldest_ms)
				store->oldest_ms = old[i]->seen_ms;
		}
	}
	free(old);
}

void learnt_inherit(struct decoder *dec, struct domain *from, struct domain *to, uint16_t port)
{
	struct learnt_store *store = from->learnt;
	if (!store || to->learnt)
		return;
	if (store->mixed) {
		learnt_free(dec, from);
		return;
	}
	if (store->port != port)
		return;
	to->learnt = store;
	from->learnt = NULL;
	for (int kind = 0; kind < LEARNT_LENT; kind++) {
		if (from->exporter->latest[kind] != from)
			continue;
		from->exporter->latest[kind] = NULL;
		to->exporter->latest[kind] = to;
	}
}

void learnt_free(struct decoder *dec, struct domain *dom)
{
	struct learnt_store *store = dom->learnt;
	if (!store)
		return;
	for (uint32_t i = 0; i < store->room; i++)
		if (store->slots[i])
			forget_name(dec, dom, store->slots[i]);
	for (int kind = 0; kind < LEARNT_LENT; kind++)
		if (dom->exporter->latest[kind] == dom)
			dom->exporter->latest[kind] = NULL;
	memory_return(dec, dom->exporter, sizeof(*store) + store->room * sizeof(*store->slots));
	free(store->slots);
	free(store);
	dom->learnt = NULL;
}
