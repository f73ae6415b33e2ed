/* SPDX-License-Identifier: Apache-2.0
 * Sequence numbers: losses, late and doubled datagrams, restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forwarder/decode/tick.h"
#include "tests/lib/rig.h"

static void sequence(bool counts, const uint32_t *numbers, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		netflow9(0, numbers[i], 1000);
		template(256, 1);
		data(256, 3);
		/* the same number twice is the same datagram, but for an exporter that does not
		 * count */
		wire_set16(&f.wire, f.wire.len - 2, counts ? numbers[i] : i);
		give(1);
	}
	decoder_tick(f.dec, NOW_MS + 3600000, &f.sink); /* what is missing now is lost */
}

#define SEQUENCE(...)                                     \
	sequence(true, (const uint32_t[]){ __VA_ARGS__ }, \
		 sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static void expect(uint64_t lost, uint64_t reordered, uint64_t duplicates, uint64_t restarts)
{
	assert_int_equal(f.counters->lost, lost);
	assert_int_equal(f.counters->reordered, reordered);
	assert_int_equal(f.counters->duplicates, duplicates);
	assert_int_equal(f.counters->restarts, restarts);
	stop();
}

static void sequence_numbers(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	SEQUENCE(1, 2, 3, 4, 5, 6, 7);
	expect(0, 0, 0, 0);
	start((struct decode_limits){ 0 });
	SEQUENCE(1, 2, 3, 7, 8, 9);
	expect(3, 0, 0, 0);
	start((struct decode_limits){ 0 }); /* late ones are no losses, but one of them is */
	SEQUENCE(1, 2, 3, 7, 5, 6, 8, 9);
	expect(1, 2, 0, 0);
	start((struct decode_limits){ 0 });
	SEQUENCE(1, 2, 3, 3, 4, 4, 5);
	expect(0, 0, 2, 0);
	start((struct decode_limits){ 0 }); /* around 2^32 */
	SEQUENCE(4294967293, 4294967294, 4294967295, 0, 1, 3, 4);
	expect(1, 0, 0, 0);
	start((struct decode_limits){
	    0 }); /* counts records where datagrams are due: learnt, then a loss of 3 */
	SEQUENCE(0, 3, 6, 9, 12, 15, 18, 21, 27, 30);
	expect(3, 0, 0, 0);
	start((struct decode_limits){ 0 }); /* counts nothing */
	sequence(false, (const uint32_t[]){ 5, 5, 5, 5, 5, 5 }, 6);
	expect(0, 0, 0, 0);
	start((struct decode_limits){ 0 }); /* makes no sense: nothing is called lost */
	SEQUENCE(10, 50, 20, 900, 30, 7000, 1, 88);
	expect(0, 0, 0, 0);
	start((struct decode_limits){ 0 }); /* starts again at 0 */
	SEQUENCE(5000000, 5000001, 5000002, 5000003, 0, 1, 2);
	expect(0, 0, 0, 1);
}

/* Datagrams of an exporter that counts nothing differ in one octet or two, anywhere: none of them
 * is a duplicate. Each that comes again is one. */
static void different_datagrams_are_none_twice(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	netflow9(0, 5, 1000);
	template(256, 1);
	give(1);
	for (uint32_t i = 0; i < 40000; i++) {
		netflow9(0, 5, 1000);
		data(256, 64);
		size_t at =
		    f.wire.len - 4 * (1 + i % 64); /* a small number in one of the records */
		wire_set16(&f.wire, at, 1 + i / 64);
		give(1);
	}
	assert_int_equal(f.counters->duplicates, 0);
	give(1);
	assert_int_equal(f.counters->duplicates, 1);
	stop();
}

/* The template that the messages below use. */
static void ipfix_template(uint32_t seq)
{
	f.wire.len = 0;
	wire_uint(&f.wire, 10, 2);
	wire_uint(&f.wire, 28, 2);
	wire_uint(&f.wire, NOW_MS / 1000, 4);
	wire_uint(&f.wire, seq, 4);
	wire_uint(&f.wire, 7, 4);
	wire_uint(&f.wire, 2, 2);
	wire_uint(&f.wire, 12, 2);
	wire_uint(&f.wire, 256, 2);
	wire_uint(&f.wire, 1, 2);
	wire_uint(&f.wire, 1, 2);
	wire_uint(&f.wire, 4, 2);
	give(1);
}

/* An options template, and before the record of data set that is already there one of options:
 * softflowd counts it not. */
static void add_options_record(void)
{
	static const uint8_t sets[] = { 0, 3,  0, 18, 1, 44, 0, 2, 0, 1, 0, 10,
					0, 4,  0, 34, 0, 4, /* template 300 */
					1, 44, 0, 12, 0, 0,  0, 1, 0, 0, 0, 1 };
	wire_bytes(&f.wire, sets, sizeof(sets));
	wire_set16(&f.wire, 2, f.wire.len);
}

/* IPFIX whose numbers count the message's own records, as softflowd's do: sizes that differ are no
 * losses, a gap is, and options records are not counted. */
static void own_records_are_counted(void **state)
{
	(void)state;
	static const struct {
		uint32_t records, missing; /* before it */
	} messages[] = { { 3, 0 }, { 3, 0 }, { 3, 0 }, { 3, 0 }, { 3, 0 }, { 1, 0 },
			 { 5, 0 }, { 2, 0 }, { 4, 7 }, { 2, 0 }, { 6, 0 } };
	start((struct decode_limits){ 0 });
	uint32_t seq = 100;
	ipfix_template(0);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		seq += messages[i].missing + messages[i].records;
		ipfix(seq, 256, messages[i].records);
		if (i == 6 || i == 9)
			add_options_record();
		assert_int_equal(give(1), DECODE_OK);
	}
	assert_int_equal(f.counters->options_records[PROTO_IPFIX], 2);
	decoder_tick(f.dec, NOW_MS + 3600000, &f.sink);
	expect(7, 0, 0, 0);
}

