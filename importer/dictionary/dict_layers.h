/* SPDX-License-Identifier: Apache-2.0
 * Where a dictionary's rows come from, one layer over the other: shipped defaults, downloaded
 * feeds, what was discovered, the user's own files.
 *
 * Below the user's directory: "feeds/FEED.csv", "discovered/SOURCE/NAME.csv" and "NAME.csv". A file
 * that it lacks may be among the copies that the cluster keeps (record_files.h). */
#ifndef EF_IMPORTER_DICT_LAYERS_H
#define EF_IMPORTER_DICT_LAYERS_H

#include "common/err.h"
#include "importer/dictionary/dict_rows.h"

#define DICT_FEEDS          "feeds"      /* one CSV a feed */
#define DICT_DISCOVERED_DIR "discovered" /* a folder a source, in it the dictionaries it fills */
#define DICT_SOURCES_MAX    64           /* folders there */
#define DICT_SOURCE_MAX     40           /* bytes of the name of one */

struct dict_layers {
	const char *dir, *copies; /* either may be NULL */
};

/* Whether a folder in discovered/ may be called so: lower-case letters, digits and '-', with one of
 * the first two in front. */
bool dict_source_fits(const char *name);

/* The file `name` ("hosts.csv", "feeds/urlhaus.csv") over the rows that are there; one that is in
 * neither folder is no error. */
int dict_layers_read(const struct dict_layers *layers, const char *name, enum dict_layer layer,
		     struct dict_rows *rows, struct err *err);

/* The sources' files of the rows' dictionary, in the order of the sources' names: the last one that
 * has a row wins. EF_USAGE when there are more than DICT_SOURCES_MAX. */
int dict_layers_discovered(const struct dict_layers *layers, struct dict_rows *rows,
			   struct err *err);

/*
 * Calls `each` for every source's file below `dir` that a dictionary reads, by its path there
 * ("discovered/snmp/hosts.csv"), in the order of their names. Stops at the first failure.
 */
typedef int dict_discovered_fn(void *arg, const char *name, struct err *err);
int dict_discovered_each(const char *dir, dict_discovered_fn *each, void *arg, struct err *err);

#endif
