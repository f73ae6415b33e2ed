/* SPDX-License-Identifier: Apache-2.0
 * IPFIX over TCP: what a connection has of its own, and that nothing of it is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forwarder/decode/state.h"
#include "forwarder/decode/tick.h"
#include "tests/lib/rig.h"

#define HOUR_MS 3600000

/* An IPFIX message of a domain (RFC 7011 section 3.1), to which sets are added. */
static void head(uint32_t domain, uint32_t seq)
{
	f.wire.len = 0;
	wire_uint(&f.wire, 10, 2);
	wire_uint(&f.wire, 0, 2); /* length: give_over() */
	wire_uint(&f.wire, NOW_MS / 1000, 4);
	wire_uint(&f.wire, seq, 4);
	wire_uint(&f.wire, domain, 4);
}

/* The same as template() for IPFIX. */
static void template10(uint16_t id, unsigned elements)
{
	size_t at = f.wire.len;
	template(id, elements);
	wire_set16(&f.wire, at, 2);
}

static void withdraw(uint16_t id)
{
	wire_uint(&f.wire, 2, 2);
	wire_uint(&f.wire, 8, 2);
	wire_uint(&f.wire, id, 2);
	wire_uint(&f.wire, 0, 2);
}

static enum decode_result give_over(struct stream *stream, uint32_t exporter, uint64_t ms)
{
	wire_set16(&f.wire, 2, f.wire.len);
	struct datagram d = { .data = f.wire.data,
			      .len = f.wire.len,
			      .src = address(exporter),
			      .port = 40000,
			      .stream = stream,
			      .received_ms = ms };
	return decoder_datagram(f.dec, &d, &f.sink, &f.report);
}

/* Ten thousand connections, one after the other, each with templates, data, and data that waits. */
static void many_connections_leave_nothing(void **state)
{
	(void)state;
	uint64_t first_memory = 0;
	start((struct decode_limits){ 0 });
	for (uint32_t i = 0; i < 10000; i++) {
		struct stream stream = { 0 };
		for (uint32_t domain = 0; domain < 3; domain++) {
			head(domain, 0);
			template10(256, 4);
			data(256, 4);
			data(300, 1);
			assert_int_equal(give_over(&stream, 1, NOW_MS + i), DECODE_OK);
		}
		assert_int_equal(f.counters->sessions_now, 3);
		decoder_stream_end(f.dec, &stream);
		assert_int_equal(f.counters->memory_now, i ? first_memory : f.counters->memory_now);
		first_memory = f.counters->memory_now;
	}
	assert_int_equal(f.counters->exporters_now, 3);
	assert_int_equal(f.counters->sessions_now, 0);
	assert_int_equal(f.counters->templates_now, 0);
	assert_int_equal(f.counters->held_now, 0);
	assert_int_equal(f.counters->held, 30000);
	assert_int_equal(f.counters->held_dropped, 30000);
	assert_int_equal(f.counters->records[PROTO_IPFIX], 30000);
	assert_int_equal(f.counters->templates_added, 30000);
	assert_int_equal(f.counters->lost + f.counters->reordered + f.counters->restarts, 0);
	/* and the domains go, too, in their time */
	decoder_finish(f.dec, NOW_MS + 2ull * HOUR_MS, &f.sink);
	assert_int_equal(f.counters->exporters_now, 3); /* it is said to be silent for a day */
	decoder_finish(f.dec, NOW_MS + 25ull * HOUR_MS, &f.sink);
	assert_int_equal(f.counters->exporters_now, 0);
	assert_int_equal(f.counters->memory_now, 0);
	stop();
}

/* A connection of more domains than one address may have: those that learnt nothing make room. */
static void domains_of_a_connection_have_a_ceiling(void **state)
{
	(void)state;
	struct stream stream = { 0 }, other = { 0 };
	start((struct decode_limits){ .domains_per_exporter = 10 });
	head(0, 0);
	template10(256, 1);
	give_over(&other, 1, NOW_MS);
	for (uint32_t i = 1; i < 1000; i++) {
		head(i, 0);
		assert_int_equal(give_over(&stream, 1, NOW_MS + i), DECODE_OK);
		assert_true(f.counters->sessions_now <= 10);
	}
	head(0, 0);
	data(256, 1);
	give_over(&other, 1, NOW_MS + 1000);
	assert_int_equal(f.counters->records[PROTO_IPFIX], 1);
	decoder_stream_end(f.dec, &stream);
	assert_int_equal(f.counters->sessions_now, 1);
	stop(); /* before the other one ends: its owner may keep it for another decoder */
	assert_null(other.sessions);
	assert_null(other.last);
}

