/* SPDX-License-Identifier: Apache-2.0
 * What doctor makes of who sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "importer/core/memory.h"
#include "importer/doctor_senders.h"

static json_t *findings_of(const char *buckets)
{
	CLEANUP_JSON json_t *reply = json_pack("{s:{s:{s:o}}}", "aggregations", "e", "buckets",
					       json_loads(buckets, JSON_DECODE_ANY, NULL));
	json_t *findings = json_array();
	sender_findings_of(reply, findings);
	return findings;
}

static bool says(const json_t *findings, size_t i, const char *text)
{
	const json_t *told = json_object_get(json_array_get(findings, i), "text");
	return json_is_string(told) && strstr(json_string_value(told), text);
}

static void senders(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *none = findings_of(
	    "[{\"key\":\"192.0.2.1\",\"ports\":{\"buckets\":[]},\"agents\":{\"buckets\":[]}},"
	    "{\"key\":\"192.0.2.2\"}]");
	assert_int_equal(json_array_size(none), 0);
	CLEANUP_JSON json_t *some = findings_of(
	    "[{\"key\":\"192.0.2.1\",\"ports\":{\"buckets\":[{\"key\":40001},{\"key\":40002}]}},"
	    "{\"key\":\"192.0.2.2\",\"agents\":{\"buckets\":[{\"key\":\"127.0.0.1\"},"
	    "{\"key\":\"198.51.100.9\"}]}}]");
	assert_int_equal(json_array_size(some), 3);
	assert_true(says(some, 0, "192.0.2.1: 2 devices"));
	assert_true(says(some, 0, "(40001, 40002)"));
	assert_true(says(some, 1, "set the agent's address"));
	assert_true(says(some, 2, "names the sFlow agent 198.51.100.9"));
}

/* No more ports are shown than there is room for. */
static void many_ports(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *ports = json_array();
	for (int i = 0; i < 64; i++)
		json_array_append_new(ports, json_pack("{s:i}", "key", 65472 + i));
	CLEANUP_JSON json_t *bucket =
	    json_pack("[{s:s,s:{s:O}}]", "key", "2001:db8::1", "ports", "buckets", ports);
	CLEANUP_FREE char *text = json_dumps(bucket, 0);
	CLEANUP_JSON json_t *findings = findings_of(text);
	assert_true(says(findings, 0, "2001:db8::1: 64 devices"));
	assert_true(says(findings, 0, "65479, …)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(senders),
		cmocka_unit_test(many_ports),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
