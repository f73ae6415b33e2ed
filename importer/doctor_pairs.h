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

/* The part of it without a cluster, from three replies: the largest conversations, each with what
 * its exporters report; the same by the addresses to which an exporter translates them; and who
 * reports the latter by those addresses (`same`; NULL: nobody translates). */
void doctor_pairs_of(const json_t *largest, const json_t *same, const json_t *translated,
		     json_t *findings);

#endif
