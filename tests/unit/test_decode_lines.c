/* SPDX-License-Identifier: Apache-2.0
 * The decoder's lines: document ids, a sink without room, lists that are too large. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>

#include "common/jsonw.h"
#include "forwarder/decode/state.h"
#include "forwarder/decode/tick.h"
#include "tests/lib/rig.h"

/* ---- the sink ---- */

static void ids_are_stable_and_differ(void **state)
{
	(void)state;
	static const char head[] = "{\"create\":{\"_id\":\"...................\"}}\n";
	char ids[7][SINK_ID_LEN];
	start((struct decode_limits){ 0 });
	struct line_head *h = &f.sink.head[LINE_FLOW];
	memcpy(h->text, head, sizeof(head) - 1);
	h->len = sizeof(head) - 1;
	h->id_at = 18;
	for (uint32_t round = 0; round < 3; round++) { /* the third is the first once more */
		netflow9(0, round % 2, 1000);
		template(256, 1);
		data(256, 3);
		give(1);
	}
	char *line = f.memory;
	for (int i = 0; i < 7; i++) {
		assert_memory_equal(line, head, 18);
		memcpy(ids[i], line + 18, SINK_ID_LEN);
		for (int k = 0; k < i; k++)
			assert_int_equal(memcmp(ids[i], ids[k], SINK_ID_LEN) == 0, i - k == 6);
		line = (char *)memchr(line, '\n', 200) + 1;
		line = (char *)memchr(line, '\n', 2000) + 1;
	}
	assert_int_equal(f.sink.lines[LINE_FLOW], 9);
	stop();
}

/* Two datagrams that say the same of themselves, and other things of the network. */
static void ids_tell_contents_apart(void **state)
{
	(void)state;
	char ids[2][SINK_ID_LEN];
	for (uint32_t i = 0; i < 2; i++) {
		start((struct decode_limits){ 0 });
		f.sink.head[LINE_FLOW].len = SINK_ID_LEN;
		f.sink.head[LINE_FLOW].id_at = 0;
		netflow9(0, 1, 1000);
		template(256, 1);
		data(256, 1);
		wire_set16(&f.wire, f.wire.len - 2, 7 + i);
		give(1);
		memcpy(ids[i], f.memory, SINK_ID_LEN);
		stop();
	}
	assert_memory_not_equal(ids[0], ids[1], SINK_ID_LEN);
}

static size_t asked;

static int note_need(struct sink *sink, size_t need)
{
	asked = need;
	sink->cur = f.memory;
	sink->end = f.memory + sizeof(f.memory);
	return 0;
}

/* What a record is said to need at most, it needs: application ids of all forms, many of them, so
 * that room for one too few is not hidden by what else the line may have. */
static void application_ids_fit(void **state)
{
	(void)state;
	const unsigned n = 60;
	for (uint16_t width = 1; width <= 14; width++) {
		for (unsigned engine = 20; engine <= 255; engine += 235) {
			start((struct decode_limits){ 0 });
			f.sink.more = note_need;
			netflow9(0, 1, 1000);
			wire_uint(&f.wire, 0, 2);
			wire_uint(&f.wire, 8 + 4 * n, 2);
			wire_uint(&f.wire, 256, 2);
			wire_uint(&f.wire, n, 2);
			for (unsigned i = 0; i < n; i++) {
				wire_uint(&f.wire, 95, 2);
				wire_uint(&f.wire, width, 2);
			}
			wire_uint(&f.wire, 256, 2);
			wire_uint(&f.wire, 4 + n * width, 2);
			for (unsigned i = 0; i < n; i++) {
				wire_uint(&f.wire, engine, 1);
				for (uint16_t k = 1; k < width; k++)
					wire_uint(&f.wire, 255, 1);
			}
			f.sink.end = f.sink.cur = f.memory;
			assert_int_equal(give(1), DECODE_OK);
			assert_int_equal(f.sink.lines[LINE_FLOW], 1);
			assert_true((size_t)(f.sink.cur - f.memory) <= asked - JSONW_SLACK);
			stop();
		}
	}
}

/* Messages glued together, sets held of them: each line has an id of its own, with any sequence
 * number. */
static void ids_differ_within_a_datagram(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	for (int kind = 0; kind < LINE_KINDS; kind++) {
		f.sink.head[kind].len = SINK_ID_LEN;
		f.sink.head[kind].id_at = 0;
	}
	static struct wire glued;
	glued.len = 0;
	for (int i = 0; i < 3; i++) {
		ipfix(9, i == 1 ? 400 : 256, 2);
		wire_bytes(&glued, f.wire.data, f.wire.len);
	}
	f.wire = glued;
	give(1);
	assert_int_equal(f.counters->held, 3);
	for (uint16_t id = 256; id <= 400; id += 144) {
		static const uint8_t tail[] = { 0, 1, 0, 1, 0, 4 };
		ipfix(9, 2, 0);
		f.wire.len = 16;
		wire_uint(&f.wire, 2, 2);
		wire_uint(&f.wire, 12, 2);
		wire_uint(&f.wire, id, 2);
		wire_bytes(&f.wire, tail, sizeof(tail));
		wire_set16(&f.wire, 2, f.wire.len);
		give(1);
	}
	f.wire = glued;
	give_at(1, NOW_MS);
	assert_int_equal(f.sink.lines[LINE_FLOW], 12);
	const char *line = f.memory, *lines[12];
	for (int i = 0; i < 12; i++) {
		lines[i] = line;
		for (int k = 0; k < i; k++)
			assert_memory_not_equal(line, lines[k], SINK_ID_LEN);
		line = (char *)memchr(line, '\n', 2000) + 1;
	}
	stop();
}

