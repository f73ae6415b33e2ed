/* SPDX-License-Identifier: Apache-2.0
 * The template store of a session: a sorted array of compiled templates, under the ceilings of its
 * exporter. */
#include "forwarder/decode/template/template.h"

#include <stdlib.h>

#include "forwarder/decode/core/memory.h"
#include "forwarder/decode/core/sorted.h"
#include "forwarder/decode/template/copy.h"

/* Rows that are moved in the time that it takes to look at one. */
#define ROWS_A_STEP  8
#define BYTES_A_STEP 512

#define NEIGHBOURS 8 /* of which one makes room for a template that is defined anew */

static struct exporter *exporter_of(const struct session *session)
{
	return session->domain->exporter;
}

static uint64_t id_of(const void *row)
{
	return (*(struct template *const *)row)->id;
}

/* Where the row of `id` is, or belongs. */
static uint32_t place_of(const struct template_store *store, uint16_t id)
{
	return (uint32_t)sorted_at(store->rows, store->len, sizeof(*store->rows), id, id_of);
}

/* Suspended or not. */
static struct template *row_find(const struct session *session, uint16_t id)
{
	const struct template_store *store = session->templates;
	if (!store || !store->len)
		return NULL;
	uint32_t at = place_of(store, id);
	return at < store->len && store->rows[at]->id == id ? store->rows[at] : NULL;
}

struct template *template_find(const struct session *session, uint16_t id)
{
	struct template *t = row_find(session, id);
	return t && __builtin_expect(!t->suspended, 1) ? t : NULL;
}

struct template *template_find_suspended(const struct session *session, uint16_t id)
{
	struct template *t = row_find(session, id);
	return t && t->suspended ? t : NULL;
}

static void forget_template(struct decoder *dec, struct session *session, struct template *t)
{
	dec->counters.templates_now--;
	exporter_of(session)->root->templates--;
	memory_return(dec, exporter_of(session), t->size);
	free(t);
}

static struct template *take_row(struct session *session, uint32_t at)
{
	struct template_store *store = session->templates;
	struct template *t = store->rows[at];
	store->len--;
	store->meta_len -= t->meta;
	session->domain->templates--;
	memmove(store->rows + at, store->rows + at + 1, (store->len - at) * sizeof(*store->rows));
	return t;
}

static void forget_row(struct decoder *dec, struct session *session, uint32_t at)
{
	forget_template(dec, session, take_row(session, at));
}

/* ---- what other ports defined ---- */

/* Ports other than that at hand may still mean what is at `at`: it is put aside, else forgotten. */
static void put_aside(struct decoder *dec, struct session *session, uint32_t at)
{
	struct template_store *store = session->templates;
	struct template *t = take_row(session, at);
	t->owners &= ~dec->ctx.port_bit;
	if (!t->owners || store->aside_len >= TEMPLATES_ASIDE_MAX) {
		forget_template(dec, session, t);
		return;
	}
	t->aside = store->aside;
	store->aside = t;
	store->aside_len++;
}

bool template_is_aside(const struct session *session, uint16_t id, uint64_t owners)
{
	const struct template *t = session->templates ? session->templates->aside : NULL;
	while (t && (t->id != id || !(t->owners & owners)))
		t = t->aside;
	return t;
}

/* Those that nobody means any more go. */
static void forget_aside(struct decoder *dec, struct session *session)
{
	struct template_store *store = session->templates;
	for (struct template **at = &store->aside; *at;) {
		struct template *t = *at;
		if (t->owners) {
			at = &t->aside;
			continue;
		}
		*at = t->aside;
		store->aside_len--;
		forget_template(dec, session, t);
	}
}

void template_disown(struct decoder *dec, struct session *session, uint64_t owners)
{
	struct template_store *store = session->templates;
	if (!store)
		return;
	dec->work.steps += store->len + store->aside_len;
	for (uint32_t i = 0; i < store->len; i++)
		store->rows[i]->owners &= ~owners;
	for (struct template *t = store->aside; t; t = t->aside)
		t->owners &= ~owners;
	forget_aside(dec, session);
}

/* ---- rows ---- */

static bool same_template(const struct template *t, const struct spec *specs, size_t specs_len,
			  size_t scopes, bool meta)
{
	return t->specs_len == specs_len && t->scopes == scopes && t->meta == meta &&
	       memcmp(t->specs, specs, specs_len * sizeof(*specs)) == 0;
}

/* Room in the array for one more row. */
static int grow_rows(struct decoder *dec, struct session *session)
{
	struct template_store *store = session->templates;
	if (!store) {
		if (!memory_take(dec, exporter_of(session), sizeof(*store)))
			return -1;
		store = session->templates = calloc(1, sizeof(*store));
		if (!store) {
			memory_return(dec, exporter_of(session), sizeof(*store));
			return -1;
		}
	}
	if (store->len < store->room)
		return 0;
	uint32_t room = store->room ? 2 * store->room : 8;
	size_t more = (room - store->room) * sizeof(*store->rows);
	if (!memory_take(dec, exporter_of(session), more))
		return -1;
	struct template **rows = realloc(store->rows, room * sizeof(*rows));
	if (!rows) {
		memory_return(dec, exporter_of(session), more);
		return -1;
	}
	store->rows = rows;
	store->room = room;
	return 0;
}

