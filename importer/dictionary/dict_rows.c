/* SPDX-License-Identifier: Apache-2.0
 * The rows of a dictionary: CSV text checked cell by cell, one source laid over the other by
 * key. */
#include "importer/dictionary/dict_rows.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/csv.h"
#include "importer/core/files.h"
#include "importer/dictionary/dict_cell.h"

#define FILE_BYTES_MAX (512U << 20)

void dict_rows_init(struct dict_rows *rows, const struct dict_kind *kind)
{
	*rows = (struct dict_rows){ .kind = kind };
}

const char *dict_layer_name(enum dict_layer layer)
{
	static const char *const names[] = {
		[DICT_SHIPPED] = "shipped",
		[DICT_FEED] = "feed",
		[DICT_DISCOVERED] = "discovered",
		[DICT_OWN] = "yours",
	};

	return names[layer];
}

static void row_free(struct dict_row *row)
{
	if (!row)
		return;
	for (int i = 0; i < DICT_COLUMNS_MAX; i++)
		free(row->cell[i]);
	free(row->key);
	free(row);
}

void dict_rows_release(struct dict_rows *rows)
{
	struct dict_row *row, *next;

	HASH_ITER (hh, rows->row, row, next) {
		HASH_DEL(rows->row, row);
		row_free(row);
	}
	for (unsigned i = 0; i < rows->sources; i++)
		free(rows->origin[i]);
	free(rows->origin);
	dict_rows_init(rows, rows->kind);
}

static int located(struct err *err, const char *origin, unsigned line)
{
	return err_wrap(err, "%s:%u", origin, line);
}

int dict_row_error(const struct dict_row *row, struct err *err, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(err, EF_USAGE, "%s", text);
	return located(err, row->origin, row->line);
}

static int new_source(struct dict_rows *rows, const char *name, struct err *err)
{
	char **more = realloc(rows->origin, (rows->sources + 1) * sizeof(*more));
	char *copy = strdup(name);

	if (more)
		rows->origin = more;
	if (!more || !copy) {
		free(copy);
		return err_set(err, EF_FAILED, "out of memory");
	}
	rows->origin[rows->sources++] = copy;
	return 0;
}

static int make_key(const struct dict_kind *kind, struct dict_row *row)
{
	size_t len = 0;
	char *p;

	for (size_t i = 0; i < kind->columns; i++)
		len += kind->column[i].key ? strlen(row->cell[i]) + 1 : 0;
	p = row->key = calloc(len + 1, 1);
	if (!p)
		return -1;
	for (size_t i = 0; i < kind->columns; i++)
		if (kind->column[i].key)
			p = stpcpy(stpcpy(p, row->cell[i]), "\n");
	return 0;
}

static bool removes(const struct dict_kind *kind, const char *const *cells)
{
	for (size_t i = 0; i < kind->columns; i++)
		if (!kind->column[i].key)
			return strcmp(cells[i], "-") == 0;
	return false;
}

static int make_row(const struct dict_rows *rows, const char *const *cells, bool removing,
		    struct dict_row **ret_row, struct err *err)
{
	const struct dict_kind *kind = rows->kind;
	struct dict_row *row = calloc(1, sizeof(*row));

	if (!row)
		return err_set(err, EF_FAILED, "out of memory");
	for (size_t i = 0; i < kind->columns; i++) {
		struct dict_column column = kind->column[i];
		const char *text = cells[i];

		if (removing && !column.key) {
			column.required = false;
			text = "";
		}
		if (dict_cell_normal(&column, text, &row->cell[i], err)) {
			row_free(row);
			return -1;
		}
	}
	if (make_key(kind, row)) {
		row_free(row);
		return err_set(err, EF_FAILED, "out of memory");
	}
	*ret_row = row;
	return 0;
}

/* Puts `row` where its key belongs; takes it in any case. */
static int lay(struct dict_rows *rows, struct dict_row *row, bool removing, struct err *err)
{
	struct dict_row *old = NULL;

	HASH_FIND_STR(rows->row, row->key, old);
	if (old && old->source == row->source) {
		err_set(err, EF_USAGE, "the same key as in line %u; keep one of the two",
			old->line);
		row_free(row);
		return -1;
	}
	if (old) {
		HASH_DEL(rows->row, old);
		row_free(old);
		rows->n--;
	}
	if (removing) {
		row_free(row);
		return 0;
	}
	if (rows->n == DICT_ROWS_MAX) {
		row_free(row);
		return err_set(err, EF_USAGE, "more than %u rows", DICT_ROWS_MAX);
	}
	HASH_ADD_KEYPTR(hh, rows->row, row->key, strlen(row->key), row);
	rows->n++;
	return 0;
}

static int row_add(struct dict_rows *rows, const char *const *cells, unsigned line, struct err *err)
{
	struct dict_row *row = NULL;
	bool removing = removes(rows->kind, cells);

	if (make_row(rows, cells, removing, &row, err))
		return -1;
	row->origin = rows->origin[rows->sources - 1];
	row->line = line;
	row->source = rows->sources;
	row->layer = rows->layer;
	return lay(rows, row, removing, err);
}

int dict_rows_add(struct dict_rows *rows, const char *const *cells, const char *origin,
		  unsigned line, struct err *err)
{
	if (!rows->sources || strcmp(rows->origin[rows->sources - 1], origin) != 0)
		if (new_source(rows, origin, err))
			return -1;
	return row_add(rows, cells, line, err) ? located(err, origin, line) : 0;
}