/* A list of `n` records of one octet each, of an element with a long name: as many as there is room
 * for as records, else bytes, but never nothing. */
static bool list_is_decoded(unsigned n)
{
	static const uint8_t templates[] = { 0, 2,  0,   16,  1,   0,   0,   1,  255, 254,
					     0, 1,  255, 255, 255, 254, 0,   2,  0,   12,
					     1, 44, 0,   1,   1,   36,  255, 255 };
	start((struct decode_limits){ 0 });
	ipfix(0, 2, 0);
	f.wire.len = 16;
	wire_bytes(&f.wire, templates, sizeof(templates));
	wire_uint(&f.wire, 300, 2);
	wire_uint(&f.wire, 4 + 3 + 3 + n, 2);
	wire_uint(&f.wire, 255, 1);
	wire_uint(&f.wire, 3 + n, 2);
	wire_uint(&f.wire, 3, 1);
	wire_uint(&f.wire, 256, 2);
	for (unsigned i = 0; i < n; i++)
		wire_uint(&f.wire, i, 1);
	wire_set16(&f.wire, 2, f.wire.len);
	assert_int_equal(give(1), DECODE_OK);
	assert_int_equal(f.counters->sink_dropped, 0);
	assert_int_equal(f.sink.lines[LINE_FLOW], 1);
	*f.sink.cur = 0;
	bool decoded = strstr(f.memory, "\"list\":[{\"pen4294967294.32766\":\"00\"}") != NULL;
	assert_true(decoded || strstr(f.memory, "{\"data\":\"030100000102"));
	stop();
	return decoded;
}

static void large_lists_become_bytes(void **state)
{
	(void)state;
	for (unsigned n = 20000; n < 60000; n += 999)
		list_is_decoded(n);
	assert_true(list_is_decoded(20000));
	assert_false(list_is_decoded(60000));
}

static void no_room_drops_and_counts(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	f.no_room = true;
	netflow9(0, 0, 1000);
	template(256, 1);
	data(256, 3);
	assert_int_equal(give(1), DECODE_OK);
	assert_int_equal(f.counters->sink_dropped, 3);
	assert_int_equal(f.counters->records[PROTO_NETFLOW9], 3);
	f.no_room = false;
	give(1);
	assert_int_equal(f.sink.lines[LINE_FLOW], 3);
	assert_int_equal(f.more_calls, 4);
	stop();
}

/* ---- lines ---- */

static unsigned occurrences(const char *text)
{
	unsigned n = 0;
	for (const char *at = f.memory;
	     (at = memmem(at, (size_t)(f.sink.cur - at), text, strlen(text))); at++)
		n++;
	return n;
}

/* A list of many records with the start of a packet each: far less than as many of the largest
 * packets. */
static void frames_in_lists_count_as_what_they_are(void **state)
{
	(void)state;
	enum { RECORDS = 1000, SECTION = 54 };
	static const uint8_t packet[SECTION] = {
		[12] = 8, [14] = 0x45, [17] = 40, [23] = 6, [46] = 0x50
	};
	start((struct decode_limits){ 0 });
	netflow9(0, 0, 1000);
	static const uint16_t templates[] = { 0, 20, 256, 1, 292, 0xffff, 257, 1, 315, SECTION };
	for (size_t i = 0; i < sizeof(templates) / sizeof(*templates); i++)
		wire_uint(&f.wire, templates[i], 2);
	wire_uint(&f.wire, 256, 2);
	wire_uint(&f.wire, 4 + 3 + 3 + RECORDS * SECTION, 2);
	wire_uint(&f.wire, 255, 1);
	wire_uint(&f.wire, 3 + RECORDS * SECTION, 2);
	wire_uint(&f.wire, 3, 1); /* allOf */
	wire_uint(&f.wire, 257, 2);
	for (unsigned i = 0; i < RECORDS * SECTION; i++)
		wire_uint(&f.wire, packet[i % SECTION], 1);
	assert_int_equal(give(1), DECODE_OK);
	assert_int_equal(f.counters->malformed_list, 0);
	assert_int_equal(f.counters->sink_dropped, 0);
	assert_int_equal(occurrences("\"sourceTransportPort\""), RECORDS);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_stable_and_differ),
		cmocka_unit_test(ids_tell_contents_apart),
		cmocka_unit_test(application_ids_fit),
		cmocka_unit_test(ids_differ_within_a_datagram),
		cmocka_unit_test(large_lists_become_bytes),
		cmocka_unit_test(no_room_drops_and_counts),
		cmocka_unit_test(frames_in_lists_count_as_what_they_are),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
