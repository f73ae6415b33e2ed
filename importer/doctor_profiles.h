/* SPDX-License-Identifier: Apache-2.0
 * What each profile (setup --profile) would save of the documents that a cluster has. */
#ifndef EF_IMPORTER_DOCTOR_PROFILES_H
#define EF_IMPORTER_DOCTOR_PROFILES_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"

struct app;
struct assets;
struct es;

/* Documents of a sample: enough for what members of `_source` take of each other. */
#define PROFILE_SAMPLE 500

/*
 * The dotted paths that documents of `profile` ("lean", "standard", "full") lack whatever is in
 * them, by the lists in the stages event and geo: not event.start and event.end, which are left out
 * where other times say them. An array, the caller's.
 */
int profile_left_out(const struct assets *assets, const char *profile, json_t **ret_paths,
		     struct err *err);

/* Whether a field is one of those paths, or below one. */
bool profile_lacks(const char *field, const json_t *paths);

/* Says what doctor cannot find because the profile of the installation (app->setup, as it is
 * recorded) leaves out the fields that it asks. */
int doctor_unseen(struct es *es, const struct app *app, json_t *findings, struct err *err);

/*
 * Adds to `findings` what a profile would save, in bytes a document. `usage`: the reply of POST
 * /STREAM/_disk_usage (NULL: nothing is added); `sample`: the reply of a search for some of its
 * documents, by whose text the bytes of `_source` are divided, as the cluster does not say what a
 * member takes there; `documents`: how many there are.
 */
int doctor_profiles(const struct assets *assets, const json_t *usage, const json_t *sample,
		    long long documents, json_t *findings, struct err *err);

#endif
