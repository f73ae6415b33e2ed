/* SPDX-License-Identifier: Apache-2.0
 * Reads a table from a CSV file row by row, with the file and line in every error. */
#include "common/csv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/regular.h"

/* Undo the quotes of one cell in place; where the cell ends, or NULL when it is not well formed. */
static char *unquote(char *from)
{
	char *to = from;

	for (char *p = from + 1; *p; p++) {
		if (*p == '"' && p[1] != '"') {
			*to = '\0';
			return p + 1;
		}
		if (*p == '"')
			p++;
		*to++ = *p;
	}
	return NULL;
}

int csv_split(char *line, char *cell[], int max)
{
	int n = 0;

	for (char *p = line;;) {
		char *end;

		if (n == max)
			return -1;
		cell[n++] = p;
		end = *p == '"' ? unquote(p) : p + strcspn(p, ",");
		if (!end || (*end && *end != ','))
			return -1;
		if (!*end)
			return n;
		*end = '\0';
		p = end + 1;
	}
}

int csv_error(const struct csv *c, struct err *err, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(err, EF_USAGE, "%s:%u: %s", c->path, c->line, text);
}

/* The next line that is neither empty nor a comment, without its line end: 1, 0 at the end, -1 with
 * `err`. */
static int next_line(struct csv *c, struct err *err)
{
	ssize_t len;

	while ((len = getline(&c->text, &c->room, c->file)) >= 0) {
		c->line++;
		if (len > CSV_LINE_MAX)
			return csv_error(c, err, "longer than %d octets", CSV_LINE_MAX);
		if (memchr(c->text, '\0', (size_t)len))
			return csv_error(c, err, "contains a NUL: not a text file");
		while (len && (c->text[len - 1] == '\n' || c->text[len - 1] == '\r'))
			c->text[--len] = '\0';
		if (len && c->text[0] != '#')
			return 1;
	}
	if (ferror(c->file))
		return err_errno(err, EF_FAILED, errno, "cannot read %s", c->path);
	return 0;
}

int csv_open(struct csv *c, const char *path, const char *header, struct err *err)
{
	static const char bom[] = "\xef\xbb\xbf";
	const char *first;
	int rc;

	*c = (struct csv){ .path = path, .columns = 1 };
	for (const char *p = header; *p; p++)
		c->columns += *p == ',';
	c->file = regular_stream(path, err);
	if (!c->file)
		return -1;
	rc = next_line(c, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return csv_error(c, err, "empty; the first line must be \"%s\"", header);
	first = strncmp(c->text, bom, 3) ? c->text : c->text + 3;
	if (strcmp(first, header))
		return csv_error(c, err, "the header is not \"%s\"", header);
	return 0;
}

int csv_next(struct csv *c, struct err *err)
{
	int rc = next_line(c, err), n;

	if (rc <= 0)
		return rc;
	n = csv_split(c->text, c->cell, CSV_COLUMNS_MAX);
	if (n < 0)
		return csv_error(c, err, "quotes are not closed, or too many columns");
	if (n != c->columns)
		return csv_error(c, err, "%d columns, %d expected", n, c->columns);
	return 1;
}

int csv_number(const struct csv *c, int column, unsigned long max, unsigned long *ret_number,
	       struct err *err)
{
	const char *text = c->cell[column];
	unsigned long number = 0;

	if (!*text)
		return csv_error(c, err, "column %d is empty, a number up to %lu expected",
				 column + 1, max);
	for (const char *p = text; *p; p++) {
		unsigned long digit = (unsigned long)*p - '0';

		if (digit > 9 || digit > max || number > (max - digit) / 10)
			return csv_error(c, err, "\"%s\" is not a number up to %lu", text, max);
		number = number * 10 + digit;
	}
	*ret_number = number;
	return 0;
}

void csv_close(struct csv *c)
{
	if (c->file)
		fclose(c->file);
	free(c->text);
	*c = (struct csv){ 0 };
}

int csv_add_quoted(struct buf *out, const char *text)
{
	if (buf_add_text(out, "\""))
		return -1;
	for (; *text; text++)
		if (buf_add(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1))
			return -1;
	return buf_add_text(out, "\"");
}
