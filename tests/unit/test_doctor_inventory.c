/* SPDX-License-Identifier: Apache-2.0
 * What doctor makes of the sources of an inventory, and when one is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "importer/client/app.h"
#include "importer/core/memory.h"
#include "importer/doctor_inventory.h"
#include "importer/inventory/inv_state.h"

#define MINUTE_MS 60000LL
#define HOUR_MS   (60 * MINUTE_MS)

/* What doctor says of one source with that state, in a folder of its own. */
static json_t *findings_of(const struct inv_state *state)
{
	char dir[] = "/tmp/efd-test-XXXXXX", command[64];
	struct app app;
	struct err err = ERR_NONE;
	json_t *findings = json_array();
	char *urls[] = { (char[]){ "http://127.0.0.1:1" } };

	memset(&app, 0, sizeof(app));
	assert_non_null(mkdtemp(dir));
	app.dictionaries.dir = dir;
	app.elastic.url.item = urls;
	app.elastic.url.n = 1;
	if (state)
		assert_int_equal(inv_state_write(dir, "ipam", state, &err), 0);
	assert_int_equal(doctor_inventory(NULL, &app, findings, &err), 0);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
	return findings;
}

static void check(const struct inv_state *state, const char *result, const char *text)
{
	CLEANUP_JSON json_t *findings = findings_of(state);
	const json_t *first = json_array_get(findings, 0);
	const char *told = json_string_value(json_object_get(first, "text"));

	assert_int_equal(json_array_size(findings), 1);
	assert_string_equal(json_string_value(json_object_get(first, "result")), result);
	if (!strstr(told, text))
		fail_msg("%s", told);
}

static void doctor_tells(void **unused)
{
	(void)unused;
	int64_t now = (int64_t)clock_wall_ms();
	struct inv_state s = { .asked_ms = now, .good_ms = now, .interval_ms = 6 * HOUR_MS };

	check(&s, "ok", "inventory ipam: answered");
	s.asked_ms = s.good_ms = now - 18 * HOUR_MS + MINUTE_MS;
	check(&s, "ok", "answered");
	s.asked_ms = s.good_ms = now - 18 * HOUR_MS - MINUTE_MS;
	check(&s, "note", "should be more often");
	s.failing_ms = now - HOUR_MS;
	snprintf(s.why, sizeof(s.why), "49 rows where there were 100");
	check(&s, "problem", "49 rows where there were 100. Its names are of before");
	check(&s, "problem", "efctl inventory ipam");
	CLEANUP_JSON json_t *none = findings_of(NULL);
	assert_int_equal(json_array_size(none), 0);
	s = (struct inv_state){ .asked_ms = 0 }; /* a folder that others fill */
	CLEANUP_JSON json_t *foreign = findings_of(&s);
	assert_int_equal(json_array_size(foreign), 0);
}

static void due(void **unused)
{
	(void)unused;
	struct inv_state s = { .asked_ms = 1000 * HOUR_MS, .good_ms = 1000 * HOUR_MS };

	assert_false(inv_state_is_due(&s, 6 * HOUR_MS, 1005 * HOUR_MS));
	/* an hourly timer comes a little early */
	assert_true(inv_state_is_due(&s, 6 * HOUR_MS, 1006 * HOUR_MS - MINUTE_MS));
	assert_false(inv_state_is_due(&s, 10 * MINUTE_MS, 1000 * HOUR_MS + 9 * MINUTE_MS));
	assert_true(inv_state_is_due(&s, 10 * MINUTE_MS, 1000 * HOUR_MS + 10 * MINUTE_MS));
	/* a clock that went back */
	assert_true(inv_state_is_due(&s, 6 * HOUR_MS, 999 * HOUR_MS));
	s.failing_ms = 1;
	assert_true(inv_state_is_due(&s, 6 * HOUR_MS, 1000 * HOUR_MS + 1));
}

/* A text that was cut within a character, or is no JSON at all. */
static void damaged(void **unused)
{
	(void)unused;
	struct inv_state s = { .asked_ms = 5, .why = "\xc3" }, read;
	CLEANUP_FREE char *text = inv_state_text(&s);

	assert_non_null(strstr(text, "\"asked_ms\": 5"));
	inv_state_read("/nonexistent", "ipam", &read);
	assert_int_equal(read.asked_ms, 0);
	assert_string_equal(read.why, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doctor_tells),
		cmocka_unit_test(due),
		cmocka_unit_test(damaged),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
