/* SPDX-License-Identifier: Apache-2.0
 * A wall clock that is set back stops nothing that the decoder does after a while. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "forwarder/decode/tick.h"
#include "tests/lib/rig.h"

#define HOUR_MS   3600000
#define MINUTE_MS 60000
#define BACK_MS   (NOW_MS - HOUR_MS)

static void talk(uint32_t seq, uint64_t ms, bool with_template)
{
	netflow9(0, seq, 1000);
	if (with_template)
		template(256, 1);
	data(256, 1);
	f.sink.cur = f.memory;
	assert_int_equal(give_at(1, ms), DECODE_OK);
}

/* Seconds of it from `from_ms` on. */
static void ticks(uint64_t from_ms, unsigned seconds)
{
	for (unsigned s = 0; s < seconds; s++) {
		f.sink.cur = f.memory;
		decoder_tick(f.dec, from_ms + s * 1000, &f.sink);
	}
}

static void lines_of_exporters_come(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	talk(1, NOW_MS, true);
	ticks(NOW_MS, 62);
	assert_int_equal(f.sink.lines[LINE_EXPORTER], 1);
	talk(2, BACK_MS, false);
	ticks(BACK_MS, 302);
	assert_in_range(f.sink.lines[LINE_EXPORTER], 6, 7);
	stop();
}

static void gaps_are_settled(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	talk(1, NOW_MS, true);
	talk(2, NOW_MS, false);
	talk(9, NOW_MS, false); /* six are missing */
	ticks(NOW_MS, 1);
	assert_int_equal(f.counters->lost, 0);
	ticks(BACK_MS, 122);
	assert_int_equal(f.counters->lost, 6);
	stop();
}

/* An exporter that started again, and whose templates do not come. */
static void graces_end(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	netflow9(0, 1, 100 * MINUTE_MS);
	template(256, 1);
	data(256, 1);
	give_at(1, NOW_MS - 1000);
	netflow9(0, 1, 1000);
	f.wire.data[11]++; /* exported a second later */
	data(256, 1);
	give_at(1, NOW_MS);
	assert_int_equal(f.counters->held_now, 1);
	assert_int_equal(f.counters->records[PROTO_NETFLOW9], 1);
	ticks(NOW_MS - 2 * MINUTE_MS, 2);
	assert_int_equal(f.counters->held_now, 0);
	assert_int_equal(f.counters->records[PROTO_NETFLOW9], 2);
	stop();
}

/* What waits longer than it may, in either direction, goes; a small step takes nothing away. */
static void nothing_waits_for_ever(void **state)
{
	(void)state;
	start((struct decode_limits){ .held_ms = 5 * MINUTE_MS });
	netflow9(0, 1, 1000);
	data(256, 1);
	give_at(1, NOW_MS);
	ticks(NOW_MS - 4 * MINUTE_MS, 1);
	assert_int_equal(f.counters->held_now, 1);
	ticks(BACK_MS, 1);
	assert_int_equal(f.counters->held_now, 0);
	assert_int_equal(f.counters->held_dropped, 1);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_exporters_come),
		cmocka_unit_test(gaps_are_settled),
		cmocka_unit_test(graces_end),
		cmocka_unit_test(nothing_waits_for_ever),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
