/* SPDX-License-Identifier: Apache-2.0
 * Whether what setup installs takes effect: where a document that efd sends would go now, and what
 * would become of it there. */
#ifndef EF_IMPORTER_EFFECT_H
#define EF_IMPORTER_EFFECT_H

#include <jansson.h>

#include "common/err.h"

struct app;
struct es;

/*
 * Appends to `findings` (finding.h) for each data stream of the namespace: another index template
 * that decides in place of ours, something else of its name (a plain index, an alias), a write
 * index that was made without our template, is written without our pipeline, with another one after
 * it or not at all (blocks), or keeps no document. What the cluster does not say is UNKNOWN;
 * nothing is appended where all is well.
 */
int effect_findings(struct es *es, const struct app *app, json_t *findings, struct err *err);

#endif
