/* SPDX-License-Identifier: Apache-2.0
 * Several devices behind one address: what proves them, what does not, and what each gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "forwarder/decode/state.h"
#include "forwarder/decode/tick.h"
#include "tests/lib/rig.h"

#define HOUR_MS 3600000
#define OCTETS  1 /* octetDeltaCount */
#define PACKETS 2 /* packetDeltaCount */

static uint64_t now_ms;

/* A datagram of NetFlow 9, domain 7. */
static void begin(uint32_t seq, uint32_t uptime_ms)
{
	netflow9(7, seq, uptime_ms);
	wire_set16(&f.wire, 8, (uint16_t)(now_ms / 1000 >> 16));
	wire_set16(&f.wire, 10, (uint16_t)(now_ms / 1000));
}

/* Template 256: one element of 4 octets. */
static void defines(uint16_t element)
{
	static const uint8_t head[] = { 0, 0, 0, 12, 1, 0, 0, 1 };
	wire_bytes(&f.wire, head, sizeof(head));
	wire_uint(&f.wire, element, 2);
	wire_uint(&f.wire, 4, 2);
}

static void value(uint32_t v)
{
	wire_uint(&f.wire, 256, 2);
	wire_uint(&f.wire, 8, 2);
	wire_uint(&f.wire, v, 4);
}

static void send_from(uint16_t port)
{
	struct datagram d = { .data = f.wire.data,
			      .len = f.wire.len,
			      .src = address(1),
			      .port = port,
			      .received_ms = now_ms };
	more(&f.sink, 0);
	assert_int_equal(decoder_datagram(f.dec, &d, &f.sink, &f.report), DECODE_OK);
	*f.sink.cur = '\0';
}

/* Were the lines of the last datagram these values, and no others? */
static void got(const char *text)
{
	char found[512] = "";
	for (char *p = f.memory; (p = strstr(p, "\"ie\":{")); p++) {
		size_t n = strcspn(p + 6, "}");
		snprintf(found + strlen(found), sizeof(found) - strlen(found), "%.*s ", (int)n,
			 p + 6);
	}
	assert_string_equal(found, text);
}

static void world(void)
{
	start((struct decode_limits){ 0 });
	now_ms = NOW_MS;
}

/* ---- proof by layout ---- */

static void layouts_that_alternate_by_port(void **state)
{
	(void)state;
	world();
	begin(1, 1000), defines(OCTETS), value(11), send_from(1001);
	got("\"octetDeltaCount\":11 ");
	begin(1, 1000), defines(PACKETS), value(12), send_from(1002);
	got("\"packetDeltaCount\":12 ");
	for (uint32_t i = 2; i < 50; i++) {
		begin(i, 1000 * i), value(100 + i), send_from(1001);
		assert_non_null(strstr(f.memory, "octetDeltaCount"));
		begin(i, 1000 * i), value(200 + i), send_from(1002);
		assert_non_null(strstr(f.memory, "packetDeltaCount"));
	}
	assert_int_equal(f.counters->devices_split, 2);
	assert_int_equal(f.counters->devices_now, 2);
	assert_int_equal(f.counters->lost + f.counters->duplicates + f.counters->restarts, 0);
	stop();
}

/* A template is as good a proof as data, and a device that is heard of once in a while stays
 * right. */
static void quiet_device_keeps_its_layout(void **state)
{
	(void)state;
	world();
	begin(1, 1000), defines(OCTETS), send_from(1001);
	begin(1, 9000000), defines(PACKETS), send_from(1002);
	for (uint32_t i = 2; i < 500; i++) {
		begin(i, 9000000 + i), value(i), send_from(1002);
		assert_non_null(strstr(f.memory, "packetDeltaCount"));
	}
	begin(2, 2000), value(5), send_from(1001);
	got("\"octetDeltaCount\":5 ");
	begin(500, 9001000), value(6), send_from(1002);
	got("\"packetDeltaCount\":6 ");
	assert_int_equal(f.counters->devices_now, 2);
	stop();
	world();
	begin(1, 1000), defines(OCTETS), send_from(1001);
	begin(1, 9000000), defines(PACKETS), send_from(1002);
	begin(2, 2000), defines(OCTETS), send_from(1001);
	begin(2, 9001000), value(7), send_from(1002);
	got("\"packetDeltaCount\":7 ");
	begin(3, 3000), value(8), send_from(1001);
	got("\"octetDeltaCount\":8 ");
	stop();
}

/* NAT gives a device another port: what it sends before its template is not guessed. */
static void new_port_waits_for_its_template(void **state)
{
	(void)state;
	world();
	begin(1, 1000), defines(OCTETS), value(1), send_from(1001);
	begin(1, 1000), defines(PACKETS), value(1), send_from(1002);
	begin(2, 2000), value(1), send_from(1001);
	begin(2, 2000), value(1), send_from(1002);
	for (uint32_t i = 3; i < 6; i++) {
		begin(i, 1000 * i), value(i), send_from(1003);
		got("");
	}
	assert_int_equal(f.counters->held_now, 3);
	begin(6, 6000), defines(OCTETS), send_from(1003);
	got("\"octetDeltaCount\":3 \"octetDeltaCount\":4 \"octetDeltaCount\":5 ");
	assert_int_equal(f.counters->held_decoded, 3);
	assert_int_equal(f.counters->devices_now, 3);
	stop();
}

