/* SPDX-License-Identifier: Apache-2.0
 * The lines in which two texts differ, as a unified diff: Myers, "An O(ND) Difference Algorithm"
 * (1986). */
#ifndef EF_IMPORTER_DIFF_H
#define EF_IMPORTER_DIFF_H

#include "common/buf.h"

#define DIFF_LINES_MAX 60000U /* of both texts together */
#define DIFF_EDITS_MAX 1500   /* lines that are removed or added: the effort grows with them */

enum diff {
	DIFF_NONE,  /* the texts are the same; nothing is appended */
	DIFF_EDITS, /* the least number of lines, in hunks with three lines around them */
	DIFF_WHOLE, /* too different, or too long: all between the first and last difference */
};

/*
 * Appends to `out` the hunks ("@@ -1,4 +1,4 @@" and so on, without the two lines of names before
 * them) that make `new` of `old`. What `patch` reads. -1: `out` is full, or no memory.
 */
BUF_MUST int diff_text(const char *old, const char *new, struct buf *out, enum diff *ret_how);

#endif
