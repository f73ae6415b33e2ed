/* SPDX-License-Identifier: Apache-2.0
 * Gives up the privileges that opening an interface needs, before the first packet is read. */
#ifndef EF_IMPORTER_CONFINE_H
#define EF_IMPORTER_CONFINE_H

#include <stdbool.h>

#include "common/err.h"

/* For good: root becomes the user of sudo, who then owns `output` (a descriptor), or nobody; all
 * capabilities go, and the filter of system calls (common/sandbox.h) comes; no core is written.
 * *ret_filtered is false where the build lacks libseccomp. -1: not all of it could be given up. */
int confine(int output, bool *ret_filtered, struct err *err);

#endif
