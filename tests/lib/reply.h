/* SPDX-License-Identifier: Apache-2.0
 * What a cluster says, as a test writes it. */
#ifndef EF_TESTS_REPLY_H
#define EF_TESTS_REPLY_H

#include <jansson.h>
#include <stdio.h>

/* JSON in single quotes; the caller's. */
static inline json_t *reply_of(const char *text)
{
	char copy[2000];
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	json_t *reply = json_loads(copy, 0, NULL);
	assert_non_null(reply);
	return reply;
}

#endif
