/* SPDX-License-Identifier: Apache-2.0
 * The API key of the timer that refreshes the threat feeds: may look at the installation, change
 * pipelines, and write down what it did. */
#ifndef EF_IMPORTER_FEED_KEY_H
#define EF_IMPORTER_FEED_KEY_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/options.h"

struct es;

/* Whether the cluster of `settings` takes the key in `file` for all that the timer does: 1; 0: it
 * does not, or there is none; -1: no answer. */
int feed_key_fits(const struct elastic_settings *settings, const char *file, struct err *err);

/* Makes one and writes it to `dir`/`name`, for root and the group `group` alone. */
int feed_key_make(struct es *es, const char *dir, const char *name, gid_t group, struct err *err);

/* Invalidates those of this name that the caller owns. */
int feed_key_remove(struct es *es, struct err *err);

#endif
