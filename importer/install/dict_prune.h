/* SPDX-License-Identifier: Apache-2.0
 * Takes dictionaries' pipelines away that nothing needs any more. */
#ifndef EF_IMPORTER_DICT_PRUNE_H
#define EF_IMPORTER_DICT_PRUNE_H

#include "importer/dictionary/dict.h"

struct es;

#define DICT_GRACE_MS 2000U

/*
 * Deletes the dictionary pipelines of ours on the cluster that the set does not need any more. Call
 * it when nothing refers to them; it waits `grace_ms` for documents that are on their way when
 * there is anything to delete.
 */
int dict_prune(struct es *es, struct dict_set *set, unsigned grace_ms, size_t *ret_removed,
	       struct err *err);

#endif
