/* SPDX-License-Identifier: Apache-2.0
 * A sink that gives just the memory that a line asked for, and looks whether the line is JSON
 * without a key twice. */
#include "tests/lib/strict.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jsonw.h"

static void check_line(const char *text, size_t len)
{
	/* numbers above 2^63 are more than jansson's integers hold */
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL;
	json_error_t error;
	json_t *line = json_loadb(text, len, flags, &error);

	if (!line) {
		fprintf(stderr, "%s: %.*s\n", error.text, (int)len, text);
		abort();
	}
	json_decref(line);
}

void strict_check(struct strict *s)
{
	const char *at = s->memory, *end = s->sink.cur;

	if (at && (size_t)(end - at) > s->need - JSONW_SLACK) {
		fprintf(stderr, "%zu octets in room for %zu\n", (size_t)(end - at),
			s->need - JSONW_SLACK);
		abort();
	}
	/* a line that needs less than its predecessor left stands behind it */
	while (at && at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (!newline)
			abort();
		check_line(at, (size_t)(newline - at));
		at = newline + 1;
		s->lines++;
	}
	s->sink.cur = s->sink.end = s->memory; /* the next line asks again */
}

static int more(struct sink *sink, size_t need)
{
	struct strict *s = sink->owner;

	strict_check(s);
	free(s->memory);
	s->memory = malloc(need);
	if (!s->memory)
		abort();
	s->need = need;
	sink->cur = s->memory;
	sink->end = s->memory + need;
	return 0;
}

void strict_init(struct strict *s)
{
	*s = (struct strict){ .sink = { .more = more, .owner = s } };
	for (int i = 0; i < LINE_KINDS; i++)
		s->sink.head[i].id_at = -1;
}

void strict_release(struct strict *s)
{
	free(s->memory);
	*s = (struct strict){ 0 };
}
