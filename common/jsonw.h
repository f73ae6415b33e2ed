/* SPDX-License-Identifier: Apache-2.0
 * JSON values written to bare memory: no checks, no format strings, no locale.
 *
 * Every function writes at `p`, returns the place behind what it wrote and adds no NUL. The caller has proven that the
 * longest result fits; the JSONW_*_MAX constants say what that is. Beyond the result up to JSONW_SLACK further bytes may
 * be scribbled over: keep so many spare at the end of the memory. */
#ifndef EF_COMMON_JSONW_H
#define EF_COMMON_JSONW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define JSONW_SLACK      64
#define JSONW_U64_MAX    20
#define JSONW_I64_MAX    20
#define JSONW_IPV4_MAX   17 /* with quotes, as all below */
#define JSONW_IPV6_MAX   41
#define JSONW_MAC_MAX    19
#define JSONW_TIME_MAX   26
#define JSONW_DOUBLE_MAX 32

#define JSONW_HEX_MAX(n)    (2 * (n) + 2)
#define JSONW_STRING_MAX(n) (6 * (n) + 2)

char *jsonw_u64(char *p, uint64_t v);
char *jsonw_i64(char *p, int64_t v);
char *jsonw_bool(char *p, bool v);

/* The shortest text that reads back as the same number. `v` must be finite. jsonw_float: as the same float. */
char *jsonw_double(char *p, double v);
char *jsonw_float(char *p, float v);

/* Addresses from wire bytes; IPv6 as in RFC 5952, ::ffff:192.0.2.1 included. */
char *jsonw_ipv4(char *p, const uint8_t bytes[4]);
char *jsonw_ipv6(char *p, const uint8_t bytes[16]);
char *jsonw_mac(char *p, const uint8_t bytes[6]);

/* Lower-case hex text of `n` bytes. */
char *jsonw_hex(char *p, const uint8_t *bytes, size_t n);

/* Text with escapes; each maximal invalid part of UTF-8 becomes U+FFFD (Unicode 3.9, as browsers do). */
char *jsonw_string(char *p, const uint8_t *bytes, size_t n);

/* "2023-11-14T22:13:20.000Z"; up to the year 9999, later times are written as that. */
char *jsonw_time_ms(char *p, uint64_t epoch_ms);

/* `n` bytes as they are. */
static inline char *jsonw_raw(char *p, const char *text, size_t n)
{
	memcpy(p, text, n);
	return p + n;
}

/* A string constant as it is. */
#define jsonw_lit(p, literal) jsonw_raw((p), "" literal, sizeof(literal) - 1)

#endif
