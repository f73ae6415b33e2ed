/* SPDX-License-Identifier: Apache-2.0
 * efctl setup --diff: what is installed against what setup would write, line by line. */
#ifndef EF_IMPORTER_SETUP_DIFF_H
#define EF_IMPORTER_SETUP_DIFF_H

#include <stdio.h>

#include "importer/setup.h"

/* The lines in which assets that are there differ from what setup would write, asset by asset. */
int setup_show_diff(FILE *out, const struct plan *p, struct err *err);
/* The same as members `diff` of the assets, which are in the order of the plan. */
int setup_add_diff(const struct plan *p, json_t *assets, struct err *err);

#endif
