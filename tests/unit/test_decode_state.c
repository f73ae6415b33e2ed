/* SPDX-License-Identifier: Apache-2.0
 * The decoder's state: ceilings, memory, expiry, document ids, a sink without room, the state file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>

#include "tests/lib/rig.h"

/* ---- ceilings ---- */

static void templates_have_a_ceiling(void **state)
{
	(void)state;
	start((struct decode_limits){ .templates_per_exporter = 10 });
	netflow9(0, 0, 1000);
	template(256, 1);
	assert_int_equal(give(2), DECODE_OK);
	for (uint16_t i = 0; i < 100; i++) { /* a flood, over two domains */
		netflow9(i % 2, i, 1000);
		template(300 + i, 20);
		give(1);
	}
	assert_int_equal(f.counters->templates_now, 11);
	assert_int_equal(f.counters->templates_refused, 90);
	netflow9(0, 100,
		 1000); /* the first ones of the flood still work, and so does the other exporter */
	data(256, 3);
	give(2);
	assert_int_equal(f.counters->records[PROTO_NETFLOW9], 3);
	stop();
}

static void exporters_have_a_ceiling(void **state)
{
	(void)state;
	start((struct decode_limits){ .exporters = 5 });
	for (uint32_t i = 0; i < 20; i++) {
		netflow9(0, 0, 1000);
		template(256, 1);
		assert_int_equal(give(i), i < 5 ? DECODE_OK : DECODE_REFUSED);
	}
	assert_int_equal(f.counters->exporters_now, 5);
	assert_int_equal(f.counters->exporters_refused, 15);
	stop();
}

static void memory_has_a_ceiling(void **state)
{
	(void)state;
	start((struct decode_limits){ .memory = 100000 });
	for (uint32_t i = 0; i < 10000; i++) {
		netflow9(i % 7, i, 1000);
		template((uint16_t)(256 + i % 1000), 30);
		data((uint16_t)(5000 + i), 20); /* waits */
		give(i % 50);
	}
	assert_in_range(f.counters->memory_now, 50000, 100000);
	assert_true(f.counters->templates_refused > 0);
	assert_true(f.counters->held_dropped > 0);
	stop();
}

/* Two senders cannot use up the memory of all. */
static void memory_is_shared_fairly(void **state)
{
	(void)state;
	start((struct decode_limits){ .memory = 400000 });
	for (uint32_t i = 0; i < 1000; i++) {
		netflow9(i % 7, i, 1000);
		template((uint16_t)(256 + i), 30);
		give(i % 2);
	}
	assert_in_range(f.counters->memory_now, 80000, 100000);
	uint64_t refused = f.counters->templates_refused;
	assert_true(refused > 0);
	netflow9(0, 0, 1000);
	template(256, 30);
	assert_int_equal(give(3), DECODE_OK);
	assert_int_equal(f.counters->templates_refused, refused);
	stop();
}

static void thousand_exporters_fit_in_32_mib(void **state)
{
	(void)state;
	size_t before = mallinfo2().uordblks;
	start((struct decode_limits){ .exporters = 2000 });
	for (uint32_t i = 0; i < 1000; i++) {
		for (uint16_t k = 0; k < 20; k++) {
			netflow9(0, k, 1000);
			template(256 + k, 25);
			assert_int_equal(give(i), DECODE_OK);
		}
	}
	assert_int_equal(f.counters->templates_now, 20000);
	assert_true(f.counters->memory_now < 32u << 20);
	size_t after = mallinfo2().uordblks; /* with a sanitizer it says nothing */
	print_message("# 1000 exporters x 20 templates: %.1f MiB counted, %.1f MiB allocated\n",
		      (double)f.counters->memory_now / 1048576, (double)(after - before) / 1048576);
	assert_true(after - before < 32u << 20);
	stop();
}

