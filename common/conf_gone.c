/* SPDX-License-Identifier: Apache-2.0
 * Options that earlier versions had, and what took their place. */
#include "common/conf_gone.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* A row stays for as long as somebody may come from a version that had the option. */
static const struct {
	const char *was, *is;
} gone[] = {
	/* what is held is counted in bytes alone */
	{ "decode.held_sets", "decode.held_size" },
};

/* Paths, variables and flags differ in case and in what stands between words. */
static bool is_spelt(const char *path, const char *name, size_t len)
{
	if (strlen(path) != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int is_between = strchr("._-", name[i]) != NULL;
		if (isalnum((unsigned char)path[i]) ? tolower((unsigned char)name[i]) != path[i]
						    : !is_between)
			return false;
	}
	return true;
}

const char *conf_gone(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		if (is_spelt(gone[i].was, name, len))
			return gone[i].is;
	return NULL;
}
