/* SPDX-License-Identifier: Apache-2.0
 * One file of the spool: its head with checksums, written whole and read with suspicion. */
#ifndef EF_SHIP_SPOOL_FILE_H
#define EF_SHIP_SPOOL_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "forwarder/ship/parcel.h"

#define SPOOL_NAME_SIZE 32
#define SPOOL_SUFFIX    ".bulk"
/* No efd lives long enough to give a number beyond it. */
#define SPOOL_NUMBER_MAX (1ull << 62)

/* Whether it is a name as spool_file_name() makes them. */
bool spool_file_is(const char *name);
/* Whether it is none, but that of a spool file that somebody put there: `7.bulk`, or with a number
 * of other digits, or one that no efd gave. */
bool spool_file_is_foreign(const char *name);
/* `000000000000000c.<suffix>` */
void spool_file_name(char name[SPOOL_NAME_SIZE], uint64_t no, const char *suffix);
/* Whether an errno value says that the disk, or a quota of it, is full. */
bool spool_file_no_room(int errnum);
/* Whether one says that something stands at the file's name, or at its temporary one, that does not
 * give way: a folder. */
bool spool_file_occupied(int errnum);
/* What a file with a body of so many bytes takes of the quota. */
uint64_t spool_file_disk(uint64_t body_len);

/* Writes file `no` by way of a temporary name, with `sync` to the disk itself. Returns 0, or the
 * errno value. */
int spool_file_write(int dir, uint64_t no, const struct parcel *p, bool sync);

enum spool_load {
	LOAD_OK,
	LOAD_TORN,   /* damaged: of *ret_p only `items` is filled */
	LOAD_ODD,    /* none that efd wrote: a link, a FIFO, a folder, somebody else's file */
	LOAD_FAILED, /* errno */
};
/* Reads the head, and `with_body` the body, which is the caller's then. How many records a damaged
 * file had is known when its head is whole; else there is at least one. */
enum spool_load spool_file_load(int dir, const char *name, bool with_body, struct parcel *ret_p);

#endif
