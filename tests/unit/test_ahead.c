/* SPDX-License-Identifier: Apache-2.0
 * What the next search of many takes from a reply before it is read: the place where it goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/query/pages_ahead.h"

#define HEAD  "{\"pit_id\":\"a-_=1\",\"took\":1,\"_shards\":{\"failed\":0},\"hits\":{\"hits\":["
#define FIRST "{\"_id\":\"1\",\"_source\":{},\"sort\":[5,1]},"

static void places(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ HEAD FIRST "{\"_id\":\"2\",\"_source\":{\"a\":1},\"sort\":[4,7]}]}}", "[4,7]" },
		{ HEAD "{\"_id\":\"2\",\"sort\":[null,7]}]}}\n", "[null,7]" },
		{ HEAD "{\"_id\":\"2\",\"sort\":[\"b\\\"sort\\\":[1]}]}}\",7]}]}}",
		  "[\"b\\\"sort\\\":[1]}]}}\",7]" },
		{ HEAD "{\"_id\":\"2\",\"_source\":{\"sort\":[1]},\"sort\":[2,3]}]}}", "[2,3]" },
		/* not there, or not at the end: the reply has to be read */
		{ HEAD "]}}", NULL },
		{ HEAD FIRST "{\"_id\":\"2\",\"_source\":{\"sort\":[1]}}]}}", NULL },
		{ HEAD FIRST "{\"_id\":\"2\",\"sort\":[4,7],\"more\":1}]}}", NULL },
		{ HEAD FIRST "{\"_id\":\"2\",\"sort\":[4,7]}]},\"more\":1}", NULL },
		{ HEAD "{\"_id\":\"2\",\"sort\":[]}]}}", NULL },
		{ "{\"error\":\"sort\"}", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP_JSON json_t *sort = ahead_last_sort(rows[i][0], strlen(rows[i][0]));
		CLEANUP_JSON json_t *wanted = rows[i][1] ? json_loads(rows[i][1], 0, NULL) : NULL;
		if (!sort != !rows[i][1] || (wanted && !json_equal(sort, wanted)))
			fail_msg("row %zu", i);
	}
}

static void ids(void **state)
{
	(void)state;
	CLEANUP_FREE char *id = ahead_first_text(HEAD, "pit_id");
	assert_string_equal(id, "a-_=1");
	assert_null(ahead_first_text(HEAD, "_scroll_id"));
	assert_null(ahead_first_text("{\"pit_id\":17}", "pit_id"));
	assert_null(ahead_first_text("{\"pit_id\":\"a\\\"b\"}", "pit_id"));
	assert_null(ahead_first_text("{\"pit_id\":\"a", "pit_id"));
	assert_null(ahead_first_text("", "pit_id"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
		cmocka_unit_test(ids),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
