/* SPDX-License-Identifier: Apache-2.0
 * The API key of efd: may add documents to our data streams, and nothing else. */
#ifndef EF_IMPORTER_KEY_H
#define EF_IMPORTER_KEY_H

#include <stdbool.h>

#include "common/err.h"
#include "common/options.h"

struct es;

#define KEY_FILE_EFD "/etc/efd/api_key"

enum key_found {
	KEY_ABSENT,  /* no file, or an empty one */
	KEY_REFUSED, /* the cluster does not know it: another cluster's, expired, or invalidated */
	KEY_WEAK,    /* it is known, but may not write to all our data streams */
	KEY_FITS,
};

/* Where the key goes unless setup.key_file says it: KEY_FILE_EFD where its folder can be written to, else a file in the
 * caller's home. The caller's to free; NULL: no memory. */
char *key_file_default(void);

/* What is in `file`, by asking the cluster of `settings` with it. -1: no answer. */
int key_look(const struct elastic_settings *settings, const char *file, enum key_found *ret_found,
	     struct err *err);

/* Fails when the user of `es` lacks the privileges that the key is to have: a key has no more than who made it. */
int key_may_be_made(struct es *es, struct err *err);

/* Makes a key and writes it to `file`: mode 0600, and 0640 for the group efd below /etc/efd. With `show` it is printed
 * to standard output, too. */
int key_make(struct es *es, const char *file, bool show, struct err *err);

/* Invalidates every key of this name that the caller owns. */
int key_remove(struct es *es, struct err *err);

#endif
