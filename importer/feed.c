/* SPDX-License-Identifier: Apache-2.0
 * Threat feeds: downloads, reading of their formats, sanity checks, and the CSV that is kept of each. */
#include "importer/feed.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "importer/dict.h"

char *feed_path(const char *dir, const char *feed)
{
	char *path = NULL;
	size_t at;

	if (asprintf(&path, "%s/" DICT_FEEDS "/%s.csv", dir, feed) < 0)
		return NULL;
	at = strlen(path) - strlen(feed) - 4;
	for (size_t i = 0; i < strlen(feed); i++)
		path[at + i] =
		    isalnum((unsigned char)feed[i]) ? (char)tolower((unsigned char)feed[i]) : '-';
	return path;
}
