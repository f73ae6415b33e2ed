/* SPDX-License-Identifier: Apache-2.0
 * What newer versions of Elasticsearch allow pipelines: the size of one, of all together, and their
 * number; asked of the cluster, and reckoned before anything is written. */
#ifndef EF_IMPORTER_PIPELINE_LIMITS_H
#define EF_IMPORTER_PIPELINE_LIMITS_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"

struct install;

/*
 * Appends to `findings` (finding.h) what of the plan would not fit; a BAD one means that the
 * cluster would refuse it halfway. Nothing where all fits, or the cluster has no such settings.
 */
int pipeline_limits(const struct install *in, bool force, json_t *findings, struct err *err);

#endif
