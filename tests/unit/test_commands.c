/* SPDX-License-Identifier: Apache-2.0
 * The table of commands says of each what it takes: the words of the usage line are those of the
 * command's own table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "importer/client/app.h"
#include "importer/commands.h"

/* "[list|show NAME|rotate]" -> "list, show, rotate" */
static void words_of_usage(const char *args, char *out, size_t size)
{
	size_t len = 0;
	assert_int_equal(*args, '[');
	for (const char *word = args + 1; word; word = strchr(word, '|')) {
		word += *word == '|';
		len += (size_t)snprintf(out + len, size - len, "%s%.*s", len ? ", " : "",
					(int)strcspn(word, " |]"), word);
		assert_true(len < size);
	}
}

static void usage_lists_what_the_command_takes(void **state)
{
	static const char *const names[] = { "dictionaries", "keys" };
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct command *command = command_find(names[i]);
		char *operand = "nonsense", words[300], want[400];
		struct app app = { .args = { .item = &operand, .n = 1 } };
		struct err err = ERR_NONE;
		assert_non_null(command);
		words_of_usage(command->args, words, sizeof(words));
		snprintf(want, sizeof(want), "'nonsense' is none of %s", words);
		assert_int_equal(command->run(&app, &err), -1);
		assert_int_equal(err.code, EF_USAGE);
		assert_string_equal(err.msg, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usage_lists_what_the_command_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
