/* SPDX-License-Identifier: Apache-2.0
 * How much the tables of pipelines may take in all: each node of a cluster has all of them in
 * memory, and each change of the cluster state sends what is new of them. */
#include "importer/dictionary/dict_limit.h"

#include <stdio.h>
#include <string.h>

#include "importer/dictionary/dict.h"

#define NAMED 3 /* tables that the message names, the largest */

/* Keeps the largest ones, in the order of their size. */
static void note_table(struct dict_info largest[NAMED], const struct dict_info *info)
{
	struct dict_info in = *info;

	for (size_t i = 0; i < NAMED; i++)
		if (in.bytes > largest[i].bytes) {
			struct dict_info smaller = largest[i];

			largest[i] = in;
			in = smaller;
		}
}

/* Where the rows come from is where they can be left out. */
static const char *remedy(const struct dict_info *info)
{
	if (strcmp(info->kind->name, "threats") == 0)
		return "choose fewer feeds (setup.feeds)";
	if (info->found_rows > info->own_rows)
		return "leave it out of `sets` in inventory.yml, or ask for less";
	return "leave out rows";
}

static int too_large(const struct dict_info largest[NAMED], size_t bytes, struct err *err)
{
	char text[400] = "";
	size_t n = 0;

	for (size_t i = 0; i < NAMED && largest[i].bytes; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %.1f MiB (%zu rows: %s)",
				      i ? ", " : "", largest[i].kind->name,
				      (double)largest[i].bytes / (1 << 20), largest[i].rows,
				      remedy(&largest[i]));
	return err_set(err, EF_USAGE,
		       "the tables take %.1f MiB in pipelines, where %u MiB are the most: %s",
		       (double)bytes / (1 << 20), DICT_ALL_MAX >> 20, text);
}

int dict_limit_check(struct dict_set *set, struct err *err)
{
	struct dict_info largest[NAMED] = { 0 };
	size_t bytes = 0;

	for (size_t i = 0; i < dict_kinds_len; i++) {
		struct dict_info info;

		if (dict_info(set, dict_kinds[i].name, &info, err))
			return -1;
		bytes += info.bytes;
		note_table(largest, &info);
	}
	return bytes > DICT_ALL_MAX ? too_large(largest, bytes, err) : 0;
}
