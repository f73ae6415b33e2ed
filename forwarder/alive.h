/* SPDX-License-Identifier: Apache-2.0
 * Whether the daemon still does its work. */
#ifndef EF_ALIVE_H
#define EF_ALIVE_H

#include "forwarder/efd.h"

/* False when a worker stands still and is not waiting for memory. */
bool efd_alive(const struct efd *e);

#endif
