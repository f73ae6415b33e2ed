/* SPDX-License-Identifier: Apache-2.0
 * The lifecycle policy that the templates name: ours, or one of the user's, which is never
 * written. */
#ifndef EF_IMPORTER_ILM_H
#define EF_IMPORTER_ILM_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"
#include "importer/client/app.h"

struct es;
struct install;

/* Whether `policy` is one of the user's: neither what setup.ilm_policy calls ours, nor what the
 * installation `prefix` calls that. */
bool ilm_is_yours(const char *prefix, const char *policy);

/* For setup, before it plans: EF_USAGE where the policy of the user's is not there, the cluster has
 * none at all, or somebody names a retention beside it. Notes what follows from it. */
int ilm_check(struct install *in, const struct app *app, struct err *err);

/* What doctor says of the policy that the installed templates name, appended to `findings`. */
int ilm_findings(struct es *es, const struct app *app, json_t *findings, struct err *err);

#endif
