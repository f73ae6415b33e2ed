/* SPDX-License-Identifier: Apache-2.0
 * A hash table that grows by one bucket at a time: no insertion ever moves all that is in it.
 *
 * Linear hashing (Litwin 1980). Rows are linked through their first member. */
#ifndef EF_DECODE_HASHED_H
#define EF_DECODE_HASHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forwarder/decode/core/domain.h"

#define HASHED_SEGMENT  4096 /* buckets that are made at a time */
#define HASHED_SEGMENTS 512

struct hashed_table {
	struct hashed **segments[HASHED_SEGMENTS];
	uint32_t buckets, mask; /* mask: of the power of two that is not above `buckets` */
	uint32_t count;
};

/* False: no memory. */
bool hashed_init(struct hashed_table *table);
void hashed_release(struct hashed_table *table);

/* Of which bucket, and its first row. */
static inline uint32_t hashed_bucket(const struct hashed_table *table, uint32_t hash)
{
	uint32_t wide = hash & (2 * table->mask + 1);
	return wide < table->buckets ? wide : hash & table->mask;
}

static inline struct hashed **hashed_first(const struct hashed_table *table, uint32_t bucket)
{
	return &table->segments[bucket / HASHED_SEGMENT][bucket % HASHED_SEGMENT];
}

static inline struct hashed *hashed_find(const struct hashed_table *table, uint32_t hash)
{
	return *hashed_first(table, hashed_bucket(table, hash));
}

/* `row->hash` is set. Without memory for more buckets chains get longer. */
void hashed_add(struct hashed_table *table, struct hashed *row);
void hashed_remove(struct hashed_table *table, struct hashed *row);

#endif
