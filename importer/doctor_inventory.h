/* SPDX-License-Identifier: Apache-2.0
 * What doctor finds of the sources of `efctl inventory`: which fail, and whose rows are old. */
#ifndef EF_IMPORTER_DOCTOR_INVENTORY_H
#define EF_IMPORTER_DOCTOR_INVENTORY_H

#include <jansson.h>
#include <stdint.h>

#include "common/err.h"

struct app;
struct es;

/* By the files of this host alone; `es` is not asked. */
int doctor_inventory(struct es *es, const struct app *app, json_t *findings, struct err *err);

#endif
