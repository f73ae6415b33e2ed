/* SPDX-License-Identifier: Apache-2.0
 * Rows of other people's files as CSV: each key once, and nothing that no dictionary takes. */
#include "importer/dictionary/import_row.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"

void import_cell(FILE *out, const char *cell)
{
	bool quoted = strpbrk(cell, ",\"") || *cell == '#';

	if (quoted)
		putc('"', out);
	for (; *cell; cell++) {
		if (*cell == '"')
			putc('"', out);
		putc(iscntrl((unsigned char)*cell) ? ' ' : *cell, out);
	}
	if (quoted)
		putc('"', out);
}

/* One line that is no UTF-8 would make the whole dictionary useless. */
static bool are_utf8(const char *const *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		CLEANUP_JSON json_t *text = json_string(cells[i]);

		if (!text)
			return false;
	}
	return true;
}

int import_row(struct import *im, const char *const *cells, size_t n, struct err *err)
{
	if (!are_utf8(cells, n) || json_object_get(im->seen, cells[0])) {
		im->skipped++;
		return 0;
	}
	if (json_object_set_new(im->seen, cells[0], json_true()))
		return err_set(err, EF_FAILED, "out of memory");
	for (size_t i = 0; i < n; i++) {
		if (i)
			putc(',', im->out);
		import_cell(im->out, cells[i]);
	}
	putc('\n', im->out);
	im->rows++;
	return 0;
}
