/* SPDX-License-Identifier: Apache-2.0
 * efctl keys rotate: a new API key where efd reads it, and an end to the old one once efd is seen
 * to store documents with the new one. */
#ifndef EF_IMPORTER_KEYS_ROTATE_H
#define EF_IMPORTER_KEYS_ROTATE_H

#include <stddef.h>

#include "importer/keys_run.h"

int keys_rotate(struct keys_run *run, struct err *err);

/* What `metrics` of efd (NULL: nobody answers at `url`) have against it that efd took the key `id`
 * out of `file` and stored documents with it; "" when it did. Returns `text`. */
const char *keys_rotate_doubt(const char *metrics, const char *url, const char *id,
			      const char *file, char *text, size_t size);

#endif
