/* SPDX-License-Identifier: Apache-2.0
 * The table of learnt names and rates of a domain. */
#include "forwarder/decode/exporter/learnt.h"

#include <stdlib.h>

#include "common/hash.h"
#include "forwarder/decode/core/memory.h"
#include "forwarder/decode/exporter/learnt_text.h"

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

/* For which interfaces a sampler is is told by who tells of the sampler. */
static enum learnt_kind taught_as(enum learnt_kind kind)
{
	return kind == LEARNT_SAMPLED ? LEARNT_SAMPLER : kind;
}

/* Where the session at hand teaches something of `kind`. */
static struct learnt_store **place_of_kind(const struct decoder *dec, struct domain *dom,
					   enum learnt_kind kind)
{
	struct session *session = dec->ctx.session;
	kind = taught_as(kind);
	if (!dom->stream)
		return &dom->learnt;
	if (!(session->taught >> kind & 1)) {
		if (!dom->teacher[kind])
			dom->teacher[kind] = session;
		if (dom->teacher[kind] == session)
			return &dom->learnt;
		session->taught |= (uint8_t)(1u << kind);
	}
	return &session->learnt;
}

static struct learnt_store *store_make(struct decoder *dec, const struct domain *dom,
				       struct learnt_store **place)
{
	struct learnt_store *store = *place;
	if (!store && memory_take(dec, dom->exporter, sizeof(*store))) {
		store = *place = calloc(1, sizeof(*store));
		if (!store)
			memory_return(dec, dom->exporter, sizeof(*store));
		else
			*store = (struct learnt_store){ .oldest_ms = UINT64_MAX,
							.seed = dec->settings.hash_seed };
	}
	return store;
}

static struct learnt_store *store_of_kind(struct decoder *dec, struct domain *dom,
					  enum learnt_kind kind)
{
	struct learnt_store *store = store_make(dec, dom, place_of_kind(dec, dom, kind));
	if (store && store->port != dec->ctx.port) {
		store->mixed |= store->port != 0;
		store->port = dec->ctx.port;
	}
	return store;
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
	if (e->rate && e->kind == LEARNT_SAMPLED)
		store->sampled += by;
}

static void forget_name(struct decoder *dec, struct domain *dom, struct learnt_store *store,
			struct learnt_entry *e)
{
	count_kinds(store, e, (uint32_t)-1);
	memory_return(dec, dom->exporter, entry_size(e));
	free(e);
	store->len--;
	dom->exporter->root->names--;
	dec->counters.options_now--;
}

/* `e` has its slot in `store`. */
static void entry_counted(struct learnt_store *store, const struct learnt_entry *e)
{
	store->len++;
	count_kinds(store, e, 1);
	if (e->text_len > store->max_text)
		store->max_text = e->text_len;
	if (e->seen_ms < store->oldest_ms)
		store->oldest_ms = e->seen_ms;
}

/* `dom` sent something of `kind`. A domain that has flows of its own does not push one aside that
 * is there for meta records. What is kept for one connection alone is not for other domains. */
static void note_sender(struct domain *dom, const struct learnt_store *store, enum learnt_kind kind)
{
	if (store != dom->learnt)
		return;
	const struct domain **latest = &dom->exporter->latest[kind];
	if (!*latest || (*latest)->now.records || dom->now.records == 0)
		*latest = dom;
}

/* Put `e` (of which *slot holds an older one, or NULL) in its place; frees `e` when it is
 * refused. */
static bool place_entry(struct decoder *dec, struct domain *dom, struct learnt_store *store,
			struct learnt_entry **slot, struct learnt_entry *e)
{
	struct learnt_entry *old = *slot;
	bool full = !old && dom->exporter->root->names >= dec->settings.limits.options_per_exporter;
	if (full || !memory_take(dec, dom->exporter, entry_size(e))) {
		free(e);
		return false;
	}
	if (old)
		forget_name(dec, dom, store, old);
	dom->exporter->root->names++;
	dec->counters.options_now++;
	*slot = e;
	entry_counted(store, e);
	note_sender(dom, store, (enum learnt_kind)e->kind);
	return true;
}

