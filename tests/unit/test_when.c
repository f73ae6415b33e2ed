/* SPDX-License-Identifier: Apache-2.0
 * Times as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "importer/query/when.h"

/* 2026-12-02T10:30:00Z, a Wednesday: 11:30 in Berlin. */
#define NOW 1796207400000ULL

static void assert_times(const char *const rows[][3], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err err = ERR_NONE;
		uint64_t ms, until;
		char text[CLOCK_TEXT_MAX];
		if (when_parse("--from", rows[i][0], NOW, &ms, &until, &err))
			fail_msg("%s: %s", rows[i][0], err.msg);
		assert_string_equal(clock_text_ms(ms, text), rows[i][1]);
		if (rows[i][2])
			assert_string_equal(clock_text_ms(until, text), rows[i][2]);
		else
			assert_int_equal(until, ms);
	}
}

static void local_times(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{ "now", "2026-12-02T10:30:00.000Z", NULL },
		{ "-15m", "2026-12-02T10:15:00.000Z", NULL },
		{ "15m ago", "2026-12-02T10:15:00.000Z", NULL },
		{ "-1h30m", "2026-12-02T09:00:00.000Z", NULL },
		{ "-1w", "2026-11-25T10:30:00.000Z", NULL },
		{ "@1796207400", "2026-12-02T10:30:00.000Z", NULL },
		{ "@1796207400250", "2026-12-02T10:30:00.250Z", NULL },
		{ "today", "2026-12-01T23:00:00.000Z", "2026-12-02T23:00:00.000Z" },
		{ "Yesterday 14:00", "2026-12-01T13:00:00.000Z", NULL },
		{ "yesterday", "2026-11-30T23:00:00.000Z", "2026-12-01T23:00:00.000Z" },
		{ "tuesday 9:05:30", "2026-12-01T08:05:30.000Z", NULL },
		{ "thu", "2026-11-25T23:00:00.000Z", "2026-11-26T23:00:00.000Z" },
		{ "wednesday", "2026-12-01T23:00:00.000Z", "2026-12-02T23:00:00.000Z" },
		{ "14:00", "2026-12-02T13:00:00.000Z", NULL },
		{ "2026-11-01", "2026-10-31T23:00:00.000Z", "2026-11-01T23:00:00.000Z" },
		{ "2026-11-01 24:00", "2026-11-01T23:00:00.000Z", NULL },
		{ "2026-07-01 14:00", "2026-07-01T12:00:00.000Z", NULL },
		{ "2026-11", "2026-10-31T23:00:00.000Z", "2026-11-30T23:00:00.000Z" },
		/* the day on which summer time ends has 25 hours */
		{ "2026-10-25", "2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z" },
		{ "2026/11/01.14:00:00", "2026-11-01T13:00:00.000Z", NULL },
		{ "2026-11-01T14:00:00.25Z", "2026-11-01T14:00:00.250Z", NULL },
		{ "2026-11-01T14:00+05:30", "2026-11-01T08:30:00.000Z", NULL },
		{ "2026-11-01 14:00 UTC", "2026-11-01T14:00:00.000Z", NULL },
		{ "2026-11-01Z", "2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z" },
	};
	assert_times(rows, sizeof(rows) / sizeof(rows[0]));
}

static void words_in_any_case(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{ "Today", "2026-12-01T23:00:00.000Z", "2026-12-02T23:00:00.000Z" },
		{ "TODAY", "2026-12-01T23:00:00.000Z", "2026-12-02T23:00:00.000Z" },
		{ "todayT14:00", "2026-12-02T13:00:00.000Z", NULL },
		{ "Tomorrow", "2026-12-02T23:00:00.000Z", "2026-12-03T23:00:00.000Z" },
		{ "Tuesday", "2026-11-30T23:00:00.000Z", "2026-12-01T23:00:00.000Z" },
		{ "Thursday 9:05", "2026-11-26T08:05:00.000Z", NULL },
		{ "Tue", "2026-11-30T23:00:00.000Z", "2026-12-01T23:00:00.000Z" },
		{ "SatT10:00", "2026-11-28T09:00:00.000Z", NULL },
	};
	assert_times(rows, sizeof(rows) / sizeof(rows[0]));
}

static void zone_set(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

static void assert_no_time(const char *text)
{
	struct err err = ERR_NONE;
	uint64_t ms;
	if (when_parse("--from", text, NOW, &ms, NULL, &err) == 0)
		fail_msg("%s was taken", text);
	if (!strstr(err.msg, "there is no"))
		fail_msg("%s: %s", text, err.msg);
}

/* Egypt's summer time began with Friday, the 24th of April 2026: after 23:59:59 it was one. */
static void days_that_begin_later(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{ "2026-04-24", "2026-04-23T22:00:00.000Z", "2026-04-24T21:00:00.000Z" },
		{ "2026-04-23", "2026-04-22T22:00:00.000Z", "2026-04-23T22:00:00.000Z" },
		{ "2026-04-23 24:00", "2026-04-23T22:00:00.000Z", NULL },
		{ "2026-04-24 01:00", "2026-04-23T22:00:00.000Z", NULL },
		{ "2026-04", "2026-03-31T22:00:00.000Z", "2026-04-30T21:00:00.000Z" },
	};
	struct err err = ERR_NONE;
	uint64_t ms, until;
	zone_set("EET-2EEST,M4.5.5/0,M10.5.4/24");
	assert_times(rows, sizeof(rows) / sizeof(rows[0]));
	assert_no_time("2026-04-24 00:30");
	/* today, at 10:00Z of that day */
	assert_int_equal(when_parse("--from", "today", 1777024800000ULL, &ms, &until, &err), 0);
	assert_int_equal(ms, 1776981600000ULL);
	assert_int_equal(until, 1777064400000ULL);
	zone_set(BERLIN);
}

