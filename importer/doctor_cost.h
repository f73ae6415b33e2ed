/* SPDX-License-Identifier: Apache-2.0
 * What doctor tells of what a document costs the cluster: time by stage, the geo cache, bytes. */
#ifndef EF_IMPORTER_DOCTOR_COST_H
#define EF_IMPORTER_DOCTOR_COST_H

#include <jansson.h>

#include "common/err.h"

struct app;
struct cluster;
struct es;

/* Asks the cluster, and adds what it answers to `findings`; what it withholds is left out. With
 * flags.cost also bytes by field and what profiles would save (importer/doctor_profiles.h), for
 * which the cluster reads the whole stream. */
int doctor_cost(struct es *es, const struct app *app, json_t *findings, struct err *err);

/* What GET /_nodes/stats/ingest tells of the pipeline `flow`: wall time a document, in µs, and of
 * each of its processors that takes 2 % or more. Runs of _simulate count there, too; where there
 * were few, and on OpenSearch 3, whose figures are of batches, it is said that nobody knows. */
void doctor_cost_time(const struct cluster *cluster, const json_t *reply, const char *flow,
		      json_t *findings);

/* How often the geo databases' cache answered, by GET /_ingest/geoip/stats (Elasticsearch 8.14 and
 * later tell). */
void doctor_cost_cache(const json_t *reply, json_t *findings);

/* Bytes a document, by GET /STREAM/_stats/store,docs. */
void doctor_cost_bytes(const json_t *reply, json_t *findings);

/* Bytes a document by field, by POST /STREAM/_disk_usage (Elasticsearch 7.15 and later), of
 * `documents`. */
void doctor_cost_fields(const json_t *reply, long long documents, json_t *findings);

#endif
