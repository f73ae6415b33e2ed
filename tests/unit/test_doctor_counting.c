/* SPDX-License-Identifier: Apache-2.0
 * What doctor says of exporters that count twice, of pairs that report the same, and of clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "importer/doctor_counting.h"

static char *said(void (*look)(const json_t *, json_t *), const char *reply)
{
	json_t *findings = json_array(), *answer = json_loads(reply, 0, NULL);
	assert_non_null(answer);
	look(answer, findings);
	char *text = json_dumps(findings, JSON_COMPACT);
	json_decref(findings);
	json_decref(answer);
	return text;
}

static void assert_said(void (*look)(const json_t *, json_t *), const char *reply, const char *want)
{
	char *text = said(look, reply);
	if (*want ? !strstr(text, want) : strcmp(text, "[]") != 0)
		fail_msg("%s\nwant: %s", text, want);
	free(text);
}

static void reasons(void **state)
{
	(void)state;
	const char *reply =
	    "{\"aggregations\":{\"e\":{\"buckets\":[{\"key\":\"edge1\",\"r\":{\"buckets\":["
	    "{\"key\":\"egress\",\"b\":{\"value\":1000.0}},{\"key\":\"post-unknown\",\"b\":{"
	    "\"value\":7.0}},"
	    "{\"key\":\"total\",\"b\":{\"value\":5.0}}]}}]}}}";
	assert_said(doctor_counting_kept, reply, "edge1 meters both ways: 1000 of its octets");
	assert_said(doctor_counting_kept, reply, "edge1 sends OUT_BYTES, 7 octets");
	assert_said(doctor_counting_kept, "{\"aggregations\":{\"e\":{\"buckets\":[]}}}", "");
}

#define CONVERSATION(octets, a, b)                                       \
	"{\"b\":{\"value\":" #octets                                     \
	".0},\"e\":{\"buckets\":[{\"key\":\"core\",\"b\":{\"value\":" #a \
	".0}},{\"key\":\"edge\",\"b\":{\"value\":" #b ".0}}]}}"

static void pairs(void **state)
{
	(void)state;
	assert_said(doctor_counting_pairs,
		    "{\"aggregations\":{\"c\":{\"buckets\":[" CONVERSATION(
			100, 60, 40) "," CONVERSATION(100, 50, 50) "]}}}",
		    "core and edge report the same conversations: 45 %");
	assert_said(doctor_counting_pairs,
		    "{\"aggregations\":{\"c\":{\"buckets\":[" CONVERSATION(100, 98, 2) "]}}}", "");
}

static void clocks(void **state)
{
	(void)state;
#define OFF(ms) \
	"{\"aggregations\":{\"e\":{\"buckets\":[{\"key\":\"fw1\",\"o\":{\"value\":" #ms ".0}}]}}}"
	assert_said(doctor_counting_clocks, OFF(-7190000),
		    "its clock is 2 hours behind: a time zone");
	assert_said(doctor_counting_clocks, OFF(3600000),
		    "its clock is 1 hours ahead: a time zone");
	assert_said(doctor_counting_clocks, OFF(1800000), "its clock is 1800 s ahead: set NTP");
	assert_said(doctor_counting_clocks, OFF(299000), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons),
		cmocka_unit_test(pairs),
		cmocka_unit_test(clocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
