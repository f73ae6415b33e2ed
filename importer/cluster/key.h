/* SPDX-License-Identifier: Apache-2.0
 * The API key of efd: may add documents to our data streams, and nothing else. */
#ifndef EF_IMPORTER_KEY_H
#define EF_IMPORTER_KEY_H

#include <stdbool.h>

#include "common/err.h"
#include "common/options.h"

struct es;

/* Whether the file holds a key that the cluster takes: 1, 0, -1 (cluster unreachable). */
int key_works(const struct elastic_settings *settings, const char *file, struct err *err);

/* Makes a key and writes it to `file` (0600). With `show` it is printed to standard output, too. */
int key_make(struct es *es, const char *file, bool show, struct err *err);

/* Invalidates every key of this name that the caller owns. */
int key_remove(struct es *es, struct err *err);

#endif