static int insert_row(struct decoder *dec, struct session *session, struct template *t)
{
	if (exporter_of(session)->root->templates >= dec->settings.limits.templates_per_exporter)
		return -1;
	if (grow_rows(dec, session) || !memory_take(dec, exporter_of(session), t->size))
		return -1;
	struct template_store *store = session->templates;
	uint32_t at = place_of(store, t->id);
	memmove(store->rows + at + 1, store->rows + at, (store->len - at) * sizeof(*store->rows));
	dec->work.steps += (store->len - at) / ROWS_A_STEP;
	store->rows[at] = t;
	store->len++;
	store->meta_len += t->meta;
	session->domain->templates++;
	exporter_of(session)->root->templates++;
	dec->counters.templates_now++;
	return 0;
}

/* ---- what a device defined before it was known as one ---- */

static void inherit_one(struct decoder *dec, struct session *to, const struct template *t)
{
	struct template *own = row_find(to, t->id) ? NULL : template_copy(t);
	if (!own || insert_row(dec, to, own)) {
		free(own);
		dec->counters.templates_refused++;
		return;
	}
	dec->counters.templates_added++;
	to->domain->exporter->names_samplers |= !t->meta && t->refs_set >> REF_SAMPLER & 1;
	dec->work.steps += t->size / BYTES_A_STEP;
	own->aside = NULL;
	own->contested = false;
	own->owners = 0;
	own->port = dec->ctx.port;
}

void template_inherit(struct decoder *dec, struct session *from, struct session *to, uint64_t owner)
{
	struct template_store *store = from->templates;
	if (!store || !owner)
		return;
	for (uint32_t i = 0; i < store->len; i++)
		if (store->rows[i]->owners & owner)
			inherit_one(dec, to, store->rows[i]);
	for (struct template *t = store->aside; t; t = t->aside)
		if (t->owners & owner)
			inherit_one(dec, to, t);
	template_disown(dec, from, owner);
}

/* ---- templates that come and go ---- */

/* Another template of the domain goes: one that is aside, else of a few the one that was not used
 * for the longest. */
static bool forget_another(struct decoder *dec, struct session *session, uint16_t id)
{
	struct template_store *store = session->templates;
	struct template *t = store->aside;
	if (t) {
		store->aside = t->aside;
		store->aside_len--;
		forget_template(dec, session, t);
		return true;
	}
	if (!store->len)
		return false;
	uint32_t from = place_of(store, id), oldest = from % store->len;
	for (uint32_t i = 1; i < NEIGHBOURS; i++) {
		uint32_t at = (from + i) % store->len;
		if (store->rows[at]->used_ms < store->rows[oldest]->used_ms)
			oldest = at;
	}
	dec->work.steps += NEIGHBOURS;
	forget_row(dec, session, oldest);
	return true;
}

/* What is defined anew has another layout: to go on without it would lose the data of an exporter
 * that lives, for the sake of some that may not come. */
static bool insert_instead(struct decoder *dec, struct session *session, struct template *t)
{
	for (unsigned i = 0; i < NEIGHBOURS; i++) {
		if (!session->templates || !forget_another(dec, session, t->id))
			return false;
		dec->counters.templates_evicted++;
		if (insert_row(dec, session, t) == 0)
			return true;
	}
	return false;
}

static struct template *compile_for(struct decoder *dec, const struct session *session, uint16_t id,
				    const struct spec *specs, size_t specs_len, size_t scopes,
				    bool meta, bool netflow9)
{
	struct template *t = template_compile(dec->compiler, fields_of(dec, session->domain), id,
					      specs, specs_len, scopes, meta, netflow9);
	if (t)
		t->described = describer_of(session->domain)->described;
	dec->work.compiled++;
	dec->work.elements += specs_len;
	return t;
}

struct template *template_add(struct decoder *dec, struct session *session, uint16_t id,
			      const struct spec *specs, size_t specs_len, size_t scopes, bool meta,
			      bool *ret_new)
{
	struct template *old = row_find(session, id);
	*ret_new = false;
	if (old && same_template(old, specs, specs_len, scopes, meta)) {
		old->used_ms = dec->ctx.received_ms;
		old->owners |= dec->ctx.port_bit;
		old->port = old->port == dec->ctx.port ? old->port : 0;
		*ret_new = old->suspended;
		old->suspended = false;
		return old;
	}
	bool replaced = old != NULL, contested = replaced && old->contested;
	if (old) {
		contested |= (old->owners & ~dec->ctx.port_bit) != 0 ||
			     (exporter_of(session)->devices && old->port != dec->ctx.port);
		put_aside(dec, session, place_of(session->templates, id));
	}
	bool netflow9 = session->domain->protocol == PROTO_NETFLOW9;
	struct template *t =
	    compile_for(dec, session, id, specs, specs_len, scopes, meta, netflow9);
	if (!t || (insert_row(dec, session, t) && !(replaced && insert_instead(dec, session, t)))) {
		free(t);
		dec->counters.templates_refused++;
		return NULL;
	}
	if (!meta && t->refs_set >> REF_SAMPLER & 1)
		exporter_of(session)->names_samplers = true;
	t->used_ms = dec->ctx.received_ms;
	t->owners = dec->ctx.port_bit;
	t->port = dec->ctx.port;
	t->contested = contested;
	if (replaced)
		dec->counters.templates_replaced++;
	else
		dec->counters.templates_added++;
	*ret_new = true;
	return t;
}

