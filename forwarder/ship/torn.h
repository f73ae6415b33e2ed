/* SPDX-License-Identifier: Apache-2.0
 * Spool files that failed their checksum: kept for a look at them as `*.torn`, until the spool needs their room. */
#ifndef EF_SHIP_TORN_H
#define EF_SHIP_TORN_H

#include <stdint.h>

/* Bytes of all of them in the directory `dir` (a descriptor), as the spool's quota counts them. */
uint64_t torn_bytes(int dir);

/* Deletes them. */
void torn_remove(int dir);

#endif
