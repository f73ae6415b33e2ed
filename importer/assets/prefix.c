/* SPDX-License-Identifier: Apache-2.0
 * What our files call assets and data streams, changed to what an installation with a prefix calls
 * them: members whose value is a name, and names within texts. */
#include "importer/assets/prefix.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/names.h"
#include "importer/assets/asset.h"

#define TEXT_MAX (4U << 20)

/* Members whose whole value is a name without a type of data stream, like "flow" or
 * "ti_flow.feeds". In arrays it is the array's member that counts. */
static const struct {
	const char *parent; /* NULL: any */
	const char *member;
} members[] = {
	{ NULL, "default_pipeline" },
	{ NULL, "final_pipeline" },
	{ "pipeline", "name" },    /* a processor that calls */
	{ "lifecycle", "name" },   /* the policy in a template's settings */
	{ NULL, "dataset" },       /* of data_stream and event, in parameters */
	{ "dataset", "value" },    /* the constant of a mapping */
	{ NULL, "event.dataset" }, /* in a query */
	{ NULL, "data_stream.dataset" },
	{ "", "id" },           /* of a saved object */
	{ "references", "id" }, /* in a saved object */
};

/* Names within texts: what stands there, and after how much of it the prefix goes. */
static const struct {
	const char *text;
	size_t before;
	const char *ends; /* what may follow a name; NULL: anything */
} in_texts[] = {
	{ "logs-flow", 5, "-.*'\"" },
	{ "metrics-flow", 8, "-.*'\"" },
	{ "logs-ti_flow", 5, "-.*'\"" },
	{ "flow@", 0, NULL },             /* component templates, and the pipeline flow@custom */
	{ "flow-installation", 0, NULL }, /* the index of the record */
	{ "policy flow", 7, "." },        /* for people */
	/* datasets in scripts */
	{ "'dataset', 'flow", 12, "'." },
	{ "event, 'flow.counters'", 8, NULL },
	{ "sub(ctx, 'event'), 'flow.exporters'", 20, NULL },
};

/* Where a file stands whose name, without ending, follows "flow-" in texts: pipelines, and saved
 * objects with the "flow-" in the file's name. */
static const struct {
	const char *before, *after;
} files[] = {
	{ "ingest-pipelines/", ".yml" },           { "kibana/dashboard/flow-", ".json" },
	{ "kibana/index-pattern/flow-", ".json" }, { "kibana/map/flow-", ".json" },
	{ "kibana/search/flow-", ".json" },
};

struct change {
	const struct assets *assets;
	const char *prefix;
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Length of a name "flow-NAME" of one of our files at `text`, or 0. */
static size_t file_name(const struct change *c, const char *text)
{
	char path[256];
	if (strncmp(text, "flow-", 5) != 0)
		return 0;
	size_t n = strspn(text + 5, "abcdefghijklmnopqrstuvwxyz-");
	for (size_t i = 0; n && i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s%.*s%s", files[i].before, (int)n, text + 5,
			 files[i].after);
		if (assets_find(c->assets, path))
			return 5 + n;
	}
	return 0;
}

/* Length of the name that begins at `at` in `text`, or 0; `ret_before`: of the part that the prefix
 * goes behind. */
static size_t name_at(const struct change *c, const char *text, const char *at, size_t *ret_before)
{
	if (at > text && is_word(at[-1]))
		return 0;
	for (size_t i = 0; i < sizeof(in_texts) / sizeof(in_texts[0]); i++) {
		size_t n = strlen(in_texts[i].text);
		if (strncmp(at, in_texts[i].text, n) != 0 ||
		    (in_texts[i].ends && at[n] && !strchr(in_texts[i].ends, at[n])))
			continue;
		*ret_before = in_texts[i].before;
		return n;
	}
	*ret_before = 0;
	return at > text && (at[-1] == '-' || at[-1] == '.') ? 0 : file_name(c, at);
}

/* The same text with its names changed, or NULL when there is none (or no memory). */
static json_t *change_text(const struct change *c, const char *text)
{
	CLEANUP_BUF struct buf out;
	const char *done = text;
	size_t before;
	int full = 0;
	buf_init(&out, TEXT_MAX);
	for (const char *at = text; *at;) {
		size_t n = name_at(c, text, at, &before);
		if (n) {
			full |= buf_add(&out, done, (size_t)(at - done) + before);
			full |= buf_add_text(&out, c->prefix) || buf_add(&out, ".", 1);
			done = at + before;
		}
		at += n ? n : 1;
	}
	if (done == text && !out.len)
		return NULL;
	full |= buf_add_text(&out, done);
	return full ? NULL : json_stringn(out.data, out.len);
}

static bool is_name(const char *parent, const char *member, const char *text)
{
	if (!name_is_of("", text) || strchr(text, ' '))
		return false;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strcmp(members[i].member, member) == 0 &&
		    (!members[i].parent || strcmp(members[i].parent, parent) == 0))
			return true;
	return false;
}

/* The value that takes the place of `value`, or NULL: it stays. */
static json_t *other(const struct change *c, const char *parent, const char *member,
		     const json_t *value)
{
	const char *text = json_string_value(value);
	if (!text)
		return NULL;
	return is_name(parent, member, text) ? json_string(NAME(c->prefix, text))
					     : change_text(c, text);
}

/* `member` holds `tree`, and `parent` holds the object with `member`. */
static void change_tree(const struct change *c, const char *parent, const char *member,
			json_t *tree)
{
	const char *key;
	json_t *value, *fresh;
	void *next;
	size_t i;
	json_object_foreach_safe (tree, next, key, value) {
		fresh = other(c, member, key, value);
		if (fresh)
			json_object_set_new(tree, key, fresh);
		else
			change_tree(c, member, key, value);
	}
	json_array_foreach (tree, i, value) {
		fresh = other(c, parent, member, value);
		if (fresh)
			json_array_set_new(tree, i, fresh);
		else
			change_tree(c, parent, member, value);
	}
}

void prefix_enter(const struct assets *assets, const char *prefix, json_t *tree)
{
	const struct change c = { assets, prefix };
	if (tree && prefix && *prefix)
		change_tree(&c, "", "", tree);
}
