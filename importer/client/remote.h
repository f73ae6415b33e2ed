/* SPDX-License-Identifier: Apache-2.0
 * Other clusters that are looked at from this one (cross-cluster search): names, patterns of
 * indices, and what did not answer. Nothing is ever written there. */
#ifndef EF_IMPORTER_REMOTE_H
#define EF_IMPORTER_REMOTE_H

#include <jansson.h>

#include "common/conf.h"
#include "common/err.h"

/* "NAME" to "NAME,eu:NAME,us:NAME"; the caller's. NULL: no memory. */
char *remote_pattern(const char *name, const struct strlist *remotes);

/* Extends every pattern of our streams in a saved object so, wherever a text is that pattern alone:
 * titles of data views, indices of Vega. */
void remote_enter(json_t *object, const struct strlist *remotes);
/* The way back, whatever the remote clusters were. */
void remote_leave(json_t *object);

/* How many clusters of a search did not answer: their documents are missing in it. */
long long remote_skipped(const json_t *reply);

#endif
