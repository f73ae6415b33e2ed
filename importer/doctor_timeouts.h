/* SPDX-License-Identifier: Apache-2.0
 * What doctor finds of flows that last longer than the steps of the charts: their bytes stand where
 * they end. */
#ifndef EF_IMPORTER_DOCTOR_TIMEOUTS_H
#define EF_IMPORTER_DOCTOR_TIMEOUTS_H

#include <jansson.h>

#include "common/err.h"

struct app;
struct es;

/* Appends to `findings` which exporters sent records of flows in the last hour that lasted a
 * quarter longer than setup.active_timeout: exporters look at their timers once in a while. */
int doctor_timeouts(struct es *es, const struct app *app, json_t *findings, struct err *err);

#endif
