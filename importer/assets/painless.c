/* SPDX-License-Identifier: Apache-2.0
 * Puts Painless scripts together: libraries, merging of neighbours, stripping (docs/pipelines.md,
 * steps 6 to 8). */
#include "importer/assets/painless.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "importer/assets/asset.h"
#include "importer/assets/shorten.h"
#include "importer/assets/token.h"

#define RUN        "//@run"
#define STRIP      "//@strip"
#define INCLUDE    "//@include "
#define SOURCE_MAX (4U << 20) /* before stripping; far beyond what could be installed */
#define DEPTH_MAX  8

/* A mark: a comment with a line of its own. */
struct script_mark {
	const char *text; /* without blanks behind it */
	size_t len;
	const char *line, *below; /* the starts of its line and of the next one */
};

static bool is_mark(const struct script_mark *mark, const char *text)
{
	return mark->len == strlen(text) && strncmp(mark->text, text, mark->len) == 0;
}

static bool is_include(const struct script_mark *mark)
{
	return mark->len > strlen(INCLUDE) && strncmp(mark->text, INCLUDE, strlen(INCLUDE)) == 0;
}

/* The next one of `source`, false at the end. What looks like one in a text or in a block comment
 * is none. */
static bool next_mark(const char *source, struct tokens *tokens, struct script_mark *ret_mark)
{
	struct token token;
	while ((token = token_next(tokens)).kind != TOKEN_END) {
		const char *line = token.text, *end = token.text + token.len;
		struct script_mark mark = { token.text, token.len, NULL, NULL };
		while (mark.len && strchr(" \t", mark.text[mark.len - 1]))
			mark.len--;
		if (!is_mark(&mark, RUN) && !is_mark(&mark, STRIP) && !is_include(&mark))
			continue;
		while (line > source && strchr(" \t", line[-1]))
			line--;
		if (line > source && line[-1] != '\n')
			continue;
		end += *end == '\r';
		end += *end == '\n';
		mark.line = line;
		mark.below = end;
		*ret_mark = mark;
		return true;
	}
	return false;
}

static bool next_run(const char *source, struct tokens *tokens, struct script_mark *ret_mark)
{
	while (next_mark(source, tokens, ret_mark))
		if (is_mark(ret_mark, RUN))
			return true;
	return false;
}

static bool find_run(const char *source, struct script_mark *ret_mark)
{
	struct tokens tokens = { .at = source };
	return next_run(source, &tokens, ret_mark);
}

bool painless_mergeable(const char *source)
{
	struct script_mark run;
	return find_run(source, &run);
}

static size_t line_number(const char *source, const char *line)
{
	size_t n = 1;
	for (; source < line; source++)
		n += *source == '\n';
	return n;
}

int painless_check(const char *where, const char *source, struct err *err)
{
	struct tokens tokens = { .at = source };
	struct script_mark run;
	if (!next_run(source, &tokens, &run) || !next_run(source, &tokens, &run))
		return 0;
	return err_set(err, EF_USAGE,
		       "%s: line %zu of a script is a second " RUN
		       ", where one is allowed: take it "
		       "out",
		       where, line_number(source, run.line));
}

char *painless_merge(const char *first, const char *second)
{
	struct script_mark run1, run2;
	char *merged = NULL;
	if (!find_run(first, &run1) || !find_run(second, &run2))
		return NULL;
	if (asprintf(&merged, STRIP "\n%.*s\n%.*s\n" RUN "\n%s\n%s", (int)(run1.line - first),
		     first, (int)(run2.line - second), second, run1.below, run2.below) < 0)
		return NULL;
	return merged;
}

struct finish {
	const struct assets *assets;
	const char *where;
	struct buf out, libs;
	struct strlist included;
	bool strip;
	bool libs_below; /* of the own functions, above what runs: its author's come first */
	int depth;
	struct err *err;
};

static int expand_includes(struct finish *f, const char *source);

