/* SPDX-License-Identifier: Apache-2.0
 * The exporters of an answer that doctor asked for: what they all share is how they are walked. */
#ifndef EF_IMPORTER_DOCTOR_EXPORTERS_H
#define EF_IMPORTER_DOCTOR_EXPORTERS_H

#include <jansson.h>

/* Looks at one of them, a bucket of the aggregation, and appends what it finds. */
typedef void doctor_exporter_fn(const char *name, const json_t *exporter, json_t *findings);

/* Calls `each` for every bucket of the aggregation `e` of the reply to a search. */
void doctor_exporters(const json_t *reply, doctor_exporter_fn *each, json_t *findings);

#endif
