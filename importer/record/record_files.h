/* SPDX-License-Identifier: Apache-2.0
 * Copies of the user's dictionaries beside the record, so that a setup from another machine leaves
 * his tables as they are.
 *
 * The record tells of each file, by its path below the user's directory ("hosts.csv",
 * "feeds/urlhaus.csv", "discovered/snmp/hosts.csv"): {hash, rows, bytes, source, parts}. The copy
 * is gzip in Base64, in documents of at most RECORD_PART_MAX bytes each; a file with 0 `parts` has
 * none, and how many one without `parts` has is found out. */
#ifndef EF_IMPORTER_RECORD_FILES_H
#define EF_IMPORTER_RECORD_FILES_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"

struct es;

#define RECORD_PART_MAX  (500U << 10)
#define RECORD_FILE_MAX  (64U << 20) /* of a file as it is */
#define RECORD_FILES_MAX (16U << 20) /* of all copies, as they are kept */

/* Whether `name` is one that a file of the user's can have: nothing else is ever written. */
bool record_file_name_fits(const char *name);

/* Sets `files`[name] to what the file at `path` is now; EF_USAGE where that is no regular file. */
int record_file_note(json_t *files, const char *name, const char *path, const char *source,
		     struct err *err);

/*
 * Keeps a copy of each of `files` whose `from` (below the directory `dir`) says nothing of parts;
 * `dir` NULL: there are none. One that does not fit any more gets no copy. The index has to be
 * there.
 */
int record_files_keep(struct es *es, json_t *files, const char *dir, struct err *err);

/* Writes the kept copies of `files` below `dir`, and into `files` how many parts those have.
 * EF_USAGE names what there is no copy of. */
int record_files_bring(struct es *es, json_t *files, const char *dir, struct err *err);

/* Deletes all copies that `files` does not name, also those that an interrupted command left. */
int record_files_prune(struct es *es, const json_t *files, struct err *err);

#endif
