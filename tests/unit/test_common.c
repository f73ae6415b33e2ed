/* SPDX-License-Identifier: Apache-2.0
 * Buffers, errors, addresses, hashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/csv.h"
#include "common/err.h"
#include "common/hash.h"
#include "common/ip.h"
#include "common/log.h"

static void buf_keeps_its_ceiling(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 10);
	assert_int_equal(buf_add_text(&b, "0123456"), 0);
	assert_int_equal(buf_add_text(&b, "789x"), -1);
	assert_string_equal(b.data, "0123456");
	assert_int_equal(buf_add_fmt(&b, "%d", 789), 0);
	assert_string_equal(b.data, "0123456789");
	assert_int_equal(buf_add(&b, "", 1), -1);
	buf_release(&b);
	assert_null(b.data);
}

static void err_gains_context(void **state)
{
	(void)state;
	struct err err;
	assert_int_equal(err_set(&err, EF_USAGE, "line %d", 3), -1);
	assert_int_equal(err_wrap(&err, "file %s", "x"), -1);
	assert_string_equal(err.msg, "file x: line 3");
	assert_int_equal(err.code, EF_USAGE);
	err_errno(&err, EF_FAILED, 2, "open");
	assert_string_equal(err.msg, "open: No such file or directory");
}

static void csv_numbers(void **state)
{
	(void)state;
	static const struct {
		char *text;
		unsigned long max;
		int result;
	} cases[] = {
		{ "5", 5, 0 },         { "9", 5, -1 },         { "6", 5, -1 },
		{ "65535", 65535, 0 }, { "65536", 65535, -1 }, { "1x", 65535, -1 },
		{ "/", 65535, -1 },    { "", 5, -1 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct csv c = { .path = "t", .cell = { cases[i].text }, .columns = 1 };
		struct err err;
		unsigned long number;
		assert_int_equal(csv_number(&c, 0, cases[i].max, &number, &err), cases[i].result);
	}
}

/* What C would take for the end of a text is the end of no cell. */
static void csv_takes_no_binary_files(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
		int result;
	} cases[] = {
		{ "a,b\n1,2\n", 8, 1 },
		{ "a,b\n1,2\0,3\n", 11, -1 },
		{ "a,b\n1,2,3\n", 10, -1 },
		{ "a,b\n# 1,2\n\n", 11, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char path[] = "/tmp/test_common.XXXXXX";
		int file = mkstemp(path);
		struct err err = ERR_NONE;
		struct csv c;
		assert_int_equal(write(file, cases[i].text, cases[i].len), cases[i].len);
		close(file);
		assert_int_equal(csv_open(&c, path, "a,b", &err), 0);
		assert_int_equal(csv_next(&c, &err), cases[i].result);
		csv_close(&c);
		remove(path);
	}
}

static void prefixes(void **state)
{
	(void)state;
	static const struct {
		const char *prefix, *in, *out;
	} cases[] = {
		{ "10.0.0.0/8", "10.255.0.1", "11.0.0.0" },
		{ "192.0.2.7", "192.0.2.7", "192.0.2.8" },
		{ "2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::" },
		{ "0.0.0.0/0", "255.255.255.255", "::1" },
		{ "::/0", "10.0.0.1", NULL },
	};
	struct err err;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct prefix p;
		struct ip ip;
		assert_int_equal(prefix_parse(cases[i].prefix, false, &p, &err), 0);
		assert_int_equal(ip_parse(cases[i].in, &ip, &err), 0);
		assert_true(prefix_holds(&p, &ip));
		if (!cases[i].out)
			continue;
		assert_int_equal(ip_parse(cases[i].out, &ip, &err), 0);
		assert_false(prefix_holds(&p, &ip));
	}
	struct prefix p;
	assert_int_equal(prefix_parse("10.0.0.1/8", false, &p, &err), -1);
	assert_non_null(strstr(err.msg, "meant 10.0.0.0/8?"));
	assert_int_equal(prefix_parse("10.0.0.1/8", true, &p, &err), 0);
	assert_int_equal(prefix_parse("10.0.0.0/33", false, &p, &err), -1);
	assert_int_equal(prefix_parse("10.0.0.0/", false, &p, &err), -1);
	assert_int_equal(prefix_parse("rubbish", false, &p, &err), -1);
}

static void addresses_as_text(void **state)
{
	(void)state;
	static const char *const texts[] = { "192.0.2.1", "::", "2001:db8::1", "fe80::1:0:0:1" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ip ip;
		struct err err;
		char text[IP_TEXT_MAX];
		assert_int_equal(ip_parse(texts[i], &ip, &err), 0);
		assert_int_equal(ip_format(&ip, text), strlen(texts[i]));
		assert_string_equal(text, texts[i]);
	}
}

