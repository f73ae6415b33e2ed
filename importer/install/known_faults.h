/* SPDX-License-Identifier: Apache-2.0
 * Versions of Elasticsearch that are known to lose documents, for doctor. */
#ifndef EF_IMPORTER_KNOWN_FAULTS_H
#define EF_IMPORTER_KNOWN_FAULTS_H

#include <jansson.h>

struct cluster;

/* Appends to `findings` (finding.h) what is known of the cluster's version; nothing of others. */
void known_faults(const struct cluster *cluster, json_t *findings);

#endif
