/* SPDX-License-Identifier: Apache-2.0
 * The disk spool: a bounded directory with one file a parcel, sent again in order after whatever
 * happened.
 *
 * A file is written under a temporary name and renamed to its number; only then spool_put() returns
 * SPOOL_OK. So a parcel that was accepted survives kill -9; one that was not accepted is no file at
 * all. With SPOOL_SYNC_BATCH file and directory are synced first, so that it survives a power cut
 * too, where the disk keeps its promises; with SPOOL_SYNC_SECOND all files of a second are synced
 * together. A file leaves only through spool_done() or the quota. Files that are damaged, and
 * entries that are none of ours (links, FIFOs, folders, other owners'), are renamed to *.torn,
 * counted, and never sent. A good file of another name (`1.bulk`) gets a number when the spool is
 * opened. A directory that was replaced while efd ran is opened again at the next write.
 *
 * A spool belongs to one process (the directory is locked). All functions are thread-safe; none of
 * them logs. */
#ifndef EF_SHIP_SPOOL_H
#define EF_SHIP_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "forwarder/ship/parcel.h"

struct spool;

enum spool_policy {
	SPOOL_DROP_OLDEST, /* a full spool gives up its oldest parcels */
	SPOOL_DROP_NEWEST, /* a full spool refuses new ones */
};

enum spool_sync {
	SPOOL_SYNC_SECOND, /* a power cut can take the last second's files; costs nearly nothing */
	SPOOL_SYNC_BATCH,  /* each file is synced before it counts; a few milliseconds each */
	SPOOL_SYNC_OFF,    /* survives kill -9, but a power cut may take more */
};

#define SPOOL_FILES_MAX 1000000u /* ceiling on parcels, whatever their size */

struct spool_settings {
	const char *dir;    /* made with mode 0700 when it is absent */
	uint64_t max_bytes; /* of files, each rounded up to 4 KiB */
	enum spool_policy policy;
	enum spool_sync sync;
};

struct spool_state {
	uint64_t files;
	uint64_t bytes;
	uint64_t items;
	uint64_t oldest_ms;     /* wall clock of the oldest parcel, 0: empty */
	uint64_t torn;          /* damaged files set aside since the start */
	uint64_t torn_items;    /* lines in them, as far as it is known: one at least */
	uint64_t odd;           /* entries set aside that are none of ours */
	char aside[300];        /* the name of the last that was set aside, of either kind */
	uint64_t dropped_files; /* given up because the spool was full */
	uint64_t dropped_items;
};

enum spool_result {
	SPOOL_OK,
	SPOOL_NONE,    /* take: nothing is waiting */
	SPOOL_REFUSED, /* put: full, and the policy keeps what is there; counted as dropped */
	SPOOL_ERROR,   /* the disk failed, or memory ran out; `err` says how; nothing was kept */
};

/* Opens (or makes) the directory, removes temporary files, and indexes what an earlier run left.
 * NULL on failure. */
struct spool *spool_open(const struct spool_settings *settings, struct err *err);
void spool_close(struct spool *s);

/* Keeps a copy of the parcel on disk as the newest; the parcel stays the caller's and its spool_no
 * stays as it was. */
enum spool_result spool_put(struct spool *s, const struct parcel *p, struct err *err);

/* Loads the oldest parcel that nobody holds and whose lane's bit (1 << lane) is not in `waiting`;
 * the caller owns *ret_p and later calls spool_done(), spool_release() or spool_requeue() with its
 * number. */
enum spool_result spool_take(struct spool *s, uint32_t waiting, struct parcel **ret_p,
			     struct err *err);

/* Rewrites the file of a taken parcel with what remains to be sent; it stays taken. */
enum spool_result spool_update(struct spool *s, const struct parcel *p, struct err *err);

/* The parcel is where it belongs: forget its file. */
void spool_done(struct spool *s, uint64_t spool_no);
/* Not sent after all: it may be taken again. */
void spool_release(struct spool *s, uint64_t spool_no);
/* The same, but it is the newest now: the others are tried first. What is new of its lane and
 * refusals is kept. */
void spool_requeue(struct spool *s, const struct parcel *p);

/* For SPOOL_SYNC_SECOND: syncs what is due. Call it about twice a second; may take as long as the
 * disk does. */
void spool_sync_due(struct spool *s);

/* A bit (1 << lane) for each lane of which a parcel is there, taken or not. */
uint32_t spool_lanes(struct spool *s);

void spool_get_state(struct spool *s, struct spool_state *ret_state);

#endif
