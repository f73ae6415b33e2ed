/* SPDX-License-Identifier: Apache-2.0
 * What people and programs get to see on standard output and error. */
#include "importer/core/print.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/plain.h"
#include "importer/core/memory.h"

/* Cuts the ends of lines off that `fmt` ends with; how many. */
static size_t ends_cut(char *text, const char *fmt)
{
	size_t n = 0;
	for (size_t at = strlen(fmt), len = strlen(text); at && fmt[at - 1] == '\n'; at--, n++)
		text[len - n - 1] = '\0';
	return n;
}

void print_plain(FILE *out, const char *fmt, ...)
{
	CLEANUP_FREE char *text = NULL;
	va_list args;
	va_start(args, fmt);
	int len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		memory_out();
	size_t begins = strspn(fmt, "\n"), ends = begins < strlen(fmt) ? ends_cut(text, fmt) : 0;
	fprintf(out, "%.*s%s", (int)begins, text, plain_text(text + begins));
	while (ends-- > 0)
		fputc('\n', out);
}

void print_lines(FILE *out, const char *text)
{
	CLEANUP_FREE char *copy = strdup(text);
	if (!copy)
		memory_out();
	fputs(plain_lines(copy), out);
}

void print_json(FILE *out, const json_t *json, size_t flags)
{
	CLEANUP_FREE char *text = json_dumps(json, flags);
	CLEANUP_FREE char *plain = text ? plain_json(text) : NULL;
	if (!plain)
		memory_out();
	fprintf(out, "%s\n", plain);
}
