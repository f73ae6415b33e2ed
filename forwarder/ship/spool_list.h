/* SPDX-License-Identifier: Apache-2.0
 * What a spool holds: an entry a file, those that wait in a list for each lane, and the sums.
 *
 * Whatever waits for a closed lane, nothing here walks past it: the cost is that of the lanes, and
 * of what is held at the moment. No function locks. */
#ifndef EF_SHIP_SPOOL_LIST_H
#define EF_SHIP_SPOOL_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forwarder/ship/lane.h"

struct spool_entry {
	struct spool_entry *prev, *next; /* in its lane's list, or among those that are held */
	uint64_t no;
	uint64_t disk; /* bytes it counts for in the quota */
	uint64_t born_ms;
	uint32_t items;
	int lane;
	bool held;    /* a shipper has it, or it is still being written */
	bool written; /* it counts: whoever sees it counted may rely on it */
};

struct spool_list {
	struct spool_entry *waiting[LANES]; /* utlists by number, the oldest first */
	struct spool_entry *held;
	uint64_t files, items; /* of those that are written */
	uint64_t bytes;        /* of all, in the quota */
	uint64_t steps;        /* entries that were looked at: what it costs, for tests */
};

/* Takes an entry, which is held. Room is taken before the file is written, so that the quota
 * holds. */
void spool_list_add(struct spool_list *l, struct spool_entry *e);
/* Takes one whose file was found, in no order: spool_list_sort() follows after the last. */
void spool_list_find(struct spool_list *l, struct spool_entry *e);
void spool_list_sort(struct spool_list *l);
/* Its file is there: now it counts. */
void spool_list_count(struct spool_list *l, struct spool_entry *e);
/* Frees it. */
void spool_list_forget(struct spool_list *l, struct spool_entry *e);
void spool_list_clear(struct spool_list *l);

/* The held one of that number, or NULL. */
struct spool_entry *spool_list_held(struct spool_list *l, uint64_t no);
/* The oldest that waits in a lane whose bit is not in `without`; NULL: none. */
struct spool_entry *spool_list_first(struct spool_list *l, uint32_t without);
void spool_list_hold(struct spool_list *l, struct spool_entry *e);
/* It waits (again), in the order of the numbers. */
void spool_list_release(struct spool_list *l, struct spool_entry *e);

/* A bit for each lane of which something is there. */
uint32_t spool_list_lanes(const struct spool_list *l);
/* When the oldest one was born, 0: there is none. */
uint64_t spool_list_born_ms(const struct spool_list *l);

/* The numbers of all, sorted, the caller's to free; *ret_n of them. NULL: no memory. */
uint64_t *spool_list_numbers(const struct spool_list *l, size_t *ret_n);
/* qsort() and bsearch() of numbers. */
int spool_number_compare(const void *a, const void *b);

#endif
