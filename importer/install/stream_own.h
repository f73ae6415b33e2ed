/* SPDX-License-Identifier: Apache-2.0
 * What a data stream takes from its template when it is made and keeps from then on: its lifecycle
 * and its failure store. Those that are there are brought to what new ones get. */
#ifndef EF_IMPORTER_STREAM_OWN_H
#define EF_IMPORTER_STREAM_OWN_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"

struct es;
struct install;

/*
 * Appends to `list` what of which stream has to be changed once the plan is carried out: objects
 * {"stream", "what", "from", "to"} for people and programs, and {"path", "body"} of the request.
 * What flow@custom says of it is the user's, and left alone.
 */
int stream_own_find(const struct install *in, bool force, json_t *list, struct err *err);

int stream_own_apply(struct es *es, const json_t *list, struct err *err);

/* Text for people, "logs-flow-default: failure store none -> off"; `text` has `size` bytes. */
void stream_own_text(const json_t *entry, char *text, size_t size);

#endif
