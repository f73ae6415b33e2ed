/* SPDX-License-Identifier: Apache-2.0
 * A hash table that grows by one bucket at a time: no insertion ever moves all that is in it. */
#include "forwarder/decode/exporter/hashed.h"

#include <stdlib.h>

bool hashed_init(struct hashed_table *table)
{
	*table = (struct hashed_table){ .buckets = HASHED_SEGMENT, .mask = HASHED_SEGMENT - 1 };
	table->segments[0] = calloc(HASHED_SEGMENT, sizeof(struct hashed *));
	return table->segments[0];
}

void hashed_release(struct hashed_table *table)
{
	for (size_t i = 0; i < HASHED_SEGMENTS; i++)
		free(table->segments[i]);
	*table = (struct hashed_table){ 0 };
}

/* The bucket that is next in turn gives up half of its rows to a new one. */
static void grow(struct hashed_table *table)
{
	uint32_t segment = table->buckets / HASHED_SEGMENT;
	if (segment >= HASHED_SEGMENTS)
		return;
	if (!table->segments[segment])
		table->segments[segment] = calloc(HASHED_SEGMENT, sizeof(struct hashed *));
	if (!table->segments[segment])
		return;
	uint32_t wide = 2 * table->mask + 1, made = table->buckets;
	struct hashed **old = hashed_first(table, made & table->mask);
	struct hashed **fresh = hashed_first(table, made);
	while (*old) {
		struct hashed *row = *old;
		if ((row->hash & wide) != made) {
			old = &row->next;
			continue;
		}
		*old = row->next;
		row->next = NULL;
		*fresh = row;
		fresh = &row->next;
	}
	if (++table->buckets > wide)
		table->mask = wide;
}

void hashed_add(struct hashed_table *table, struct hashed *row)
{
	if (++table->count > table->buckets)
		grow(table);
	struct hashed **first = hashed_first(table, hashed_bucket(table, row->hash));
	row->next = *first;
	*first = row;
}

void hashed_remove(struct hashed_table *table, struct hashed *row)
{
	struct hashed **at = hashed_first(table, hashed_bucket(table, row->hash));
	while (*at != row)
		at = &(*at)->next;
	*at = row->next;
	table->count--;
}
