/* SPDX-License-Identifier: Apache-2.0
 * What doctor finds of who sends: several devices behind one address, and sFlow agents that are
 * nobody or somebody else's. */
#ifndef EF_IMPORTER_DOCTOR_SENDERS_H
#define EF_IMPORTER_DOCTOR_SENDERS_H

#include <jansson.h>

#include "common/err.h"

struct app;
struct es;

/* Appends to `findings` what exporters' own lines of the last hour say; nothing where all is
 * well. */
int sender_findings(struct es *es, const struct app *app, json_t *findings, struct err *err);

/* The same of the reply to the search: buckets `e` with buckets `ports` and `agents`. */
void sender_findings_of(const json_t *reply, json_t *findings);

#endif
