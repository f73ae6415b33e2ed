/* SPDX-License-Identifier: Apache-2.0
 * JSON values written to bare memory: no checks, no format strings, no locale. */
#include "common/jsonw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- tables ---- */

#define CH(c, at) ((uint64_t)(uint8_t)(c) << 8 * (at))
#define OCTET(n)                                                                             \
	((n) < 10    ? CH('0' + (n), 0) | CH('.', 1) | CH(2, 7)                              \
	 : (n) < 100 ? CH('0' + (n) / 10, 0) | CH('0' + (n) % 10, 1) | CH('.', 2) | CH(3, 7) \
		     : CH('0' + (n) / 100, 0) | CH('0' + (n) / 10 % 10, 1) |                 \
			   CH('0' + (n) % 10, 2) | CH('.', 3) | CH(4, 7))
#define FOUR(F, n)    F(n), F((n) + 1), F((n) + 2), F((n) + 3)
#define SIXTEEN(F, n) FOUR(F, n), FOUR(F, (n) + 4), FOUR(F, (n) + 8), FOUR(F, (n) + 12)
#define ALL(F)                                                                                   \
	SIXTEEN(F, 0), SIXTEEN(F, 16), SIXTEEN(F, 32), SIXTEEN(F, 48), SIXTEEN(F, 64),           \
	    SIXTEEN(F, 80), SIXTEEN(F, 96), SIXTEEN(F, 112), SIXTEEN(F, 128), SIXTEEN(F, 144),   \
	    SIXTEEN(F, 160), SIXTEEN(F, 176), SIXTEEN(F, 192), SIXTEEN(F, 208), SIXTEEN(F, 224), \
	    SIXTEEN(F, 240)

const uint64_t jsonw_octets[256] = { ALL(OCTET) };

#define HEX_DIGIT(n) ((n) < 10 ? '0' + (n) : 'a' + (n)-10)
#define HEX_PAIR(n)                                    \
	{                                              \
		HEX_DIGIT((n) >> 4), HEX_DIGIT((n)&15) \
	}
static const char hex_pairs[256][2] = { ALL(HEX_PAIR) };

const uint64_t jsonw_powers[20] = {
	1ull,
	10ull,
	100ull,
	1000ull,
	10000ull,
	100000ull,
	1000000ull,
	10000000ull,
	100000000ull,
	1000000000ull,
	10000000000ull,
	100000000000ull,
	1000000000000ull,
	10000000000000ull,
	100000000000000ull,
	1000000000000000ull,
	10000000000000000ull,
	100000000000000000ull,
	1000000000000000000ull,
	10000000000000000000ull,
};

/* ---- numbers ---- */

char *jsonw_u64_digits(char *p, uint64_t v)
{
	if (v < 100000000)
		return jsonw_u64(p, v);
	uint64_t high = v / 100000000;
	uint32_t low = (uint32_t)(v % 100000000);
	if (high >= 100000000) {
		p = jsonw_u64(p, high / 100000000);
		p = jsonw_store8(p, jsonw_eight((uint32_t)(high % 100000000))) + 8;
	} else {
		p = jsonw_u64(p, high);
	}
	return jsonw_store8(p, jsonw_eight(low)) + 8;
}

char *jsonw_u64_long(char *p, uint64_t v)
{
	if (v <= INT64_MAX)
		return jsonw_u64_digits(p, v);
	*p++ = '"';
	p = jsonw_u64_digits(p, v);
	*p++ = '"';
	return p;
}

char *jsonw_i64(char *p, int64_t v)
{
	if (v >= 0)
		return jsonw_u64(p, (uint64_t)v);
	*p++ = '-';
	return v == INT64_MIN ? jsonw_u64_digits(p, 0 - (uint64_t)v) : jsonw_u64(p, (uint64_t)-v);
}

char *jsonw_bool(char *p, bool v)
{
	return v ? jsonw_lit(p, "true") : jsonw_lit(p, "false");
}

/* `abs` in millionths, as read from the fewest decimals that say the same float. */
static uint64_t float_millionths(double abs)
{
	uint64_t scale = 1, scaled = (uint64_t)(abs + 0.5);
	while (scale < 1000000 && (float)((double)scaled / (double)scale) != (float)abs) {
		scale *= 10;
		scaled = (uint64_t)(abs * (double)scale + 0.5);
	}
	return scaled * (1000000 / scale);
}

/* Most measured values have few decimals: a scaled integer, its fraction without trailing zeros.
 * False when that would not read back as `v`. */
static bool short_decimal(char **ret_p, double v, bool single)
{
	double abs = fabs(v);
	if (abs >= 1e9)
		return false;
	uint64_t scaled = single ? float_millionths(abs) : (uint64_t)(abs * 1e6 + 0.5);
	double back = (double)scaled / 1e6;
	if (single ? (float)back != (float)abs : back != abs)
		return false;

	char *p = *ret_p;
	if (v < 0)
		*p++ = '-';
	p = jsonw_u64(p, scaled / 1000000);
	uint32_t fraction = (uint32_t)(scaled % 1000000);
	if (fraction) {
		*p++ = '.';
		jsonw_store8(p, jsonw_eight(fraction) >> 16);
		p += 6;
		while (p[-1] == '0')
			p--;
	}
	*ret_p = p;
	return true;
}

