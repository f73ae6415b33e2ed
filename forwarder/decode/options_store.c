/* SPDX-License-Identifier: Apache-2.0
 * The table of learnt names and rates of a domain. */
#include "forwarder/decode/options.h"

#include <stdlib.h>

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
	uint64_t h = (id + kind + 1) * 0x9e3779b97f4a7c15ull;
	return (uint32_t)(h >> 32) & (store->room - 1);
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
	if (!dom->options && memory_take(dec, sizeof(*dom->options))) {
		dom->options = calloc(1, sizeof(*dom->options));
		if (!dom->options)
			memory_return(dec, sizeof(*dom->options));
	}
	return dom->options;
}

/* Keep the table at most half full. */
static bool grow(struct decoder *dec, struct options_store *store)
{
	if (2 * (store->len + 1) <= store->room)
		return true;
	struct options_store bigger = *store;
	bigger.room = store->room ? 2 * store->room : 16;
	size_t more = (bigger.room - store->room) * sizeof(*store->slots);
	if (!memory_take(dec, more))
		return false;
	bigger.slots = calloc(bigger.room, sizeof(*bigger.slots));
	if (!bigger.slots) {
		memory_return(dec, more);
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

static size_t entry_size(const struct option_entry *e)
{
	return sizeof(*e) + e->text_len + 32; /* 32: copied in steps of that */
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

/* Put `e` (of which *slot holds an older one, or NULL) in its place; frees `e` when it is refused. */
static bool place(struct decoder *dec, struct domain *dom, struct option_entry **slot,
		  struct option_entry *e)
{
	struct options_store *store = dom->options;
	struct option_entry *old = *slot;
	if (!old && dom->exporter->options >= dec->options.limits.options_per_exporter) {
		dec->counters.options_refused++;
		free(e);
		return false;
	}
	if (!memory_take(dec, entry_size(e))) {
		dec->counters.options_refused++;
		free(e);
		return false;
	}
	if (old) {
		count(store, old, (uint32_t)-1);
		memory_return(dec, entry_size(old));
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
	dom->exporter->latest[e->kind] = dom;
	return true;
}

/* A name as `,"key":"text"`: cut to OPTION_SOURCE_MAX bytes at the start of a character, NULs at the end removed. */
static size_t render(char *out, const char *key, struct bytes name)
{
	size_t n = name.len < OPTION_SOURCE_MAX ? name.len : OPTION_SOURCE_MAX;
	while (n && n < name.len && (name.p[n] & 0xc0) == 0x80)
		n--;
	while (n && name.p[n - 1] == 0)
		n--;
	if (n == 0)
		return 0;
	char *p = jsonw_lit(out, ",\"");
	p = jsonw_raw(p, key, strlen(key));
	p = jsonw_lit(p, "\":");
	p = jsonw_string(p, name.p, n);
	return (size_t)(p - out);
}

/* The entry that `old` becomes when its part is `text`. */
static struct option_entry *changed(const struct option_entry *old, int part, const char *text,
				    size_t text_len)
{
	size_t old_len = old ? old->text_len : 0;
	struct option_entry *e = calloc(1, sizeof(*e) + old_len + text_len + 2 + 32);
	if (!e)
		return NULL;
	const char *from = old && old_len ? old->text : NULL;
	char *p = e->text;
	for (int i = 0; i < OPTION_PARTS; i++) {
		size_t len = from ? old->part_len[i] : 0;
		if (i == part && text_len) {
			p = jsonw_raw(p, text, text_len);
			e->part_len[i] = (uint16_t)text_len;
		} else if (len) {
			p = jsonw_raw(p, from, len);
			e->text[p - e->text - (ptrdiff_t)len] = ',';
			e->part_len[i] = (uint16_t)len;
		}
		if (from)
			from += len;
	}
	if (p > e->text) {
		e->text[0] = '{';
		*p++ = '}';
	}
	e->text_len = (uint16_t)(p - e->text);
	return e;
}

static bool unchanged(const struct option_entry *e, uint32_t rate, int part, const char *text,
		      size_t text_len)
{
	if (rate && rate != e->rate)
		return false;
	if (part < 0 || text_len == 0)
		return true;
	const char *p = e->text;
	for (int i = 0; i < part; i++)
		p += e->part_len[i];
	/* the first character is ',' or '{' */
	return e->part_len[part] == text_len && memcmp(p + 1, text + 1, text_len - 1) == 0;
}

bool option_set(struct decoder *dec, struct domain *dom, enum option_kind kind, uint64_t id,
		uint32_t rate, int part, struct bytes name)
{
	char text[JSONW_STRING_MAX(OPTION_SOURCE_MAX) + 32 + JSONW_SLACK];
	size_t text_len = part < 0 ? 0 : render(text, part_keys[kind][part], name);
	struct options_store *store = store_of(dec, dom);
	if (!store || !grow(dec, store)) {
		dec->counters.options_refused++;
		return false;
	}
	struct option_entry **slot = find_slot(store, kind, id), *old = *slot;
	if (old && unchanged(old, rate, part, text, text_len)) {
		dom->exporter->latest[kind] = dom;
		return true;
	}
	struct option_entry *e = changed(old, part, text, text_len);
	if (!e)
		return false;
	e->id = id;
	e->kind = (uint8_t)kind;
	e->rate = rate ? rate : old ? old->rate : 0;
	return place(dec, dom, slot, e);
}

bool option_restore(struct decoder *dec, struct domain *dom, const struct option_entry *entry)
{
	struct options_store *store = store_of(dec, dom);
	if (!store || !grow(dec, store))
		return false;
	struct option_entry *e = calloc(1, entry_size(entry));
	if (!e)
		return false;
	memcpy(e, entry, sizeof(*e) + entry->text_len);
	return place(dec, dom, find_slot(store, (enum option_kind)e->kind, e->id), e);
}

uint32_t options_rate(const struct domain *dom)
{
	if (dom->options && dom->options->rate)
		return dom->options->rate;
	const struct domain *other = dom->exporter->latest_rate;
	return other ? other->options->rate : 0;
}

void options_set_rate(struct decoder *dec, struct domain *dom, uint32_t rate)
{
	struct options_store *store = store_of(dec, dom);
	if (!store || !rate)
		return;
	store->rate = rate;
	dom->exporter->latest_rate = dom;
}

void options_set_init(struct decoder *dec, struct domain *dom, uint64_t init_ms)
{
	struct options_store *store = store_of(dec, dom);
	if (!store || !init_ms)
		return;
	store->init_ms = init_ms;
	dom->exporter->latest_init = dom;
}

void options_uptime(struct decoder *dec, const struct domain *dom, struct record_times *times)
{
	const struct domain *from =
	    dom->options && dom->options->init_ms ? dom : dom->exporter->latest_init;
	if (!from || from->options->init_ms > dec->ctx.exported_ms)
		return;
	times->uptime_ms = (uint32_t)(dec->ctx.exported_ms - from->options->init_ms);
	times->has_uptime = true;
}

void options_store_free(struct decoder *dec, struct domain *dom)
{
	struct options_store *store = dom->options;
	struct exporter *exporter = dom->exporter;
	if (!store)
		return;
	for (uint32_t i = 0; i < store->room; i++) {
		if (!store->slots[i])
			continue;
		memory_return(dec, entry_size(store->slots[i]));
		free(store->slots[i]);
		exporter->options--;
		dec->counters.options_now--;
	}
	for (int kind = 0; kind < OPTION_KINDS; kind++)
		if (exporter->latest[kind] == dom)
			exporter->latest[kind] = NULL;
	if (exporter->latest_rate == dom)
		exporter->latest_rate = NULL;
	if (exporter->latest_init == dom)
		exporter->latest_init = NULL;
	memory_return(dec, sizeof(*store) + store->room * sizeof(*store->slots));
	free(store->slots);
	free(store);
	dom->options = NULL;
}
