/* SPDX-License-Identifier: Apache-2.0
 * What was counted of flows whose records count up: the last totals of a flow, the sum of a
 * connection's updates. */
#include "forwarder/decode/exporter/sums.h"

#include <stdlib.h>

#include "forwarder/decode/core/memory.h"

#define ROWS_FIRST 256
#define PROBES     8 /* places of a row */

struct sums {
	struct sum_row *rows;
	uint32_t room; /* a power of two */
	uint64_t seed; /* of the keys */
};

static bool over(const struct sum_row *row, uint64_t now_ms)
{
	return row->seen_ms + row->keep_s * 1000ull < now_ms;
}

static bool sums_grow(struct decoder *dec, struct exporter *exporter, struct sums *s)
{
	uint32_t room = s->room ? s->room * 2 : ROWS_FIRST;
	uint64_t now_ms = dec->ctx.received_ms;
	if ((s->room && room > dec->settings.limits.flows_per_exporter) ||
	    !memory_take(dec, exporter, room * sizeof(*s->rows)))
		return false;
	struct sum_row *rows = calloc(room, sizeof(*rows));
	if (!rows) {
		memory_return(dec, exporter, room * sizeof(*rows));
		return false;
	}
	for (uint32_t i = 0; i < s->room; i++) {
		const struct sum_row *old = &s->rows[i];
		uint32_t at = 0;
		if (!old->key || over(old, now_ms))
			continue;
		while (at < PROBES && rows[(old->key + at) & (room - 1)].key)
			at++;
		if (at < PROBES)
			rows[(old->key + at) & (room - 1)] = *old;
		else
			dec->counters.flows_evicted++;
	}
	if (s->room)
		memory_return(dec, exporter, s->room * sizeof(*rows));
	free(s->rows);
	s->rows = rows;
	s->room = room;
	return true;
}

static struct sums *sums_new(struct decoder *dec, struct exporter *exporter)
{
	if (!memory_take(dec, exporter, sizeof(struct sums)))
		return NULL;
	struct sums *s = calloc(1, sizeof(*s));
	if (!s || !sums_grow(dec, exporter, s)) {
		memory_return(dec, exporter, sizeof(*s));
		free(s);
		return NULL;
	}
	s->seed = dec->settings.hash_seed;
	return exporter->sums = s;
}

/* The row of the key; else one that is free or of a flow that is over; else NULL, and *ret_oldest
 * is the one that was silent the longest. */
static struct sum_row *row_find(const struct sums *s, uint64_t key, uint64_t now_ms,
				struct sum_row **ret_oldest)
{
	struct sum_row *place = NULL, *oldest = NULL;
	for (uint32_t i = 0; i < PROBES; i++) {
		struct sum_row *row = &s->rows[(key + i) & (s->room - 1)];
		if (row->key == key)
			return row;
		if (!place && (!row->key || over(row, now_ms)))
			place = row;
		if (!oldest || row->seen_ms < oldest->seen_ms)
			oldest = row;
	}
	*ret_oldest = oldest;
	return place;
}

struct sum_row *sums_get(struct decoder *dec, struct exporter *exporter, uint64_t key,
			 uint32_t keep_s)
{
	struct sums *s = exporter->sums ? exporter->sums : sums_new(dec, exporter);
	if (!s)
		return NULL;
	uint64_t now_ms = dec->ctx.received_ms;
	struct sum_row *oldest = NULL, *row = row_find(s, key, now_ms, &oldest);
	while (!row && sums_grow(dec, exporter, s))
		row = row_find(s, key, now_ms, &oldest);
	if (!row) {
		dec->counters.flows_evicted++;
		row = oldest;
	}
	if (row->key != key)
		*row = (struct sum_row){ .key = key, .keep_s = keep_s };
	return row;
}

uint64_t sums_seed(const struct decoder *dec, const struct exporter *exporter)
{
	return exporter->sums ? exporter->sums->seed : dec->settings.hash_seed;
}

void sums_each(const struct sums *sums, uint64_t now_ms,
	       void (*each)(const struct sum_row *, void *), void *arg)
{
	for (uint32_t i = 0; sums && i < sums->room; i++)
		if (sums->rows[i].key && !over(&sums->rows[i], now_ms))
			each(&sums->rows[i], arg);
}

void sums_restore(struct decoder *dec, struct exporter *exporter, uint64_t seed,
		  const struct sum_row *row)
{
	if (!row->key || over(row, dec->ctx.received_ms))
		return;
	if (!exporter->sums && sums_new(dec, exporter))
		exporter->sums->seed = seed;
	if (!exporter->sums || exporter->sums->seed != seed)
		return;
	struct sum_row *place = sums_get(dec, exporter, row->key, row->keep_s);
	if (place)
		*place = *row;
}

void sums_free(struct decoder *dec, struct exporter *exporter)
{
	struct sums *s = exporter->sums;
	if (!s)
		return;
	memory_return(dec, exporter, sizeof(*s) + s->room * sizeof(*s->rows));
	free(s->rows);
	free(s);
	exporter->sums = NULL;
}