static char *shortest(char *p, double v, bool single)
{
	if (short_decimal(&p, v, single))
		return p;
	char text[JSONW_DOUBLE_MAX];
	int most = single ? 9 : 17, n = 0;
	for (int digits = single ? 6 : 15; digits <= most; digits++) {
		n = snprintf(text, sizeof(text), "%.*g", digits, v);
		double back = strtod(text, NULL);
		if (single ? (float)back == (float)v : back == v)
			break;
	}
	return jsonw_raw(p, text, (size_t)n);
}

char *jsonw_double(char *p, double v)
{
	return shortest(p, v, false);
}

char *jsonw_float(char *p, float v)
{
	return shortest(p, (double)v, true);
}

/* ---- addresses and bytes ---- */

static inline char *hex_raw(char *p, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++, p += 2)
		memcpy(p, hex_pairs[bytes[i]], 2);
	return p;
}

char *jsonw_hex(char *p, const uint8_t *bytes, size_t n)
{
	*p++ = '"';
	p = hex_raw(p, bytes, n);
	*p++ = '"';
	return p;
}

char *jsonw_mac(char *p, const uint8_t bytes[6])
{
	*p++ = '"';
	for (int i = 0; i < 6; i++, p += 3) {
		memcpy(p, hex_pairs[bytes[i]], 2);
		p[2] = ':';
	}
	p[-1] = '"';
	return p;
}

/* A group of 16 bits without leading zeros. */
static inline char *ipv6_group(char *p, const uint8_t *b)
{
	if (b[0]) {
		memcpy(p, hex_pairs[b[0]], 2);
		memcpy(p + 2, hex_pairs[b[1]], 2);
		size_t skip = b[0] < 16;
		memmove(p, p + skip, 4);
		return p + 4 - skip;
	}
	if (b[1] >= 16) {
		memcpy(p, hex_pairs[b[1]], 2);
		return p + 2;
	}
	*p = hex_pairs[b[1]][1];
	return p + 1;
}

/* The longest run of two or more zero groups, the first of equal ones (RFC 5952 section 4.2). */
static void ipv6_zero_run(const uint8_t *bytes, int *ret_at, int *ret_len)
{
	int best = 1, at = -1;
	for (int i = 0; i < 8; i++) {
		int start = i;
		while (i < 8 && !bytes[2 * i] && !bytes[2 * i + 1])
			i++;
		if (i - start > best) {
			best = i - start;
			at = start;
		}
	}
	*ret_at = at;
	*ret_len = best;
}

