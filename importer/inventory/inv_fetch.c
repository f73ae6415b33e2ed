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

struct fetch {
	const struct inv_source *source;
	struct inv_http *http; /* NULL: a file is read */
	/* what was asked last: several tables may be of one document */
	char *url;
	json_t *document;
	json_t *seen; /* object: the pages of the table at hand */
};

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
	if (fetch_text(f, url, &text, err))
		return -1;
	if (inv_text_read(f->source, text.len ? text.data : "", text.len, &f->document, err))
		return err_wrap(err, "%s", url_shown(url, shown, sizeof(shown)));
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

int inv_fetch(const struct inv_source *s, struct inv_found *found, struct err *err)
{
	struct fetch f = { .source = s, .seen = json_object() };
	int rc = 0;

	if (s->url && !(f.http = inv_http_new(s, err)))
		rc = -1;
	for (size_t i = 0; rc == 0 && i < json_array_size(s->tables); i++)
		if (inv_table_is_wanted(s, json_array_get(s->tables, i)))
			rc = fetch_table(&f, i, found, err);
	inv_http_free(f.http);
	json_decref(f.document);
	json_decref(f.seen);
	free(f.url);
	return rc ? -1 : inv_found_check(found, err);
}
