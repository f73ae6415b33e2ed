/* SPDX-License-Identifier: Apache-2.0
 * What a command is told to do (`efctl keys rotate`): a row of a table that begins with its
 * name. */
#include "importer/core/action.h"

#include <stdio.h>
#include <string.h>

static const char *name_of_row(const void *rows, size_t size, size_t i)
{
	const char *name;
	memcpy(&name, (const char *)rows + i * size, sizeof(name));
	return name;
}

const void *action_find(const void *rows, size_t n, size_t size, const char *name, struct err *err)
{
	char names[300] = "";
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		const char *one = name_of_row(rows, size, i);
		if (strcmp(one, name) == 0)
			return (const char *)rows + i * size;
		if (len < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
						i ? ", " : "", one);
	}
	err_set(err, EF_USAGE, "'%.60s' is none of %s", name, names);
	return NULL;
}
