/* SPDX-License-Identifier: Apache-2.0
 * Tables of prefixes: nested prefixes become sorted, disjoint records, and those the strings that
 * Painless searches.
 *
 * docs/dictionaries.md has the layout; lib/lookup.painless is the reader. */
#ifndef EF_IMPORTER_DICT_TABLE_H
#define EF_IMPORTER_DICT_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/ip.h"

typedef unsigned __int128 dict_address; /* as a number; the family says how many bits count */

enum dict_family { DICT_V4, DICT_V6, DICT_MAC48, DICT_FAMILIES };

struct dict_family_facts {
	const char *name; /* member of the table */
	unsigned bits;    /* of an address */
	unsigned digits;  /* of a key */
};
extern const struct dict_family_facts dict_families[DICT_FAMILIES];

/* One prefix and what holds for it. */
struct dict_item {
	enum dict_family family;
	dict_address first;
	unsigned bits;  /* length of the prefix */
	json_t *value;  /* owned; NULL: nothing holds here, whatever encloses it */
	bool exclusive; /* prefixes inside it are left out */
};

struct dict_items {
	struct dict_item *item;
	size_t n, room;
};

void dict_items_release(struct dict_items *items);
/* Takes `value_take`, also on failure. */
int dict_items_add(struct dict_items *items, enum dict_family family, dict_address first,
		   unsigned bits, json_t *value_take, bool exclusive, struct err *err);
/* The family and number of an IP prefix. */
enum dict_family dict_number(const struct prefix *prefix, dict_address *ret_first,
			     unsigned *ret_bits);

/* What holds from `first` to the next record of the family. */
struct dict_record {
	enum dict_family family;
	dict_address first;
	json_t *value; /* borrowed from the records' `value`; NULL: nothing */
	bool exact;    /* for `first` alone; the addresses up to the next record have nothing */
};

struct dict_records {
	struct dict_record *record; /* sorted by family, first */
	size_t n, room;
	json_t *value; /* array that keeps the values alive */
};

/*
 * Sorts `items` and flattens them. `merge` (may be NULL) makes the value of a prefix from that of
 * its enclosing prefix and its own; it returns a new reference, NULL when memory is short.
 */
int dict_items_flatten(struct dict_items *items, json_t *(*merge)(json_t *outer, json_t *inner),
		       struct dict_records *ret_records, struct err *err);
void dict_records_release(struct dict_records *records);

#endif
