/* SPDX-License-Identifier: Apache-2.0
 * Endpoints: whose turn it is, and how long one is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forwarder/ship/endpoint.h"

#define NOW 1000000

static char *urls[] = { "http://a.example", "http://b.example" };
static char url[ENDPOINT_URL_MAX];
static bool fresh;
static uint64_t wait_ms;

static struct endpoints *made(size_t n)
{
	struct err err = ERR_NONE;
	struct endpoints *e = endpoints_new(&(struct strlist){ .item = urls, .n = n }, &err);
	assert_non_null(e);
	return e;
}

static int pick(struct endpoints *e, uint64_t now_ms)
{
	return endpoints_pick(e, now_ms, url, &fresh, &wait_ms);
}

static void they_take_turns(void **state)
{
	(void)state;
	struct endpoints *e = made(2);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pick(e, NOW), i % 2);
		assert_string_equal(url, urls[i % 2]);
		assert_int_equal(fresh, i < 2);
		endpoints_worked(e, i % 2);
	}
	endpoints_failed(e, 0, NOW, 7000, true);
	for (int i = 0; i < 4; i++) /* the one that is away is passed over */
		assert_int_equal(pick(e, NOW + 6999), 1);
	assert_false(endpoints_all_away(e));
	assert_int_equal(pick(e, NOW + 7000), 0);
	assert_true(fresh);
	endpoints_free(e);
}

/* However often it failed: one that answers is tried again soon, one that is away less often. */
static void busy_ones_are_tried_sooner(void **state)
{
	(void)state;
	struct endpoints *busy = made(1), *away = made(1);
	for (int i = 0; i < 10; i++) {
		assert_in_range(endpoints_failed(busy, 0, NOW, -1, false), 1, BUSY_MAX_MS);
		uint64_t pause = endpoints_failed(away, 0, NOW, -1, true);
		assert_in_range(pause, 1, BACKOFF_MAX_MS);
		if (i >= 6)
			assert_true(pause >= BACKOFF_MAX_MS / 2);
	}
	assert_int_equal(endpoints_failed(busy, 0, NOW, 20000, false), 20000); /* Retry-After */
	assert_int_equal(pick(busy, NOW + 19999), -1);
	assert_int_equal(wait_ms, 1);
	assert_int_equal(pick(busy, NOW + 20000), 0);
	assert_false(endpoints_all_away(busy));
	assert_true(endpoints_all_away(away));
	endpoints_free(busy);
	endpoints_free(away);
}

/* A date of 2038, or a number that is none: no proxy stops efd for longer than the ceiling. */
static void no_retry_after_lasts_for_ever(void **state)
{
	(void)state;
	static const int64_t said[] = { RETRY_AFTER_MAX_MS + 1, 86400000, 347155200000, INT64_MAX };
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct endpoints *e = made(1);
		assert_int_equal(endpoints_failed(e, 0, NOW, said[i], i % 2), RETRY_AFTER_MAX_MS);
		assert_int_equal(pick(e, NOW + RETRY_AFTER_MAX_MS - 1), -1);
		assert_int_equal(pick(e, NOW + RETRY_AFTER_MAX_MS), 0);
		endpoints_free(e);
	}
}

/* Nothing, now, or a date that is past by our clock: it is asked again as late as without a word of
 * it, and later with every failure. */
static void no_retry_after_takes_the_pause_away(void **state)
{
	(void)state;
	static const int64_t said[] = { 0, 1, BACKOFF_MIN_MS / 2 };
	for (int i = 0; i < 6; i++) {
		struct endpoints *e = made(1);
		for (uint64_t least = BACKOFF_MIN_MS / 2; least <= BUSY_MAX_MS / 2; least *= 2) {
			uint64_t pause = endpoints_failed(e, 0, NOW, said[i % 3], i >= 3);
			assert_in_range(pause, least, 2 * least);
			assert_int_equal(pick(e, NOW + least - 1), -1);
			assert_int_equal(wait_ms, pause - least + 1);
		}
		endpoints_free(e);
	}
}

/* While one sender finds out whether it is back, the others do not ask, too. */
static void one_sender_tries_first(void **state)
{
	(void)state;
	struct endpoints *e = made(1);
	endpoints_failed(e, 0, NOW, 1000, true);
	assert_int_equal(pick(e, NOW + 1000), 0);
	assert_int_equal(pick(e, NOW + 1001), -1);
	assert_in_range(wait_ms, 1, BACKOFF_MIN_MS);
	endpoints_worked(e, 0);
	assert_int_equal(pick(e, NOW + 1001), 0);
	assert_int_equal(pick(e, NOW + 1001), 0);
	endpoints_free(e);
}

/* What comes of a request to an endpoint of before says nothing of those that are there now. */
static void an_older_list_is_forgotten(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct endpoints *e = made(2);
	int old = pick(e, NOW);
	struct strlist one = { .item = urls + 1, .n = 1 };
	assert_int_equal(endpoints_replace(e, &one, &err), 0);
	endpoints_failed(e, old, NOW, 60000, true);
	int now = pick(e, NOW);
	assert_true(now >= 0 && now != old);
	assert_string_equal(url, urls[1]);
	uint32_t up;
	assert_int_equal(endpoints_count(e, &up), 1);
	assert_int_equal(up, 1);
	endpoints_free(e);
}

/* The counts of a run are gone with it: what a parcel out of the spool knows of them is no evidence
 * beside those of the next run, and three starts in a row make no document guilty. */
static void counts_of_another_run_are_no_evidence(void **state)
{
	(void)state;
	struct refusals r = { 0 };
	for (int run = 0; run < 5; run++) {
		struct endpoints *e = made(1);
		for (int i = 0; i < run % 3; i++) /* others, before it */
			endpoints_passed(e, 0);
		assert_int_equal(endpoints_refused(e, 0, 1, &r), REFUSAL_ALL);
		endpoints_free(e);
	}
	assert_int_equal(r.strikes, 1);
	struct endpoints *e = made(1); /* but what was found stays */
	assert_int_equal(endpoints_refused(e, 0, 1, &r), REFUSAL_ALL);
	endpoints_passed(e, 0);
	assert_int_equal(endpoints_refused(e, 0, 1, &r), REFUSAL_ALL);
	endpoints_passed(e, 0);
	assert_int_equal(endpoints_refused(e, 0, 1, &r), REFUSAL_DOCUMENT);
	endpoints_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_take_turns),
		cmocka_unit_test(busy_ones_are_tried_sooner),
		cmocka_unit_test(no_retry_after_lasts_for_ever),
		cmocka_unit_test(no_retry_after_takes_the_pause_away),
		cmocka_unit_test(one_sender_tries_first),
		cmocka_unit_test(an_older_list_is_forgotten),
		cmocka_unit_test(counts_of_another_run_are_no_evidence),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
