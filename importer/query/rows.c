/* SPDX-License-Identifier: Apache-2.0
 * Rows of figures for people and for programs: cells that fit, CSV (RFC 4180), and the width of the
 * terminal. */
#include "importer/query/rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/plain.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"
#include "importer/core/table.h"

#define WIDTH_MAX 1000

const char *const rows_format_names[] = { "table", "csv", "json", NULL };

size_t rows_width(size_t otherwise)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	long n = columns ? strtol(columns, NULL, 10) : 0;
	if (n <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		n = size.ws_col;
	return n <= 0 ? otherwise : n > WIDTH_MAX ? WIDTH_MAX : (size_t)n;
}

void rows_csv_text(FILE *out, const char *text, bool first)
{
	CLEANUP_FREE char *copy = strdup(text);
	if (!copy)
		memory_out();
	const char *cell = plain_text(copy);
	const bool quoted = cell[strcspn(cell, ",\"\r\n")];
	if (!first)
		fputc(',', out);
	if (quoted)
		fputc('"', out);
	for (; *cell; cell++) {
		if (*cell == '"')
			fputc('"', out);
		fputc(*cell, out);
	}
	if (quoted)
		fputc('"', out);
}

void rows_csv_plain(FILE *out, const char *text, size_t len, bool first)
{
	const bool quoted = memchr(text, ',', len);
	if (!first)
		fputc(',', out);
	if (quoted)
		fputc('"', out);
	fwrite(text, 1, len, out);
	if (quoted)
		fputc('"', out);
}

void rows_csv_number(FILE *out, uint64_t n, bool first)
{
	print_plain(out, "%s%" PRIu64, first ? "" : ",", n);
}

const char *local_time_text(uint64_t ms, char *text)
{
	const time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	if (!localtime_r(&seconds, &tm) || !strftime(text, WHEN_MAX, "%Y-%m-%d %H:%M %Z", &tm))
		text[0] = '\0';
	return text;
}
