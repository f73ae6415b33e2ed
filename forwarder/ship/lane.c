/* SPDX-License-Identifier: Apache-2.0
 * The data streams of one shipper, each a lane of its own: one that cannot take its documents now
 * is closed, what is for it waits apart, and the others go on. */
#include "forwarder/ship/lane.h"

#include <stdio.h>
#include <string.h>

#include "common/hash.h"
#include "forwarder/ship/endpoint.h"

static void lane_init(struct lane *lane, int stream, const char *prefix, const char *ns)
{
	bulk_stream(stream, prefix, ns, lane->name);
	if (bulk_pipeline(stream))
		name_of(lane->pipeline, prefix, bulk_pipeline(stream));
}

void lanes_init(struct lanes *l, const char *prefix, const char *ns)
{
	*l = (struct lanes){ .witness = (uint32_t)hash_seed() };
	for (int i = 0; i < BULK_STREAMS; i++)
		lane_init(&l->lane[LANE_FIRST + i], i, prefix, ns);
	snprintf(l->lane[LANE_OTHER].name, BULK_STREAM_MAX, "another data stream");
}

int lane_of(const struct lanes *l, const struct bulk_item *item)
{
	size_t before = strlen(BULK_ROW);
	for (int i = LANE_FIRST; i < LANE_OTHER; i++) {
		const char *name = l->lane[i].name;
		size_t len = strlen(name);
		if (item->row_len > before + len && memcmp(item->row, BULK_ROW, before) == 0 &&
		    memcmp(item->row + before, name, len) == 0 && item->row[before + len] == '"')
			return i;
	}
	return LANE_OTHER;
}

uint32_t lanes_of_kinds(uint32_t kinds)
{
	return kinds << LANE_FIRST; /* streams are numbered as kinds are (bulk.h) */
}

uint32_t lanes_in(const struct lanes *l, const char *raw, size_t len)
{
	uint32_t bits = 0;
	struct bulk_item item;
	for (const char *at = raw; bulk_next(&at, raw + len, &item);)
		bits |= 1u << lane_of(l, &item);
	return bits;
}

uint32_t lanes_closed(const struct lanes *l)
{
	uint32_t bits = 0;
	for (int i = LANE_FIRST; i < LANES; i++)
		bits |= (uint32_t)(l->lane[i].failures > 0) << i;
	return bits;
}

uint32_t lanes_waiting(const struct lanes *l, uint64_t now_ms)
{
	uint32_t bits = 0;
	for (int i = LANE_FIRST; i < LANES; i++)
		bits |= (uint32_t)(l->lane[i].failures && now_ms < l->lane[i].not_before_ms) << i;
	return bits;
}

void lane_taken(struct lanes *l, int lane, uint64_t now_ms)
{
	if (l->lane[lane].failures)
		l->lane[lane].not_before_ms = now_ms + BACKOFF_MAX_MS;
}

bool lane_open(struct lanes *l, int lane)
{
	l->lane[lane].passed++;
	return lane_heard(l, lane);
}

bool lane_heard(struct lanes *l, int lane)
{
	struct lane *a = &l->lane[lane];
	bool was_closed = a->failures > 0;
	if (a->effect == EFFECT_NONE)
		return false;
	a->failures = 0;
	a->why[0] = '\0';
	return was_closed;
}

uint32_t lanes_let_go(struct lanes *l, uint32_t parked, uint64_t now_ms)
{
	uint32_t bits = lanes_closed(l) & ~lanes_waiting(l, now_ms) & ~parked;
	for (int i = LANE_FIRST; i < LANES; i++) {
		if (l->lane[i].parked || l->lane[i].effect == EFFECT_NONE)
			bits &= ~(1u << i);
		if (bits >> i & 1)
			lane_heard(l, i);
	}
	return bits;
}

uint64_t lane_close(struct lanes *l, int lane, const struct bulk_outcome *why, const char *advice,
		    uint64_t now_ms)
{
	struct lane *a = &l->lane[lane];
	uint64_t pause = backoff_ms(a->failures++);
	a->not_before_ms = now_ms + pause;
	if (a->effect == EFFECT_NONE)
		snprintf(a->why, sizeof(a->why), "%s", why->reason);
	else
		snprintf(a->why, sizeof(a->why), "%d %.60s: %.200s%s%s", why->status, why->type,
			 why->reason, *advice ? ": " : "", advice);
	return pause;
}

const struct lane *lanes_problem(const struct lanes *l)
{
	for (int i = LANE_FIRST; i < LANES; i++)
		if (l->lane[i].failures)
			return &l->lane[i];
	return NULL;
}
