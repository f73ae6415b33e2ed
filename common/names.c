/* SPDX-License-Identifier: Apache-2.0
 * What an installation calls its things in the cluster: with a prefix or without. */
#include "common/names.h"

#include <stdio.h>
#include <string.h>

/* Before the dataset in the name of a data stream. */
static const char *const types[] = { "logs-", "metrics-" };

/* What every name of ours begins with. */
static const char *const words[] = { "flow", "ti_flow" };

static size_t type_length(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strncmp(name, types[i], strlen(types[i])) == 0)
			return strlen(types[i]);
	return 0;
}

const char *name_of(char name[NAME_ROOM], const char *prefix, const char *bare)
{
	int type = (int)type_length(bare);
	bool none = !prefix || !*prefix || *bare == '*';
	snprintf(name, NAME_ROOM, "%.*s%s%s%s", type, bare, none ? "" : prefix, none ? "" : ".",
		 bare + type);
	return name;
}

const char *name_bare(const char *prefix, const char *name)
{
	size_t n = prefix ? strlen(prefix) : 0;
	return n && strncmp(name, prefix, n) == 0 && name[n] == '.' ? name + n + 1 : name;
}

bool name_is_of(const char *prefix, const char *name)
{
	const char *at = name + type_length(name), *bare = name_bare(prefix, at);
	if (prefix && *prefix && bare == at)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);
		if (strncmp(bare, words[i], n) == 0 && (!bare[n] || strchr(".-@", bare[n])))
			return true;
	}
	return false;
}

int name_check_prefix(const char *prefix, struct err *err)
{
	size_t n = prefix ? strlen(prefix) : 0;
	if (!n)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(prefix, words[i]) == 0)
			return err_set(err, EF_USAGE,
				       "elasticsearch.prefix: '%s' is the name of an installation "
				       "without a prefix; choose another one",
				       prefix);
	if (n <= NAME_PREFIX_MAX && prefix[0] >= 'a' && prefix[0] <= 'z' &&
	    !prefix[strspn(prefix, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return 0;
	return err_set(err, EF_USAGE,
		       "elasticsearch.prefix: '%s' may hold lower-case letters, digits and '_', "
		       "starts with a letter and has at most %d characters",
		       prefix, NAME_PREFIX_MAX);
}
