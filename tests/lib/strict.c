/* SPDX-License-Identifier: Apache-2.0
 * A sink that gives every line just the memory it asked for, and looks whether the line is JSON without a key twice. */
#include "tests/lib/strict.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jsonw.h"

void strict_check(struct strict *s)
{
	size_t len = s->memory ? (size_t)(s->sink.cur - s->memory) : 0;
	/* numbers above 2^63 are more than jansson's integers hold */
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL;
	json_error_t error;
	json_t *line;

	if (!len)
		return;
	if (len > s->need - JSONW_SLACK || s->memory[len - 1] != '\n') {
		fprintf(stderr, "a line of %zu octets in room for %zu: %.*s\n", len,
			s->need - JSONW_SLACK, (int)len, s->memory);
		abort();
	}
	line = json_loadb(s->memory, len, flags, &error);
	if (!line) {
		fprintf(stderr, "%s: %.*s\n", error.text, (int)len, s->memory);
		abort();
	}
	json_decref(line);
	s->lines++;
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
