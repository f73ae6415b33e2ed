/* SPDX-License-Identifier: Apache-2.0
 * A parcel: one closed batch as a ready-to-send gzip `_bulk` body, in memory or in a spool file. */
#ifndef EF_SHIP_PARCEL_H
#define EF_SHIP_PARCEL_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum parcel_kind {
	PARCEL_LINES = 0, /* raw lines: what Elasticsearch refuses goes to the failed stream */
	PARCEL_FAILED =
	    1, /* documents for the failed stream: what is refused goes to the reject file */
};

struct parcel {
	void *gz; /* owned */
	size_t gz_len;
	size_t raw_len; /* inflated */
	uint32_t items;
	enum parcel_kind kind;
	uint64_t born_ms;           /* wall clock when the batch closed */
	uint64_t spool_no;          /* number of its spool file, 0: only in memory */
	uint32_t attempts;          /* how often it was sent and came back with items to retry */
	struct parcel *prev, *next; /* in the queue */
};

static inline void parcel_free(struct parcel *p)
{
	if (p)
		free(p->gz);
	free(p);
}

#endif
