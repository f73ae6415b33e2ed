/* SPDX-License-Identifier: Apache-2.0
 * What the parts of the build-time program gen share. */
#ifndef EF_FIELDS_GEN_H
#define EF_FIELDS_GEN_H

#include <stdbool.h>

#include "common/err.h"

#define PATH_ROOM 4096

/* Write the rows of sflow.csv to standard output. `is_element` tells whether a name is one of
 * IANA's. */
int write_sflow(const char *folder, bool (*is_element)(const char *name), struct err *err);

#endif
