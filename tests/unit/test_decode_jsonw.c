/* SPDX-License-Identifier: Apache-2.0
 * The JSON writer against the C library: all lengths of numbers, addresses, times, floats, text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "common/jsonw.h"
#include "tests/lib/rng.h"

static char out[4096], want[4096];

#define SAME(end)                               \
	do {                                    \
		*(end) = '\0';                  \
		assert_string_equal(out, want); \
	} while (0)

static uint64_t random64(void)
{
	static struct rng rng = { 42 };
	return rng_next(&rng);
}

static void one_number(uint64_t v)
{
	snprintf(want, sizeof(want), v > INT64_MAX ? "\"%" PRIu64 "\"" : "%" PRIu64, v);
	SAME(jsonw_u64(out, v));
	snprintf(want, sizeof(want), "%" PRId64, (int64_t)v);
	SAME(jsonw_i64(out, (int64_t)v));
}

static void numbers(void **state)
{
	(void)state;
	uint64_t power = 1;
	for (int digits = 0; digits < 20; digits++, power *= 10) {
		one_number(power - 1);
		one_number(power);
		one_number(power + 1);
	}
	for (int bit = 0; bit < 64; bit++) {
		one_number((uint64_t)1 << bit);
		one_number(((uint64_t)1 << bit) - 1);
	}
	one_number(UINT64_MAX);
	one_number((uint64_t)INT64_MIN);
	for (uint32_t v = 0; v < 300000; v++)
		one_number(v);
	for (int i = 0; i < 300000; i++)
		one_number(random64() >> (random64() & 63));
	for (unsigned v = 0; v < 256; v++) {
		snprintf(want, sizeof(want), "%u", v);
		SAME(jsonw_u8(out, (uint8_t)v));
	}
}

static void one_double(double v)
{
	char *end = jsonw_double(out, v);
	*end = '\0';
	assert_true(end - out <= JSONW_DOUBLE_MAX);
	assert_true(strtod(out, NULL) == v);
	float single = (float)v;
	if (!isfinite(single))
		return;
	end = jsonw_float(out, single);
	*end = '\0';
	assert_true(strtof(out, NULL) == single);
}

static void floats(void **state)
{
	(void)state;
	static const struct {
		double v;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 1, "1" },
		{ -1.5, "-1.5" },
		{ 0.1, "0.1" },
		{ 100, "100" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 1e300, "1e+300" },
		{ 0.000001, "0.000001" },
		{ 999999999, "999999999" },
		{ 5e-324, "4.94065645841247e-324" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(want, sizeof(want), "%s", rows[i].text);
		SAME(jsonw_double(out, rows[i].v));
	}
	static const char *const singles[] = { "0",      "0.1",      "100.3354", "-122.4128",
					       "5.4112", "16777216", "0.333333" };
	for (size_t i = 0; i < sizeof(singles) / sizeof(*singles); i++) {
		snprintf(want, sizeof(want), "%s", singles[i]);
		SAME(jsonw_float(out, strtof(singles[i], NULL)));
	}
	for (int i = 0; i < 100000; i++) {
		uint64_t bits = random64();
		double v;
		memcpy(&v, &bits, sizeof(v));
		if (isfinite(v))
			one_double(v);
		one_double((double)(int64_t)random64() / 1e6);
	}
}

static void addresses(void **state)
{
	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint64_t bits[2] = { random64(), random64() };
		uint8_t b[16];
		char address[INET6_ADDRSTRLEN];
		memcpy(b, bits, 16);
		inet_ntop(AF_INET, b, address, sizeof(address));
		snprintf(want, sizeof(want), "\"%s\"", address);
		SAME(jsonw_ipv4(out, b));
		for (int k = 0; k < 16; k++)
			if (random64() & 3)
				b[k] = 0;
		b[0] = 0x20; /* the C library writes ::a.b.c.d too, which RFC 5952 leaves open */
		inet_ntop(AF_INET6, b, address, sizeof(address));
		snprintf(want, sizeof(want), "\"%s\"", address);
		SAME(jsonw_ipv6(out, b));
	}
	static const struct {
		const char *hex, *text;
	} rows[] = {
		{ "00000000000000000000000000000000", "::" },
		{ "00000000000000000000000000000001", "::1" },
		{ "20010000000000000000000000000000", "2001::" },
		{ "20010db8000000010000000000000001", "2001:db8:0:1::1" },
		{ "20010db8000000000001000000000001", "2001:db8::1:0:0:1" },
		{ "20010db8000100010001000100000001", "2001:db8:1:1:1:1:0:1" },
		{ "00000000000000000000ffffc0000201", "::ffff:192.0.2.1" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t b[16];
		for (int k = 0; k < 16; k++) {
			const char pair[3] = { rows[i].hex[2 * k], rows[i].hex[2 * k + 1], '\0' };
			b[k] = (uint8_t)strtoul(pair, NULL, 16);
		}
		snprintf(want, sizeof(want), "\"%s\"", rows[i].text);
		SAME(jsonw_ipv6(out, b));
	}
	static const uint8_t mac[] = { 0, 1, 0x9a, 0xbc, 0xde, 0xff };
	snprintf(want, sizeof(want), "\"00:01:9a:bc:de:ff\"");
	SAME(jsonw_mac(out, mac));
	snprintf(want, sizeof(want), "\"00019abcdeff\"");
	SAME(jsonw_hex(out, mac, sizeof(mac)));
}

