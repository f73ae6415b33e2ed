/* SPDX-License-Identifier: Apache-2.0
 * Other clusters that are looked at from this one (cross-cluster search): names, patterns of
 * indices, and what did not answer. */
#include "importer/client/remote.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "importer/client/streams.h"
#include "importer/core/json.h"

#define PATTERN_MAX (16U << 10)

char *remote_pattern(const char *name, const struct strlist *remotes)
{
	CLEANUP_BUF struct buf out;
	int full;

	buf_init(&out, PATTERN_MAX);
	full = buf_add_text(&out, name);
	for (size_t i = 0; i < remotes->n; i++)
		full |= buf_add_fmt(&out, ",%s:%s", remotes->item[i], name);
	return full ? NULL : strdup(out.data);
}

/* A text in place of `text`, or NULL: it stays. */
typedef json_t *change_fn(const char *text, const struct strlist *remotes);

static void patterns_change(json_t *tree, change_fn *fn, const struct strlist *remotes)
{
	const char *key;
	json_t *value, *fresh;
	size_t i;

	json_object_foreach (tree, key, value) {
		fresh = json_is_string(value) ? fn(json_string_value(value), remotes) : NULL;
		if (fresh)
			json_object_set_new(tree, key, fresh);
		else
			patterns_change(value, fn, remotes);
	}
	json_array_foreach (tree, i, value) {
		fresh = json_is_string(value) ? fn(json_string_value(value), remotes) : NULL;
		if (fresh)
			json_array_set_new(tree, i, fresh);
		else
			patterns_change(value, fn, remotes);
	}
}

/* The length of the pattern of a stream that `text` begins with, "logs-flow-*"; 0: it does not. Not
 * of the indicators: which feeds are loaded is told of this cluster. */
static size_t pattern_length(const char *text)
{
	for (size_t i = 0; i < STREAMS; i++) {
		size_t n = strlen(stream_rows[i].name);
		if (strncmp(text, stream_rows[i].name, n) == 0 && strncmp(text + n, "-*", 2) == 0)
			return n + 2;
	}
	return 0;
}

static json_t *extended(const char *text, const struct strlist *remotes)
{
	size_t n = pattern_length(text);
	CLEANUP_FREE char *pattern = n && !text[n] ? remote_pattern(text, remotes) : NULL;

	return pattern ? json_string(pattern) : NULL;
}

static json_t *pattern_cut(const char *text, const struct strlist *remotes)
{
	size_t n = pattern_length(text);
	const char *rest = text + n;

	(void)remotes;
	while (n && *rest == ',') {
		const char *name = strchr(rest, ':');
		if (!name || strncmp(name + 1, text, n) != 0)
			return NULL;
		rest = name + 1 + n;
	}
	return n && rest > text + n && !*rest ? json_stringn(text, n) : NULL;
}

void remote_enter(json_t *object, const struct strlist *remotes)
{
	if (remotes->n)
		patterns_change(object, extended, remotes);
}

void remote_leave(json_t *object)
{
	patterns_change(object, pattern_cut, NULL);
}

long long remote_skipped(const json_t *reply)
{
	return json_int_at(reply, "_clusters.skipped");
}
