/* SPDX-License-Identifier: Apache-2.0
 * Ways into foreign JSON: the rows of a document, and the text of a cell of one.
 *
 * Rows: "results[]" are the elements of the list `results`, "values[].properties.prefixes[]" those
 * of a list in each element of another, "*[]" those of all lists that are members of the document,
 * "[]" those of a document that is a list.
 *
 * Cells: a path from the row ("site.name", "ports.0"), "." the row itself, "@" the name of the
 * member that it came from; each '^' in front goes out to the row around it. "a|b": b where a has
 * nothing. "=text": that text. "AWS {service}": paths in a text, which is nothing when all of them
 * are. Behind a path may stand ":host" (an address without the length of its prefix), ":kilo" (a
 * thousand times as much) and the name of what another table of the source remembers, for what it
 * remembers under that text.
 *
 * How deep they go is bounded by the path, which is the user's, not by the document. */
#ifndef EF_IMPORTER_INV_PATH_H
#define EF_IMPORTER_INV_PATH_H

#include <jansson.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

#define INV_PATH_MAX 1024 /* bytes of rows, and of a template */

/* A row, and the row around it. */
struct inv_frame {
	const json_t *value;
	const char *key; /* name of the member that holds it, or the list of it; "" */
	const struct inv_frame *outer;
};

typedef int inv_row_fn(void *arg, const struct inv_frame *row, struct err *err);

/* Calls `each` for every row. EF_FAILED where the document has no such list: it is something
 * else; lists that only some rows around lack are passed over. */
int inv_path_rows(const json_t *document, const char *path, inv_row_fn *each, void *arg,
		  struct err *err);

/* What a plain path leads to, borrowed; NULL: nothing. */
const json_t *inv_path_at(const json_t *value, const char *path);

/* The cell's text added to `out`. `known`: name -> text -> text. EF_USAGE: what is there is no
 * text, number, true or false, or the template is none. */
int inv_cell(const struct inv_frame *row, const char *template, const json_t *known,
	     struct buf *out, struct err *err);

/* Whether inv_cell() can do it; `known` has the names that are remembered as its keys. */
int inv_cell_check(const char *template, const json_t *known, struct err *err);
/* Whether it looks something up under that name. */
bool inv_cell_uses(const char *template, const char *name);

#endif
