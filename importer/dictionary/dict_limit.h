/* SPDX-License-Identifier: Apache-2.0
 * How much the tables of pipelines may take in all: each node of a cluster has all of them in
 * memory, and each change of the cluster state sends what is new of them. */
#ifndef EF_IMPORTER_DICT_LIMIT_H
#define EF_IMPORTER_DICT_LIMIT_H

#include <stddef.h>

#include "common/err.h"

struct dict_set;

#define DICT_ALL_MAX (16U << 20) /* JSON of all tables */

/* EF_USAGE where the tables are larger: which are, and what can be left out. */
int dict_limit_check(struct dict_set *set, struct err *err);

#endif
