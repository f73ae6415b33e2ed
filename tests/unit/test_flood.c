/* SPDX-License-Identifier: Apache-2.0
 * Floods of forged senders: who keeps his place, and what many exporters cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "forwarder/decode/exporter/table.h"
#include "forwarder/decode/state.h"
#include "forwarder/decode/tick.h"
#include "tests/lib/rig.h"

#define MANY 16384 /* decode.max_exporters */

static void talk(uint32_t exporter, uint64_t ms, bool with_template)
{
	netflow9(0, (uint32_t)(ms / 1000), 1000);
	if (with_template)
		template(256, 1);
	data(256, 1);
	f.sink.cur = f.memory;
	assert_int_equal(give_at(exporter, ms), DECODE_OK);
}

static uint64_t records(void)
{
	return f.counters->records[PROTO_NETFLOW9];
}

static void forge(uint32_t from, uint32_t n, uint64_t ms)
{
	for (uint32_t i = 0; i < n; i++) {
		netflow9(0, 0, 1000);
		template(256, 3);
		give_at(from + i, ms);
	}
}

/* Each forged source has a template, of which nothing ever came. */
static void who_talks_stays_and_who_comes_gets_in(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	talk(1, NOW_MS, true);
	talk(1, NOW_MS + 60000, false);
	forge(1000, MANY + 5000, NOW_MS + 61000);
	assert_int_equal(f.counters->exporters_now, MANY);
	talk(1, NOW_MS + 62000, false);
	assert_int_equal(records(), 3);
	talk(2, NOW_MS + 62000, true); /* a newcomer */
	forge(100000, 2 * MANY, NOW_MS + 63000);
	talk(2, NOW_MS + 64000, false);
	assert_int_equal(records(), 5);
	talk(1, NOW_MS + 65000, false);
	assert_int_equal(records(), 6);
	assert_int_equal(f.counters->exporters_refused, 0);
	stop();
}

/* Each forged source has a record, too, but does not talk on. */
static void who_talks_stays_among_records(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	talk(1, NOW_MS, true);
	talk(1, NOW_MS + 60000, false);
	for (uint32_t i = 0; i < 2 * MANY; i++)
		talk(1000 + i, NOW_MS + 61000, true);
	talk(1, NOW_MS + 62000, false);
	assert_int_equal(records(), 2 + 2 * MANY + 1);
	assert_int_equal(f.counters->unknown_template, 0);
	stop();
}

static void a_flood_has_few_lines(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	talk(1, NOW_MS, true);
	talk(1, NOW_MS + 60000, false);
	forge(1000, MANY, NOW_MS + 60000);
	for (unsigned s = 1; s < 300; s++) {
		f.sink.cur = f.memory;
		decoder_tick(f.dec, NOW_MS + 60000 + s * 1000, &f.sink);
	}
	assert_in_range(f.sink.lines[LINE_EXPORTER], 4, 6 * 1024);
	assert_true(f.counters->lines_withheld >= 3 * (MANY - 1024));
	stop();
}

static bool only_ten(const struct ip *exporter, const void *arg)
{
	(void)arg;
	return exporter->b[14] == 0 && exporter->b[15] < 10;
}

/* After a restart: the rank is kept, and who may not send is not loaded. */
static void state_keeps_ranks(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct buf saved;
	buf_init(&saved, 16 << 20);
	start((struct decode_limits){ 0 });
	talk(1, NOW_MS, true);
	talk(1, NOW_MS + 60000, false);
	forge(1000, MANY, NOW_MS + 60000);
	assert_int_equal(decoder_save(f.dec, &saved, &err), 0);
	stop();
	start((struct decode_limits){ 0 });
	assert_int_equal(decoder_load(f.dec, saved.data, saved.len, NOW_MS + 61000, NULL, &err), 0);
	forge(100000, MANY, NOW_MS + 62000);
	talk(1, NOW_MS + 63000, false);
	assert_int_equal(records(), 1);
	stop();
	const struct decode_part part = { only_ten, NULL };
	start((struct decode_limits){ 0 });
	assert_int_equal(decoder_load(f.dec, saved.data, saved.len, NOW_MS, &part, &err), 0);
	assert_int_equal(f.counters->exporters_now, 1);
	stop();
	buf_release(&saved);
}

