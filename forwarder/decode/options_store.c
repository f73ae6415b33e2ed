/* SPDX-License-Identifier: Apache-2.0
 * The table of learnt names and rates of a domain. */
#include "forwarder/decode/options.h"

#include <stdlib.h>

#include "common/hash.h"

static const char *const part_keys[OPTION_KINDS][OPTION_PARTS] = {
	[OPTION_INTERFACE] = { "name", "description" },
	[OPTION_APPLICATION] = { "name", "description", "category", "subcategory", "group", "p2p",
				 "tunnel", "encrypted" },
	[OPTION_VRF] = { "name" },
	[OPTION_SAMPLER] = { "name" },
};

static inline uint32_t slot_of(const struct options_store *store, enum option_kind kind,
			       uint64_t id)
{
	return (uint32_t)hash_mix(store->seed + kind, id) & (store->room - 1);
}

const struct option_entry *option_find(const struct options_store *store, enum option_kind kind,
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

static struct option_entry **find_slot(struct options_store *store, enum option_kind kind,
				       uint64_t id)
{
	uint32_t i = slot_of(store, kind, id);
	while (store->slots[i] && (store->slots[i]->id != id || store->slots[i]->kind != kind))
		i = (i + 1) & (store->room - 1);
	return &store->slots[i];
}

static struct options_store *store_of(struct decoder *dec, struct domain *dom)
{
	if (!dom->options && memory_take(dec, dom->exporter, sizeof(*dom->options))) {
		dom->options = calloc(1, sizeof(*dom->options));
		if (!dom->options)
			memory_return(dec, dom->exporter, sizeof(*dom->options));
		else
			*dom->options = (struct options_store){ .oldest_ms = UINT64_MAX,
								.seed = dec->options.hash_seed };
	}
	return dom->options;
}

/* Keep the table at most half full. */
static bool grow(struct decoder *dec, const struct domain *dom, struct options_store *store)
{
	if (2 * (store->len + 1) <= store->room)
		return true;
	struct options_store bigger = *store;
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
			*find_slot(&bigger, (enum option_kind)store->slots[i]->kind,
				   store->slots[i]->id) = store->slots[i];
	free(store->slots);
	*store = bigger;
	return true;
}

static size_t sources_len(const struct option_entry *e)
{
	size_t len = 0;
	for (unsigned i = 0; i < OPTION_PARTS; i++)
		len += e->source_len[i];
	return len;
}

static size_t entry_size(const struct option_entry *e)
{
	return sizeof(*e) + e->text_len + OPTION_SLACK + sources_len(e);
}

struct bytes option_source(const struct option_entry *e, unsigned part)
{
	const uint8_t *p = (const uint8_t *)e->text + e->text_len + OPTION_SLACK;
	for (unsigned i = 0; i < part; i++)
		p += e->source_len[i];
	return (struct bytes){ p, e->source_len[part] };
}

static void count(struct options_store *store, const struct option_entry *e, uint32_t by)
{
	if (e->text_len)
		store->kinds[e->kind] += by;
	if (e->rate && e->kind == OPTION_SAMPLER)
		store->samplers += by;
	if (e->rate && e->kind == OPTION_INTERFACE)
		store->interface_rates += by;
}

/* `dom` sent something of `kind`. A domain that has flows of its own does not push one aside that is there for options. */
static void note_sender(struct domain *dom, enum option_kind kind)
{
	const struct domain **latest = &dom->exporter->latest[kind];
	if (!*latest || (*latest)->now.records || dom->now.records == 0)
		*latest = dom;
}

/* Put `e` (of which *slot holds an older one, or NULL) in its place; frees `e` when it is refused. */
static bool place(struct decoder *dec, struct domain *dom, struct option_entry **slot,
		  struct option_entry *e)
{
	struct options_store *store = dom->options;
	struct option_entry *old = *slot;
	bool full = !old && dom->exporter->options >= dec->options.limits.options_per_exporter;
	if (full || !memory_take(dec, dom->exporter, entry_size(e))) {
		free(e);
		return false;
	}
	if (old) {
		count(store, old, (uint32_t)-1);
		memory_return(dec, dom->exporter, entry_size(old));
		free(old);
	} else {
		store->len++;
		dom->exporter->options++;
		dec->counters.options_now++;
	}
	*slot = e;
	count(store, e, 1);
	if (e->text_len > store->max_text)
		store->max_text = e->text_len;
	note_sender(dom, (enum option_kind)e->kind);
	return true;
}

/* A name as it is kept: cut at the start of a character, NULs at the end removed. */
static struct bytes trim(struct bytes name)
{
	size_t n = name.len < OPTION_SOURCE_MAX ? name.len : OPTION_SOURCE_MAX;
	while (n && n < name.len && (name.p[n] & 0xc0) == 0x80)
		n--;
	while (n && name.p[n - 1] == 0)
		n--;
	return (struct bytes){ name.p, n };
}

/* The text of all names, as one object; its length. */
static size_t render(char *out, enum option_kind kind, const struct bytes source[OPTION_PARTS])
{
	char *p = out;
	for (unsigned i = 0; i < OPTION_PARTS; i++) {
		if (!source[i].len)
			continue;
		p = jsonw_lit(p, ",\"");
		p = jsonw_raw(p, part_keys[kind][i], strlen(part_keys[kind][i]));
		p = jsonw_lit(p, "\":");
		p = jsonw_string(p, source[i].p, source[i].len);
	}
	if (p == out)
		return 0;
	out[0] = '{';
	*p++ = '}';
	return (size_t)(p - out);
}

static struct option_entry *entry_new(enum option_kind kind, uint64_t id, uint32_t rate,
				      const struct bytes source[OPTION_PARTS])
{
	char text[OPTION_PARTS * (JSONW_STRING_MAX(OPTION_SOURCE_MAX) + 32) + JSONW_SLACK];
	struct option_entry e = { .id = id, .kind = (uint8_t)kind, .rate = rate };
	e.text_len = (uint16_t)render(text, kind, source);
	for (unsigned i = 0; i < OPTION_PARTS; i++)
		e.source_len[i] = (uint8_t)source[i].len;
	struct option_entry *ret = calloc(1, entry_size(&e));
	if (!ret)
		return NULL;
	*ret = e;
	memcpy(ret->text, text, e.text_len);
	char *p = ret->text + e.text_len + OPTION_SLACK;
	for (unsigned i = 0; i < OPTION_PARTS; i++)
		if (source[i].len)
			p = mempcpy(p, source[i].p, source[i].len);
	return ret;
}

/* Replace the entry in `slot` by one with this rate and these names. */
static bool replace(struct decoder *dec, struct domain *dom, struct option_entry **slot,
		    struct option_entry *e)
{
	if (!e || !place(dec, dom, slot, e)) {
		dec->counters.options_refused++;
		return false;
	}
	e->seen_ms = dec->ctx.received_ms;
	if (e->seen_ms < dom->options->oldest_ms)
		dom->options->oldest_ms = e->seen_ms;
	return true;
}

/* The slot of an entry, its age renewed when there is one; NULL: refused. */
static struct option_entry **slot_get(struct decoder *dec, struct domain *dom,
				      enum option_kind kind, uint64_t id)
{
	struct options_store *store = store_of(dec, dom);
	if (!store || !grow(dec, dom, store)) {
		dec->counters.options_refused++;
		return NULL;
	}
	struct option_entry **slot = find_slot(store, kind, id);
	if (*slot) {
		if (dec->ctx.received_ms > (*slot)->seen_ms)
			(*slot)->seen_ms = dec->ctx.received_ms;
		note_sender(dom, kind);
	}
	return slot;
}

static void sources_of(const struct option_entry *e, struct bytes ret[OPTION_PARTS])
{
	for (unsigned i = 0; i < OPTION_PARTS; i++)
		ret[i] = e ? option_source(e, i) : (struct bytes){ NULL, 0 };
}

bool option_set_name(struct decoder *dec, struct domain *dom, enum option_kind kind, uint64_t id,
		     unsigned part, struct bytes name)
{
	if (part >= OPTION_PARTS || !part_keys[kind][part])
		return false;
	name = trim(name);
	if (name.len == 0) /* it says nothing about one that is known */
		return true;
	struct option_entry **slot = slot_get(dec, dom, kind, id);
	if (!slot)
		return false;
	struct bytes source[OPTION_PARTS];
	sources_of(*slot, source);
	if (source[part].len == name.len && memcmp(source[part].p, name.p, name.len) == 0)
		return true;
	source[part] = name;
	return replace(dec, dom, slot, entry_new(kind, id, *slot ? (*slot)->rate : 0, source));
}

bool option_set_rate(struct decoder *dec, struct domain *dom, enum option_kind kind, uint64_t id,
		     uint32_t rate)
{
	if (!rate && !option_find(dom->options, kind, id))
		return true;
	struct option_entry **slot = slot_get(dec, dom, kind, id);
	if (!slot)
		return false;
	if (*slot && (*slot)->rate == rate)
		return true;
	struct bytes source[OPTION_PARTS];
	sources_of(*slot, source);
	return replace(dec, dom, slot, entry_new(kind, id, rate, source));
}

void options_set_rate(struct decoder *dec, struct domain *dom, uint32_t rate)
{
	struct options_store *store = rate ? store_of(dec, dom) : dom->options;
	if (!store)
		return;
	store->rate = rate;
	store->rate_seen_ms = dec->ctx.received_ms;
	if (rate)
		note_sender(dom, OPTION_RATE);
}

void options_set_init(struct decoder *dec, struct domain *dom, uint64_t init_ms)
{
	struct options_store *store = store_of(dec, dom);
	if (!store || !init_ms)
		return;
	store->init_ms = init_ms;
	note_sender(dom, OPTION_INIT);
}

/* ---- lending ---- */

bool options_lends_rates(const struct domain *dom, enum option_kind kind)
{
	const struct domain *latest = dom->exporter->latest[kind];
	return latest && latest != dom && latest->protocol == dom->protocol &&
	       latest->now.records == 0;
}

const struct options_store *options_lender(const struct domain *dom, enum option_kind kind)
{
	const struct domain *latest = dom->exporter->latest[kind];
	if ((kind == OPTION_RATE || kind == OPTION_SAMPLER) && !options_lends_rates(dom, kind))
		return NULL;
	return latest && latest != dom ? latest->options : NULL;
}

uint32_t options_rate(const struct domain *dom, bool *ret_header)
{
	*ret_header = false;
	if (dom->options && dom->options->rate)
		return dom->options->rate;
	*ret_header = dom->header_rate != 0;
	if (dom->header_rate)
		return dom->header_rate;
	const struct options_store *lender = options_lender(dom, OPTION_RATE);
	return lender ? lender->rate : 0;
}

void options_uptime(struct decoder *dec, const struct domain *dom, struct record_times *times)
{
	const struct options_store *from = dom->options;
	if (!from || !from->init_ms)
		from = options_lender(dom, OPTION_INIT);
	if (!from || !from->init_ms || from->init_ms > dec->ctx.exported_ms)
		return;
	times->uptime_ms = (uint32_t)(dec->ctx.exported_ms - from->init_ms);
	times->has_uptime = true;
}

/* ---- the end ---- */

static void forget(struct decoder *dec, struct domain *dom, struct option_entry *e)
{
	count(dom->options, e, (uint32_t)-1);
	memory_return(dec, dom->exporter, entry_size(e));
	free(e);
	dom->options->len--;
	dom->exporter->options--;
	dec->counters.options_now--;
}

void options_expire(struct decoder *dec, struct domain *dom, uint64_t before_ms)
{
	struct options_store *store = dom->options;
	if (!store)
		return;
	if (store->rate_seen_ms < before_ms)
		store->rate = 0;
	if (store->oldest_ms >= before_ms || !store->room)
		return;
	/* What stays is put into a new table: a gap in the old one would hide what is behind it. */
	struct option_entry **old = store->slots;
	struct option_entry **slots = calloc(store->room, sizeof(*slots));
	if (!slots)
		return;
	store->slots = slots;
	store->oldest_ms = UINT64_MAX;
	for (uint32_t i = 0; i < store->room; i++) {
		if (old[i] && old[i]->seen_ms < before_ms) {
			forget(dec, dom, old[i]);
		} else if (old[i]) {
			*find_slot(store, (enum option_kind)old[i]->kind, old[i]->id) = old[i];
			if (old[i]->seen_ms < store->oldest_ms)
				store->oldest_ms = old[i]->seen_ms;
		}
	}
	free(old);
}

void options_store_free(struct decoder *dec, struct domain *dom)
{
	struct options_store *store = dom->options;
	if (!store)
		return;
	for (uint32_t i = 0; i < store->room; i++)
		if (store->slots[i])
			forget(dec, dom, store->slots[i]);
	for (int kind = 0; kind < OPTION_LENT; kind++)
		if (dom->exporter->latest[kind] == dom)
			dom->exporter->latest[kind] = NULL;
	memory_return(dec, dom->exporter, sizeof(*store) + store->room * sizeof(*store->slots));
	free(store->slots);
	free(store);
	dom->options = NULL;
}