/* Every bit of the input, and how many there are, shows in the hash. */
static void hash_takes_every_bit(void **state)
{
	(void)state;
	uint8_t bytes[100] = { 0 };
	for (size_t len = 0; len < sizeof(bytes); len++) {
		uint64_t whole = hash_bytes(1, bytes, len);
		assert_true(whole != hash_bytes(1, bytes, len + 1));
		assert_true(whole != hash_bytes(2, bytes, len));
		for (size_t bit = 0; bit < 8 * len; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_true(whole != hash_bytes(1, bytes, len));
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
}

#define BUCKETS 4096

static unsigned fullest(const uint64_t *keys, size_t n, uint64_t seed)
{
	static unsigned buckets[BUCKETS];
	unsigned most = 0;
	memset(buckets, 0, sizeof(buckets));
	for (size_t i = 0; i < n; i++) {
		unsigned *b = &buckets[hash_mix(seed, keys[i]) % BUCKETS];
		most = ++*b > most ? *b : most;
	}
	return most;
}

/* Keys that fall into one bucket under one seed are spread under another, and so are neighbours and
 * keys that differ in any few bits only. */
static void hash_cannot_be_aimed(void **state)
{
	(void)state;
	static uint64_t aimed[BUCKETS], near[BUCKETS];
	const uint64_t seed = hash_seed();
	size_t n = 0;
	assert_true(seed != hash_seed());
	for (uint64_t key = 0; n < BUCKETS; key++)
		if (hash_mix(0, key) % BUCKETS == 0)
			aimed[n++] = key;
	assert_int_equal(fullest(aimed, n, 0), BUCKETS);
	assert_in_range(fullest(aimed, n, seed), 2,
			BUCKETS / 16); /* about 7; 24 and more under one seed of 50 */
	for (unsigned shift = 0; shift <= 52; shift += 4) {
		for (uint64_t i = 0; i < BUCKETS; i++)
			near[i] = i << shift;
		assert_in_range(fullest(near, BUCKETS, seed), 1, 24);
	}
}

/* What is logged while `say` runs, in `text`; its length. */
static ssize_t logged(void (*say)(void), char *text, size_t size)
{
	char path[] = "/tmp/test_common.XXXXXX";
	int file = mkstemp(path), old = dup(STDERR_FILENO);
	dup2(file, STDERR_FILENO);
	log_init("test", LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
	say();
	dup2(old, STDERR_FILENO);
	close(old);
	ssize_t n = pread(file, text, size - 1, 0);
	close(file);
	remove(path);
	return n;
}

static void say_lines(void)
{
	log_info("%s", "one\n2023 error efd: two\rthree\tfour\x1b[0m\x7f.");
}

/* What a sender or a server says may hold line breaks, and must not look like lines of ours. */
static void log_lines_are_single(void **state)
{
	(void)state;
	char text[500] = "";
	ssize_t n = logged(say_lines, text, sizeof(text));
	assert_true(n > 0);
	assert_ptr_equal(strchr(text, '\n'), text + n - 1);
	assert_non_null(strstr(text, "one 2023 error efd: two three four [0m .\n"));
}

static struct log_site chatty;

static void say_often(void)
{
	for (int i = 0; i < LOG_BURST + 7; i++)
		log_write(&chatty, LOG_LEVEL_INFO, "again");
	chatty.period_start_ms = 1; /* long ago */
	log_write(&chatty, LOG_LEVEL_INFO, "later");
}

/* One place says a few lines in a while, and then how many it kept to itself. */
static void log_places_do_not_flood(void **state)
{
	(void)state;
	char text[2000] = "";
	size_t lines = 0;
	assert_true(logged(say_often, text, sizeof(text)) > 0);
	for (const char *p = text; (p = strstr(p, "again\n")); p++)
		lines++;
	assert_int_equal(lines, LOG_BURST);
	assert_non_null(strstr(text, "later (and 7 like it before)\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_keeps_its_ceiling),
		cmocka_unit_test(err_gains_context),
		cmocka_unit_test(csv_numbers),
		cmocka_unit_test(csv_takes_no_binary_files),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(addresses_as_text),
		cmocka_unit_test(hash_takes_every_bit),
		cmocka_unit_test(hash_cannot_be_aimed),
		cmocka_unit_test(log_lines_are_single),
		cmocka_unit_test(log_places_do_not_flood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
