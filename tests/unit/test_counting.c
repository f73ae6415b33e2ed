/* SPDX-License-Identifier: Apache-2.0
 * What was counted before: ceilings of the tables, what second counters are taken for, how a clock
 * is judged, and what a flow counted before efd listened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "element_ids.h"
#include "forwarder/decode/decode.h"
#include "forwarder/decode/exporter/clock.h"
#include "forwarder/decode/exporter/meter.h"
#include "forwarder/decode/exporter/outs.h"
#include "forwarder/decode/exporter/sums.h"
#include "forwarder/decode/template/counts.h"

#define NOW_MS 1700000000000
#define LIMIT  300000

struct fixture {
	struct decoder *dec;
	struct exporter exporter;
};

static void start(struct fixture *f, struct decode_limits limits)
{
	struct err err = ERR_NONE;
	struct decode_settings settings = { .limits = limits };
	*f = (struct fixture){ .dec = decoder_new(&settings, &err) };
	assert_non_null(f->dec);
	f->exporter.root = &f->exporter;
	f->dec->ctx.received_ms = NOW_MS;
}

static void stop(struct fixture *f)
{
	meter_free(f->dec, &f->exporter);
	sums_free(f->dec, &f->exporter);
	assert_int_equal(f->exporter.memory, 0);
	assert_int_equal(f->dec->counters.memory_now, 0);
	decoder_free(f->dec);
}

static unsigned judge(struct fixture *f, enum meter_way way, uint32_t in, uint32_t out)
{
	return meter_judge(f->dec, &f->exporter, way, KIND_IPV4, in, out);
}

/* Interfaces beyond the ceiling are refused and counted, and their records count. */
static void meters_have_a_ceiling(void **state)
{
	struct fixture f;
	(void)state;
	start(&f, (struct decode_limits){ 0 });
	for (uint32_t i = 1; i <= METER_ROWS_MAX; i++)
		judge(&f, METERED_IN, i, 0);
	assert_true(f.dec->counters.meters_refused >= METER_ROWS_MAX / 2);
	assert_true(judge(&f, METERED_OUT, 1, 0) & METER_DUPLICATE);
	assert_int_equal(judge(&f, METERED_OUT, METER_ROWS_MAX, 0) & METER_DUPLICATE, 0);
	stop(&f);
}

/* What comes in by an interface counts there until egress records alone have named it for the least
 * time; when nobody names it nothing is known. */
static void ingress_metering_ends(void **state)
{
	struct fixture f;
	(void)state;
	start(&f, (struct decode_limits){ 0 });
	judge(&f, METERED_IN, 1, 2);
	for (unsigned s = 0; s < 300; s += 60) {
		f.dec->ctx.received_ms = NOW_MS + s * 1000;
		assert_true(judge(&f, METERED_OUT, 1, 2) & METER_DUPLICATE);
	}
	f.dec->ctx.received_ms = NOW_MS + 300 * 1000;
	assert_int_equal(judge(&f, METERED_OUT, 1, 2) & METER_DUPLICATE, 0);
	stop(&f);
	start(&f, (struct decode_limits){ 0 });
	judge(&f, METERED_IN, 1, 2);
	judge(&f, METERED_OUT, 1, 2);
	f.dec->ctx.received_ms = NOW_MS + 400 * 1000;
	assert_true(judge(&f, METERED_OUT, 1, 2) & METER_DUPLICATE);
	stop(&f);
}

static void note(enum packet_kind kind, uint32_t interface, unsigned ways, void *arg)
{
	struct fixture *to = arg;
	meter_restore(to->dec, &to->exporter, kind, interface, ways);
}

static void never(enum packet_kind kind, uint32_t interface, unsigned ways, void *arg)
{
	(void)arg;
	fail_msg("kind %u, interface %u, ways %u", (unsigned)kind, interface, ways);
}

