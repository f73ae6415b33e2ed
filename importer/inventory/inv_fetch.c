/* SPDX-License-Identifier: Apache-2.0
 * Asks a source for all of its tables, page by page. */
#include "importer/inventory/inv_fetch.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/url.h"
#include "importer/core/files.h"
#include "importer/inventory/inv_http.h"
#include "importer/inventory/inv_path.h"
#include "importer/inventory/inv_table.h"
#include "importer/inventory/inv_text.h"

/* A page as it came. */
struct kept_page {
	char *url;
	struct buf text;
	struct kept_page *next;
};

struct fetch {
	const struct inv_source *source;
	struct inv_http *http; /* NULL: a file is read */
	/* what was asked last: several tables may be of one document */
	char *url;
	json_t *document;
	json_t *seen; /* object: the pages of the table at hand */
	/* pages that the next table reads, too: as text, which limits.bytes bounds */
	struct kept_page *kept;
	bool keeps;
};

static void forget_pages(struct fetch *f)
{
	while (f->kept) {
		struct kept_page *page = f->kept;

		f->kept = page->next;
		buf_release(&page->text);
		free(page->url);
		free(page);
	}
}

static const struct buf *kept_text(const struct fetch *f, const char *url)
{
	for (const struct kept_page *page = f->kept; page; page = page->next)
		if (strcmp(page->url, url) == 0)
			return &page->text;
	return NULL;
}

static int keep_page(struct fetch *f, const char *url, struct buf *text_take, struct err *err)
{
	struct kept_page *page = calloc(1, sizeof(*page));

	if (!page || !(page->url = strdup(url))) {
		free(page);
		return err_set(err, EF_FAILED, "out of memory");
	}
	page->text = *text_take;
	*text_take = (struct buf){ .data = NULL };
	page->next = f->kept;
	f->kept = page;
	return 0;
}

static int fetch_text(struct fetch *f, const char *url, struct buf *text, struct err *err)
{
	if (f->http)
		return inv_http_get(f->http, url, text, err);
	buf_init(text, (size_t)f->source->bytes);
	if (file_read(url, (size_t)f->source->bytes, &text->data, &text->len, err))
		return -1;
	text->room = text->len + 1;
	return 0;
}

static int fetch_document(struct fetch *f, const char *url, struct err *err)
{
	char shown[URL_SHOWN_MAX];
	CLEANUP_BUF struct buf text = { .data = NULL };

	if (f->url && strcmp(f->url, url) == 0)
		return 0;
	json_decref(steal_ptr(f->document));
	free(steal_ptr(f->url));
	const struct buf *there = kept_text(f, url);
	if (!there && fetch_text(f, url, &text, err))
		return -1;
	const struct buf *read = there ? there : &text;
	if (inv_text_read(f->source, read->len ? read->data : "", read->len, &f->document, err))
		return err_wrap(err, "%s", url_shown(url, shown, sizeof(shown)));
	if (!there && f->keeps && keep_page(f, url, &text, err))
		return -1;
	f->url = strdup(url);
	return f->url ? 0 : err_set(err, EF_FAILED, "out of memory");
}

/* Where the next page is, in the place of `*url`; 0: there is none, 1: there is. */
static int next_page(struct fetch *f, const json_t *table, char **url, struct err *err)
{
	const char *path = json_string_value(json_object_get(table, "next"));
	const json_t *link = path ? inv_path_at(f->document, path) : NULL;
	char *next = NULL;

	if (!link || json_is_null(link) || !f->http)
		return 0;
	if (!json_is_string(link))
		return err_set(err, EF_FAILED, "the link to the next page ('%s') is no text", path);
	if (!*json_string_value(link))
		return 0;
	if (url_resolve(*url, json_string_value(link), &next, err))
		return -1;
	free(*url);
	*url = next;
	if (json_object_get(f->seen, next))
		return err_set(err, EF_FAILED, "its pages lead in a circle");
	return 1;
}

/* Below the source's url: one slash between the two. */
static char *table_url(const struct inv_source *s, const char *below)
{
	size_t n = s->url ? strlen(s->url) : 0;
	char *url = NULL;

	if (!s->url)
		return strdup(s->file);
	if (*below == '/')
		while (n && s->url[n - 1] == '/')
			n--;
	return asprintf(&url, "%.*s%s", (int)n, s->url, below) < 0 ? NULL : url;
}

static int fetch_table(struct fetch *f, size_t number, struct inv_found *found, struct err *err)
{
	const json_t *table = json_array_get(f->source->tables, number);
	const char *below = json_string_value(json_object_get(table, "url"));
	CLEANUP_FREE char *url = table_url(f->source, below ? below : "");
	int more = 1;

	if (!url)
		return err_set(err, EF_FAILED, "out of memory");
	json_object_clear(f->seen);
	while (more > 0) {
		char shown[URL_SHOWN_MAX];

		if (fetch_document(f, url, err))
			return -1;
		json_object_set_new(f->seen, url, json_true());
		if (inv_table_read(f->source, number, f->document, found, err))
			return err_wrap(err, "%s", url_shown(url, shown, sizeof(shown)));
		more = next_page(f, table, &url, err);
	}
	return more;
}

/* Whether the next table of which anything comes is made of the same pages. */
static bool is_read_again(const struct inv_source *s, size_t number)
{
	const json_t *table = json_array_get(s->tables, number);

	for (size_t i = number + 1; i < json_array_size(s->tables); i++) {
		const json_t *other = json_array_get(s->tables, i);

		if (inv_table_is_wanted(s, other))
			return json_object_get(table, "url") &&
			       json_equal(json_object_get(table, "url"),
					  json_object_get(other, "url"));
	}
	return false;
}

static int fetch_tables(struct fetch *f, struct inv_found *found, struct err *err)
{
	for (size_t i = 0; i < json_array_size(f->source->tables); i++) {
		if (!inv_table_is_wanted(f->source, json_array_get(f->source->tables, i)))
			continue;
		f->keeps = f->http && is_read_again(f->source, i);
		if (fetch_table(f, i, found, err))
			return -1;
		if (!f->keeps)
			forget_pages(f);
	}
	return 0;
}

int inv_fetch(const struct inv_source *s, struct inv_found *found, struct err *err)
{
	struct fetch f = { .source = s, .seen = json_object() };
	int rc = 0;

	if (s->url && !(f.http = inv_http_new(s, err)))
		rc = -1;
	if (rc == 0)
		rc = fetch_tables(&f, found, err);
	forget_pages(&f);
	inv_http_free(f.http);
	json_decref(f.document);
	json_decref(f.seen);
	free(f.url);
	return rc ? -1 : inv_found_check(found, err);
}
