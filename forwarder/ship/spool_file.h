/* SPDX-License-Identifier: Apache-2.0
 * One file of the spool: its head with checksums, written whole and read with suspicion. */
#ifndef EF_SHIP_SPOOL_FILE_H
#define EF_SHIP_SPOOL_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "forwarder/ship/parcel.h"

#define SPOOL_NAME_SIZE 32

/* Whether it is a name as spool_file_name() makes them. */
bool spool_file_is(const char *name);
/* `000000000000000c.<suffix>` */
void spool_file_name(char name[SPOOL_NAME_SIZE], uint64_t no, const char *suffix);
/* Whether an errno value says that the disk, or a quota of it, is full. */
bool spool_file_no_room(int errnum);
/* What a file with a body of so many bytes takes of the quota. */
uint64_t spool_file_disk(uint64_t body_len);

/* Writes file `no` by way of a temporary name, with `sync` to the disk itself. Returns 0, or the
 * errno value. */
int spool_file_write(int dir, uint64_t no, const struct parcel *p, bool sync);

enum spool_load { LOAD_OK, LOAD_TORN, LOAD_FAILED };
/* Reads the head, and `with_body` the body, which is the caller's then. LOAD_TORN:
 * damaged, or no plain file of ours. */
enum spool_load spool_file_load(int dir, const char *name, bool with_body, struct parcel *ret_p);

#endif