static void held_sets_have_a_ceiling(void **state)
{
	(void)state;
	start((struct decode_limits){ .held_sets = 4 });
	for (uint32_t i = 0; i < 10; i++) {
		netflow9(0, i, 1000);
		data(256, 1);
		give(1);
	}
	assert_int_equal(f.counters->held_now, 4);
	assert_int_equal(f.counters->held_dropped, 6);
	netflow9(0, 10, 1000);
	template(256, 1);
	give(1);
	assert_int_equal(f.counters->held_decoded, 4);
	assert_int_equal(f.counters->held_now, 0);
	assert_int_equal(f.counters->records[PROTO_NETFLOW9], 4);
	stop();
}

/* Three of 60 KB fit into an exporter's part; another exporter still has his. */
static void held_bytes_are_shared_fairly(void **state)
{
	(void)state;
	start((struct decode_limits){ .held_bytes = 8 * 200000 });
	for (uint32_t i = 0; i < 50; i++) {
		netflow9(i % 5, i, 1000);
		data(300, 15000);
		give(1);
	}
	assert_int_equal(f.counters->held_now, 3);
	netflow9(0, 0, 1000);
	data(256, 1);
	give(2);
	assert_int_equal(f.counters->held_now, 4);
	netflow9(0, 1, 1000);
	template(256, 1);
	give(2);
	assert_int_equal(f.counters->held_decoded, 1);
	stop();
}

static void empty_sets_are_not_held(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	netflow9(0, 0, 1000);
	for (int i = 0; i < 1000; i++)
		data(300, 0);
	assert_int_equal(give(1), DECODE_OK);
	assert_int_equal(f.counters->held + f.counters->held_dropped, 0);
	stop();
}

/* ---- time ---- */

static void unused_templates_expire(void **state)
{
	(void)state;
	start((struct decode_limits){ .template_ms = 3600000 });
	netflow9(0, 0, 1000);
	template(256, 1);
	template(257, 1);
	give(1);
	for (uint64_t ms = 0; ms <= 7200000; ms += 600000) { /* one is used, one is not */
		netflow9(0, 1, 1000);
		data(256, 1);
		give_at(1, NOW_MS + ms);
		decoder_tick(f.dec, NOW_MS + ms, &f.sink);
	}
	assert_int_equal(f.counters->templates_now, 1);
	assert_int_equal(f.counters->templates_expired, 1);
	decoder_tick(f.dec, NOW_MS + 3 * 7200000, &f.sink);
	assert_int_equal(f.counters->templates_now, 0);
	assert_int_equal(f.counters->exporters_now, 0);
	assert_int_equal(f.counters->memory_now, 0);
	stop();
}

static void a_silent_exporter_has_a_line_each_minute(void **state)
{
	(void)state;
	for (int silent_lines = 0; silent_lines <= 1; silent_lines++) {
		start((struct decode_limits){ 0 });
		decoder_free(f.dec);
		struct err err = ERR_NONE;
		f.dec =
		    decoder_new(&(struct decode_options){ .no_silent_lines = !silent_lines }, &err);
		netflow9(0, 0, 1000);
		template(256, 1);
		give(1);
		for (uint64_t minute = 1; minute <= 180; minute++)
			decoder_tick(f.dec, NOW_MS + minute * 60000, &f.sink);
		assert_int_equal(f.sink.lines[LINE_EXPORTER], silent_lines ? 180 : 1);
		stop();
	}
}

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
		line = memchr(line, '\n', 200) + 1;
		line = memchr(line, '\n', 2000) + 1;
	}
	assert_int_equal(f.sink.lines[LINE_FLOW], 9);
	stop();
}

/* Messages glued together, sets held of them: each line has an id of its own, with any sequence number. */
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
		line = memchr(line, '\n', 2000) + 1;
	}
	stop();
}

/* A list of `n` records of one octet each, of an element with a long name: as many as there is room for as records, else
 * bytes, but never nothing. */
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

/* A list of many records with the start of a packet each: far less than as many of the largest packets. */
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

/* ---- the state file ---- */

