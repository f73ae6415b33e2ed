/* SPDX-License-Identifier: Apache-2.0
 * JSON values written to bare memory: no checks, no format strings but for floats, and the C
 * locale: nothing in the project calls setlocale().
 *
 * Every function writes at `p`, returns the place behind what it wrote and adds no NUL. The caller
 * has proven that the longest result fits; the JSONW_*_MAX constants say what that is. Beyond the
 * result up to JSONW_SLACK further bytes may be scribbled over: keep so many spare at the end of
 * the memory. */
#ifndef EF_COMMON_JSONW_H
#define EF_COMMON_JSONW_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define EF_ASAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define EF_ASAN 1
#endif
#ifdef EF_ASAN
#include <sanitizer/asan_interface.h>
#endif

#define JSONW_SLACK      64
#define JSONW_U64_MAX    22
#define JSONW_I64_MAX    20
#define JSONW_IPV4_MAX   17 /* with quotes, as all below */
#define JSONW_IPV6_MAX   41
#define JSONW_MAC_MAX    19
#define JSONW_TIME_MAX   26
#define JSONW_DOUBLE_MAX 32

#define JSONW_HEX_MAX(n)    (2 * (n) + 2)
#define JSONW_STRING_MAX(n) (6 * (n) + 2)

/* Above 2^63 - 1 in quotes: ingest nodes have no integer for it, and some refuse the whole
 * document. */
static inline char *jsonw_u64(char *p, uint64_t v);
char *jsonw_u64_digits(char *p, uint64_t v); /* never in quotes: for use within a text */
static inline char *jsonw_u8(char *p, uint8_t v);
char *jsonw_i64(char *p, int64_t v);
char *jsonw_bool(char *p, bool v);

/* The shortest text that reads back as the same number. `v` must be finite. jsonw_float: as the
 * same float. */
char *jsonw_double(char *p, double v);
char *jsonw_float(char *p, float v);

/* Addresses from wire bytes; IPv6 as in RFC 5952, ::ffff:192.0.2.1 included. */
static inline char *jsonw_ipv4(char *p, const uint8_t bytes[4]);
char *jsonw_ipv6(char *p, const uint8_t bytes[16]);
char *jsonw_mac(char *p, const uint8_t bytes[6]);

/* Lower-case hex text of `n` bytes. */
char *jsonw_hex(char *p, const uint8_t *bytes, size_t n);

/* Text with escapes; each maximal invalid part of UTF-8 becomes U+FFFD (Unicode 3.9, as browsers
 * do). */
char *jsonw_string(char *p, const uint8_t *bytes, size_t n);

/* "2023-11-14T22:13:20.000Z"; up to the year 9999, later times are written as that. */
char *jsonw_time_ms(char *p, uint64_t epoch_ms);

/* The same for times of which many fall into the same few seconds or on one day, whose texts
 * `cache` keeps; start with { 0 }. Flows that an exporter sends together ended within its active
 * timeout, most of them within seconds, in no order. */
#define JSONW_SECONDS 16u
struct jsonw_second {
	uint64_t second; /* since 1970, plus one: 0 is "none yet" */
	char text[32];
};
struct jsonw_times {
	struct jsonw_second seconds[JSONW_SECONDS]; /* by the second's lowest bits */
	uint64_t day;                               /* since 1970, plus one */
	char day_text[16];
	uint64_t high, high_text; /* for jsonw_epoch_ms(): all but the last eight digits */
	unsigned high_len;
};
char *jsonw_time_cached(char *p, uint64_t epoch_ms, struct jsonw_times *cache);

/* A time as a number; as jsonw_u64(). */
static inline char *jsonw_epoch_ms(char *p, uint64_t epoch_ms, struct jsonw_times *cache);

/* `n` bytes as they are. */
static inline char *jsonw_raw(char *p, const char *text, size_t n)
{
	memcpy(p, text, n);
	return p + n;
}

/* ---- padded text ----
 *
 * Copies of 32 octets are cheaper than copies of the right length. So text that is copied for every
 * record stands padded: JSONW_PADDED(n) octets of it may be read, and nothing more. That is the one
 * contract of keys, names and heads. */

#define JSONW_STEP      32u
#define JSONW_PADDED(n) ((n) ? ((n) + JSONW_STEP - 1) / JSONW_STEP * JSONW_STEP : JSONW_STEP)

