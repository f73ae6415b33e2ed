/* SPDX-License-Identifier: Apache-2.0
 * The most that a datagram can cost: what is known to be dear, and a search for what is dearer.
 *
 * The search changes a script of datagrams at random and keeps what costs more for its bytes. It is
 * the same one each time; WORK_ROUNDS=20000 SEED=7 looks longer, and elsewhere. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "element_ids.h"
#include "forwarder/decode/core/decoder.h"
#include "forwarder/decode/template/compile.h"
#include "forwarder/decode/tick.h"
#include "tests/lib/rig.h"
#include "tests/lib/rng.h"

#define DATAGRAM_MAX 65000

static uint8_t bytes[DATAGRAM_MAX + 65536];
static size_t len;

static void put(uint64_t v, unsigned width)
{
	while (width--)
		bytes[len++] = (uint8_t)(v >> 8 * width);
}

static void message_begin(uint32_t domain)
{
	len = 0;
	put(10, 2);
	put(0, 2);
	put(NOW_MS / 1000, 4);
	put(0, 4);
	put(domain, 4);
}

static size_t set_begin(unsigned id)
{
	put(id, 2);
	put(0, 2);
	return len - 4;
}

static void length_set(size_t at, size_t from)
{
	size_t n = len - from;
	bytes[at] = (uint8_t)(n >> 8);
	bytes[at + 1] = (uint8_t)n;
}

static void set_end(size_t start)
{
	length_set(start + 2, start);
}

static uint64_t longest_us; /* told, not judged: `make bench` shows it */

static uint64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Work of the datagram, and what it may be. */
struct price {
	uint64_t work, limit;
};

static struct price send_from(uint16_t port)
{
	length_set(2, 0);
	struct datagram d = {
		.data = bytes, .len = len, .src = address(1), .port = port, .received_ms = NOW_MS
	};
	uint64_t before = work_sum(&f.dec->work), start = now_us();
	decoder_datagram(f.dec, &d, &f.sink, &f.report);
	uint64_t us = now_us() - start;
	longest_us = us > longest_us ? us : longest_us;
	return (struct price){ work_sum(&f.dec->work) - before, WORK_FIXED + WORK_A_BYTE * len };
}

static void assert_fair(struct price price)
{
	if (price.work > price.limit)
		print_error("%" PRIu64 " for %zu bytes, limit %" PRIu64 "\n", price.work, len,
			    price.limit);
	assert_true(price.work <= price.limit);
}

/* Of RFC 5610: enterprise, element, type, name of 8. */
static void describing_template(void)
{
	message_begin(1);
	size_t set = set_begin(3);
	put(2000, 2);
	put(4, 2);
	put(2, 2);
	static const uint16_t ids[] = { IE_privateEnterpriseNumber, IE_informationElementId,
					IE_informationElementDataType, IE_informationElementName };
	static const uint16_t widths[] = { 4, 2, 1, 8 };
	for (unsigned i = 0; i < 4; i++) {
		put(ids[i], 2);
		put(widths[i], 2);
	}
	set_end(set);
	send_from(0);
}

static void describe(unsigned n)
{
	char name[9];
	size_t set = set_begin(2000);
	put(55555, 4);
	put(n & 0x7fff, 2);
	put(1, 1);
	snprintf(name, sizeof(name), "e%06u", n % 1000000);
	memcpy(bytes + len, name, 8);
	len += 8;
	set_end(set);
}

static void data_of(unsigned id, unsigned n)
{
	size_t set = set_begin(id);
	for (unsigned i = 0; i < n; i++)
		put(6, 1);
	set_end(set);
}

/* `elements` of no width, one that nobody knows, and one of a byte. */
static void wide_template(unsigned id, unsigned elements)
{
	put(id, 2);
	put(elements + 2, 2);
	for (unsigned i = 0; i < elements; i++) {
		put(1 + i % 200, 2);
		put(0, 2);
	}
	put(0x8001, 2);
	put(0, 2);
	put(4242424, 4);
	put(4, 2);
	put(1, 2);
}

static void wide_templates(unsigned n)
{
	for (unsigned k = 0; k < n;) {
		message_begin(1);
		size_t set = set_begin(2);
		for (unsigned i = 0; i < 12 && k < n; i++)
			wide_template(256 + k++, 1000);
		set_end(set);
		assert_fair(send_from(0));
	}
}

