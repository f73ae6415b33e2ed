/* SPDX-License-Identifier: Apache-2.0
 * Values of fields found in the text of a document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/query/pick.h"

static const char *const fields[] = { "a", "b.c", "b.d.e", "b", "x.y.z", "b.c", "b.d" };
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* All that was found, with | between them, and - where there is none. */
static void assert_picked(const char *json, size_t len, const char *wanted)
{
	struct picker *p = picker_new(fields, FIELDS);
	struct picked found[FIELDS];
	char *copy = malloc(len ? len : 1); /* of the exact size: a sanitizer sees a read too far */
	assert_non_null(copy);
	memcpy(copy, json, len);
	picker_read(p, copy, len, found);
	CLEANUP_FREE char *text = NULL;
	size_t text_len;
	FILE *out = open_memstream(&text, &text_len);
	assert_non_null(out);
	for (size_t i = 0; i < FIELDS; i++)
		fprintf(out, "%s%.*s", i ? "|" : "", found[i].json ? (int)found[i].len : 1,
			found[i].json ? found[i].json : "-");
	fclose(out);
	picker_free(p);
	free(copy);
	if (wanted)
		assert_string_equal(text, wanted);
}

static void values(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "{}", "-|-|-|-|-|-|-" },
		{ "{\"a\":1}", "1|-|-|-|-|-|-" },
		{ "{\"z\":{\"a\":2,\"b\":{\"c\":3}},\"a\":\"x,}]\",\"q\":[{\"a\":4},[5,6]]}",
		  "\"x,}]\"|-|-|-|-|-|-" },
		{ "{\"b\":{\"c\":-1.5e3,\"d\":{\"e\":[1,{\"f\":\"]\"}],\"e2\":0},\"c2\":1},\"a\":"
		  "null}",
		  "null|-1.5e3|[1,{\"f\":\"]\"}]|{\"c\":-1.5e3,\"d\":{\"e\":[1,{\"f\":\"]\"}],"
		  "\"e2\":0}"
		  ",\"c2\":1}|-|-1.5e3|{\"e\":[1,{\"f\":\"]\"}],\"e2\":0}" },
		/* quotes and backslashes at the ends of texts, in names too */
		{ "{\"y\\\"\":\"\\\\\",\"a\\\\\":1,\"a\":\"\\\"b\\\\\"}",
		  "\"\\\"b\\\\\"|-|-|-|-|-|-" },
		{ "{\"n\":\"\\\",\\\"a\\\":7\",\"a\":true}", "true|-|-|-|-|-|-" },
		/* no object where one leads on */
		{ "{\"b\":[{\"c\":1}],\"x\":5}", "-|-|-|[{\"c\":1}]|-|-|-" },
		{ "{\"b\":\"c\",\"x\":{\"y\":{}}}", "-|-|-|\"c\"|-|-|-" },
		/* a name with dots is found, behind what is nested */
		{ "{\"x.y.z\":1,\"b.c\":2}", "-|2|-|-|1|2|-" },
		{ "{\"b.c\":2,\"b\":{\"c\":3}}", "-|3|-|{\"c\":3}|-|3|-" },
		{ "{\"b\":{\"c\":3},\"b.c\":2}", "-|3|-|{\"c\":3}|-|3|-" },
		{ "{\"q\":{\"x.y.z\":1}}", "-|-|-|-|-|-|-" },
		{ "{\"a\":1,\"a\":2}", "2|-|-|-|-|-|-" },
		{ "[{\"a\":1}]", "-|-|-|-|-|-|-" },
		{ "null", "-|-|-|-|-|-|-" },
		{ "", "-|-|-|-|-|-|-" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_picked(rows[i][0], strlen(rows[i][0]), rows[i][1]);
}

/* What is no document is read to its end at most. */
static void cut_anywhere(void **state)
{
	(void)state;
	static const char text[] =
	    "{\"b\":{\"d\":{\"e\":[\"\\\\\",\"\\\"\"]},\"c\":1},\"x\":{\"y\":{"
	    "\"z\":\"\\\"\"}},\"a\":\"\"}]]}}\"";
	for (size_t n = 0; n < sizeof(text); n++)
		assert_picked(text, n, NULL);
	for (size_t n = 1; n < sizeof(text); n++)
		assert_picked(text + n, sizeof(text) - 1 - n, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(cut_anywhere),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