/* Ten addresses fill the memory; then one that lives defines its template anew. */
static void templates_are_replaced_when_memory_is_full(void **state)
{
	(void)state;
	start((struct decode_limits){ .memory = 1 << 20 });
	talk(1, NOW_MS, true);
	talk(1, NOW_MS + 60000, false);
	for (uint32_t k = 0; k < 10; k++) {
		for (uint16_t i = 0; i < 200; i++) {
			netflow9(0, i, 1000);
			template(256 + i, 60);
			give_at(100 + k, NOW_MS + 61000);
		}
	}
	assert_true(f.counters->memory_now > (1 << 20) * 3 / 4);
	netflow9(0, 0, 1000);
	template(256, 2);
	wire_uint(&f.wire, 256, 2);
	wire_uint(&f.wire, 12, 2);
	wire_uint(&f.wire, 0x1122334455667788, 8);
	f.sink.cur = f.memory;
	assert_int_equal(give_at(1, NOW_MS + 62000), DECODE_OK);
	assert_int_equal(records(), 3);
	stop();
}

/* He uses up his own share. */
static void templates_are_replaced_in_a_full_share(void **state)
{
	(void)state;
	start((struct decode_limits){ .memory = 1 << 20 });
	for (uint16_t i = 0; i < 400; i++) {
		netflow9(0, i, 1000);
		template(256 + i, 20);
		give(1);
	}
	assert_true(f.counters->templates_refused > 0);
	uint64_t refused = f.counters->templates_refused;
	for (unsigned k = 300; k < 310; k++) {
		netflow9(0, 0, 1000);
		template(256, k);
		give(1);
	}
	assert_int_equal(f.counters->templates_refused, refused);
	assert_int_equal(f.counters->templates_replaced, 10);
	assert_true(f.counters->templates_evicted > 0);
	stop();
}

/* ---- many ---- */

static void many_exporters_are_found_as_fast_as_few(void **state)
{
	(void)state;
	const uint32_t n = 120000;
	start((struct decode_limits){ .exporters = 200000, .memory = 1u << 30 });
	decoder_tick(f.dec, NOW_MS, &f.sink);
	for (uint32_t i = 0; i < n; i++)
		talk(i, NOW_MS, true);
	const struct hashed_table *tables[] = { &f.dec->exporters->domains,
						&f.dec->exporters->exporters };
	for (unsigned t = 0; t < 2; t++) {
		uint64_t looked_at = 0, longest = 0;
		assert_int_equal(tables[t]->count, n);
		for (uint32_t i = 0; i < tables[t]->buckets; i++) {
			uint64_t chain = 0;
			for (struct hashed *row = *hashed_first(tables[t], i); row; row = row->next)
				looked_at += ++chain;
			longest = chain > longest ? chain : longest;
		}
		assert_in_range(looked_at, n, 2 * n);
		assert_in_range(longest, 1, 16);
	}
	/* in seconds without anything due: nothing; in those with all due: some */
	for (unsigned s = 1; s < 200; s++) {
		uint64_t before = f.dec->work.steps;
		f.sink.cur = f.memory;
		decoder_tick(f.dec, NOW_MS + s * 1000, &f.sink);
		assert_true(f.dec->work.steps - before <= (s < 60 ? 0 : 2048 + n / 48));
	}
	assert_true(f.counters->lines_withheld + f.sink.lines[LINE_EXPORTER] >= 2 * n);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_talks_stays_and_who_comes_gets_in),
		cmocka_unit_test(who_talks_stays_among_records),
		cmocka_unit_test(a_flood_has_few_lines),
		cmocka_unit_test(state_keeps_ranks),
		cmocka_unit_test(templates_are_replaced_when_memory_is_full),
		cmocka_unit_test(templates_are_replaced_in_a_full_share),
		cmocka_unit_test(many_exporters_are_found_as_fast_as_few),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
