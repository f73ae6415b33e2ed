/* SPDX-License-Identifier: Apache-2.0
 * Data that came before its template: kept for a while, given back when the template arrives. */
#include "forwarder/decode/exporter/held.h"

#include <stdlib.h>

#include "common/hash.h"
#include "forwarder/decode/core/memory.h"
#include "forwarder/decode/core/when.h"

#define EXPORTER_SHARE 8 /* one exporter address may hold this part of decode_limits.held_bytes */

#define BUCKETS_FIRST 8

/* By which of its links sets are in a list. */
enum { OF_ALL, OF_SESSION, OF_TEMPLATE };

/* What waits in a session: by arrival, and in a hash table by the template that it waits for. */
struct held_list {
	struct held_ends sets;
	uint64_t bytes;
	uint32_t templates;        /* that are waited for */
	uint32_t room;             /* buckets, a power of two */
	struct held_set **buckets; /* the first set of each template, linked by `bucket` */
};

static size_t held_size(const struct held_set *set)
{
	return sizeof(*set) + set->len;
}

static void held_note_dropped(struct decoder *dec, struct session *session)
{
	dec->counters.held_dropped++;
	session->domain->now.held_dropped++;
}

static void held_count(struct decoder *dec, struct session *session, int64_t bytes)
{
	dec->held_bytes += (uint64_t)bytes;
	session->domain->exporter->root->held_bytes += (uint64_t)bytes;
	session->held->bytes += (uint64_t)bytes;
}

/* ---- lists ---- */

static void list_append(struct held_ends *ends, struct held_set *set, unsigned list)
{
	set->links[list] = (struct held_link){ ends->last, NULL };
	if (ends->last)
		ends->last->links[list].after = set;
	else
		ends->first = set;
	ends->last = set;
}

static void list_remove(struct held_ends *ends, struct held_set *set, unsigned list)
{
	const struct held_link *link = &set->links[list];
	if (ends->first == set)
		ends->first = link->after;
	else
		link->before->links[list].after = link->after;
	if (ends->last == set)
		ends->last = link->before;
	else
		link->after->links[list].before = link->before;
}

/* ---- by template ---- */

/* Where the first set that waits for `id` is linked, or would be. */
static struct held_set **first_of(const struct decoder *dec, const struct held_list *list,
				  uint16_t id)
{
	uint64_t h = hash_mix(dec->settings.hash_seed, id);
	struct held_set **at = &list->buckets[h & (list->room - 1)];
	while (*at && (*at)->id != id)
		at = &(*at)->bucket;
	return at;
}

/* Twice as many buckets; without memory for them the chains get longer. */
static void grow_buckets(struct decoder *dec, struct session *session)
{
	struct held_list bigger = *session->held;
	bigger.room *= 2;
	size_t more = (bigger.room - session->held->room) * sizeof(*bigger.buckets);
	if (!memory_take(dec, session->domain->exporter, more))
		return;
	bigger.buckets = calloc(bigger.room, sizeof(*bigger.buckets));
	if (!bigger.buckets) {
		memory_return(dec, session->domain->exporter, more);
		return;
	}
	for (uint32_t i = 0; i < session->held->room; i++) {
		for (struct held_set *next, *set = session->held->buckets[i]; set; set = next) {
			next = set->bucket;
			set->bucket = NULL;
			*first_of(dec, &bigger, set->id) = set;
		}
	}
	dec->work.steps += session->held->templates;
	free(session->held->buckets);
	*session->held = bigger;
}

/* The first of a template's sets has no set before it; its `before` is the last of them, so that
 * another one is added without a walk. */
static void template_append(struct decoder *dec, struct session *session, struct held_set *set)
{
	if (session->held->templates >= session->held->room)
		grow_buckets(dec, session);
	struct held_set **at = first_of(dec, session->held, set->id), *first = *at;
	set->bucket = NULL;
	set->links[OF_TEMPLATE] = (struct held_link){ set, NULL };
	if (!first) {
		*at = set;
		session->held->templates++;
		return;
	}
	struct held_set *last = first->links[OF_TEMPLATE].before;
	set->links[OF_TEMPLATE].before = last;
	last->links[OF_TEMPLATE].after = set;
	first->links[OF_TEMPLATE].before = set;
}

static void template_take(struct decoder *dec, struct session *session, struct held_set *set)
{
	struct held_set **at = first_of(dec, session->held, set->id), *first = *at;
	struct held_set *after = set->links[OF_TEMPLATE].after;
	struct held_set *before = set->links[OF_TEMPLATE].before;
	if (first && first != set) {
		before->links[OF_TEMPLATE].after = after;
		(after ? after : first)->links[OF_TEMPLATE].before = before;
		return;
	}
	if (after) {
		after->bucket = set->bucket;
		after->links[OF_TEMPLATE].before = before;
		*at = after;
		return;
	}
	*at = set->bucket;
	session->held->templates--;
}

/* ---- coming and going ---- */

static void session_append(struct decoder *dec, struct session *session, struct held_set *set)
{
	list_append(&session->held->sets, set, OF_SESSION);
	template_append(dec, session, set);
}

static void session_take(struct decoder *dec, struct session *session, struct held_set *set)
{
	list_remove(&session->held->sets, set, OF_SESSION);
	template_take(dec, session, set);
}

