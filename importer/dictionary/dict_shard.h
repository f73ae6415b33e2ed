/* SPDX-License-Identifier: Apache-2.0
 * A dictionary that is too large for the pipeline `flow`: pipelines of its own, and the filter in
 * front of them. */
#ifndef EF_IMPORTER_DICT_SHARD_H
#define EF_IMPORTER_DICT_SHARD_H

#include <jansson.h>

#include "common/err.h"
#include "importer/dictionary/dict_kind.h"
#include "importer/dictionary/dict_table.h"

struct assets;

/*
 * Cuts `records` into tables of at most DICT_SHARD_MAX bytes of JSON. `elements` is
 * {"ip": [[…], …], "mac": [[…], …]}, for each end of a record its elements by preference; the
 * pipelines are named with `prefix` (common/names.h). The result is an array of {"id": …, "body":
 * …}, callers last.
 */
int dict_shard(const struct assets *assets, const char *prefix, const struct dict_kind *kind,
	       const struct dict_records *records, const json_t *elements, json_t **ret_pipelines,
	       struct err *err);

#endif
