/* SPDX-License-Identifier: Apache-2.0
 * The word that somebody meant who wrote one that is none. */
#ifndef EF_IMPORTER_SUGGEST_H
#define EF_IMPORTER_SUGGEST_H

#include <stddef.h>

struct suggestion {
	const char *word; /* what was written, in any case */
	const char *best; /* borrowed; NULL: none is near enough */
	size_t distance;  /* of `best`, in letters */
};

struct suggestion suggest_for(const char *word);
/* Takes `known`, in small letters, where it is nearer than what it has. */
void suggest_try(struct suggestion *s, const char *known);

#endif