static struct learnt_entry *entry_new(enum learnt_kind kind, uint64_t id, uint32_t rate,
				      const struct bytes source[LEARNT_PARTS])
{
	char text[LEARNT_TEXT_MAX];
	struct learnt_entry e = { .id = id, .kind = (uint8_t)kind, .rate = rate };
	e.text_len = (uint16_t)learnt_text(text, kind, source);
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
static bool replace_entry(struct decoder *dec, struct domain *dom, struct learnt_store *store,
			  struct learnt_entry **slot, struct learnt_entry *e)
{
	if (e)
		e->seen_ms = dec->ctx.received_ms;
	if (e && place_entry(dec, dom, store, slot, e))
		return true;
	dec->counters.options_refused++;
	return false;
}

/* The slot of an entry, its age renewed when there is one; NULL: refused. */
static struct learnt_entry **slot_get(struct decoder *dec, struct domain *dom,
				      enum learnt_kind kind, uint64_t id,
				      struct learnt_store **ret_store)
{
	struct learnt_store *store = *ret_store = store_of_kind(dec, dom, kind);
	if (!store || !grow_names(dec, dom, store)) {
		dec->counters.options_refused++;
		return NULL;
	}
	struct learnt_entry **slot = name_slot(store, kind, id);
	if (*slot) {
		if (dec->ctx.received_ms > (*slot)->seen_ms)
			(*slot)->seen_ms = dec->ctx.received_ms;
		note_sender(dom, store, kind);
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
	if (!learnt_has_part(kind, part))
		return false;
	name = learnt_trim(name);
	if (name.len == 0) /* it says nothing about one that is known */
		return true;
	struct learnt_store *store;
	struct learnt_entry **slot = slot_get(dec, dom, kind, id, &store);
	if (!slot)
		return false;
	struct bytes source[LEARNT_PARTS];
	sources_of(*slot, source);
	if (source[part].len == name.len && memcmp(source[part].p, name.p, name.len) == 0)
		return true;
	source[part] = name;
	return replace_entry(dec, dom, store, slot,
			     entry_new(kind, id, *slot ? (*slot)->rate : 0, source));
}

/* Who says that he does not sample has said so, though there is nothing to keep: another
 * connection's rate is not his (known.h). */
static void said_none(struct decoder *dec, const struct domain *dom, struct learnt_store **place)
{
	if (place != &dom->learnt)
		store_make(dec, dom, place);
}

bool learnt_set_rate(struct decoder *dec, struct domain *dom, enum learnt_kind kind, uint64_t id,
		     uint32_t rate)
{
	struct learnt_store **place = place_of_kind(dec, dom, kind);
	if (!rate && !learnt_find(*place, kind, id)) {
		said_none(dec, dom, place);
		return true;
	}
	struct learnt_store *store;
	struct learnt_entry **slot = slot_get(dec, dom, kind, id, &store);
	if (!slot)
		return false;
	if (*slot && (*slot)->rate == rate) {
		if (kind == LEARNT_SAMPLER)
			store->sampler_rate = rate;
		return true;
	}
	struct bytes source[LEARNT_PARTS];
	sources_of(*slot, source);
	return replace_entry(dec, dom, store, slot, entry_new(kind, id, rate, source));
}

void learnt_set_exporter_rate(struct decoder *dec, struct domain *dom, uint32_t rate)
{
	struct learnt_store **place = place_of_kind(dec, dom, LEARNT_RATE);
	if (!rate)
		said_none(dec, dom, place);
	struct learnt_store *store = rate ? store_of_kind(dec, dom, LEARNT_RATE) : *place;
	if (!store)
		return;
	store->rate = rate;
	store->rate_seen_ms = dec->ctx.received_ms;
	if (rate)
		note_sender(dom, store, LEARNT_RATE);
}

void learnt_set_init(struct decoder *dec, struct domain *dom, uint64_t init_ms)
{
	struct learnt_store *store = store_of_kind(dec, dom, LEARNT_INIT);
	if (!store || !init_ms)
		return;
	store->init_ms = init_ms;
	note_sender(dom, store, LEARNT_INIT);
}

bool learnt_tells(const struct learnt_store *store, enum learnt_kind kind)
{
	switch (kind) {
	case LEARNT_RATE:
		return store->rate;
	case LEARNT_INIT:
		return store->init_ms;
	case LEARNT_SAMPLER:
		return store->samplers || store->kinds[kind];
	case LEARNT_INTERFACE:
		return store->interface_rates || store->kinds[kind];
	default:
		return store->kinds[kind];
	}
}

/* ---- the end ---- */

static void store_expire(struct decoder *dec, struct domain *dom, struct learnt_store *store,
			 uint64_t before_ms)
{
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
			forget_name(dec, dom, store, old[i]);
		} else if (old[i]) {
			*name_slot(store, (enum learnt_kind)old[i]->kind, old[i]->id) = old[i];
			if (old[i]->seen_ms < store->oldest_ms)
				store->oldest_ms = old[i]->seen_ms;
		}
	}
	free(old);
}

