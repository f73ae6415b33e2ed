/* SPDX-License-Identifier: Apache-2.0
 * Text in a manual page is text: no word of it is a request of roff, however the lines fall. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/roff.h"

static void assert_text(const char *text, const char *want)
{
	char *got = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&got, &len);
	assert_non_null(out);
	roff_text(out, text);
	fclose(out);
	assert_string_equal(got, want);
	free(got);
}

static void test_requests(void **state)
{
	(void)state;
	assert_text(".conf is a suffix", "\\&.conf is a suffix\n");
	assert_text("'quoted'", "\\&'quoted'\n");
	assert_text("a\\b, --flag", "a\\eb, \\-\\-flag\n");
	assert_text("", "\n");
}

/* A dot that was in the middle of the text comes to the begin of a line. */
static void test_lines(void **state)
{
	(void)state;
	char words[] = "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
		       "01234567890 .x";
	assert_text(words, "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
			   "01234567890\n\\&.x\n");
	char longer[200];
	memset(longer, 'w', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	char want[202];
	snprintf(want, sizeof(want), "%s\n", longer);
	assert_text(longer, want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