static void held_discard(struct decoder *dec, struct held_set *set)
{
	struct session *session = set->ctx.session;
	session_take(dec, session, set);
	list_remove(&dec->held, set, OF_ALL);
	dec->counters.held_now--;
	held_count(dec, session, -(int64_t)held_size(set));
	memory_return(dec, session->domain->exporter, held_size(set));
	free(set);
}

#define LIST_BYTES (sizeof(struct held_list) + BUCKETS_FIRST * sizeof(struct held_set *))

static bool held_make_list(struct decoder *dec, struct session *session)
{
	if (session->held)
		return true;
	if (!memory_take(dec, session->domain->exporter, LIST_BYTES))
		return false;
	session->held = calloc(1, sizeof(*session->held));
	if (session->held)
		session->held->buckets = calloc(BUCKETS_FIRST, sizeof(*session->held->buckets));
	if (!session->held || !session->held->buckets) {
		memory_return(dec, session->domain->exporter, LIST_BYTES);
		free(session->held);
		session->held = NULL;
		return false;
	}
	session->held->room = BUCKETS_FIRST;
	return true;
}

/* How many bytes too many a set of `size` would be, for its exporter or for all. */
static uint64_t excess(const struct decoder *dec, const struct session *session, size_t size)
{
	uint64_t all = dec->settings.limits.held_bytes, share = all / EXPORTER_SHARE;
	uint64_t more = dec->held_bytes + size,
		 his = session->domain->exporter->root->held_bytes + size;
	uint64_t over_all = more > all ? more - all : 0, over_share = his > share ? his - share : 0;
	return over_all > over_share ? over_all : over_share;
}

/* The newest sets are worth most: the oldest of the session make room, when that helps. */
static bool held_make_room(struct decoder *dec, struct session *session, size_t size)
{
	if (!held_make_list(dec, session) || excess(dec, session, size) > session->held->bytes ||
	    !memory_take(dec, session->domain->exporter, size))
		return false;
	struct held_set *next, *set = session->held->sets.first;
	for (; set && excess(dec, session, size); set = next) {
		next = set->links[OF_SESSION].after;
		held_discard(dec, set);
		held_note_dropped(dec, session);
	}
	return true;
}

void held_add(struct decoder *dec, uint16_t id, struct cursor data, const struct context *ctx)
{
	struct session *session = dec->ctx.session;
	size_t len = cursor_left(&data), size = sizeof(struct held_set) + len;
	session->domain->now.held++;
	dec->counters.held++;
	if (dec->settings.no_hold || !held_make_room(dec, session, size)) {
		held_note_dropped(dec, session);
		return;
	}
	struct held_set *set = malloc(size);
	if (!set) {
		memory_return(dec, session->domain->exporter, size);
		held_note_dropped(dec, session);
		return;
	}
	set->origin = data.p;
	set->id = id;
	set->len = (uint32_t)len;
	memcpy(set->data, data.p, len);
	set->ctx = *ctx;
	set->ctx.dgram = NULL;
	list_append(&dec->held, set, OF_ALL);
	session_append(dec, session, set);
	held_count(dec, session, (int64_t)size);
	dec->counters.held_now++;
}

void held_release(struct decoder *dec, struct sink *sink, struct session *session,
		  bool (*decode)(struct decoder *, struct sink *, const struct held_set *,
				 uint16_t),
		  uint16_t id)
{
	if (!session->held || !session->held->sets.first)
		return;
	unsigned list = id ? OF_TEMPLATE : OF_SESSION;
	struct held_set *next,
	    *set = id ? *first_of(dec, session->held, id) : session->held->sets.first;
	struct context now = dec->ctx;
	for (; set; set = next) {
		next = set->links[list].after;
		dec->work.steps++;
		dec->ctx = set->ctx;
		if (decode(dec, sink, set, id)) {
			dec->counters.held_decoded++;
			held_discard(dec, set);
		} else if (id) {
			break;
		}
	}
	dec->ctx = now;
}

void held_move(struct decoder *dec, struct session *from, struct session *to, uint16_t port)
{
	if (!from->held || !from->held->sets.first || !held_make_list(dec, to))
		return;
	for (struct held_set *next, *set = from->held->sets.first; set; set = next) {
		next = set->links[OF_SESSION].after;
		dec->work.steps++;
		if (set->ctx.port != port)
			continue;
		session_take(dec, from, set);
		session_append(dec, to, set);
		from->held->bytes -= held_size(set);
		to->held->bytes += held_size(set);
		set->ctx.session = to;
		set->ctx.domain = to->domain;
	}
}

void held_expire(struct decoder *dec, uint64_t now_ms)
{
	while (dec->held.first && when_is_over(dec->held.first->ctx.received_ms,
					       dec->settings.limits.held_ms, now_ms)) {
		held_note_dropped(dec, dec->held.first->ctx.session);
		held_discard(dec, dec->held.first);
	}
}

void held_free(struct decoder *dec, struct session *session)
{
	if (!session->held)
		return;
	for (struct held_set *next, *set = session->held->sets.first; set; set = next) {
		next = set->links[OF_SESSION].after;
		held_discard(dec, set);
		held_note_dropped(dec, session);
	}
	memory_return(dec, session->domain->exporter,
		      sizeof(*session->held) +
			  session->held->room * sizeof(*session->held->buckets));
	free(session->held->buckets);
	free(session->held);
	session->held = NULL;
}
