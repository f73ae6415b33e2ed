/* SPDX-License-Identifier: Apache-2.0
 * One source from asking to its tables: what the program efctl-inventory does. */
#ifndef EF_IMPORTER_INV_RUN_H
#define EF_IMPORTER_INV_RUN_H

#include <stdbool.h>
#include <stdio.h>

#include "common/err.h"
#include "importer/inventory/inv_source.h"

struct inv_order {
	const char *dir; /* of the dictionaries */
	bool dry_run, diff, json;
	bool force; /* also with less than half of the rows */
	FILE *in;   /* what the cluster has seen (inv_devices.h), of a source that asks for it */
};

/* 0, or EF_DIFFERENT when a dry run found differences. On failure the tables stay as they were,
 * and the state says why (but of a dry run). */
int inv_run(const struct inv_source *s, const struct inv_order *order, struct err *err);

#endif