static int include(struct finish *f, const char *name, size_t len)
{
	char path[256];
	for (size_t i = 0; i < f->included.n; i++)
		if (strlen(f->included.item[i]) == len &&
		    strncmp(f->included.item[i], name, len) == 0)
			return 0;
	snprintf(path, sizeof(path), "ingest-pipelines/lib/%.*s.painless", (int)len, name);
	const struct asset *lib = assets_find(f->assets, path);
	if (!lib)
		return err_set(f->err, EF_USAGE, "%s: //@include %.*s: there is no %s", f->where,
			       (int)len, name, path);
	if (++f->depth > DEPTH_MAX)
		return err_set(f->err, EF_USAGE, "%s: //@include %.*s: included too deep", f->where,
			       (int)len, name);
	struct script_mark run;
	if (find_run(lib->text, &run))
		return err_set(f->err, EF_USAGE, "%s:%zu: " RUN " has no place in a library",
			       lib->origin, line_number(lib->text, run.line));
	char copy[256];
	snprintf(copy, sizeof(copy), "%.*s", (int)len, name);
	if (strlist_add(&f->included, copy))
		return err_set(f->err, EF_FAILED, "out of memory");
	int result = expand_includes(f, lib->text);
	f->depth--;
	return result;
}

static int add_text(struct finish *f, const char *text, size_t len)
{
	struct buf *out = f->depth && f->libs_below ? &f->libs : &f->out;
	if (len == 0 || buf_add(out, text, len) == 0)
		return 0;
	return err_set(f->err, EF_FAILED, "%s: the script is too long", f->where);
}

static int expand_mark(struct finish *f, const struct script_mark *mark)
{
	if (is_include(mark))
		return include(f, mark->text + strlen(INCLUDE), mark->len - strlen(INCLUDE));
	if (is_mark(mark, RUN))
		return add_text(f, f->libs.data, f->libs.len);
	f->strip = true;
	return 0;
}

/* Marks are carried out and gone, everything else stays as it is written. */
static int expand_includes(struct finish *f, const char *source)
{
	struct tokens tokens = { .at = source };
	struct script_mark mark;
	const char *at = source;
	for (; next_mark(source, &tokens, &mark); at = mark.below)
		if (add_text(f, at, (size_t)(mark.line - at)) || expand_mark(f, &mark))
			return -1;
	size_t len = strlen(at);
	if (add_text(f, at, len))
		return -1;
	return len && at[len - 1] != '\n' ? add_text(f, "\n", 1) : 0;
}

/* Whether it is a script at all. */
static int finish_check(struct finish *f)
{
	struct tokens tokens = { .at = f->out.data ? f->out.data : "" };
	struct token token;
	size_t n = 0;
	while ((token = token_next(&tokens)).kind != TOKEN_END) {
		if (token.kind == TOKEN_ENDLESS)
			return err_set(f->err, EF_USAGE, "%s: a %s has no end: %.40s", f->where,
				       *token.text != '/'     ? "text in quotes"
				       : token.text[1] == '*' ? "comment"
							      : "regular expression",
				       token.text);
		n += token.kind != TOKEN_BLANK && token.kind != TOKEN_COMMENT;
	}
	return n ? 0 : err_set(f->err, EF_USAGE, "%s: the script is empty", f->where);
}

/* Comments go, and blanks but where they part two tokens. In place: what is left is no longer. */
static void strip(struct buf *script)
{
	struct tokens tokens = { .at = script->data };
	struct token token, before = { .kind = TOKEN_END };
	char *out = script->data;
	bool gap = false;
	while ((token = token_next(&tokens)).kind != TOKEN_END) {
		if (token.kind == TOKEN_BLANK || token.kind == TOKEN_COMMENT) {
			gap = true;
			continue;
		}
		if (gap && before.kind != TOKEN_END && token_apart(&before, &token))
			*out++ = ' ';
		memmove(out, token.text, token.len);
		before = (struct token){ token.kind, out, token.len };
		out += token.len;
		gap = false;
	}
	*out = '\0';
	script->len = (size_t)(out - script->data);
}

int painless_finish(const struct assets *assets, const char *where, const char *source,
		    char **ret_source, struct err *err)
{
	struct finish f = { .assets = assets, .where = where, .err = err };
	if (painless_check(where, source, err))
		return -1;
	f.libs_below = painless_mergeable(source);
	buf_init(&f.out, SOURCE_MAX);
	buf_init(&f.libs, SOURCE_MAX);
	int result = expand_includes(&f, source) || finish_check(&f) ? -1 : 0;
	if (result == 0) {
		if (f.strip || f.out.len > PAINLESS_MAX) {
			strip(&f.out);
			if (f.strip && f.libs_below) /* merged */
				painless_shorten(&f.out);
		}
		*ret_source = buf_steal(&f.out);
	}
	buf_release(&f.out);
	buf_release(&f.libs);
	strlist_release(&f.included);
	return result;
}
