/* SPDX-License-Identifier: Apache-2.0
 * A search that is on its way while the page before it is written. */
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

#endif