/* Each description is followed by data: 500 times a thousand templates of a thousand elements
 * would be compiled again. */
static void descriptions_are_cheap(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	wide_templates(1000);
	describing_template();
	message_begin(1);
	for (unsigned i = 0; i < 500; i++) {
		describe(i);
		data_of(256 + i % 2, 1);
	}
	struct price price = send_from(0);
	assert_fair(price);
	assert_true(f.dec->work.compiled < 1100);
	assert_true(f.counters->descriptions_deferred > 0);
	stop();
}

/* What is put off comes once it is paid for. */
static void descriptions_come_in_the_end(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	message_begin(1);
	size_t set = set_begin(2);
	put(256, 2);
	put(1, 2);
	put(0x8007, 2);
	put(1, 2);
	put(55555, 4);
	set_end(set);
	send_from(0);
	describing_template();
	for (unsigned i = 100; i < 400; i++) { /* 17 a time, for less than that */
		message_begin(1);
		describe(i);
		data_of(256, 1);
		send_from(0);
	}
	message_begin(1);
	describe(7);
	data_of(256, 1);
	f.sink.cur = f.memory;
	send_from(0);
	for (unsigned i = 0; i < 4 && !memmem(f.memory, 4096, "pen55555.e000007", 16); i++) {
		message_begin(1);
		data_of(256, 200);
		f.sink.cur = f.memory;
		send_from(0);
	}
	assert_non_null(memmem(f.memory, 4096, "pen55555.e000007", 16));
	stop();
}

/* Sets wait for one template while another is defined anew, again and again. */
static void other_templates_leave_waiting_sets_alone(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	for (unsigned i = 0; i < 2000; i++) {
		message_begin(1);
		data_of(600, 200);
		send_from(0);
	}
	assert_int_equal(f.counters->held_now, 2000);
	message_begin(1);
	size_t set = set_begin(2);
	for (unsigned k = 0; k < 8000; k++) {
		put(256, 2);
		put(1, 2);
		put(4, 2);
		put(1 + k % 2, 2);
	}
	set_end(set);
	assert_fair(send_from(0));
	assert_int_equal(f.counters->held_now, 2000);
	message_begin(1);
	set = set_begin(2);
	put(600, 2);
	put(1, 2);
	put(4, 2);
	put(1, 2);
	set_end(set);
	send_from(0);
	assert_int_equal(f.counters->held_now, 0);
	assert_int_equal(f.counters->records[PROTO_IPFIX], 2000 * 200);
	stop();
}

static void withdrawals_of_nothing_are_cheap(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	wide_templates(1000);
	message_begin(1);
	size_t set = set_begin(3);
	for (unsigned i = 0; i < 15000; i++) {
		put(3, 2);
		put(0, 2);
	}
	set_end(set);
	assert_fair(send_from(0));
	assert_int_equal(f.counters->templates_now, 1000);
	stop();
}

/* ---- the search ---- */

/* One part of a datagram. */
enum part { TEMPLATE, META_TEMPLATE, DESCRIBE, DATA, DATA_LONG, WITHDRAW, WITHDRAW_ALL, PARTS };

struct action {
	uint8_t part;
	uint8_t repeat;  /* times, in one datagram */
	uint8_t varies;  /* by how much what is sent differs from time to time */
	uint8_t domain;  /* of two */
	uint8_t port;    /* of four */
	uint16_t id, n;  /* template; elements or records */
	uint16_t widths; /* of elements */
};

#define SCRIPT 12

struct script {
	struct action actions[SCRIPT];
};

static void put_template(const struct action *a, unsigned k, bool meta)
{
	static const uint16_t ids[] = { 1,   2,   4,   8,   21,  22,  152, 153, 158, 159,
					82,  10,  14,  346, 303, 341, 95,  96,  291, 292,
					315, 104, 160, 302, 34,  305, 306, 1023 };
	unsigned n = 1 + (a->n + k * (a->varies & 3)) % SPECS_MAX;
	size_t set = set_begin(meta ? 3 : 2);
	put(256 + (a->id + k * (a->varies >> 2 & 3)) % 1200u, 2);
	put(n, 2);
	if (meta)
		put(1, 2);
	for (unsigned i = 0; i < n; i++) {
		unsigned id = ids[(i * (1u + a->varies) + a->id) % (sizeof(ids) / sizeof(*ids))];
		bool foreign = (a->widths >> 8 & 15) > i % 16;
		put(foreign ? id | 0x8000 : id, 2);
		put(a->widths & 1 && i % 3 == 0 ? 0xffff
		    : i == 0                    ? 1
						: (a->widths >> 1 & 15) * (i % 2),
		    2);
		if (foreign)
			put(55555, 4);
	}
	set_end(set);
}

