/* SPDX-License-Identifier: Apache-2.0
 * What exporters count of themselves: a line a minute for what only counts up, and none is lost of
 * what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "element_ids.h"
#include "tests/lib/rig.h"

static void message(void)
{
	f.wire.len = 0;
	f.sink.cur = f.memory;
	wire_uint(&f.wire, 10, 2);
	wire_uint(&f.wire, 0, 2);
	wire_uint(&f.wire, NOW_MS / 1000, 4);
	wire_uint(&f.wire, 0, 4);
	wire_uint(&f.wire, 7, 4);
}

static void send_at(uint64_t ms)
{
	wire_set16(&f.wire, 2, f.wire.len);
	assert_int_equal(give_at(1, ms), DECODE_OK);
}

/* Options template `id`: a selector, the scope where `scopes`, and a count of it. */
static void meta_template(uint16_t id, unsigned scopes, uint16_t count)
{
	message();
	wire_uint(&f.wire, 3, 2);
	wire_uint(&f.wire, 18, 2);
	wire_uint(&f.wire, id, 2);
	wire_uint(&f.wire, 2, 2);
	wire_uint(&f.wire, scopes, 2);
	wire_uint(&f.wire, IE_selectorId, 2);
	wire_uint(&f.wire, 2, 2);
	wire_uint(&f.wire, count, 2);
	wire_uint(&f.wire, 4, 2);
	send_at(NOW_MS);
}

/* How many lines there are then. */
static uint64_t state(uint16_t id, uint16_t selector, uint32_t count, uint64_t ms)
{
	message();
	wire_uint(&f.wire, id, 2);
	wire_uint(&f.wire, 10, 2);
	wire_uint(&f.wire, selector, 2);
	wire_uint(&f.wire, count, 4);
	send_at(ms);
	return f.sink.lines[LINE_EXPORTER];
}

static void one_line_a_minute(void **st)
{
	(void)st;
	start((struct decode_limits){ 0 });
	meta_template(300, 1, IE_selectorIdTotalPktsObserved);
	meta_template(301, 1, IE_selectorIdTotalPktsObserved);
	assert_int_equal(state(300, 1, 10, NOW_MS), 1);
	assert_int_equal(state(300, 1, 20, NOW_MS + 10000), 1);
	assert_int_equal(state(300, 1, 30, NOW_MS + 59999), 1);
	assert_int_equal(f.counters->options_repeated, 2);
	assert_int_equal(state(300, 2, 30, NOW_MS + 59999), 2); /* of another selector */
	assert_int_equal(state(301, 1, 30, NOW_MS + 59999), 3); /* another template */
	assert_int_equal(state(300, 1, 40, NOW_MS + 60000), 4);
	assert_non_null(memmem(f.memory, 1000, "TotalPktsObserved\":40", 21));
	assert_int_equal(state(300, 1, 50, NOW_MS - 3600000), 5); /* the clock went back */
	assert_int_equal(f.counters->options_records[PROTO_IPFIX], 7);
	stop();
}

static void nothing_is_lost(void **st)
{
	(void)st;
	start((struct decode_limits){ 0 });
	meta_template(300, 1, IE_droppedPacketDeltaCount);
	meta_template(301, 0, IE_selectorIdTotalPktsObserved);
	for (unsigned i = 1; i <= 3; i++)
		assert_int_equal(state(300, 1, 10, NOW_MS), i);
	/* no scope: records that differ may be of different things */
	assert_int_equal(state(301, 1, 10, NOW_MS), 4);
	assert_int_equal(state(301, 1, 11, NOW_MS), 5);
	assert_int_equal(state(301, 1, 11, NOW_MS), 5);
	stop();
}

/* More subjects than are known: each has its line, and the memory is returned. */
static void many_subjects(void **st)
{
	(void)st;
	start((struct decode_limits){ 0 });
	meta_template(300, 1, IE_selectorIdTotalPktsObserved);
	uint64_t before = f.counters->memory_now;
	for (uint16_t i = 0; i < 1000; i++)
		assert_int_equal(state(300, i, 1, NOW_MS), i + 1u);
	assert_in_range(f.counters->memory_now - before, 1, 4096);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_a_minute),
		cmocka_unit_test(nothing_is_lost),
		cmocka_unit_test(many_subjects),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
