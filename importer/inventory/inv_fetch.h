/* SPDX-License-Identifier: Apache-2.0
 * Asks a source for all of its tables, page by page. */
#ifndef EF_IMPORTER_INV_FETCH_H
#define EF_IMPORTER_INV_FETCH_H

#include "common/err.h"
#include "importer/inventory/inv_found.h"
#include "importer/inventory/inv_source.h"

/* All that the source says, into `found`, which is empty before. On failure some of it may be
 * there: nothing of that may be used. */
int inv_fetch(const struct inv_source *s, struct inv_found *found, struct err *err);

#endif