static void put_part(const struct action *a, unsigned k)
{
	unsigned id = 256 + (a->id + k * (a->varies >> 2 & 3)) % 1200u;
	size_t set;
	switch ((enum part)a->part) {
	case TEMPLATE:
	case META_TEMPLATE:
		put_template(a, k, a->part == META_TEMPLATE);
		return;
	case DESCRIBE:
		describe(a->n + k * a->varies);
		return;
	case DATA:
		data_of(id, 1 + a->n % 32);
		return;
	case DATA_LONG:
		data_of(id, 1 + a->n % 2048);
		return;
	default:
		set = set_begin(a->widths & 1 ? 2 : 3);
		put(a->part == WITHDRAW_ALL ? a->widths & 1 ? 2 : 3 : id, 2);
		put(0, 2);
		set_end(set);
	}
}

/* A datagram, and how much of its limit it cost, in thousandths. */
struct worst {
	uint64_t share;
	struct price price;
	size_t bytes;
};

/* The worst of its datagrams. */
static struct worst script_price(const struct script *s, unsigned times)
{
	struct worst worst = { 0 };
	start((struct decode_limits){ 0 });
	describing_template();
	for (unsigned i = 0; i < SCRIPT * times; i++) {
		const struct action *a = &s->actions[i % SCRIPT];
		message_begin(1 + a->domain % 2u);
		unsigned repeat = 1 + a->repeat * (1 + a->widths % 31u);
		for (unsigned k = 0; k < repeat; k++) {
			size_t before = len;
			put_part(a, k + i / SCRIPT * repeat);
			if (len > DATAGRAM_MAX) {
				len = before;
				break;
			}
		}
		struct price p = send_from((uint16_t)(a->port % 4 + 1));
		uint64_t share = p.work * 1000 / p.limit;
		if (share > worst.share)
			worst = (struct worst){ share, p, len };
	}
	stop();
	return worst;
}

static void action_random(struct rng *r, struct action *a)
{
	static const uint16_t ids[] = { 0, 1, 2, 300, 1744 };
	*a = (struct action){ (uint8_t)rng_below(r, PARTS),    (uint8_t)rng_below(r, 256),
			      (uint8_t)rng_below(r, 16),       (uint8_t)rng_below(r, 2),
			      (uint8_t)rng_below(r, 4),        ids[rng_below(r, 5)],
			      (uint16_t)rng_below(r, 1 << 16), (uint16_t)rng_below(r, 1 << 16) };
	if (rng_chance(r, 50))
		a->n = rng_chance(r, 50) ? 0 : 1022;
	if (rng_chance(r, 50))
		a->repeat = (uint8_t)rng_below(r, 3);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void search_finds_nothing_dearer(void **state)
{
	(void)state;
	struct rng r = { .state = setting("SEED", 1) };
	uint64_t rounds = setting("WORK_ROUNDS", 60);
	struct worst best = { 0 };
	struct script kept = { 0 };
	for (uint64_t round = 0; round < rounds; round++) {
		struct script tried = kept;
		for (unsigned i = 0; i < SCRIPT; i++)
			if (round == 0 || rng_chance(&r, 15))
				action_random(&r, &tried.actions[i]);
		struct worst worst = script_price(&tried, 2);
		if (worst.share >= best.share) {
			best = worst;
			kept = tried;
		}
	}
	print_message(
	    "# the worst of %" PRIu64 " scripts: a datagram of %zu bytes with work of %" PRIu64
	    ", %.1f %% of its limit of %" PRIu64 "\n",
	    rounds, best.bytes, best.price.work, (double)best.share / 10, best.price.limit);
	assert_true(best.share <= 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptions_are_cheap),
		cmocka_unit_test(descriptions_come_in_the_end),
		cmocka_unit_test(other_templates_leave_waiting_sets_alone),
		cmocka_unit_test(withdrawals_of_nothing_are_cheap),
		cmocka_unit_test(search_finds_nothing_dearer),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	print_message("# the longest datagram took %.1f ms\n", (double)longest_us / 1000);
	return failed;
}
