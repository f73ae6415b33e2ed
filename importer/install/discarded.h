/* SPDX-License-Identifier: Apache-2.0
 * Documents that a pipeline of an installation dropped: no error to anybody, and in no index. */
#ifndef EF_IMPORTER_DISCARDED_H
#define EF_IMPORTER_DISCARDED_H

#include <jansson.h>

#include "common/err.h"

struct app;
struct es;

/* Appends to `findings` (finding.h) how many documents each pipeline of the installation dropped
 * since the nodes of the cluster started, as ODD: somebody may want that in flow@custom. Takes the
 * privilege monitor; without it they are UNKNOWN. */
int discarded_findings(struct es *es, const struct app *app, json_t *findings, struct err *err);

#endif
