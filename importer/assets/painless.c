/* SPDX-License-Identifier: Apache-2.0
 * Puts Painless scripts together: libraries, merging of neighbours, squeezing (docs/pipelines.md, steps 6 to 8). */
#include "importer/assets/painless.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "importer/assets/asset.h"

#define RUN        "//@run"
#define INCLUDE    "//@include "
#define SOURCE_MAX (4U << 20) /* before squeezing; far beyond what could be installed */
#define DEPTH_MAX  8

/* The text of a line without blanks at both ends; `*at` moves to the next line. False at the end. */
static bool next_line(const char **at, const char **ret_line, size_t *ret_len)
{
	const char *line = *at;
	if (!*line)
		return false;
	size_t len = strcspn(line, "\n");
	*at = line + len + (line[len] == '\n');
	while (len && strchr(" \t", *line))
		line++, len--;
	while (len && strchr(" \t\r", line[len - 1]))
		len--;
	*ret_line = line;
	*ret_len = len;
	return true;
}

/* The start of the "//@run" line and of the line after it, or false. */
static bool find_run(const char *source, const char **ret_line, const char **ret_below)
{
	const char *at = source, *line;
	size_t len;
	for (const char *start = at; next_line(&at, &line, &len); start = at)
		if (len == strlen(RUN) && strncmp(line, RUN, len) == 0) {
			*ret_line = start;
			*ret_below = at;
			return true;
		}
	return false;
}

bool painless_mergeable(const char *source)
{
	const char *line, *below;
	return find_run(source, &line, &below);
}

char *painless_merge(const char *first, const char *second)
{
	const char *line1, *below1, *line2, *below2;
	char *merged = NULL;
	if (!find_run(first, &line1, &below1) || !find_run(second, &line2, &below2))
		return NULL;
	if (asprintf(&merged, "%.*s\n%.*s\n" RUN "\n%s\n%s", (int)(line1 - first), first,
		     (int)(line2 - second), second, below1, below2) < 0)
		return NULL;
	return merged;
}

struct finish {
	const struct assets *assets;
	const char *where;
	struct buf out;
	struct strlist included;
	int depth;
	struct err *err;
};

static int finish_text(struct finish *f, const char *source);

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
	char copy[256];
	snprintf(copy, sizeof(copy), "%.*s", (int)len, name);
	if (strlist_add(&f->included, copy))
		return err_set(f->err, EF_FAILED, "out of memory");
	int result = finish_text(f, lib->text);
	f->depth--;
	return result;
}

static int finish_text(struct finish *f, const char *source)
{
	const char *at = source, *line;
	size_t len;
	while (next_line(&at, &line, &len)) {
		if (len > strlen(INCLUDE) && strncmp(line, INCLUDE, strlen(INCLUDE)) == 0) {
			if (include(f, line + strlen(INCLUDE), len - strlen(INCLUDE)))
				return -1;
			continue;
		}
		if (len == 0 || strncmp(line, "//", 2) == 0)
			continue;
		if (buf_add(&f->out, line, len) || buf_add(&f->out, "\n", 1))
			return err_set(f->err, EF_FAILED, "%s: the script is too long", f->where);
	}
	return 0;
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c == '$';
}

/* Where a run of blanks, line ends and comments stops. */
static const char *skip_blank(const char *at)
{
	for (;;) {
		at += strspn(at, " \t\n");
		if (strncmp(at, "//", 2) != 0)
			return at;
		at += strcspn(at, "\n");
	}
}

/* Two words would become one, or two signs another operator. */
static bool needs_blank(char before, char after)
{
	return (is_word(before) && is_word(after)) ||
	       (before == after && (before == '+' || before == '-'));
}

/* A quoted text with its quotes, as it is. */
static char *copy_quoted(const char **at, char *out)
{
	char quote = **at;
	*out++ = *(*at)++;
	while (**at && **at != quote) {
		if (**at == '\\' && (*at)[1])
			*out++ = *(*at)++;
		*out++ = *(*at)++;
	}
	if (**at)
		*out++ = *(*at)++;
	return out;
}

/* Step 8, for scripts that are too long: no blank that the language does not need. In place. */
static void squeeze_hard(struct buf *script)
{
	char *out = script->data;
	for (const char *at = script->data; *at;) {
		const char *next = skip_blank(at);
		if (next > at && *next && out > script->data && needs_blank(out[-1], *next))
			*out++ = ' ';
		at = next;
		if (*at == '\'' || *at == '"')
			out = copy_quoted(&at, out);
		else if (*at)
			*out++ = *at++;
	}
	*out = '\0';
	script->len = (size_t)(out - script->data);
}

int painless_finish(const struct assets *assets, const char *where, const char *source,
		    char **ret_source, struct err *err)
{
	struct finish f = { .assets = assets, .where = where, .err = err };
	buf_init(&f.out, SOURCE_MAX);
	int result = finish_text(&f, source);
	if (result == 0 && f.out.len == 0)
		result = err_set(err, EF_USAGE, "%s: the script is empty", where);
	if (result == 0 && f.out.len > PAINLESS_MAX)
		squeeze_hard(&f.out);
	if (result == 0)
		*ret_source = buf_steal(&f.out);
	buf_release(&f.out);
	strlist_release(&f.included);
	return result;
}
