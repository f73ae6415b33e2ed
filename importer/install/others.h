/* SPDX-License-Identifier: Apache-2.0
 * What of others is in our way: index templates that win over ours, and Elastic's own netflow
 * integration beside us. */
#ifndef EF_IMPORTER_OTHERS_H
#define EF_IMPORTER_OTHERS_H

#include <jansson.h>

#include "common/err.h"

struct app;
struct es;

/* Both append what there is to say to `findings` (finding.h); nothing where all is well. */

/* Of index templates that win over ours for streams of the namespace. */
int others_templates(struct es *es, const struct app *app, json_t *findings, struct err *err);
/* Of the integration. */
int others_findings(struct es *es, const struct app *app, json_t *findings, struct err *err);

#endif