static void restart_by_uptime(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	static const uint32_t uptimes[] = { 900000, 910000, 920000, 1000, 11000 };
	for (uint32_t i = 0; i < 5; i++) {
		netflow9(0, i < 3 ? 100 + i : i - 3, uptimes[i]);
		give(1);
	}
	expect(0, 0, 0, 1);
}

/* Uptimes above 2^31 ms (24.8 days) are no smaller ones; 2^32 ms are no way back. */
static void restart_after_many_days(void **state)
{
	(void)state;
	static const struct {
		uint32_t before_ms, after_ms, restarts;
	} rows[] = { { 2200000000, 5000, 1 },
		     { 4200000000, 5000, 1 },
		     { 4294960000, 2704, 0 },
		     { 4294967295, 9999, 0 } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		start((struct decode_limits){ 0 });
		netflow9(0, 100, rows[i].before_ms);
		give_at(1, NOW_MS);
		netflow9(0, 101, rows[i].after_ms);
		wire_set16(&f.wire, 10, (NOW_MS / 1000 + 10) & 0xffff); /* export time */
		give_at(1, NOW_MS + 10000);
		assert_int_equal(f.counters->restarts, rows[i].restarts);
		stop();
	}
}

/* What waited for a suspended template is decoded at the end of the grace without another datagram,
 * and what comes of another id waits on. */
static void suspension_has_an_end(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	netflow9(0, 100, 900000);
	template(256, 1);
	template(257, 2);
	data(256, 1);
	give_at(1, NOW_MS);
	netflow9(0, 1, 5000);
	data(256, 3);
	data(257, 3); /* 12 octets: no whole records of 8 */
	give_at(1, NOW_MS + 10000);
	assert_int_equal(f.counters->templates_suspended, 2);
	decoder_tick(f.dec, NOW_MS + 69999, &f.sink);
	assert_int_equal(f.counters->held_now, 2);
	decoder_tick(f.dec, NOW_MS + 70000, &f.sink);
	assert_int_equal(f.counters->held_now, 1);
	assert_int_equal(f.counters->unconfirmed_sets, 1);
	assert_int_equal(f.counters->records[PROTO_NETFLOW9], 4);
	netflow9(0, 2, 65000);
	template(257, 1);
	give_at(1, NOW_MS + 71000);
	assert_int_equal(f.counters->held_now, 0);
	assert_int_equal(f.counters->records[PROTO_NETFLOW9], 7);
	stop();
}

/* Datagrams take a while to come here: an uptime that is a little more than what has passed is a
 * start, one that is much more is another line card's. */
static void restarts_have_a_margin(void **state)
{
	(void)state;
	for (uint32_t uptime_ms = 9000; uptime_ms <= 12000; uptime_ms += 3000) {
		start((struct decode_limits){ 0 });
		for (uint32_t i = 0; i < 4; i++) {
			netflow9(0, 100 + i, 900000 + i);
			give_at(1, NOW_MS);
		}
		netflow9(0, 104, uptime_ms);
		give_at(1, NOW_MS + 1000);
		expect(0, 0, 0, uptime_ms == 9000);
	}
}

/* Numbers that are late again and again are a new beginning; a few of them are just late. */
static void late_runs_end(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	SEQUENCE(5000, 5001, 5002, 5003, 5004, 5005, 5006, 100, 101, 102, 103, 104, 105, 106, 107);
	expect(0, 5, 0, 1);
	start((struct decode_limits){ 0 });
	SEQUENCE(5000, 5001, 5002, 5003, 5004, 5005, 5006, 100, 101, 102, 103, 104, 5007, 105, 106,
		 107, 108, 109, 5008);
	expect(0, 10, 0, 0);
}