char *jsonw_ipv6(char *p, const uint8_t bytes[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	if (memcmp(bytes, mapped, 12) == 0) {
		p = jsonw_lit(p, "\"::ffff:");
		char *quote = p - 1; /* the colon; jsonw_ipv4 starts with a quote there */
		p = jsonw_ipv4(quote, bytes + 12);
		*quote = ':';
		return p;
	}
	int zero_at, zero_len;
	ipv6_zero_run(bytes, &zero_at, &zero_len);
	*p++ = '"';
	for (int i = 0; i < 8; i++) {
		if (i == zero_at) {
			*p++ = ':';
			i += zero_len - 1;
			if (i == 7)
				*p++ = ':';
			continue;
		}
		if (i)
			*p++ = ':';
		p = ipv6_group(p, bytes + 2 * i);
	}
	*p++ = '"';
	return p;
}

/* ---- text ---- */

/* Bytes of the well-formed UTF-8 sequence at `s`, or 0 with *ret_skip bytes that one U+FFFD stands
 * for. */
static size_t utf8_sequence(const uint8_t *s, size_t n, size_t *ret_skip)
{
	uint8_t lead = s[0], low = 0x80, high = 0xbf;
	size_t more;
	if (lead >= 0xc2 && lead <= 0xdf) {
		more = 1;
	} else if ((lead & 0xf0) == 0xe0) {
		more = 2;
		low = lead == 0xe0 ? 0xa0 : 0x80;
		high = lead == 0xed ? 0x9f : 0xbf; /* no surrogates */
	} else if (lead >= 0xf0 && lead <= 0xf4) {
		more = 3;
		low = lead == 0xf0 ? 0x90 : 0x80;
		high = lead == 0xf4 ? 0x8f : 0xbf;
	} else {
		*ret_skip = 1;
		return 0;
	}
	for (size_t i = 1; i <= more; i++) {
		if (i >= n || s[i] < low || s[i] > high) {
			*ret_skip = i;
			return 0;
		}
		low = 0x80;
		high = 0xbf;
	}
	return more + 1;
}

static char *escape(char *p, uint8_t c)
{
	*p++ = '\\';
	switch (c) {
	case '"':
	case '\\':
		*p++ = (char)c;
		return p;
	case '\n':
		*p++ = 'n';
		return p;
	case '\r':
		*p++ = 'r';
		return p;
	case '\t':
		*p++ = 't';
		return p;
	default:
		p = jsonw_lit(p, "u00");
		memcpy(p, hex_pairs[c], 2);
		return p + 2;
	}
}

/* True when none of the eight bytes is a control character, a quote, a backslash or above 0x7e. */
static inline bool plain8(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
	uint64_t quote = x ^ ones * '"', back = x ^ ones * '\\';
	uint64_t odd = x | (x - ones * 0x20) | (quote - ones) | (back - ones);
	return !(odd & tops);
}

/* The 1 to 7 bytes at `s`, the first in the lowest byte, with blanks behind them; loads overlap, so
 * that none goes beyond them. */
static inline uint64_t tail8(const uint8_t *s, size_t n)
{
	uint64_t x;
	if (n >= 4) {
		uint32_t head, tail;
		memcpy(&head, s, 4);
		memcpy(&tail, s + n - 4, 4);
		x = le32toh(head) | (uint64_t)le32toh(tail) << 8 * (n - 4);
	} else {
		x = s[0] | (uint64_t)s[n / 2] << 8 * (n / 2) | (uint64_t)s[n - 1] << 8 * (n - 1);
	}
	return x | UINT64_C(0x2020202020202020) << 8 * n;
}

char *jsonw_string(char *p, const uint8_t *bytes, size_t n)
{
	*p++ = '"';
	for (size_t i = 0; i < n;) {
		uint64_t x;
		if (n - i < 8 && plain8(x = tail8(bytes + i, n - i))) {
			p = jsonw_store8(p, x) + (n - i);
			break;
		}
		if (n - i >= 8 && (memcpy(&x, bytes + i, 8), plain8(x))) {
			memcpy(p, &x, 8);
			p += 8;
			i += 8;
			continue;
		}
		uint8_t c = bytes[i];
		if (c >= 0x80) {
			size_t skip, good = utf8_sequence(bytes + i, n - i, &skip);
			p = good ? jsonw_raw(p, (const char *)bytes + i, good)
				 : jsonw_lit(p, "\xef\xbf\xbd");
			i += good ? good : skip;
			continue;
		}
		if (c < 0x20 || c == '"' || c == '\\')
			p = escape(p, c);
		else
			*p++ = (char)c;
		i++;
	}
	*p++ = '"';
	return p;
}

/* ---- times ---- */

#define DAY_SECONDS 86400u
#define LAST_SECOND 253402300799u /* 9999-12-31T23:59:59 */

static inline char *two(char *p, uint32_t v)
{
	p[0] = (char)('0' + v / 10);
	p[1] = (char)('0' + v % 10);
	return p + 2;
}

/* Days since 1970-01-01 to "2023-11-14T", by eras of 400 years that start in March. */
static void day_text(uint32_t days, char text[16])
{
	uint32_t z = days + 719468, era = z / 146097, doe = z % 146097;
	uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint32_t mp = (5 * doy + 2) / 153;
	uint32_t month = mp < 10 ? mp + 3 : mp - 9;
	uint32_t year = yoe + era * 400 + (month <= 2);

	char *p = two(text, year / 100);
	p = two(p, year % 100);
	*p++ = '-';
	p = two(p, month);
	*p++ = '-';
	p = two(p, doy - (153 * mp + 2) / 5 + 1);
	*p = 'T';
}

/* `"2023-11-14T22:13:20.` */
static void second_text(char *p, uint64_t second, struct jsonw_times *cache)
{
	uint64_t days = second / DAY_SECONDS;
	uint32_t s = (uint32_t)(second % DAY_SECONDS), m = s / 60, h = m / 60;
	if (cache->day != days + 1) {
		day_text((uint32_t)days, cache->day_text);
		cache->day = days + 1;
	}
	*p++ = '"';
	memcpy(p, cache->day_text, 11);
	p = two(p + 11, h);
	*p++ = ':';
	p = two(p, m % 60);
	*p++ = ':';
	p = two(p, s % 60);
	*p = '.';
}

char *jsonw_time_cached(char *p, uint64_t epoch_ms, struct jsonw_times *cache)
{
	uint64_t second = epoch_ms / 1000;
	uint32_t fraction = (uint32_t)(epoch_ms % 1000);
	if (__builtin_expect(second > LAST_SECOND, 0)) {
		second = LAST_SECOND;
		fraction = 999;
	}
	struct jsonw_second *known = &cache->seconds[second % JSONW_SECONDS];
	if (__builtin_expect(second != known->second - 1, 0)) {
		second_text(known->text, second, cache);
		known->second = second + 1;
	}
	memcpy(p, known->text, 32);
	p[21] = (char)('0' + fraction / 100);
	p[22] = (char)('0' + fraction / 10 % 10);
	p[23] = (char)('0' + fraction % 10);
	p[24] = 'Z';
	p[25] = '"';
	return p + 26;
}

char *jsonw_time_ms(char *p, uint64_t epoch_ms)
{
	struct jsonw_times cache = { 0 };
	return jsonw_time_cached(p, epoch_ms, &cache);
}