const struct dict_row *dict_rows_find(const struct dict_rows *rows, const char *const *cells)
{
	struct dict_row *like = NULL, *found = NULL;
	struct err unused = ERR_NONE;

	if (make_row(rows, cells, true, &like, &unused) == 0)
		HASH_FIND_STR(rows->row, like->key, found);
	row_free(like);
	return found;
}

static int unknown_column(const struct dict_kind *kind, const char *name, struct err *err)
{
	char names[256];
	size_t n = 0;

	for (size_t i = 0; i < kind->columns && n < sizeof(names); i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? "," : "",
				      kind->column[i].name);
	return err_set(err, EF_USAGE, "unknown column \"%.80s\" in the header; there are %s", name,
		       names);
}

/* Which column of the kind each column of the file is. */
static int read_header(const struct dict_kind *kind, char **cell, int n, int *map, struct err *err)
{
	bool seen[DICT_COLUMNS_MAX] = { false };

	for (int i = 0; i < n; i++) {
		map[i] = dict_kind_column(kind, cell[i]);
		if (map[i] < 0)
			return unknown_column(kind, cell[i], err);
		if (seen[map[i]])
			return err_set(err, EF_USAGE, "column \"%s\" is there twice", cell[i]);
		seen[map[i]] = true;
	}
	for (size_t i = 0; i < kind->columns; i++)
		if (!seen[i] && (kind->column[i].key || kind->column[i].required))
			return err_set(err, EF_USAGE,
				       "column \"%s\" is missing in the header, the first line",
				       kind->column[i].name);
	return n;
}

/* Pipelines are JSON, which takes nothing else: better told here, with the line, than lost
 * there. */
static bool is_utf8(const char *text)
{
	CLEANUP_JSON json_t *json = json_string(text);
	return json != NULL;
}

/* One line: the header when `*columns` is 0, else a row. */
static int read_line(struct dict_rows *rows, char *line, unsigned number, int *map, int *columns,
		     struct err *err)
{
	char *cell[DICT_COLUMNS_MAX + 1];
	const char *ordered[DICT_COLUMNS_MAX];
	if (!is_utf8(line))
		return err_set(err, EF_USAGE, "is not UTF-8; save the file with that encoding");
	int n = csv_split(line, cell, DICT_COLUMNS_MAX + 1);
	if (n < 0)
		return err_set(err, EF_USAGE,
			       "a quote is not closed on its line, text follows one, or too many "
			       "columns; a quote inside a text is written twice");
	if (*columns == 0) {
		*columns = read_header(rows->kind, cell, n, map, err);
		return *columns < 0 ? -1 : 0;
	}
	if (n != *columns)
		return err_set(err, EF_USAGE,
			       "%d columns, the header has %d; a text with a comma needs quotes", n,
			       *columns);
	for (int i = 0; i < DICT_COLUMNS_MAX; i++)
		ordered[i] = "";
	for (int i = 0; i < n; i++)
		ordered[map[i]] = cell[i];
	return row_add(rows, ordered, number, err);
}

int dict_rows_read(struct dict_rows *rows, const char *text, size_t len, const char *origin,
		   struct err *err)
{
	static const char bom[] = "\xef\xbb\xbf";
	CLEANUP_FREE char *copy = malloc(len + 1);
	int map[DICT_COLUMNS_MAX + 1], columns = 0;
	unsigned number = 0;
	char *p = copy;

	if (!copy)
		return err_set(err, EF_FAILED, "out of memory");
	if (memchr(text, '\0', len))
		return err_set(err, EF_USAGE, "%s holds a NUL: it is no text file", origin);
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (len >= 3 && memcmp(copy, bom, 3) == 0)
		p += 3;
	if (new_source(rows, origin, err))
		return -1;
	while (p && *p) {
		char *line = strsep(&p, "\n");
		size_t n = strlen(line);

		number++;
		if (n && line[n - 1] == '\r')
			line[--n] = '\0';
		if (n == 0 || *line == '#')
			continue;
		if (n > CSV_LINE_MAX)
			err_set(err, EF_USAGE, "longer than %d bytes", CSV_LINE_MAX);
		else if (read_line(rows, line, number, map, &columns, err) == 0)
			continue;
		return located(err, rows->origin[rows->sources - 1], number);
	}
	if (columns == 0)
		return err_set(err, EF_USAGE, "%s is empty; the first line must name the columns",
			       origin);
	return 0;
}

int dict_rows_read_file(struct dict_rows *rows, const char *path, struct err *err)
{
	CLEANUP_FILE FILE *f = file_open(path, err);
	CLEANUP_FREE char *text = NULL;
	size_t len = 0, room = 0;

	if (!f && errno == ENOENT)
		return 1;
	if (!f)
		return -1;
	for (;;) {
		size_t got;

		if (len == room) {
			char *more =
			    room < FILE_BYTES_MAX ? realloc(text, room ? 2 * room : 65536) : NULL;
			if (!more)
				return err_set(err, EF_USAGE, "%s is larger than %u bytes", path,
					       FILE_BYTES_MAX);
			text = more;
			room = room ? 2 * room : 65536;
		}
		got = fread(text + len, 1, room - len, f);
		len += got;
		if (got == 0)
			break;
	}
	if (ferror(f))
		return err_errno(err, EF_USAGE, errno, "cannot read %s", path);
	return dict_rows_read(rows, text, len, path, err);
}
