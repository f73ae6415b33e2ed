/* SPDX-License-Identifier: Apache-2.0
 * A page of HTML that is written: our own markup, and texts of others that can be nothing but
 * text. */
#include "importer/report/page.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/plain.h"
#include "importer/core/memory.h"
#include "importer/core/table.h"
#include "importer/report/style.h"

void page_init(struct html_page *p)
{
	buf_init(&p->text, PAGE_MAX);
}

void page_release(struct html_page *p)
{
	buf_release(&p->text);
}

static void page_bytes(struct html_page *p, const char *bytes, size_t n)
{
	if (buf_add(&p->text, bytes, n))
		memory_out();
}

void page_add(struct html_page *p, const char *fmt, ...)
{
	CLEANUP_FREE char *text = NULL;
	va_list args;
	va_start(args, fmt);
	int n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		memory_out();
	page_bytes(p, text, (size_t)n);
}

static void escaped_add(struct html_page *p, const char *plain)
{
	for (; *plain; plain++) {
		const char *as = *plain == '&'    ? "&amp;"
				 : *plain == '<'  ? "&lt;"
				 : *plain == '>'  ? "&gt;"
				 : *plain == '"'  ? "&quot;"
				 : *plain == '\'' ? "&#39;"
						  : NULL;
		page_bytes(p, as ? as : plain, as ? strlen(as) : 1);
	}
}

void page_text(struct html_page *p, const char *text)
{
	CLEANUP_FREE char *copy = strdup(text);
	if (!copy)
		memory_out();
	escaped_add(p, plain_text(copy));
}

void page_label(struct html_page *p, const char *text, size_t most)
{
	CLEANUP_FREE char *copy = strdup(text);
	if (!copy)
		memory_out();
	plain_text(copy);
	if (text_width(copy) > most) {
		size_t seen = 0, at = 0;
		for (; copy[at]; at++) {
			seen += ((unsigned char)copy[at] & 0xc0) != 0x80;
			if (seen == most)
				break;
		}
		copy[at] = '\0';
		escaped_add(p, copy);
		page_add(p, "…");
		return;
	}
	escaped_add(p, copy);
}

void page_name(struct html_page *p, const char *text, size_t most)
{
	bool cut = text_width(text) > most;
	page_add(p, "<bdi%s", cut ? " title=\"" : ">");
	if (cut) {
		page_text(p, text);
		page_add(p, "\">");
	}
	page_label(p, text, most);
	page_add(p, "</bdi>");
}

void page_note(struct html_page *p, const char *text)
{
	if (!text)
		return;
	page_add(p, "<p class=\"note\">");
	page_text(p, text);
	page_add(p, "</p>\n");
}

void page_asked(struct html_page *p, const char *pattern, const json_t *asked)
{
	size_t i;
	json_t *one;
	page_add(p, "<details><summary>Query</summary>");
	json_array_foreach ((json_t *)asked, i, one) {
		json_object_set_new(one, "size", json_integer(0));
		CLEANUP_FREE char *text = json_dumps(one, JSON_INDENT(1));
		CLEANUP_FREE char *plain = text ? plain_json(text) : NULL;
		if (!plain)
			memory_out();
		page_add(p, "<pre>POST ");
		page_text(p, pattern);
		page_add(p, "/_search\n");
		escaped_add(p, plain);
		page_add(p, "</pre>");
	}
	page_add(p, "</details>\n");
}

void page_head(struct html_page *p, const char *title)
{
	/* nothing is loaded, and nothing runs, whatever a text has in it */
	page_add(p, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		    "style-src 'unsafe-inline'\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	page_text(p, title);
	page_add(p, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", report_style);
}

void page_foot(struct html_page *p)
{
	page_add(p, "</main>\n</body>\n</html>\n");
}