/* What goes to the state file comes back: who meters which way, by kind. */
static void meters_are_restored(void **state)
{
	struct fixture f, g;
	(void)state;
	start(&f, (struct decode_limits){ 0 });
	start(&g, (struct decode_limits){ 0 });
	judge(&f, METERED_IN, 1, 2);
	judge(&f, METERED_OUT, 3, 2);
	meter_each(&f.exporter, note, &g);
	assert_true(judge(&g, METERED_OUT, 1, 2) & METER_DUPLICATE);
	assert_int_equal(judge(&g, METERED_OUT, 3, 2) & METER_DUPLICATE, 0);
	assert_int_equal(judge(&g, METERED_UNKNOWN, 1, 2), METER_NOT_IN | METER_NOT_OUT);
	assert_int_equal(
	    meter_judge(g.dec, &g.exporter, METERED_OUT, KIND_IPV6, 1, 2) & METER_DUPLICATE, 0);
	stop(&f);
	stop(&g);
}

/* A kind that none is, from a state file of nobody knows whom, is no place in a table. */
static void meters_of_no_kind_are_not_restored(void **state)
{
	struct fixture f;
	(void)state;
	start(&f, (struct decode_limits){ 0 });
	for (unsigned kind = PACKET_KINDS + 1; kind < 256; kind += 25)
		meter_restore(f.dec, &f.exporter, (enum packet_kind)kind, 1, 3);
	meter_each(&f.exporter, never, NULL);
	assert_int_equal(judge(&f, METERED_OUT, 1, 2) & METER_DUPLICATE, 0);
	stop(&f);
}

/* An interface that is not metered on egress has a figure by what came in elsewhere: whole when all
 * others meter ingress, else a part. */
static void figures_are_partial(void **state)
{
	struct fixture f;
	(void)state;
	start(&f, (struct decode_limits){ 0 });
	judge(&f, METERED_IN, 1, 2);
	assert_int_equal(judge(&f, METERED_IN, 1, 2), 0);
	judge(&f, METERED_IN, 1, 3);
	assert_int_equal(judge(&f, METERED_IN, 1, 2), METER_PART_OUT); /* 3 meters nothing */
	judge(&f, METERED_IN, 3, 1);
	assert_int_equal(judge(&f, METERED_IN, 1, 2), 0);
	stop(&f);
}

/* Records of both directions of an interface, and of two VLANs, are of different flows. */
static void what_tells_flows_apart(void **state)
{
	const struct spec specs[] = { { .id = IE_flowDirection, .width = 1 },
				      { .id = IE_vlanId, .width = 2 },
				      { .id = IE_octetTotalCount, .width = 8 },
				      { .id = IE_flowStartMilliseconds, .width = 8 } };
	const struct place places[] = { { 0, 1, 0 }, { 1, 2, 0 }, { 3, 8, 0 }, { 11, 8, 0 } };
	const struct field *fields[4];
	struct fields *all = fields_new();
	struct counts c;
	bool key[4] = { false };
	(void)state;
	assert_non_null(all);
	for (size_t i = 0; i < 4; i++)
		fields[i] = fields_find(all, 0, specs[i].id);
	assert_true(counts_bind(specs, fields, places, 4, &c));
	assert_int_equal(c.what, COUNT_TOTALS);
	for (unsigned i = 0; i < c.keys_len; i++)
		for (size_t k = 0; k < 4; k++)
			key[k] |= c.keys[i].at == places[k].at;
	assert_true(key[0] && key[1]);
	assert_false(key[2] || key[3]);
	fields_free(all);
}

/* The table grows to its ceiling; then the flow that was silent the longest goes, and is
 * counted. */
static void sums_have_a_ceiling(void **state)
{
	struct fixture f;
	(void)state;
	start(&f, (struct decode_limits){ .flows_per_exporter = 1024 });
	for (uint64_t key = 1; key <= 4096; key++) {
		struct sum_row *row = sums_get(f.dec, &f.exporter, key * 0x9e3779b97f4a7c15u, 3600);
		assert_non_null(row);
		row->seen_ms = f.dec->ctx.received_ms += 10;
		row->counted[0] = key;
	}
	assert_true(f.dec->counters.flows_evicted >= 4096 - 1024);
	assert_true(f.exporter.memory <= 1024 * sizeof(struct sum_row) + 64);
	assert_int_equal(sizeof(struct sum_row), 72);
	struct sum_row *last = sums_get(f.dec, &f.exporter, 4096 * 0x9e3779b97f4a7c15u, 3600);
	assert_int_equal(last->counted[0], 4096);
	assert_int_equal(sums_get(f.dec, &f.exporter, 0x9e3779b97f4a7c15u, 3600)->seen_ms, 0);
	stop(&f);
}

