/* SPDX-License-Identifier: Apache-2.0
 * Versions of efctl: which of two is the newer one. */
#include "importer/core/version.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *const version_own = EF_VERSION;

/* Three numbers and what was committed since: a count, or a time. */
#define PARTS 4

static bool version_parse(const char *text, unsigned long long ret_part[PARTS])
{
	char *end;
	text += *text == 'v';
	for (int i = 0; i < PARTS; i++) {
		ret_part[i] = 0;
		/* between the last two stands '-', unless it is the '-' of "-dirty" or "-rc1" */
		if (i == PARTS - 1 && !(*text == '-' && text[1] >= '0' && text[1] <= '9'))
			break;
		if (i > 0 && *text++ != (i == PARTS - 1 ? '-' : '.'))
			return false;
		if (*text < '0' || *text > '9')
			return false;
		ret_part[i] = strtoull(text, &end, 10);
		text = end;
	}
	return true;
}

enum version_order version_compare(const char *one, const char *other)
{
	unsigned long long a[PARTS], b[PARTS];
	if (strcmp(one, other) == 0)
		return VERSION_SAME;
	if (!version_parse(one, a) || !version_parse(other, b))
		return VERSION_UNKNOWN;
	for (int i = 0; i < PARTS; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? VERSION_OLDER : VERSION_NEWER;
	return VERSION_UNKNOWN;
}
