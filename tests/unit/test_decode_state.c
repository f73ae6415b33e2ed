/* SPDX-License-Identifier: Apache-2.0
 * The decoder's state: ceilings, memory, expiry, the state file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>

#include "forwarder/decode/state.h"
#include "forwarder/decode/tick.h"
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
		data(256, 1);
		assert_int_equal(give(i), DECODE_OK); /* the others are no better than it */
		assert_int_equal(f.counters->exporters_now, i < 5 ? i + 1 : 5);
	}
	assert_int_equal(f.counters->exporters_evicted, 15);
	for (uint32_t i = 15; i < 40; i++) { /* but those that talk on are */
		netflow9(0, 1, 1000);
		data(256, 1);
		assert_int_equal(give_at(i, NOW_MS + 60000), i < 20 ? DECODE_OK : DECODE_REFUSED);
	}
	assert_int_equal(f.counters->exporters_now, 5);
	assert_int_equal(f.counters->exporters_refused, 20);
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
	assert_true(f.counters->exporters_evicted > 0);
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

/* Bytes that malloc() has given out. With a sanitizer it says nothing; other libraries than glibc
 * do not tell. */
static size_t allocated(void)
{
#ifdef __GLIBC__
	return mallinfo2().uordblks;
#else
	return 0;
#endif
}

static void thousand_exporters_fit_in_32_mib(void **state)
{
	(void)state;
	size_t before = allocated();
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
	size_t after = allocated();
	print_message("# 1000 exporters x 20 templates: %.1f MiB counted, %.1f MiB allocated\n",
		      (double)f.counters->memory_now / 1048576, (double)(after - before) / 1048576);
	assert_true(after - before < 32u << 20);
	stop();
}

/* Each set that had to wait was decoded, dropped, or waits still. */
static void held_balances(void)
{
	assert_int_equal(f.counters->held, f.counters->held_decoded + f.counters->held_dropped +
					       f.counters->held_now);
}

static int count_held(const struct exporter_info *info, void *held)
{
	*(uint64_t *)held += info->counts.held;
	return 0;
}

/* A set is kept whatever their number is: an exporter may send a record a set. */
static void held_sets_have_no_number(void **state)
{
	(void)state;
	uint64_t of_exporters = 0;
	start((struct decode_limits){ 0 });
	for (uint32_t i = 0; i < 1000; i++) {
		netflow9(0, i, 1000);
		data(256, 1);
		give(1);
	}
	assert_int_equal(f.counters->held_now, 1000);
	held_balances();
	netflow9(0, 1000, 1000);
	template(256, 1);
	give(1);
	assert_int_equal(f.counters->held_decoded, 1000);
	assert_int_equal(f.counters->records[PROTO_NETFLOW9], 1000);
	held_balances();
	decoder_exporters(f.dec, count_held, &of_exporters);
	assert_int_equal(of_exporters, 1000);
	stop();
}

/* At the ceiling the oldest go; what is too large for it is not kept; what is forgotten with its
 * domain, or too old, is dropped: and each is counted. */
static void held_sets_are_counted_exactly(void **state)
{
	(void)state;
	start((struct decode_limits){ .held_bytes = 8 * 20000, .held_ms = 7200000 });
	for (uint32_t i = 0; i < 100; i++) {
		netflow9(i % 2, i, 1000);
		data(256, 100);
		give(1);
	}
	netflow9(0, 100, 1000);
	data(256, 10000);
	give(1);
	assert_int_equal(f.counters->held, 101);
	assert_in_range(f.counters->held_now, 2, 50);
	held_balances();
	decoder_tick(f.dec, NOW_MS + 3600001, &f.sink); /* the domains have learnt nothing: gone */
	assert_int_equal(f.counters->exporters_now, 0);
	assert_int_equal(f.counters->held_dropped, 101);
	held_balances();
	stop();
	start((struct decode_limits){ 0 });
	netflow9(0, 0, 1000);
	data(256, 1);
	give(1);
	decoder_tick(f.dec, NOW_MS + 34 * 60000, &f.sink);
	assert_int_equal(f.counters->held_now, 1);
	decoder_tick(f.dec, NOW_MS + 36 * 60000, &f.sink);
	assert_int_equal(f.counters->held_dropped, 1);
	held_balances();
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

static void templates_sent_again_do_not_expire(void **state)
{
	(void)state;
	start((struct decode_limits){ .template_ms = 3600000 });
	for (uint64_t ms = 0; ms <= 7200000; ms += 600000) { /* none of them is used */
		netflow9(0, 1, 1000);
		template(256, 1);
		give_at(1, NOW_MS + ms);
		decoder_tick(f.dec, NOW_MS + ms + 1, &f.sink);
	}
	assert_int_equal(f.counters->templates_now, 1);
	assert_int_equal(f.counters->templates_expired, 0);
	stop();
}

/* What was not looked at in time is told once, not again and again until it has caught up. */
static void lines_do_not_catch_up(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	netflow9(0, 0, 1000);
	give(1);
	decoder_tick(f.dec, NOW_MS + 600000, &f.sink);
	for (uint64_t s = 1; s < 60; s++)
		decoder_tick(f.dec, NOW_MS + 600000 + s * 1000, &f.sink);
	assert_int_equal(f.sink.lines[LINE_EXPORTER], 1);
	decoder_tick(f.dec, NOW_MS + 660000, &f.sink);
	assert_int_equal(f.sink.lines[LINE_EXPORTER], 2);
	stop();
}

static void a_silent_exporter_has_a_line_each_minute(void **state)
{
	(void)state;
	for (int silent_lines = 0; silent_lines <= 1; silent_lines++) {
		start((struct decode_limits){ 0 });
		decoder_free(f.dec);
		struct err err = ERR_NONE;
		f.dec = decoder_new(&(struct decode_settings){ .no_silent_lines = !silent_lines },
				    &err);
		netflow9(0, 0, 1000);
		template(256, 1);
		give(1);
		for (uint64_t minute = 1; minute <= 180; minute++)
			decoder_tick(f.dec, NOW_MS + minute * 60000, &f.sink);
		assert_int_equal(f.sink.lines[LINE_EXPORTER], silent_lines ? 180 : 1);
		stop();
	}
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
		cmocka_unit_test(held_sets_have_no_number),
		cmocka_unit_test(held_sets_are_counted_exactly),
		cmocka_unit_test(held_bytes_are_shared_fairly),
		cmocka_unit_test(empty_sets_are_not_held),
		cmocka_unit_test(unused_templates_expire),
		cmocka_unit_test(templates_sent_again_do_not_expire),
		cmocka_unit_test(a_silent_exporter_has_a_line_each_minute),
		cmocka_unit_test(lines_do_not_catch_up),
		cmocka_unit_test(state_file),
		cmocka_unit_test(exporters_are_listed),
		cmocka_unit_test(stream_messages),
		cmocka_unit_test(counters_have_rows),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
