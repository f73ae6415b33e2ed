/* SPDX-License-Identifier: Apache-2.0
 * Data that came before its template: kept for a while, given back when the template arrives. */
#include "forwarder/decode/exporter/held.h"

#include <stdlib.h>

#include "forwarder/decode/core/memory.h"

#define EXPORTER_SHARE 8 /* one exporter address may hold this part of decode_limits.held_bytes */

struct held_list {
	struct held_set *first, **end; /* by time */
	uint64_t bytes;
};

static size_t held_size(const struct held_set *set)
{
	return sizeof(*set) + set->len;
}

static void held_note_dropped(struct decoder *dec, struct domain *dom)
{
	dec->counters.held_dropped++;
	dom->now.held_dropped++;
}

static void held_count(struct decoder *dec, struct domain *dom, int64_t bytes)
{
	dec->held_bytes += (uint64_t)bytes;
	dom->exporter->root->held_bytes += (uint64_t)bytes;
	dom->held->bytes += (uint64_t)bytes;
}

/* Take the set at *at out of the list and free it. */
static void held_discard(struct decoder *dec, struct domain *dom, struct held_set **at)
{
	struct held_set *set = *at;
	*at = set->next;
	if (!*at)
		dom->held->end = at;
	dec->counters.held_now--;
	held_count(dec, dom, -(int64_t)held_size(set));
	memory_return(dec, dom->exporter, held_size(set));
	free(set);
}

static bool held_make_list(struct decoder *dec, struct domain *dom)
{
	if (dom->held)
		return true;
	if (!memory_take(dec, dom->exporter, sizeof(*dom->held)))
		return false;
	dom->held = calloc(1, sizeof(*dom->held));
	if (!dom->held) {
		memory_return(dec, dom->exporter, sizeof(*dom->held));
		return false;
	}
	dom->held->end = &dom->held->first;
	return true;
}

/* How many bytes too many a set of `size` would be, for its exporter or for all. */
static uint64_t excess(const struct decoder *dec, const struct domain *dom, size_t size)
{
	uint64_t all = dec->settings.limits.held_bytes, share = all / EXPORTER_SHARE;
	uint64_t more = dec->held_bytes + size, his = dom->exporter->root->held_bytes + size;
	uint64_t over_all = more > all ? more - all : 0, over_share = his > share ? his - share : 0;
	return over_all > over_share ? over_all : over_share;
}

/* The newest sets are worth most: the oldest of the domain make room, when that helps. */
static bool held_make_room(struct decoder *dec, struct domain *dom, size_t size)
{
	if (!held_make_list(dec, dom) || excess(dec, dom, size) > dom->held->bytes ||
	    !memory_take(dec, dom->exporter, size))
		return false;
	while (dom->held->first && excess(dec, dom, size)) {
		held_discard(dec, dom, &dom->held->first);
		held_note_dropped(dec, dom);
	}
	return true;
}

void held_add(struct decoder *dec, uint16_t id, struct cursor data, const struct context *ctx)
{
	struct domain *dom = dec->ctx.domain;
	size_t len = cursor_left(&data), size = sizeof(struct held_set) + len;
	dom->now.held++;
	dec->counters.held++;
	if (dec->settings.no_hold || !held_make_room(dec, dom, size)) {
		held_note_dropped(dec, dom);
		return;
	}
	struct held_set *set = malloc(size);
	if (!set) {
		memory_return(dec, dom->exporter, size);
		held_note_dropped(dec, dom);
		return;
	}
	set->next = NULL;
	set->id = id;
	set->len = (uint32_t)len;
	memcpy(set->data, data.p, len);
	set->ctx = *ctx;
	set->ctx.dgram = NULL;
	*dom->held->end = set;
	dom->held->end = &set->next;
	held_count(dec, dom, (int64_t)size);
	dec->counters.held_now++;
}

void held_release(struct decoder *dec, struct sink *sink, struct domain *dom,
		  bool (*decode)(struct decoder *, struct sink *, const struct held_set *,
				 uint16_t),
		  uint16_t id)
{
	if (!dom->held || !dom->held->first)
		return;
	struct context now = dec->ctx;
	for (struct held_set **at = &dom->held->first; *at;) {
		struct held_set *set = *at;
		dec->ctx = set->ctx;
		if (!decode(dec, sink, set, id)) {
			at = &set->next;
			continue;
		}
		dec->counters.held_decoded++;
		held_discard(dec, dom, at);
	}
	dec->ctx = now;
}

void held_move(struct decoder *dec, struct domain *from, struct domain *to, uint16_t port)
{
	if (!from->held || !from->held->first || !held_make_list(dec, to))
		return;
	for (struct held_set **at = &from->held->first; *at;) {
		struct held_set *set = *at;
		if (set->ctx.port != port) {
			at = &set->next;
			continue;
		}
		*at = set->next;
		if (!*at)
			from->held->end = at;
		from->held->bytes -= held_size(set);
		to->held->bytes += held_size(set);
		set->ctx.domain = to;
		set->next = NULL;
		*to->held->end = set;
		to->held->end = &set->next;
	}
}

void held_expire(struct decoder *dec, struct domain *dom, uint64_t before_ms)
{
	if (!dom->held)
		return;
	while (dom->held->first && dom->held->first->ctx.received_ms < before_ms) {
		held_discard(dec, dom, &dom->held->first);
		held_note_dropped(dec, dom);
	}
}

void held_free(struct decoder *dec, struct domain *dom)
{
	if (!dom->held)
		return;
	while (dom->held->first) {
		held_discard(dec, dom, &dom->held->first);
		held_note_dropped(dec, dom);
	}
	memory_return(dec, dom->exporter, sizeof(*dom->held));
	free(dom->held);
	dom->held = NULL;
}