/* 20 messages of one record of template 256; the next number is 20. */
static void counting_records(void)
{
	start((struct decode_limits){ 0 });
	ipfix_template(0);
	for (uint32_t seq = 0; seq < 20; seq++) {
		ipfix(seq, 256, 1);
		give(1);
	}
}

/* How many records wait for their template is not known; a late datagram in between does not change
 * that. */
static void late_datagram_changes_nothing(void **state)
{
	(void)state;
	counting_records();
	ipfix(21, 400, 5);
	give(1);
	ipfix(20, 256, 1);
	give(1);
	for (uint32_t seq = 26; seq < 60; seq++) {
		ipfix(seq, 256, 1);
		give(1);
	}
	decoder_tick(f.dec, NOW_MS + 3600000, &f.sink);
	expect(0, 1, 0, 0);
}

static void long_outage_is_a_loss(void **state)
{
	(void)state;
	counting_records();
	for (uint32_t i = 0; i < 20; i++) { /* half a minute at 100,000 a second */
		ipfix(3000020 + i, 256, 1);
		give_at(1, NOW_MS + 30000);
	}
	expect(3000000, 0, 0, 0);
	counting_records();
	for (uint32_t i = 0; i < 20; i++) { /* nobody sends so much at once */
		ipfix(3000020 + i, 256, 1);
		give_at(1, NOW_MS + 100);
	}
	expect(0, 0, 0, 1);
}

static void clock_that_steps_back(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	for (uint32_t i = 0; i < 5; i++) {
		netflow9(0, i, 500000000 + 1000 * i);
		give_at(1, NOW_MS + 1000 * i);
	}
	netflow9(0, 5, 400000000); /* another line card under one id */
	give_at(1, NOW_MS - 20000);
	expect(0, 0, 0, 0);
}

static void fresh_gap_may_still_be_filled(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	for (uint32_t i = 0; i < 10; i++) {
		netflow9(0, i + (i == 9), 1000);
		give(1);
	}
	decoder_tick(f.dec, NOW_MS + 60001, &f.sink);
	netflow9(0, 12, 1000);
	give_at(1, NOW_MS + 120000);
	decoder_tick(f.dec, NOW_MS + 120002, &f.sink);
	netflow9(0, 11, 1000);
	give_at(1, NOW_MS + 120003);
	decoder_tick(f.dec, NOW_MS + 240000, &f.sink);
	expect(1, 1, 0, 0); /* 9 never came, 11 was late */
}

/* A message with one record or none: its number says nothing of the unit, so that of the protocol
 * stays (RFC 7011 section 3.1: records), and a template that comes alone does not come late. */
static void one_record_a_message(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	for (uint32_t seq = 0; seq < 20; seq++) {
		ipfix_template(seq);
		ipfix(seq, 256, 1);
		give(1);
	}
	decoder_tick(f.dec, NOW_MS + 3600000, &f.sink);
	expect(0, 0, 0, 0);
}

/* While data waits for its template nobody knows how many records it has: that does not make a
 * number of records one of datagrams, and what follows is no loss. */
static void held_records_prove_no_unit(void **state)
{
	(void)state;
	uint32_t seq = 0;
	start((struct decode_limits){ 0 });
	for (unsigned i = 0; i < 8; i++, seq++) {
		ipfix(seq, 300, 1);
		give(1);
	}
	ipfix_template(seq);
	for (unsigned i = 0; i < 8; i++, seq += 5) {
		ipfix(seq, 256, 5);
		give(1);
	}
	decoder_tick(f.dec, NOW_MS + 3600000, &f.sink);
	assert_int_equal(f.counters->records[PROTO_IPFIX], 40);
	expect(0, 0, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequence_numbers),
		cmocka_unit_test(different_datagrams_are_none_twice),
		cmocka_unit_test(own_records_are_counted),
		cmocka_unit_test(restart_by_uptime),
		cmocka_unit_test(restart_after_many_days),
		cmocka_unit_test(suspension_has_an_end),
		cmocka_unit_test(restarts_have_a_margin),
		cmocka_unit_test(late_runs_end),
		cmocka_unit_test(late_datagram_changes_nothing),
		cmocka_unit_test(long_outage_is_a_loss),
		cmocka_unit_test(clock_that_steps_back),
		cmocka_unit_test(fresh_gap_may_still_be_filled),
		cmocka_unit_test(one_record_a_message),
		cmocka_unit_test(held_records_prove_no_unit),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
