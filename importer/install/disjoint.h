/* SPDX-License-Identifier: Apache-2.0
 * Whether our index templates and those that stand in the cluster want the same names. */
#ifndef EF_IMPORTER_DISJOINT_H
#define EF_IMPORTER_DISJOINT_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"

struct es;
struct plan;

/* Whether there is a name that both patterns match; '*' stands for any text, every other character
 * for itself. */
bool patterns_meet(const char *a, const char *b);

/*
 * Every index template of `plan` against every one in the cluster that is not this installation's:
 * EF_USAGE with its name where patterns meet at the same priority, which the cluster would refuse
 * half-way. One of a higher priority gets a note appended to `notes`.
 */
int disjoint_check(struct es *es, const struct plan *plan, json_t *notes, struct err *err);

#endif
