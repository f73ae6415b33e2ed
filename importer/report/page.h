/* SPDX-License-Identifier: Apache-2.0
 * A page of HTML that is written: our own markup, and texts of others that can be nothing but
 * text. */
#ifndef EF_IMPORTER_PAGE_H
#define EF_IMPORTER_PAGE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define PAGE_MAX (64U << 20) /* bytes; reports have some hundred thousand */

struct html_page {
	struct buf text;
};

void page_init(struct html_page *p);
void page_release(struct html_page *p);

/* Our own markup and numbers; no text of others is an argument. Ends the program where memory is
 * short, as all of these. */
void page_add(struct html_page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Somebody's text: what steers becomes '?' (common/plain.h), and markup is escaped, in elements as
 * in quoted attributes. */
void page_text(struct html_page *p, const char *text);
/* The same as an element that keeps its direction of writing to itself; cut behind `most`
 * characters. */
void page_name(struct html_page *p, const char *text, size_t most);
/* A member of an SVG: the same, cut, without an element. */
void page_label(struct html_page *p, const char *text, size_t most);

/* A paragraph in small letters; NULL: none. */
void page_note(struct html_page *p, const char *text);

/* The searches behind a figure, to be unfolded: each {"query", "aggs"} as Dev Tools take it.
 * `pattern` names the indices. */
void page_asked(struct html_page *p, const char *pattern, const json_t *asked);

/* Everything before and behind the sections. `title` is somebody's text. */
void page_head(struct html_page *p, const char *title);
void page_foot(struct html_page *p);

#endif