/* `n` octets of padded text. */
static inline __attribute__((always_inline)) char *jsonw_padded(char *p, const char *text, size_t n)
{
	memcpy(p, text, JSONW_STEP);
	for (size_t done = JSONW_STEP; __builtin_expect(done < n, 0); done += JSONW_STEP)
		memcpy(p + done, text + done, JSONW_STEP);
	return p + n;
}

/* Under AddressSanitizer what stands behind the padding of a text on the heap, up to its `room`, is
 * poisoned, so that one octet more is seen. Give such a text JSONW_GUARD octets more than its
 * padding. Memory is used again for something else after free(), or after jsonw_unguard(). */
#ifdef EF_ASAN
#define JSONW_GUARD 8u
static inline void jsonw_guard(const char *text, size_t n, size_t room)
{
	__asan_poison_memory_region(text + JSONW_PADDED(n), room - JSONW_PADDED(n));
}
static inline void jsonw_unguard(const char *text, size_t room)
{
	__asan_unpoison_memory_region(text, room);
}
#else
#define JSONW_GUARD 0u
static inline void jsonw_guard(const char *text, size_t n, size_t room)
{
	(void)text;
	(void)n;
	(void)room;
}
static inline void jsonw_unguard(const char *text, size_t room)
{
	(void)text;
	(void)room;
}
#endif

/* A string constant as it is. */
#define jsonw_lit(p, literal) jsonw_raw((p), "" literal, sizeof(literal) - 1)

/* ---- the writers that run for every field, inline ---- */

/* By octet: bytes 0 to 3 are its digits and a dot, byte 7 says how many characters that is. */
extern const uint64_t jsonw_octets[256];
extern const uint64_t jsonw_powers[20]; /* of ten */

/* Eight digits of v < 10^8, the first in the lowest byte. */
static inline uint64_t jsonw_eight(uint32_t v)
{
	uint64_t x = v / 10000 | (uint64_t)(v % 10000) << 32;
	uint64_t q = x * 10486 >> 20 & 0x0000007f0000007f; /* both halves / 100 */
	x = q | (x - q * 100) << 16;
	q = x * 103 >> 10 & 0x000f000f000f000f; /* all quarters / 10 */
	x = q | (x - q * 10) << 8;
	return x | 0x3030303030303030;
}

static inline char *jsonw_store8(char *p, uint64_t x)
{
	x = htole64(x);
	memcpy(p, &x, 8);
	return p;
}

static inline unsigned jsonw_digits(uint64_t v)
{
	v |= 1; /* 0 has one digit; no power of ten but 1 is odd, so the rest stays */
	unsigned t = (unsigned)(64 - __builtin_clzll(v)) * 1233 >> 12;
	return t + (v >= jsonw_powers[t]);
}

char *jsonw_u64_long(char *p, uint64_t v); /* v >= 10^8 */

static inline char *jsonw_u64(char *p, uint64_t v)
{
	if (__builtin_expect(v >= 100000000, 0))
		return jsonw_u64_long(p, v);
	unsigned n = jsonw_digits(v);
	jsonw_store8(p, jsonw_eight((uint32_t)v) >> 8 * (8 - n));
	return p + n;
}

static inline __attribute__((always_inline)) char *jsonw_epoch_ms(char *p, uint64_t epoch_ms,
								  struct jsonw_times *cache)
{
	uint64_t high = epoch_ms / 100000000;
	if (__builtin_expect(high != cache->high || !high, 0)) {
		if (high == 0 || high >= 100000000)
			return jsonw_u64(p, epoch_ms);
		cache->high = high;
		cache->high_len = jsonw_digits(high);
		cache->high_text = jsonw_eight((uint32_t)high) >> 8 * (8 - cache->high_len);
	}
	p = jsonw_store8(p, cache->high_text) + cache->high_len;
	return jsonw_store8(p, jsonw_eight((uint32_t)(epoch_ms % 100000000))) + 8;
}

static inline char *jsonw_u8(char *p, uint8_t v)
{
	uint64_t x = jsonw_octets[v];
	return jsonw_store8(p, x) + (x >> 56) - 1;
}

static inline char *jsonw_ipv4(char *p, const uint8_t bytes[4])
{
	*p++ = '"';
	for (int i = 0; i < 4; i++) {
		uint64_t x = jsonw_octets[bytes[i]];
		p = jsonw_store8(p, x) + (x >> 56);
	}
	p[-1] = '"';
	return p;
}

#endif