static uint64_t sum_key(uint64_t n)
{
	return n * 0x9e3779b97f4a7c15u;
}

static void add_sums(struct fixture *f, uint64_t from, uint64_t to, uint32_t keep_s)
{
	for (uint64_t n = from; n < to; n++) {
		struct sum_row *row = sums_get(f->dec, &f->exporter, sum_key(n), keep_s);
		row->seen_ms = f->dec->ctx.received_ms;
		row->counted[0] = n;
	}
}

static void sums_are_kept_while_the_table_grows(void **state)
{
	struct fixture f;
	(void)state;
	start(&f, (struct decode_limits){ .flows_per_exporter = 65536 });
	add_sums(&f, 1, 2000, 3600);
	assert_int_equal(f.dec->counters.flows_evicted, 0);
	for (uint64_t n = 1; n < 2000; n++)
		assert_int_equal(sums_get(f.dec, &f.exporter, sum_key(n), 3600)->counted[0], n);
	stop(&f);
}

/* A flow that is over makes room, and that is no eviction. */
static void flows_that_are_over_make_room(void **state)
{
	struct fixture f;
	(void)state;
	start(&f, (struct decode_limits){ .flows_per_exporter = 256 });
	add_sums(&f, 1, 257, 60);
	uint64_t evicted = f.dec->counters.flows_evicted;
	f.dec->ctx.received_ms += 60000;
	add_sums(&f, 1, 2, 60); /* it goes on */
	add_sums(&f, 500, 564, 60);
	assert_true(f.dec->counters.flows_evicted > evicted); /* none is over yet */
	evicted = f.dec->counters.flows_evicted;
	f.dec->ctx.received_ms += 1;
	add_sums(&f, 1000, 1008, 60);
	assert_int_equal(f.dec->counters.flows_evicted, evicted);
	assert_int_equal(sums_get(f.dec, &f.exporter, sum_key(1), 60)->counted[0], 1);
	stop(&f);
}

static void note_sum(const struct sum_row *row, void *arg)
{
	struct fixture *to = arg;
	sums_restore(to->dec, &to->exporter, 4711, row);
}

/* What goes to the state file comes back into a run with another seed, but for flows that are over;
 * keys of two seeds are never in one table. */
static void sums_are_restored(void **state)
{
	struct fixture f, g;
	(void)state;
	start(&f, (struct decode_limits){ 0 });
	start(&g, (struct decode_limits){ 0 });
	assert_int_equal(sums_seed(g.dec, &g.exporter), 0);
	for (uint64_t key = 1; key <= 1000; key++) {
		struct sum_row *row = sums_get(f.dec, &f.exporter, key, key <= 10 ? 1 : 60);
		row->seen_ms = NOW_MS;
		row->counted[0] = 10 * key;
	}
	f.dec->ctx.received_ms = g.dec->ctx.received_ms = NOW_MS + 30000;
	sums_each(f.exporter.sums, NOW_MS + 30000, note_sum, &g);
	assert_int_equal(sums_seed(g.dec, &g.exporter), 4711);
	assert_int_equal(sums_get(g.dec, &g.exporter, 5, 60)->seen_ms, 0);
	for (uint64_t key = 11; key <= 1000; key++)
		assert_int_equal(sums_get(g.dec, &g.exporter, key, 60)->counted[0], 10 * key);
	struct sum_row other = { .key = 5000, .seen_ms = NOW_MS + 30000, .keep_s = 60 };
	sums_restore(g.dec, &g.exporter, 1, &other);
	assert_int_equal(sums_get(g.dec, &g.exporter, 5000, 60)->seen_ms, 0);
	stop(&f);
	stop(&g);
}

