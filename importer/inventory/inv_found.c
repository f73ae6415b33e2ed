/* SPDX-License-Identifier: Apache-2.0
 * What a source said: rows of the dictionaries that can be discovered, and what was left out. */
#include "importer/inventory/inv_found.h"

#include <string.h>

#include "common/plain.h"

void inv_found_init(struct inv_found *found)
{
	*found = (struct inv_found){ .known = json_object() };
	for (size_t i = 0; i < dict_kinds_len && found->kinds < INV_KINDS_MAX; i++)
		if (dict_kinds[i].discovered)
			dict_rows_init(&found->rows[found->kinds++], &dict_kinds[i]);
}

void inv_found_release(struct inv_found *found)
{
	for (size_t i = 0; i < found->kinds; i++)
		dict_rows_release(&found->rows[i]);
	json_decref(found->known);
}

struct dict_rows *inv_found_rows(struct inv_found *found, const struct dict_kind *kind)
{
	for (size_t i = 0; i < found->kinds; i++)
		if (found->rows[i].kind == kind)
			return &found->rows[i];
	return NULL;
}

void inv_found_ask(struct inv_found *found, const struct dict_kind *kind)
{
	for (size_t i = 0; i < found->kinds; i++)
		found->asked[i] |= found->rows[i].kind == kind;
}

char *inv_cell_clean(char *text)
{
	plain_text(text);
	text += strspn(text, " ");
	size_t n = strlen(text);

	if (n > INV_CELL_BYTES) {
		n = INV_CELL_BYTES;
		while (n && ((unsigned char)text[n] & 0xC0) == 0x80) /* within a character */
			n--;
	}
	while (n && text[n - 1] == ' ')
		n--;
	text[n] = '\0';
	if (strcmp(text, "-") == 0)
		*text = '\0';
	return text;
}

void inv_found_wrong(struct inv_found *found, const struct err *why)
{
	if (found->wrong++ == 0)
		found->first = *why;
}

/* Whether it says nothing: no key, a column that has to be there, or all but the key is empty. */
static bool is_silent(const struct dict_kind *kind, const char *const *cells)
{
	bool says = false;

	for (size_t i = 0; i < kind->columns; i++) {
		if (kind->column[i].required && !*cells[i])
			return true;
		says |= !kind->column[i].key && *cells[i];
	}
	return !says;
}

void inv_found_add(struct inv_found *found, const struct dict_kind *kind, const char *const *cells,
		   const char *table, unsigned line)
{
	struct dict_rows *rows = inv_found_rows(found, kind);
	struct err why = ERR_NONE;

	if (is_silent(kind, cells)) {
		found->silent++;
		return;
	}
	const struct dict_row *there = dict_rows_find(rows, cells);
	if (there && strcmp(there->origin, table) == 0)
		found->doubles++;
	else if (dict_rows_add(rows, cells, table, line, &why))
		inv_found_wrong(found, &why);
}

int inv_found_check(const struct inv_found *found, struct err *err)
{
	size_t good = 0;

	for (size_t i = 0; i < found->kinds; i++)
		good += found->rows[i].n;
	if (found->wrong <= good)
		return 0;
	return err_set(err, EF_FAILED, "%zu rows cannot be used, %zu can: %s", found->wrong, good,
		       found->first.msg);
}
