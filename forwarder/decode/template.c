/* SPDX-License-Identifier: Apache-2.0
 * The template store of a domain: a sorted array of compiled templates, under the ceilings of its exporter. */
#include "forwarder/decode/template.h"

#include <stdlib.h>

#include "forwarder/decode/sorted.h"

static uint64_t id_of(const void *row)
{
	return (*(struct template *const *)row)->id;
}

/* Where the row of `id` is, or belongs. */
static uint32_t place_of(const struct template_store *store, uint16_t id)
{
	return (uint32_t)sorted_at(store->rows, store->len, sizeof(*store->rows), id, id_of);
}

struct template *template_find(const struct domain *dom, uint16_t id)
{
	const struct template_store *store = dom->templates;
	if (!store || !store->len)
		return NULL;
	uint32_t at = place_of(store, id);
	return at < store->len && store->rows[at]->id == id ? store->rows[at] : NULL;
}

static void forget(struct decoder *dec, struct domain *dom, uint32_t at)
{
	struct template_store *store = dom->templates;
	dec->counters.templates_now--;
	dom->exporter->templates--;
	memory_return(dec, dom->exporter, store->rows[at]->size);
	free(store->rows[at]);
	store->len--;
	memmove(store->rows + at, store->rows + at + 1, (store->len - at) * sizeof(*store->rows));
}

static bool same(const struct template *t, const struct spec *specs, size_t specs_len,
		 size_t scopes, bool options)
{
	return t->specs_len == specs_len && t->scopes == scopes && t->options == options &&
	       memcmp(t->specs, specs, specs_len * sizeof(*specs)) == 0;
}

/* Room in the array for one more row. */
static int grow(struct decoder *dec, struct domain *dom)
{
	struct template_store *store = dom->templates;
	if (!store) {
		if (!memory_take(dec, dom->exporter, sizeof(*store)))
			return -1;
		store = dom->templates = calloc(1, sizeof(*store));
		if (!store) {
			memory_return(dec, dom->exporter, sizeof(*store));
			return -1;
		}
	}
	if (store->len < store->room)
		return 0;
	uint32_t room = store->room ? 2 * store->room : 8;
	size_t more = (room - store->room) * sizeof(*store->rows);
	if (!memory_take(dec, dom->exporter, more))
		return -1;
	struct template **rows = realloc(store->rows, room * sizeof(*rows));
	if (!rows) {
		memory_return(dec, dom->exporter, more);
		return -1;
	}
	store->rows = rows;
	store->room = room;
	return 0;
}

static int insert(struct decoder *dec, struct domain *dom, struct template *t)
{
	if (dom->exporter->templates >= dec->options.limits.templates_per_exporter)
		return -1;
	if (grow(dec, dom) || !memory_take(dec, dom->exporter, t->size))
		return -1;
	struct template_store *store = dom->templates;
	uint32_t at = place_of(store, t->id);
	memmove(store->rows + at + 1, store->rows + at, (store->len - at) * sizeof(*store->rows));
	store->rows[at] = t;
	store->len++;
	dom->exporter->templates++;
	dec->counters.templates_now++;
	return 0;
}

struct template *template_add(struct decoder *dec, struct domain *dom, uint16_t id,
			      const struct spec *specs, size_t specs_len, size_t scopes,
			      bool options, bool *ret_new)
{
	struct template *old = template_find(dom, id);
	*ret_new = false;
	if (old && same(old, specs, specs_len, scopes, options)) {
		old->used_ms = dec->ctx.received_ms;
		return old;
	}
	bool replaced = old != NULL;
	if (old)
		forget(dec, dom, place_of(dom->templates, id));
	bool netflow9 = dom->protocol == PROTO_NETFLOW9;
	struct template *t =
	    template_compile(fields_of(dec, dom), id, specs, specs_len, scopes, options, netflow9);
	if (!t || insert(dec, dom, t)) {
		free(t);
		dec->counters.templates_refused++;
		return NULL;
	}
	t->used_ms = dec->ctx.received_ms;
	if (replaced)
		dec->counters.templates_replaced++;
	else
		dec->counters.templates_added++;
	*ret_new = true;
	return t;
}

bool template_remove(struct decoder *dec, struct domain *dom, uint16_t id)
{
	if (!template_find(dom, id))
		return false;
	forget(dec, dom, place_of(dom->templates, id));
	return true;
}

void template_remove_all(struct decoder *dec, struct domain *dom, bool options)
{
	for (uint32_t i = dom->templates ? dom->templates->len : 0; i-- > 0;) {
		if (dom->templates->rows[i]->options != options)
			continue;
		forget(dec, dom, i);
		dec->counters.templates_withdrawn++;
	}
}

void template_expire(struct decoder *dec, struct domain *dom, uint64_t before_ms)
{
	for (uint32_t i = dom->templates ? dom->templates->len : 0; i-- > 0;) {
		if (dom->templates->rows[i]->used_ms >= before_ms)
			continue;
		forget(dec, dom, i);
		dec->counters.templates_expired++;
	}
}

/* Compiles a template of the store again; -1: no memory, or a ceiling, and it stays as it was. */
static int compile_again(struct decoder *dec, struct domain *dom, struct template **place)
{
	struct template *old = *place;
	struct template *t =
	    template_compile(fields_of(dec, dom), old->id, old->specs, old->specs_len, old->scopes,
			     old->options, old->netflow9);
	if (!t)
		return -1;
	t->used_ms = old->used_ms;
	size_t more = t->size > old->size ? t->size - old->size : 0;
	if (!memory_take(dec, dom->exporter, more)) {
		free(t);
		return -1;
	}
	memory_return(dec, dom->exporter, old->size + more - t->size);
	*place = t;
	free(old);
	return 0;
}

static void rebind(struct decoder *dec, struct domain *dom)
{
	struct template_store *store = dom->templates;
	store->learnt = dom->exporter->learnt;
	for (uint32_t i = 0; i < store->len; i++)
		if (store->rows[i]->unknown && compile_again(dec, dom, &store->rows[i]) < 0)
			return;
}

void template_rebind_all(struct decoder *dec, struct domain *dom)
{
	struct template_store *store = dom->templates;
	for (uint32_t i = store ? store->len : 0; i-- > 0;) {
		if (compile_again(dec, dom, &store->rows[i]) == 0)
			continue;
		forget(dec, dom, i);
		dec->counters.templates_refused++;
	}
}

struct template *template_ready(struct decoder *dec, struct domain *dom, uint16_t id)
{
	if (dom->templates && dom->templates->learnt != dom->exporter->learnt)
		rebind(dec, dom);
	return template_find(dom, id);
}

void template_store_free(struct decoder *dec, struct domain *dom)
{
	struct template_store *store = dom->templates;
	if (!store)
		return;
	while (store->len)
		forget(dec, dom, store->len - 1);
	memory_return(dec, dom->exporter, sizeof(*store) + store->room * sizeof(*store->rows));
	free(store->rows);
	free(store);
	dom->templates = NULL;
}
