/* SPDX-License-Identifier: Apache-2.0
 * Data that came before its template: kept for a while, decoded when the template arrives. */
#include "forwarder/decode/template.h"

#include <stdlib.h>

#define EXPORTER_SHARE 8 /* one exporter address may hold this part of decode_limits.held_bytes */

struct held_set {
	struct held_set *next;
	struct context ctx; /* of its datagram; dgram is NULL */
	uint16_t id;
	uint32_t len;
	uint8_t data[];
};

struct held_list {
	struct held_set *first, **end; /* by time */
	uint32_t len;
	uint64_t bytes;
};

static size_t held_size(const struct held_set *set)
{
	return sizeof(*set) + set->len;
}

static void dropped(struct decoder *dec, struct domain *dom)
{
	dec->counters.held_dropped++;
	dom->now.held_dropped++;
}

static void count(struct decoder *dec, struct domain *dom, int64_t bytes)
{
	dec->held_bytes += (uint64_t)bytes;
	dom->exporter->held_bytes += (uint64_t)bytes;
	dom->held->bytes += (uint64_t)bytes;
}

/* Take the set at *at out of the list and free it. */
static void discard(struct decoder *dec, struct domain *dom, struct held_set **at)
{
	struct held_set *set = *at;
	*at = set->next;
	if (!*at)
		dom->held->end = at;
	dom->held->len--;
	dec->counters.held_now--;
	count(dec, dom, -(int64_t)held_size(set));
	memory_return(dec, dom->exporter, held_size(set));
	free(set);
}

static bool make_list(struct decoder *dec, struct domain *dom)
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
	uint64_t all = dec->options.limits.held_bytes, share = all / EXPORTER_SHARE;
	uint64_t more = dec->held_bytes + size, his = dom->exporter->held_bytes + size;
	uint64_t over_all = more > all ? more - all : 0, over_share = his > share ? his - share : 0;
	return over_all > over_share ? over_all : over_share;
}

/* The newest sets are worth most: the oldest of the domain make room, when that helps. */
static bool room_for(struct decoder *dec, struct domain *dom, size_t size)
{
	if (!make_list(dec, dom) || excess(dec, dom, size) > dom->held->bytes ||
	    !memory_take(dec, dom->exporter, size))
		return false;
	while (dom->held->len >= dec->options.limits.held_sets || excess(dec, dom, size)) {
		discard(dec, dom, &dom->held->first);
		dropped(dec, dom);
	}
	return true;
}

void held_add(struct decoder *dec, uint16_t id, struct cursor data)
{
	struct domain *dom = dec->ctx.domain;
	size_t len = cursor_left(&data), size = sizeof(struct held_set) + len;
	if (dec->options.no_hold || !room_for(dec, dom, size)) {
		dropped(dec, dom);
		return;
	}
	struct held_set *set = malloc(size);
	if (!set) {
		memory_return(dec, dom->exporter, size);
		dropped(dec, dom);
		return;
	}
	set->next = NULL;
	set->id = id;
	set->len = (uint32_t)len;
	memcpy(set->data, data.p, len);
	set->ctx = dec->ctx;
	if (dec->ctx.with_id)
		context_id(&set->ctx, (uint32_t)(data.p - dec->ctx.dgram->data) << 1 | 1);
	set->ctx.dgram = NULL;
	*dom->held->end = set;
	dom->held->end = &set->next;
	dom->held->len++;
	dom->now.held++;
	count(dec, dom, (int64_t)size);
	dec->counters.held++;
	dec->counters.held_now++;
}

void held_release(struct decoder *dec, struct sink *sink, uint16_t id)
{
	struct domain *dom = dec->ctx.domain;
	if (!dom->held || !dom->held->len)
		return;
	struct context now = dec->ctx;
	for (struct held_set **at = &dom->held->first; *at;) {
		struct held_set *set = *at;
		if (set->id != id) {
			at = &set->next;
			continue;
		}
		const struct template *tmpl = template_find(dom, id);
		if (!tmpl)
			break;
		dec->ctx = set->ctx;
		data_records(dec, sink, tmpl, cursor_over(set->data, set->len), true);
		dec->counters.held_decoded++;
		discard(dec, dom, at);
	}
	dec->ctx = now;
}

void held_expire(struct decoder *dec, struct domain *dom, uint64_t before_ms)
{
	if (!dom->held)
		return;
	while (dom->held->first && dom->held->first->ctx.received_ms < before_ms) {
		discard(dec, dom, &dom->held->first);
		dropped(dec, dom);
	}
}

void held_free(struct decoder *dec, struct domain *dom)
{
	if (!dom->held)
		return;
	while (dom->held->first)
		discard(dec, dom, &dom->held->first);
	memory_return(dec, dom->exporter, sizeof(*dom->held));
	free(dom->held);
	dom->held = NULL;
}
