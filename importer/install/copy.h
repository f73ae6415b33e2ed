/* SPDX-License-Identifier: Apache-2.0
 * The copy of the record in the component template flow@installation: written with the assets, so
 * it tells whether record and assets are of the same setup.
 *
 * A snapshot may bring back one of the two alone. The copy has a hash of what the record says of
 * options and tables, and a number that rises with every change of them. The record is written
 * first: one with the higher number is what an interrupted command left, or assets were restored;
 * a lower one, or the same with another hash, is no record that these assets were made with. */
#ifndef EF_IMPORTER_COPY_H
#define EF_IMPORTER_COPY_H

#include <jansson.h>
#include <stdbool.h>

#include "importer/assets/canon.h"

struct app;
struct install;

/* Which of the two an earlier setup wrote. */
enum copy_age { COPY_FITS, COPY_RECORD_OLDER, COPY_ASSETS_OLDER };

struct copy {
	enum copy_age age;
	/* what the installed one has; 0 and "": it has none, or was not seen yet */
	long long serial;
	char hash[CANON_HASH_MAX];
	/* [{option, from, to, keep}]: what installed assets have and the record says otherwise, of
	 * what nobody named; `keep` is the flag that keeps it. The copy's owner has it released. */
	json_t *back;
};

/* Sets the variables of the component template, and the number in the record. */
void copy_set(struct install *in);

/* Fills in->copy from the installed one, which is in the plan; the wanted one gets its number. */
void copy_look(struct install *in, const struct app *app);

#define COPY_OLDER                                                                          \
	"the record is not the one that these assets were installed with (restored from a " \
	"snapshot without them, or edited)"
#define COPY_NEWER                                                                                \
	"these assets are of an earlier setup than the record (restored from a snapshot without " \
	"it, or a `dictionaries apply` was interrupted)"

/* Whether setup would take back what the installed assets have and nobody named. */
bool copy_takes_back(const struct install *in);

/* "setup.shards 3 -> 1 (--shards 3 keeps it), …" in `ret_text`, cut at its size. */
void copy_back_text(const struct install *in, char *ret_text, size_t size);

#endif