/* On Lord Howe Island clocks go forward by half an hour: 2:00 to 2:30 is left out. */
static void half_hours_that_are_left_out(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{ "2026-10-04 02:30", "2026-10-03T15:30:00.000Z", NULL },
		{ "2026-10-04 01:59", "2026-10-03T15:29:00.000Z", NULL },
	};
	zone_set("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
	assert_times(rows, sizeof(rows) / sizeof(rows[0]));
	assert_no_time("2026-10-04 02:00");
	assert_no_time("2026-10-04 02:15");
	zone_set(BERLIN);
}

static void what_is_no_time(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "", "'' is no time" },
		{ "noon", "'noon' is no time" },
		{ "2026-13-01", "is no time" },
		{ "2026-02-30", "there is no 2026-02-30" },
		{ "2026-03-29 02:30", "there is no 2026-03-29 02:30 in the zone CET" },
		{ "25:00", "is no time" },
		{ "-15", "is no time" },
		{ "-15x", "is no time" },
		{ "15m", "is no time" },
		{ "@", "is no time" },
		{ "@99999999999999", "is no time" },
		{ "2026-11-01T", "is no time" },
		{ "2026-11-01T14:00:00.", "is no time" },
		{ "2026-11-01T14:00:00+99:00", "is no time" },
		{ "2026-11-01 14:00 CET", "is no time" },
		{ "1900-01-01", "is no time" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_NONE;
		uint64_t ms = 1;
		if (when_parse("--from", rows[i][0], NOW, &ms, NULL, &err) == 0)
			fail_msg("%s was taken", rows[i][0]);
		assert_int_equal(ms, 1);
		assert_int_equal(err.code, EF_USAGE);
		if (!strstr(err.msg, rows[i][1]) || strncmp(err.msg, "--from: ", 8) != 0)
			fail_msg("%s: %s", rows[i][0], err.msg);
	}
}

static void ranges(void **state)
{
	(void)state;
	static const struct {
		struct when_words words;
		const char *query, *said;
	} rows[] = {
		{ { .from = NULL }, "{\"match_all\":{}}", "all times" },
		{ { .since_ms = 7200000 },
		  "{\"range\":{\"@timestamp\":{\"gte\":1796200200000,\"format\":\"epoch_millis\"}"
		  "}}",
		  "2026-12-02 09:30:00 +01:00 to now (CET)" },
		/* the day that --to names is in it */
		{ { .from = "2026-11-01", .to = "2026-11-01" },
		  "{\"range\":{\"@timestamp\":{\"gte\":1793487600000,\"lt\":1793574000000,"
		  "\"format\":\"epoch_millis\"}}}",
		  "2026-11-01 00:00:00 +01:00 to 2026-11-02 00:00:00 +01:00 (CET)" },
		{ { .to = "2026-07-01T00:00Z" },
		  "{\"range\":{\"@timestamp\":{\"lt\":1782864000000,\"format\":\"epoch_millis\"}}}",
		  "the beginning to 2026-07-01 02:00:00 +02:00 (CEST)" },
		{ { .around = "11:00", .window_ms = 60000 },
		  "{\"range\":{\"@timestamp\":{\"gte\":1796205540000,\"lt\":1796205660000,"
		  "\"format\":\"epoch_millis\"}}}",
		  "2026-12-02 10:59:00 +01:00 to 2026-12-02 11:01:00 +01:00 (CET)" },
		{ { .around = "11:00" },
		  "{\"range\":{\"@timestamp\":{\"gte\":1796204700000,\"lt\":1796206500000,"
		  "\"format\":\"epoch_millis\"}}}",
		  "2026-12-02 10:45:00 +01:00 to 2026-12-02 11:15:00 +01:00 (CET)" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_NONE;
		struct when when;
		char text[WHEN_SAY_MAX];
		assert_int_equal(when_read(&rows[i].words, NOW, &when, &err), 0);
		CLEANUP_JSON json_t *query = when_query(&when);
		CLEANUP_JSON json_t *wanted = json_loads(rows[i].query, 0, NULL);
		assert_non_null(wanted);
		assert_true(json_equal(query, wanted));
		assert_string_equal(when_say(&when, text), rows[i].said);
	}
}

static void what_does_not_go_together(void **state)
{
	(void)state;
	static const struct when_words rows[] = {
		{ .since_ms = 1000, .from = "today" },
		{ .since_ms = 1000, .around = "today" },
		{ .around = "14:00", .to = "15:00" },
		{ .window_ms = 1000 },
		{ .from = "2026-11-02", .to = "2026-11-01" },
		{ .from = "14:00", .to = "14:00" },
		{ .from = "nothing" },
		{ .to = "nothing" },
		{ .around = "nothing" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_NONE;
		struct when when;
		assert_int_equal(when_read(&rows[i], NOW, &when, &err), -1);
		assert_int_equal(err.code, EF_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_times),
		cmocka_unit_test(words_in_any_case),
		cmocka_unit_test(days_that_begin_later),
		cmocka_unit_test(half_hours_that_are_left_out),
		cmocka_unit_test(what_is_no_time),
		cmocka_unit_test(ranges),
		cmocka_unit_test(what_does_not_go_together),
	};
	/* Berlin, as POSIX writes it: no table of zones has to be there */
	zone_set(BERLIN);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