/* RFC 7011 section 8.4: over TCP templates are not sent again, so none expires while its connection
 * is there, however long it is silent; names do. */
static void templates_do_not_age_in_a_connection(void **state)
{
	(void)state;
	struct stream stream = { 0 };
	start((struct decode_limits){ .template_ms = HOUR_MS });
	head(7, 0);
	template10(256, 1);
	give_over(&stream, 1, NOW_MS);
	for (uint64_t ms = NOW_MS; ms < NOW_MS + 100 * HOUR_MS; ms += HOUR_MS)
		decoder_finish(f.dec, ms, &f.sink);
	head(7, 0);
	data(256, 2);
	assert_int_equal(give_over(&stream, 1, NOW_MS + 100ull * HOUR_MS), DECODE_OK);
	assert_int_equal(f.counters->records[PROTO_IPFIX], 2);
	assert_int_equal(f.counters->templates_expired, 0);
	decoder_stream_end(f.dec, &stream);
	decoder_finish(f.dec, NOW_MS + 102ull * HOUR_MS, &f.sink);
	assert_int_equal(f.counters->exporters_now, 0);
	stop();
}

/* Numbers begin at 0 with each connection (RFC 7011 section 3.1), and are lost in one of them
 * only. What is missing when it ends is lost then. */
static void numbers_are_of_a_connection(void **state)
{
	(void)state;
	static const uint32_t first[] = { 0, 3, 6, 9, 12, 15, 18, 21, 24 };
	struct stream a = { 0 }, b = { 0 };
	start((struct decode_limits){ 0 });
	for (unsigned i = 0; i < 9; i++) {
		head(7, 5000000 + first[i]);
		template10(256, 1);
		data(256, 3);
		give_over(&a, 1, NOW_MS + i);
		head(7,
		     first[i] + (i == 8 ? 6 : 0)); /* two messages of three records are missing */
		template10(256, 1);
		data(256, 3);
		give_over(&b, 1, NOW_MS + i);
	}
	assert_int_equal(f.counters->lost, 0);
	decoder_stream_end(f.dec, &b);
	assert_int_equal(f.counters->lost, 6);
	decoder_stream_end(f.dec, &a);
	assert_int_equal(f.counters->lost, 6);
	for (unsigned i = 0; i < 5; i++) { /* the process started again */
		head(7, i);
		data(256, 1);
		give_over(&a, 1, NOW_MS + 2000);
	}
	assert_int_equal(f.counters->lost + f.counters->reordered, 6);
	assert_int_equal(f.counters->restarts + f.counters->templates_suspended, 0);
	assert_int_equal(f.counters->duplicates + f.counters->devices_split, 0);
	assert_int_equal(f.counters->held, 5);
	decoder_stream_end(f.dec, &a);
	assert_int_equal(f.counters->held_dropped, 5);
	stop();
}

/* Withdrawals, one by one and all at once, are of one connection and one domain. */
static void withdrawals_are_of_a_connection(void **state)
{
	(void)state;
	struct stream stream[2] = { 0 };
	start((struct decode_limits){ 0 });
	for (unsigned i = 0; i < 2; i++)
		for (uint32_t domain = 1; domain <= 2; domain++) {
			head(domain, 0);
			template10(256, 1);
			template10(257, 1);
			give_over(&stream[i], 1, NOW_MS);
		}
	assert_int_equal(f.counters->templates_now, 8);
	head(1, 0);
	withdraw(257);
	give_over(&stream[0], 1, NOW_MS);
	assert_int_equal(f.counters->templates_now, 7);
	head(1, 0);
	withdraw(2);
	give_over(&stream[1], 1, NOW_MS);
	assert_int_equal(f.counters->templates_now, 5);
	for (unsigned i = 0; i < 2; i++)
		for (uint32_t domain = 1; domain <= 2; domain++) {
			head(domain, 0);
			data(256, 1);
			data(257, 1);
			give_over(&stream[i], 1, NOW_MS);
		}
	assert_int_equal(f.counters->records[PROTO_IPFIX], 5);
	assert_int_equal(f.counters->templates_withdrawn, 3);
	decoder_stream_end(f.dec, &stream[0]);
	decoder_stream_end(f.dec, &stream[1]);
	assert_int_equal(f.counters->templates_now, 0);
	stop();
}

