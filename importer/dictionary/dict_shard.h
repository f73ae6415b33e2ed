/* SPDX-License-Identifier: Apache-2.0
 * A dictionary that is too large for the pipeline `flow`: pipelines of its own, and the filter in front of them. */
#ifndef EF_IMPORTER_DICT_SHARD_H
#define EF_IMPORTER_DICT_SHARD_H

#include <jansson.h>

#include "common/err.h"
#include "importer/dictionary/dict_kind.h"
#include "importer/dictionary/dict_table.h"

struct assets;

/* Bits of filter for each block of addresses, and the ceiling of all filters of a dictionary in bytes. */
#define FILTER_BITS 16
#define FILTER_MAX  (600U * 1024)

/*
 * Cuts `records` into tables of at most DICT_SHARD_MAX bytes of JSON. `elements` is
 * {"ip": [[…], …], "mac": [[…], …]}, for each end of a record its elements by preference. The
 * result is an array of {"id": …, "body": …}, callers last.
 */
int dict_shard(const struct assets *assets, const struct dict_kind *kind,
	       const struct dict_records *records, const json_t *elements, json_t **ret_pipelines,
	       struct err *err);

/*
 * The Bloom filter of the records `from` up to `to`, as text of six bits a digit, at most `ceiling` bytes; "" when the
 * records cover too much for one to help. A new reference.
 */
int dict_filter(const struct dict_records *records, size_t from, size_t to, size_t ceiling,
		json_t **ret_filter, struct err *err);

/* Whether a filter may know an address: what filter_has() in lib/filter.painless does. */
bool dict_filter_has(const char *filter, enum dict_family family, dict_address address);

#endif