/* ---- what is no proof ---- */

/* A new port for each datagram: one exporter, a few kilobytes, and the newest template. */
static void port_for_each_datagram(void **state)
{
	(void)state;
	world();
	for (uint32_t i = 0; i < 64000; i++) {
		begin(i, 1000 + i);
		if (i % 20 == 0) /* starts with another layout half way */
			defines(i < 32000 ? OCTETS : PACKETS);
		value(i), send_from((uint16_t)(1000 + i));
		assert_non_null(strstr(f.memory, i < 32000 ? "octetDelta" : "packetDelta"));
	}
	assert_int_equal(f.counters->devices_split, 0);
	assert_int_equal(f.counters->exporters_now, 1);
	assert_in_range(f.counters->memory_now, 1, 20000);
	assert_int_equal(f.counters->records[PROTO_NETFLOW9], 64000);
	stop();
}

/* The line cards of a router send from ports of their own in one row of numbers: it stays one,
 * whichever of them sends a new layout. */
static void line_cards_stay_one(void **state)
{
	(void)state;
	world();
	begin(0, 1000), defines(OCTETS), send_from(2000);
	for (uint32_t i = 1; i < 60; i++) {
		begin(i, 1000 + i);
		if (i % 20 < 4) /* each of them sends it */
			defines(i < 40 ? OCTETS : PACKETS);
		value(i), send_from((uint16_t)(2000 + i % 4));
		assert_non_null(strstr(f.memory, i < 40 ? "octetDelta" : "packetDelta"));
	}
	begin(60, 2000), defines(OCTETS), send_from(2001);
	begin(61, 2000), value(1), send_from(2002);
	got("\"octetDeltaCount\":1 ");
	assert_int_equal(f.counters->devices_split, 0);
	assert_int_equal(f.counters->lost + f.counters->reordered, 0);
	stop();
}

/* ---- proof by numbers and boot times ---- */

/* Two exporters with one layout: each has its own numbers, and what is lost of one is lost. */
static void numbers_that_go_on_by_port(void **state)
{
	(void)state;
	world();
	begin(0, 1000), defines(OCTETS), send_from(1001);
	begin(70000, 1000), defines(OCTETS), send_from(1002);
	for (uint32_t i = 1; i < 40; i++) {
		begin(i < 30 ? i : i + 5, 1000 + i), value(i), send_from(1001);
		begin(70000 + i, 1000 + i), value(i), send_from(1002);
	}
	assert_int_equal(f.counters->devices_now, 2);
	decoder_tick(f.dec, now_ms + HOUR_MS / 2, &f.sink);
	assert_int_equal(f.counters->lost, 5);
	assert_int_equal(f.counters->records[PROTO_NETFLOW9], 78);
	stop();
}

/* Three numbers that go on by port may be chance; the fourth proves it. */
static void a_few_numbers_prove_nothing(void **state)
{
	(void)state;
	world();
	begin(0, 1000), defines(OCTETS), send_from(1001);
	begin(70000, 1000), defines(OCTETS), send_from(1002);
	begin(1, 1001), value(1), send_from(1001);
	begin(70001, 1001), value(1), send_from(1002);
	begin(2, 1002), value(2), send_from(1001);
	begin(70002, 1002), value(2), send_from(1002);
	assert_int_equal(f.counters->devices_now, 0);
	begin(3, 1003), value(3), send_from(1001);
	assert_int_equal(f.counters->devices_now, 1);
	stop();
}

/* Numbers that are alike by chance, and boot times that are not. */
static void boot_times_that_go_on_by_port(void **state)
{
	(void)state;
	world();
	for (uint32_t i = 0; i < 20; i++) {
		now_ms = NOW_MS + 1000 * (uint64_t)i;
		begin(i, 5000000 + 1000 * i), defines(OCTETS), value(i), send_from(1001);
		begin(i, 80000000 + 1000 * i), defines(OCTETS), value(i), send_from(1002);
	}
	assert_int_equal(f.counters->devices_now, 2);
	assert_int_equal(f.counters->restarts, 0);
	stop();
}

/* ---- ceilings, age, state ---- */

