/* SPDX-License-Identifier: Apache-2.0
 * Which exporters report the same conversations, through address translation too: what doctor says
 * of them. */
#ifndef EF_IMPORTER_DOCTOR_PAIRS_H
#define EF_IMPORTER_DOCTOR_PAIRS_H

#include <jansson.h>

#include "common/err.h"

struct es;

/* Appends to `findings` what the largest conversations of the last hour of `namespace` show. */
int doctor_pairs(struct es *es, const char *namespace, json_t *findings, struct err *err);

/* The part of it without a cluster, from three replies: the largest conversations of records that
 * tell no translation, each with what its exporters report; those that are translated (NULL:
 * nobody does), by their outer id, and below `n` by each of their ids; and the first again for
 * these ids (`same`). */
void doctor_pairs_of(const json_t *largest, const json_t *same, const json_t *translated,
		     json_t *findings);

#endif