bool template_remove(struct decoder *dec, struct session *session, uint16_t id)
{
	if (!row_find(session, id))
		return false;
	forget_row(dec, session, place_of(session->templates, id));
	return true;
}

void template_remove_all(struct decoder *dec, struct session *session, bool meta)
{
	const struct template_store *store = session->templates;
	if (!store || (meta ? store->meta_len : store->len - store->meta_len) == 0)
		return;
	dec->work.steps += store->len;
	for (uint32_t i = store->len; i-- > 0;) {
		if (store->rows[i]->meta != meta)
			continue;
		forget_row(dec, session, i);
		dec->counters.templates_withdrawn++;
	}
}

uint32_t template_suspend_all(struct session *session, bool suspended)
{
	uint32_t changed = 0;
	for (uint32_t i = session->templates ? session->templates->len : 0; i-- > 0;) {
		struct template *t = session->templates->rows[i];
		changed += t->suspended != suspended;
		t->suspended = suspended;
	}
	return changed;
}

void template_expire(struct decoder *dec, struct session *session, uint64_t before_ms)
{
	for (uint32_t i = session->templates ? session->templates->len : 0; i-- > 0;) {
		if (session->templates->rows[i]->used_ms >= before_ms)
			continue;
		forget_row(dec, session, i);
		dec->counters.templates_expired++;
	}
}

/* Compiles a template of the store again; -1: no memory, or a ceiling, and it stays as it was. */
static int compile_again(struct decoder *dec, struct session *session, struct template **place)
{
	struct template *old = *place;
	struct template *t = compile_for(dec, session, old->id, old->specs, old->specs_len,
					 old->scopes, old->meta, old->netflow9);
	if (!t)
		return -1;
	t->used_ms = old->used_ms;
	t->suspended = old->suspended;
	t->contested = old->contested;
	t->owners = old->owners;
	t->port = old->port;
	size_t more = t->size > old->size ? t->size - old->size : 0;
	if (!memory_take(dec, exporter_of(session), more)) {
		free(t);
		return -1;
	}
	memory_return(dec, exporter_of(session), old->size + more - t->size);
	*place = t;
	free(old);
	return 0;
}

/* A description of a dozen bytes must not make an exporter's thousand templates of a thousand
 * elements be compiled again, as often as he likes. */
#define CREDIT_FIRST 4096
#define CREDIT_MAX   65536
#define CREDIT_EACH  16 /* beside the elements */

static bool pay_again(struct domain *dom, const struct template *t)
{
	uint64_t price = t->specs_len + CREDIT_EACH, bytes = dom->now.bytes;
	if (bytes > dom->credited_bytes) {
		dom->credit +=
		    bytes - dom->credited_bytes + (dom->credited_bytes ? 0 : CREDIT_FIRST);
		dom->credited_bytes = bytes;
	}
	if (dom->credit > CREDIT_MAX)
		dom->credit = CREDIT_MAX;
	if (dom->credit < price)
		return false;
	dom->credit -= price;
	return true;
}

static __attribute__((noinline)) struct template *
rebind_unknown(struct decoder *dec, struct session *session, struct template *t)
{
	struct template **place = &session->templates->rows[place_of(session->templates, t->id)];
	if (!pay_again(session->domain, t)) {
		dec->counters.descriptions_deferred++;
		return t;
	}
	if (compile_again(dec, session, place) < 0)
		t->described = describer_of(session->domain)->described; /* not for every set */
	return *place;
}

void template_rebind_all(struct decoder *dec, struct session *session)
{
	struct template_store *store = session->templates;
	for (uint32_t i = store ? store->len : 0; i-- > 0;) {
		if (compile_again(dec, session, &store->rows[i]) == 0)
			continue;
		forget_row(dec, session, i);
		dec->counters.templates_refused++;
	}
}

struct template *template_ready(struct decoder *dec, struct session *session, uint16_t id)
{
	struct template *t = template_find(session, id);
	if (t && __builtin_expect(t->unknown, 0) &&
	    t->described != describer_of(session->domain)->described)
		t = rebind_unknown(dec, session, t);
	return t;
}

void template_store_free(struct decoder *dec, struct session *session)
{
	struct template_store *store = session->templates;
	if (!store)
		return;
	while (store->len)
		forget_row(dec, session, store->len - 1);
	template_disown(dec, session, UINT64_MAX);
	memory_return(dec, exporter_of(session),
		      sizeof(*store) + store->room * sizeof(*store->rows));
	free(store->rows);
	free(store);
	session->templates = NULL;
}
