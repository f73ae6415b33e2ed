/* SPDX-License-Identifier: Apache-2.0
 * The Bloom filter in front of a large dictionary; lib/filter.painless is the reader. */
#ifndef EF_IMPORTER_DICT_FILTER_H
#define EF_IMPORTER_DICT_FILTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "importer/dictionary/dict_table.h"

/* Bits of filter for each block of addresses, and the ceiling of all filters of a dictionary in
 * bytes. */
#define FILTER_BITS 16
#define FILTER_MAX  (600U * 1024)

/*
 * The Bloom filter of the records `from` up to `to`, as text of six bits a digit, at most `ceiling`
 * bytes; "" when the records cover too much for one to help. A new reference.
 */
int dict_filter(const struct dict_records *records, size_t from, size_t to, size_t ceiling,
		json_t **ret_filter, struct err *err);

/* Whether a filter may know an address: what filter_has() in lib/filter.painless does. */
bool dict_filter_has(const char *filter, enum dict_family family, dict_address address);

#endif
