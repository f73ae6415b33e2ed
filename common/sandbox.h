/* SPDX-License-Identifier: Apache-2.0
 * System calls that efd has no use for are refused by the kernel (seccomp), for all threads, for
 * good. */
#ifndef EF_COMMON_SANDBOX_H
#define EF_COMMON_SANDBOX_H

#include <stdbool.h>

#include "common/err.h"

/* Call it when everything is open, before data comes. *ret_on is false where the build lacks
 * libseccomp. Refused calls return EPERM; what is refused: other programs, other processes, mounts,
 * kernel modules, new privileges. */
int sandbox_enter(bool *ret_on, struct err *err);

#endif
