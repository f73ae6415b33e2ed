/* SPDX-License-Identifier: Apache-2.0
 * Carries a plan out. */
#ifndef EF_IMPORTER_APPLY_H
#define EF_IMPORTER_APPLY_H

#include <stdbool.h>

#include "common/err.h"
#include "importer/install/plan.h"

/*
 * Writes what is to be written, in order; stops at the first failure with the server's reason.
 * Running it again goes on where it stopped. `each` (may be NULL) is told after every item.
 */
int plan_apply(struct plan *p, struct es *es, const struct cluster *cluster, bool force,
	       void (*each)(const struct plan_item *item), struct err *err);

#endif
