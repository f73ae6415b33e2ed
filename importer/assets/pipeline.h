/* SPDX-License-Identifier: Apache-2.0
 * Renders an ingest pipeline: steps 1 to 5 of docs/pipelines.md, the order of all nine. */
#ifndef EF_IMPORTER_PIPELINE_H
#define EF_IMPORTER_PIPELINE_H

#include <jansson.h>

#include "common/err.h"
#include "importer/assets/render.h"

/* The JSON of a file under ingest-pipelines/, by the nine steps of docs/pipelines.md. */
int render_pipeline(struct rendering *r, const char *path, json_t **ret_json, struct err *err);

#endif
