/* SPDX-License-Identifier: Apache-2.0
 * What a spool cannot send: damaged files, and entries that are none, kept for a look at them as
 * `*.torn` until the spool needs their room. */
#ifndef EF_SHIP_TORN_H
#define EF_SHIP_TORN_H

#include <dirent.h>
#include <stdint.h>

#include "common/err.h"

#define SPOOL_BLOCK 4096u /* files take whole blocks */

/* What a spool file of `len` bytes takes. */
static inline uint64_t spool_disk_size(uint64_t len)
{
	return (len + SPOOL_BLOCK - 1) / SPOOL_BLOCK * SPOOL_BLOCK;
}

/* A descriptor of the directory `dir`, made when it is not there and locked for this process; -1
 * with `err`. */
int spool_lock_dir(const char *dir, struct err *err);
/* The names in the directory `dir` (a descriptor, left alone), or NULL with errno; end with
 * closedir(). */
DIR *spool_names(int dir);

/* Renames the entry `name` to a number that no *.torn has: `no`, or the next one, counted in
 * *last_no, that nothing has. Returns the bytes that it takes then; 0: it stays as it is. */
uint64_t torn_set_aside(int dir, const char *name, uint64_t no, uint64_t *last_no);
/* Bytes of one, as the spool's quota counts them; 0: it is not there. */
uint64_t torn_size(int dir, const char *name);
/* Bytes of all of them in the directory `dir` (a descriptor). */
uint64_t torn_bytes(int dir);

/* Deletes them. */
void torn_remove(int dir);

#endif