static void devices_have_a_ceiling_and_an_age(void **state)
{
	(void)state;
	world();
	for (uint32_t round = 0; round < 4; round++) {
		for (uint16_t i = 0; i < 60; i++) {
			begin(1 + round, 1000), defines(i % 2 ? OCTETS : PACKETS), value(1);
			send_from(1000 + i);
		}
	}
	assert_int_equal(f.counters->devices_now, 60);
	for (uint16_t i = 0; i < 8; i++)
		begin(1, 1000), defines(OCTETS), value(1), send_from(3000 + i);
	assert_int_equal(f.counters->devices_now, 64);
	assert_true(f.counters->devices_refused > 0);
	now_ms += 61000; /* those that are silent for a minute make room */
	uint64_t split = f.counters->devices_split;
	for (uint32_t round = 0; round < 3; round++)
		begin(9 + round, 1000), defines(OCTETS), value(1), send_from(5000);
	assert_int_equal(f.counters->devices_split, split + 1);
	assert_in_range(f.counters->devices_now, 2, 64);
	decoder_tick(f.dec, now_ms + HOUR_MS + 1, &f.sink);
	assert_int_equal(f.counters->devices_now, 0);
	decoder_tick(f.dec, now_ms + 25 * (uint64_t)HOUR_MS, &f.sink);
	assert_int_equal(f.counters->exporters_now, 0);
	assert_int_equal(f.counters->templates_now, 0);
	assert_int_equal(f.counters->memory_now, 0);
	stop();
}

static void devices_are_saved(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct buf saved;
	world();
	begin(1, 1000), defines(OCTETS), value(1), send_from(1001);
	begin(1, 1000), defines(PACKETS), value(1), send_from(1002);
	begin(2, 2000), value(1), send_from(1001);
	begin(2, 2000), value(1), send_from(1002);
	buf_init(&saved, 1 << 20);
	assert_int_equal(decoder_save(f.dec, &saved, &err), 0);
	stop();
	world();
	assert_int_equal(decoder_load(f.dec, saved.data, saved.len, now_ms, NULL, &err), 0);
	buf_release(&saved);
	begin(3, 3000), value(3), send_from(1001);
	got("\"octetDeltaCount\":3 ");
	begin(3, 3000), value(4), send_from(1002);
	got("\"packetDeltaCount\":4 ");
	stop();
}

/* ---- options ---- */

/* Options template 300 and a record: interface `id` is called `letter`. */
static void names_interface(uint32_t id, char letter)
{
	static const uint8_t sets[] = { 0, 1, 0, 18, 1,  44, 0, 4, 0,  4, 0,
					2, 0, 4, 0,  82, 0,  1, 1, 44, 0, 9 };
	wire_bytes(&f.wire, sets, sizeof(sets));
	wire_uint(&f.wire, id, 4);
	wire_uint(&f.wire, (uint8_t)letter, 1);
}

static void names_are_of_their_device(void **state)
{
	(void)state;
	world();
	for (uint32_t i = 0; i < 12; i++) {
		begin(i, 5000 + i), defines(10), value(1), names_interface(1, 'a'), send_from(1001);
		begin(i + 4000, 6000 + i), defines(10), value(1), names_interface(1, 'b'),
		    send_from(1002);
		begin(i + 8000, 7000 + i), defines(10), value(1), send_from(1003);
	}
	assert_int_equal(f.counters->devices_now, 3);
	begin(12, 5012), value(1), send_from(1001);
	assert_non_null(strstr(f.memory, "\"ingress\":{\"name\":\"a\"}"));
	begin(4012, 6012), value(1), send_from(1002);
	assert_non_null(strstr(f.memory, "\"ingress\":{\"name\":\"b\"}"));
	begin(8012, 7012), value(1), send_from(1003); /* who names nothing gets nobody's names */
	assert_null(strstr(f.memory, "options"));
	stop();
}

/* A router whose line cards count on their own: the names come from its route processor, which
 * sends no flows, from its own port. */
static void names_of_the_route_processor(void **state)
{
	(void)state;
	world();
	begin(1, 900), defines(10), names_interface(1, 'r'), send_from(1000);
	for (uint32_t i = 0; i < 12; i++) {
		begin(i + 4000, 6000 + i), value(1), send_from(1001);
		assert_non_null(strstr(f.memory, "\"ingress\":{\"name\":\"r\"}"));
		begin(i + 8000, 7000 + i), value(1), send_from(1002);
		assert_non_null(strstr(f.memory, "\"ingress\":{\"name\":\"r\"}"));
	}
	begin(2, 990), names_interface(1, 's'), send_from(1000);
	begin(4012, 6012), value(1), send_from(1001);
	assert_non_null(strstr(f.memory, "\"ingress\":{\"name\":\"s\"}"));
	begin(8012, 7012), value(1), send_from(1002);
	assert_non_null(strstr(f.memory, "\"ingress\":{\"name\":\"s\"}"));
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layouts_that_alternate_by_port),
		cmocka_unit_test(quiet_device_keeps_its_layout),
		cmocka_unit_test(new_port_waits_for_its_template),
		cmocka_unit_test(port_for_each_datagram),
		cmocka_unit_test(line_cards_stay_one),
		cmocka_unit_test(numbers_that_go_on_by_port),
		cmocka_unit_test(a_few_numbers_prove_nothing),
		cmocka_unit_test(boot_times_that_go_on_by_port),
		cmocka_unit_test(devices_have_a_ceiling_and_an_age),
		cmocka_unit_test(devices_are_saved),
		cmocka_unit_test(names_are_of_their_device),
		cmocka_unit_test(names_of_the_route_processor),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
