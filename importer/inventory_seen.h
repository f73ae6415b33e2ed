/* SPDX-License-Identifier: Apache-2.0
 * Which exporters the cluster has seen, for sources of an inventory that ask them. */
#ifndef EF_IMPORTER_INVENTORY_SEEN_H
#define EF_IMPORTER_INVENTORY_SEEN_H

#include "common/err.h"
#include "importer/client/app.h"

#define SEEN_MAX 10000 /* the busiest ones */

/* Writes their addresses to `fd`, a line each, of the last 30 days. */
int exporters_seen(struct app *app, int fd, struct err *err);

#endif