static void one_time(uint64_t ms, struct jsonw_times *cache)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	char text[64];
	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(want, sizeof(want), "\"%s.%03uZ\"", text, (unsigned)(ms % 1000));
	SAME(jsonw_time_ms(out, ms));
	SAME(jsonw_time_cached(out, ms, cache));
	SAME(jsonw_time_cached(out, ms, cache));
	snprintf(want, sizeof(want), "%" PRIu64, ms);
	SAME(jsonw_epoch_ms(out, ms, cache));
	SAME(jsonw_epoch_ms(out, ms, cache));
}

static void times(void **state)
{
	(void)state;
	struct jsonw_times cache = { 0 };
	for (uint64_t d = 0; d < 200000; d++) /* every day until 2517 */
		one_time(d * 86400000 + random64() % 86400000, &cache);
	for (int i = 0; i < 100000; i++) /* a few minutes, in no order */
		one_time(1700000000000 + random64() % 200000, &cache);
	one_time(0, &cache);
	one_time(253402300799999, &cache);
	snprintf(want, sizeof(want), "\"9999-12-31T23:59:59.999Z\"");
	SAME(jsonw_time_ms(out, UINT64_MAX));
	SAME(jsonw_time_cached(out, 253402300800000, &cache));
	for (int i = 0; i < 100000; i++) {
		uint64_t ms = random64() >> (random64() & 63);
		snprintf(want, sizeof(want), ms > INT64_MAX ? "\"%" PRIu64 "\"" : "%" PRIu64, ms);
		SAME(jsonw_epoch_ms(out, ms, &cache));
	}
}

/* `octet` at a place among `len` letters. */
static void one_octet(uint8_t octet, size_t at, size_t len)
{
	char letters[] = "abcdefgh";
	letters[at] = (char)octet;
	size_t written = (size_t)(jsonw_string(out, (const uint8_t *)letters, len) - out);
	bool plain = octet >= 32 && octet < 128 && octet != '"' && octet != '\\';
	assert_int_equal(plain, written == len + 2);
	assert_int_equal(out[0] == '"' && out[written - 1] == '"', 1);
	if (plain)
		assert_memory_equal(out + 1, letters, len);
	else {
		assert_memory_equal(out + 1, letters, at);
		assert_memory_equal(out + written - (len - at), letters + at + 1, len - at - 1);
	}
}

static void text(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ "plain text, longer than eight", "plain text, longer than eight" },
		{ "quote\" in the ninth", "quote\\\" in the ninth" },
		{ "back\\slash", "back\\\\slash" },
		{ "\n\r\t\b\x1f", "\\n\\r\\t\\u0008\\u001f" },
		{ "\x7f", "\x7f" },
		{ "ä€😀", "ä€😀" },
		{ "\xc3", "\xef\xbf\xbd" },
		{ "\xc3(", "\xef\xbf\xbd(" },
		{ "\xe2\x82", "\xef\xbf\xbd" },
		{ "\xe2\x28\xa1", "\xef\xbf\xbd(\xef\xbf\xbd" },
		{ "\xf0\x9f\x98x", "\xef\xbf\xbdx" },
		{ "\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xf5 7 plain bytes", "\xef\xbf\xbd 7 plain bytes" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(want, sizeof(want), "\"%s\"", rows[i].out);
		SAME(jsonw_string(out, (const uint8_t *)rows[i].in, strlen(rows[i].in)));
	}
	uint8_t every[256];
	for (int i = 0; i < 256; i++)
		every[i] = (uint8_t)i;
	/* No byte hides from the look at eight, or the last ones, at once. */
	for (size_t len = 1; len <= 8; len++)
		for (int i = 0; i < 256; i++)
			for (size_t at = 0; at < len; at++)
				one_octet(every[i], at, len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers), cmocka_unit_test(floats), cmocka_unit_test(addresses),
		cmocka_unit_test(times),   cmocka_unit_test(text),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
