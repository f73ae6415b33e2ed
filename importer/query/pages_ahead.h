/* SPDX-License-Identifier: Apache-2.0
 * A search that is on its way while the page before it is written, and what of a reply that takes
 * before all of it is read. */
#ifndef EF_IMPORTER_PAGES_AHEAD_H
#define EF_IMPORTER_PAGES_AHEAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct es;
struct ahead;

/* `es` is borrowed, and nobody else's from ahead_send() to ahead_take(). */
struct ahead *ahead_new(struct es *es);
/* Waits for what is on its way. NULL is fine. */
void ahead_free(struct ahead *a);

/* Sends a POST of `body` (NULL: none) to `path`, in a thread of its own. None may be on its way. */
int ahead_send(struct ahead *a, const char *path, const json_t *body, struct err *err);
bool ahead_is_out(const struct ahead *a);

/* Waits for the reply, whatever its status: `ret_text` is the caller's. -1: as es_call(). */
int ahead_take(struct ahead *a, long *ret_status, char **ret_text, size_t *ret_len,
	       struct err *err);
/* Waits for it and throws it away. */
void ahead_drop(struct ahead *a);

/*
 * The sort values of the last hit of a search's reply, an array, the caller's; NULL: they are not
 * where engines write them, at the very end. An escaped quote stands before what looks alike within
 * a text; whoever reads the whole reply compares all the same.
 */
json_t *ahead_last_sort(const char *text, size_t len);
/* The text of `member` where it is the first one of the reply; the caller's, or NULL. */
char *ahead_first_text(const char *text, const char *member);

#endif
