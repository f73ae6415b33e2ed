/* SPDX-License-Identifier: Apache-2.0
 * What doctor finds of how exporters count and what time they have: docs/counting.md. */
#ifndef EF_IMPORTER_DOCTOR_COUNTING_H
#define EF_IMPORTER_DOCTOR_COUNTING_H

#include <jansson.h>

#include "common/err.h"

struct es;

/* Appends to `findings` what the last hour of `namespace` shows. */
int doctor_counting(struct es *es, const char *namespace, json_t *findings, struct err *err);

/* Parts of it, of what the cluster answered by exporter: octets kept out of totals by reason;
 * records with values that cannot be or of unknown sampling; export less receive time. */
void doctor_counting_kept(const json_t *reply, json_t *findings);
void doctor_counting_doubted(const json_t *reply, json_t *findings);
void doctor_counting_clocks(const json_t *reply, json_t *findings);

#endif
