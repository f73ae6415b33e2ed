/* SPDX-License-Identifier: Apache-2.0
 * The tables of a source on disk: what was there against what was found, row by row, and the
 * writing of all of them or none. */
#ifndef EF_IMPORTER_INV_STORE_H
#define EF_IMPORTER_INV_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/err.h"
#include "importer/inventory/inv_found.h"
#include "importer/inventory/inv_state.h"

/* Of one dictionary. */
struct inv_change {
	struct dict_rows old;
	const struct dict_row **was, **is; /* by key; owned, the rows are not */
	size_t added, gone, changed, same;
};

struct inv_changes {
	const struct inv_found *found;
	struct inv_change of[INV_KINDS_MAX];
	bool differs;
};

/* What is there in `dir`/discovered/`source` against `found`. Release it in any case. */
int inv_changes_find(const char *dir, const char *source, const struct inv_found *found,
		     struct inv_changes *ret, struct err *err);
void inv_changes_release(struct inv_changes *changes);

/* How many interfaces have another name than before, and the first of them; 0 of other tables. */
size_t inv_change_moved(const struct inv_change *change, const struct dict_rows *found,
			const struct dict_row **ret_first);

/* EF_FAILED where less than half of what a table had would be left. */
int inv_changes_check(const struct inv_changes *changes, struct err *err);

/* A line a table; with `diff` a line a row, too: "+ …", "- …", "~ KEY COLUMN: old -> new". */
void inv_changes_print(FILE *out, const char *source, const struct inv_changes *changes, bool diff);
/* {dictionary: {rows, added, gone, changed}}; the caller's. */
json_t *inv_changes_json(const struct inv_changes *changes);

/* The folder of the source as it is to be: the tables and the state, at once. `head` stands in the
 * first lines of each table, as a comment. */
int inv_store_write(const char *dir, const char *source, const struct inv_changes *changes,
		    const char *head, const struct inv_state *state, struct err *err);

#endif
