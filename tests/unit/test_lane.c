/* SPDX-License-Identifier: Apache-2.0
 * Closed lanes: when they are tried, and that none stays closed for what is gone. */
#include "forwarder/ship/lane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "forwarder/ship/endpoint.h"

#define NOW 1000000

static const struct bulk_outcome why = { VERDICT_RETRY, 503, "unavailable", "shards" };

static void none_stays_closed_for_what_is_gone(void **state)
{
	(void)state;
	struct lanes l;
	struct parcel p = { 0 };
	lanes_init(&l, "", "default");
	uint64_t pause = lane_close(&l, LANE_FIRST, &why, "", NOW);
	lane_close(&l, LANE_FIRST + 1, &why, "", NOW);
	lane_close(&l, LANE_OTHER, &why, "", NOW);
	uint32_t first = 1u << LANE_FIRST, second = first << 1, other = 1u << LANE_OTHER;
	assert_int_equal(lanes_let_go(&l, 0, NOW + pause / 2 - 1), 0); /* too early to know */
	l.lane[LANE_OTHER].parked = &p;
	uint64_t later = NOW + BACKOFF_MAX_MS;
	assert_int_equal(lanes_let_go(&l, second, later), first);
	assert_int_equal(lanes_closed(&l), second | other);
	assert_null(l.lane[LANE_FIRST].parked);
	assert_int_equal(lanes_let_go(&l, second, later), 0);
	assert_ptr_equal(lanes_problem(&l), &l.lane[LANE_FIRST + 1]);
	lane_taken(&l, LANE_FIRST + 1, later); /* it is on its way to find out */
	assert_int_equal(lanes_let_go(&l, 0, later + 1), 0);
	l.lane[LANE_OTHER].parked = NULL;
	assert_int_equal(lanes_let_go(&l, 0, later + BACKOFF_MAX_MS), second | other);
	assert_null(lanes_problem(&l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_stays_closed_for_what_is_gone),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
