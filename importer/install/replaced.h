/* SPDX-License-Identifier: Apache-2.0
 * Whether the pipelines and templates that all records go through are ours, or somebody's in their
 * place. */
#ifndef EF_IMPORTER_REPLACED_H
#define EF_IMPORTER_REPLACED_H

#include <jansson.h>

#include "common/err.h"

struct app;
struct es;
struct install;

/*
 * By the plan: appends to `findings` (finding.h) each that is not ours, or that data streams ask
 * for and that is missing, as BAD, and each of ours that was changed by hand, which may well do
 * what it should, as ODD; with the command that writes it again.
 */
void replaced_findings(const struct install *in, const struct app *app, json_t *findings);

/* Without a plan, for who would store documents now: -1 where a pipeline that new indices of our
 * data streams ask for is missing or not ours. What the cluster does not say is no error. */
int replaced_check(struct es *es, const struct app *app, struct err *err);

#endif