static void state_file(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct buf saved, again;
	buf_init(&saved, 1 << 20);
	buf_init(&again, 1 << 20);
	start((struct decode_limits){ 0 });
	for (uint32_t i = 0; i < 30; i++) {
		netflow9(i % 3, i, 1000);
		template((uint16_t)(256 + i), 1 + i);
		give(i % 5);
	}
	assert_int_equal(decoder_save(f.dec, &saved, &err), 0);
	stop();

	start((struct decode_limits){ 0 });
	for (size_t cut = 0; cut < saved.len; cut += 7)
		assert_int_equal(decoder_load(f.dec, saved.data, cut, NOW_MS, NULL, &err), -1);
	for (size_t at = 0; at < saved.len; at += 5) {
		saved.data[at] ^= 1;
		assert_int_equal(decoder_load(f.dec, saved.data, saved.len, NOW_MS, NULL, &err),
				 -1);
		saved.data[at] ^= 1;
	}
	assert_int_equal(f.counters->templates_now, 0);
	assert_int_equal(decoder_load(f.dec, saved.data, saved.len, NOW_MS, NULL, &err), 0);
	assert_int_equal(f.counters->templates_now, 30);
	assert_int_equal(f.counters->exporters_now, 15);
	assert_int_equal(decoder_save(f.dec, &again, &err), 0);
	assert_int_equal(saved.len, again.len);
	decoder_tick(f.dec, NOW_MS + 1000, &f.sink); /* nothing of it is too old */
	assert_int_equal(f.counters->templates_now, 30);
	stop();
	buf_release(&saved);
	buf_release(&again);
}

/* ---- the rest of the interface ---- */

static int count_domains(const struct exporter_info *info, void *arg)
{
	unsigned *n = arg;
	assert_int_equal(info->protocol, PROTO_NETFLOW9);
	assert_int_equal(info->counts.records, 2);
	++*n;
	return 0;
}

static void exporters_are_listed(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	for (uint32_t i = 0; i < 12; i++) {
		netflow9(i % 3, 0, 1000);
		template(256, 1);
		data(256, 2);
		give(i / 3);
	}
	unsigned n = 0;
	assert_int_equal(decoder_exporters(f.dec, count_domains, &n), 0);
	assert_int_equal(n, 12);
	stop();
}

static void stream_messages(void **state)
{
	(void)state;
	static const uint8_t message[] = { 0, 10, 0, 40, 0, 0 }, other[] = { 0, 9, 0, 40 },
			     tiny[] = { 0, 10, 0, 15 };
	assert_int_equal(decode_stream_message(message, 6), 40);
	assert_int_equal(decode_stream_message(message, 3), 0);
	assert_int_equal(decode_stream_message(message, 0), 0);
	assert_true(decode_stream_message(other, 4) == SIZE_MAX);
	assert_true(decode_stream_message(tiny, 4) == SIZE_MAX);
}

static void counters_have_rows(void **state)
{
	(void)state;
	bool named[sizeof(struct decode_counters) / 8] = { false };
	for (size_t i = 0; i < decode_counter_rows_len; i++) {
		size_t at = decode_counter_rows[i].offset / 8;
		assert_false(named[at]);
		named[at] = true;
		assert_non_null(decode_counter_rows[i].help);
	}
	for (size_t i = 0; i < sizeof(named); i++)
		assert_true(named[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_have_a_ceiling),
		cmocka_unit_test(exporters_have_a_ceiling),
		cmocka_unit_test(memory_has_a_ceiling),
		cmocka_unit_test(memory_is_shared_fairly),
		cmocka_unit_test(thousand_exporters_fit_in_32_mib),
		cmocka_unit_test(held_sets_have_a_ceiling),
		cmocka_unit_test(held_bytes_are_shared_fairly),
		cmocka_unit_test(empty_sets_are_not_held),
		cmocka_unit_test(unused_templates_expire),
		cmocka_unit_test(a_silent_exporter_has_a_line_each_minute),
		cmocka_unit_test(ids_are_stable_and_differ),
		cmocka_unit_test(ids_differ_within_a_datagram),
		cmocka_unit_test(large_lists_become_bytes),
		cmocka_unit_test(no_room_drops_and_counts),
		cmocka_unit_test(frames_in_lists_count_as_what_they_are),
		cmocka_unit_test(state_file),
		cmocka_unit_test(exporters_are_listed),
		cmocka_unit_test(stream_messages),
		cmocka_unit_test(counters_have_rows),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