static void second_counters(void **state)
{
	struct outs outs = { 0 }, ntop = { 0 }, fortinet = { 0 };
	(void)state;
	for (unsigned i = 0; i < 49; i++)
		assert_int_equal(outs_judge(&outs, 0, false, 100 + i, 100 + i), OUTS_UNKNOWN);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(outs_judge(&outs, 0, true, 100, 100), OUTS_UNKNOWN);
	assert_int_equal(outs_judge(&outs, 0, false, 500, 490), OUTS_COPY); /* 49 of 50 */
	assert_int_equal(outs_judge(&outs, 0, false, 500, 480), OUTS_COPY);
	assert_int_equal(outs_judge(&outs, 0, false, 500, 470), OUTS_UNKNOWN); /* 49 of 52: 94 % */
	assert_int_equal(outs_judge(&outs, 0, false, 500, 0), OUTS_NONE);
	assert_int_equal(outs_judge(&outs, 0, false, 0, 500), OUTS_NONE);
	assert_int_equal(outs_judge(&ntop, COUNT_REVERSES, false, 100, 100), OUTS_REVERSE);
	assert_int_equal(outs_judge(&fortinet, COUNT_FORTINET, false, 100, 100), OUTS_UNKNOWN);
	assert_int_equal(outs_judge(&fortinet, COUNT_FORTINET, false, 100, 90), OUTS_REVERSE);
	for (unsigned i = 0; i < 48; i++)
		outs_judge(&fortinet, COUNT_FORTINET, false, 100, 90);
	assert_int_equal(outs_judge(&fortinet, COUNT_FORTINET, true, 100, 100), OUTS_REVERSE);
}

/* The limit is 5 minutes; back below half of it; an offset in force moves by a fifth of it at
 * least. */
static void clocks_are_judged_by_the_median(void **state)
{
	struct clock clock = { 0 };
	(void)state;
	for (int i = 0; i < 20; i++)
		assert_int_equal(clock_note(&clock, LIMIT, LIMIT), 0);
	for (int i = 0; i < 7; i++)
		assert_int_equal(clock_note(&clock, 3600000, LIMIT), 0);
	assert_int_equal(clock_note(&clock, 3600000, LIMIT), 3600000); /* 8 of 15 */
	for (int i = 0; i < 20; i++)
		assert_int_equal(clock_note(&clock, 3600000 + 50000, LIMIT), 3600000);
	for (int i = 0; i < 20; i++)
		clock_note(&clock, 3600000 + 61000, LIMIT);
	assert_int_equal(clock_note(&clock, 3600000 + 61000, LIMIT), 3661000);
	assert_int_equal(clock_note(&clock, 1000, LIMIT), 0); /* right by itself */
	assert_int_equal(clock_note(&clock, 3661000, LIMIT), 3661000);
	for (int i = 0; i < 20; i++)
		clock_note(&clock, LIMIT / 2 + 1, LIMIT);
	assert_int_equal(clock.offset_ms, LIMIT / 2 + 1);
	for (int i = 0; i < 20; i++)
		clock_note(&clock, LIMIT / 2 - 1, LIMIT);
	assert_int_equal(clock.offset_ms, 0);
	struct clock first = { 0 };
	assert_int_equal(clock_note(&first, -1699871252000, LIMIT), -1699871252000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meters_have_a_ceiling),
		cmocka_unit_test(ingress_metering_ends),
		cmocka_unit_test(meters_are_restored),
		cmocka_unit_test(meters_of_no_kind_are_not_restored),
		cmocka_unit_test(figures_are_partial),
		cmocka_unit_test(what_tells_flows_apart),
		cmocka_unit_test(sums_have_a_ceiling),
		cmocka_unit_test(sums_are_kept_while_the_table_grows),
		cmocka_unit_test(flows_that_are_over_make_room),
		cmocka_unit_test(sums_are_restored),
		cmocka_unit_test(second_counters),
		cmocka_unit_test(clocks_are_judged_by_the_median),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
