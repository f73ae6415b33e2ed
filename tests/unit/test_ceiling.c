/* SPDX-License-Identifier: Apache-2.0
 * The ceiling over lines: what amplifies is cut and counts as lost; what comes in bursts is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "forwarder/decode/core/decoder.h"
#include "forwarder/decode/line/ceiling.h"
#include "forwarder/decode/tick.h"
#include "tests/lib/rig.h"

static uint32_t seq;

static void begin(void)
{
	netflow9(0, seq++, 1000);
}

/* Interface 1 has a name and a description of 120 bytes `octet` each. */
static void names(uint8_t octet)
{
	begin();
	wire_uint(&f.wire, 1, 2);
	wire_uint(&f.wire, 22, 2);
	wire_uint(&f.wire, 300, 2);
	wire_uint(&f.wire, 4, 2);
	wire_uint(&f.wire, 8, 2);
	wire_uint(&f.wire, 2, 2); /* scope: interface, of one byte */
	wire_uint(&f.wire, 1, 2);
	wire_uint(&f.wire, 82, 2);
	wire_uint(&f.wire, 120, 2);
	wire_uint(&f.wire, 83, 2);
	wire_uint(&f.wire, 120, 2);
	wire_uint(&f.wire, 300, 2);
	wire_uint(&f.wire, 4 + 241, 2);
	wire_uint(&f.wire, 1, 1);
	for (unsigned i = 0; i < 240; i++)
		wire_uint(&f.wire, octet, 1);
	assert_int_equal(give(1), DECODE_OK);
	assert_int_equal(f.counters->options_now, 1);
}

/* Records of one byte: the interface. */
static void small_template(void)
{
	begin();
	wire_uint(&f.wire, 0, 2);
	wire_uint(&f.wire, 12, 2);
	wire_uint(&f.wire, 256, 2);
	wire_uint(&f.wire, 1, 2);
	wire_uint(&f.wire, 10, 2);
	wire_uint(&f.wire, 1, 2);
	assert_int_equal(give(1), DECODE_OK);
}

static void small_records(unsigned n, uint64_t ms)
{
	begin();
	wire_uint(&f.wire, 256, 2);
	wire_uint(&f.wire, 4 + n, 2);
	for (unsigned i = 0; i < n; i++)
		wire_uint(&f.wire, 1, 1);
	f.sink.cur = f.memory;
	f.sink.end = f.memory + sizeof(f.memory);
	give_at(1, ms);
}

static void what_amplifies_is_cut(void **state)
{
	(void)state;
	const unsigned n = 60000;
	start((struct decode_limits){ 0 });
	names('n');
	small_template();
	small_records(n, NOW_MS);
	uint64_t received = f.counters->bytes[PROTO_NETFLOW9];
	assert_in_range(f.dec->work.written, OUTPUT_FACTOR * received / 2,
			OUTPUT_FIRST + OUTPUT_FACTOR * received + 2000);
	assert_int_equal(f.sink.lines[LINE_FLOW] + f.counters->output_refused, n);
	assert_int_equal(f.counters->lost, f.counters->output_refused);
	assert_non_null(f.report.notice.text);
	/* it is over as soon as what he asks for is in proportion */
	uint64_t refused = f.counters->output_refused;
	small_records(20, NOW_MS + 2 * OUTPUT_SPAN);
	assert_int_equal(f.counters->output_refused, refused);
	stop();
}

/* The same while it waits for its template. */
static void what_waited_is_cut(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	names('n');
	for (unsigned i = 0; i < 20; i++)
		small_records(20000, NOW_MS + i * 1000);
	assert_int_equal(f.sink.lines[LINE_FLOW], 0);
	uint64_t received = f.counters->bytes[PROTO_NETFLOW9];
	small_template();
	assert_true(f.counters->output_refused > 0);
	assert_true(f.dec->work.written < OUTPUT_FIRST + 2 * OUTPUT_FACTOR * received);
	stop();
}

/* A cache is flushed: 100,000 records of 40 bytes in one second, each with its names. */
static void bursts_pass(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	names('n');
	begin();
	template(256, 8);
	f.wire.data[f.wire.len - 4 * 8 + 1] = 10; /* its first element: the interface */
	assert_int_equal(give(1), DECODE_OK);
	for (unsigned i = 0; i < 100000; i += 40) {
		begin();
		wire_uint(&f.wire, 256, 2);
		wire_uint(&f.wire, 4 + 40 * 32, 2);
		for (unsigned k = 0; k < 40; k++) {
			wire_uint(&f.wire, 1, 4);
			for (unsigned e = 1; e < 8; e++)
				wire_uint(&f.wire, i + k, 4);
		}
		f.sink.cur = f.memory;
		f.sink.end = f.memory + sizeof(f.memory);
		assert_int_equal(give_at(1, NOW_MS + i / 100), DECODE_OK);
	}
	assert_int_equal(f.sink.lines[LINE_FLOW], 100000);
	assert_int_equal(f.counters->output_refused, 0);
	assert_non_null(memmem(f.memory, 4096, "nnnnnnnn", 8)); /* the names are there */
	stop();
}

/* Control characters would be six bytes each. */
static void names_are_printable(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	names(1);
	small_template();
	small_records(1, NOW_MS);
	assert_null(memmem(f.memory, 4096, "\\u", 2));
	assert_non_null(memmem(f.memory, 4096, "\"name\":\"        ", 16));
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_amplifies_is_cut),
		cmocka_unit_test(what_waited_is_cut),
		cmocka_unit_test(bursts_pass),
		cmocka_unit_test(names_are_printable),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
