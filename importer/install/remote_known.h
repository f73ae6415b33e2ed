/* SPDX-License-Identifier: Apache-2.0
 * Whether the cluster knows the other clusters that are to be looked at from it. */
#ifndef EF_IMPORTER_REMOTE_KNOWN_H
#define EF_IMPORTER_REMOTE_KNOWN_H

#include <jansson.h>

#include "common/err.h"
#include "importer/client/app.h"

struct es;
struct install;

/* For setup, before it plans: EF_USAGE for one of kibana.remote that the cluster does not know,
 * where somebody names it now; a note where it was known once. */
int remote_known_check(struct install *in, const struct app *app, struct err *err);

/* What doctor says of those that it does not know, appended to `findings`. */
int remote_known_findings(struct es *es, const struct app *app, json_t *findings, struct err *err);

#endif