/* Messages without sets keep a connection alive, and one is as the other; but TCP brings nothing
 * twice. */
static void nothing_comes_twice(void **state)
{
	(void)state;
	struct stream stream = { 0 };
	start((struct decode_limits){ 0 });
	for (unsigned i = 0; i < 5; i++) {
		head(7, 0);
		assert_int_equal(give_over(&stream, 1, NOW_MS), DECODE_OK);
	}
	assert_int_equal(f.counters->duplicates + f.counters->reordered, 0);
	stop();
}

/* A domain has to make room: a connection that had templates there is told, so that it can be
 * closed, one that had none is not. */
static void forgotten_templates_are_told(void **state)
{
	(void)state;
	struct stream with = { 0 }, without = { 0 }, late = { 0 };
	start((struct decode_limits){ .exporters = 2 });
	head(7, 0);
	template10(256, 1);
	give_over(&with, 1, NOW_MS);
	head(7, 0);
	give_over(&without, 2, NOW_MS);
	for (uint32_t exporter = 3; exporter < 5; exporter++) {
		head(7, 0);
		template10(256, 1);
		data(256, 1);
		give_over(&late, exporter, NOW_MS);
	}
	assert_int_equal(f.counters->exporters_evicted, 2);
	assert_true(with.forgotten);
	assert_false(without.forgotten || late.forgotten);
	decoder_stream_end(f.dec, &with);
	assert_false(with.forgotten);
	stop();
}

/* Nothing of a connection is in the state on disk: efd's restart ends it. */
static void state_has_no_connections(void **state)
{
	(void)state;
	struct stream stream = { 0 };
	struct err err = ERR_NONE;
	struct buf saved, empty;
	buf_init(&saved, 1 << 20);
	buf_init(&empty, 1 << 20);
	start((struct decode_limits){ 0 });
	assert_int_equal(decoder_save(f.dec, &empty, &err), 0);
	head(7, 0);
	template10(256, 1);
	give_over(&stream, 1, NOW_MS);
	assert_int_equal(decoder_save(f.dec, &saved, &err), 0);
	assert_int_equal(saved.len, empty.len);
	stop();
	assert_null(stream.sessions);
	buf_release(&saved);
	buf_release(&empty);
}

/* The tables of elements are read again: templates of all connections are compiled with them. */
static void elements_are_for_all_connections(void **state)
{
	(void)state;
	struct stream stream[2] = { 0 };
	struct err err = ERR_NONE;
	start((struct decode_limits){ 0 });
	for (unsigned i = 0; i < 2; i++) {
		head(7, 0);
		template10(256, 1);
		give_over(&stream[i], 1, NOW_MS);
	}
	assert_int_equal(decoder_set_fields(f.dec, fields_new(), &err), 0);
	for (unsigned i = 0; i < 2; i++) {
		head(7, 0);
		data(256, 1);
		assert_int_equal(give_over(&stream[i], 1, NOW_MS), DECODE_OK);
	}
	assert_int_equal(f.counters->records[PROTO_IPFIX], 2);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_connections_leave_nothing),
		cmocka_unit_test(domains_of_a_connection_have_a_ceiling),
		cmocka_unit_test(templates_do_not_age_in_a_connection),
		cmocka_unit_test(numbers_are_of_a_connection),
		cmocka_unit_test(withdrawals_are_of_a_connection),
		cmocka_unit_test(nothing_comes_twice),
		cmocka_unit_test(forgotten_templates_are_told),
		cmocka_unit_test(state_has_no_connections),
		cmocka_unit_test(elements_are_for_all_connections),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