void learnt_expire(struct decoder *dec, struct domain *dom, uint64_t before_ms)
{
	store_expire(dec, dom, dom->learnt, before_ms);
	for (struct session *s = dom->sessions; s; s = s->sibling)
		store_expire(dec, dom, s->learnt, before_ms);
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

static void store_free(struct decoder *dec, struct domain *dom, struct learnt_store **place)
{
	struct learnt_store *store = *place;
	if (!store)
		return;
	for (uint32_t i = 0; i < store->room; i++)
		if (store->slots[i])
			forget_name(dec, dom, store, store->slots[i]);
	memory_return(dec, dom->exporter, sizeof(*store) + store->room * sizeof(*store->slots));
	free(store->slots);
	free(store);
	*place = NULL;
}

void learnt_free(struct decoder *dec, struct domain *dom)
{
	for (int kind = 0; kind < LEARNT_LENT; kind++)
		if (dom->exporter->latest[kind] == dom)
			dom->exporter->latest[kind] = NULL;
	store_free(dec, dom, &dom->learnt);
}

/* To the domain, as far as no other connection teaches it: it is newer than what is there. What
 * there is no room for is freed with the rest. */
static void hand_over(struct decoder *dec, struct session *session)
{
	struct domain *dom = session->domain;
	struct learnt_store *from = session->learnt, *to = dom->learnt;
	for (uint32_t i = 0; to && i < from->room; i++) {
		struct learnt_entry *e = from->slots[i];
		if (!e || dom->teacher[taught_as((enum learnt_kind)e->kind)] ||
		    !grow_names(dec, dom, to))
			continue;
		struct learnt_entry **slot = name_slot(to, (enum learnt_kind)e->kind, e->id);
		if (*slot)
			forget_name(dec, dom, to, *slot);
		from->slots[i] = NULL;
		count_kinds(from, e, (uint32_t)-1);
		from->len--;
		*slot = e;
		entry_counted(to, e);
	}
	if (to && from->rate && !dom->teacher[LEARNT_RATE]) {
		to->rate = from->rate;
		to->rate_seen_ms = from->rate_seen_ms;
	}
}

void learnt_end(struct decoder *dec, struct session *session)
{
	struct domain *dom = session->domain;
	for (int kind = 0; kind < LEARNT_LENT; kind++)
		if (dom->teacher[kind] == session) {
			dom->teacher[kind] = NULL;
			if (kind == LEARNT_INIT && dom->learnt)
				dom->learnt->init_ms = 0;
		}
	if (!session->learnt)
		return;
	hand_over(dec, session);
	store_free(dec, dom, &session->learnt);
}
