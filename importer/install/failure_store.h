/* SPDX-License-Identifier: Apache-2.0
 * What is in the failure stores of our data streams (Elasticsearch 8.19, 9.1 and later): documents
 * that were refused where no dashboard looks. */
#ifndef EF_IMPORTER_FAILURE_STORE_H
#define EF_IMPORTER_FAILURE_STORE_H

#include <jansson.h>

#include "common/err.h"

struct app;
struct cluster;
struct es;

/*
 * Appends to `findings` (finding.h) how many there are, with where and why the last one; nothing
 * where there are none, or the cluster has no failure stores. Reading them takes the privilege
 * read_failure_store; without it they are UNKNOWN.
 */
int failure_store_findings(struct es *es, const struct app *app, const struct cluster *cluster,
			   json_t *findings, struct err *err);

#endif
