/* SPDX-License-Identifier: Apache-2.0
 * Random values of every type and the JSON that must come of them. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/world.h"

#define NTP_EPOCH 2208988800u

static void hex(const struct wire *out, size_t from, struct text *json)
{
	text_add(json, "\"");
	for (size_t i = from; i < out->len; i++)
		text_add(json, "%02x", out->data[i]);
	text_add(json, "\"");
}

static void random_bytes(struct rng *r, size_t n, struct wire *out)
{
	bool small = rng_chance(r, 40); /* leading zeros */
	for (size_t i = 0; i < n; i++)
		wire_uint(out, small && i + 2 < n ? 0 : rng_next(r) & 255, 1);
}

static uint64_t number(const uint8_t *p, size_t len)
{
	uint64_t v = 0;
	for (size_t i = 0; i < len; i++)
		v = v << 8 | p[i];
	return v;
}

static uint64_t number_at(const struct wire *out, size_t from)
{
	return number(out->data + from, out->len - from);
}

static void character(struct text *json, char c)
{
	if (c == '\n' || c == '\r' || c == '\t')
		text_add(json, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
	else if (c < 32)
		text_add(json, "\\u%04x", c);
	else if (c == '"' || c == '\\')
		text_add(json, "\\%c", c);
	else
		text_add(json, "%c", c);
}

/* Characters of one to four bytes, with all that needs an escape; sometimes NULs to the end. */
static void text_value(struct rng *r, size_t width, struct wire *out, struct text *json)
{
	static const char *const wide[] = { "ä", "é", "€", "文", "😀" };
	size_t left = width;
	text_add(json, "\"");
	while (left && !(left < width && rng_chance(r, 2))) {
		uint32_t kind = rng_below(r, 20);
		const char *c = wide[rng_below(r, 5)];
		if (kind < 3 && strlen(c) <= left) {
			wire_bytes(out, c, strlen(c));
			text_add(json, "%s", c);
			left -= strlen(c);
			continue;
		}
		uint32_t plain = kind == 3 ? 1 + rng_below(r, 31) : 32 + rng_below(r, 95);
		wire_uint(out, plain, 1);
		character(json, (char)plain);
		left--;
	}
	while (left--)
		wire_uint(out, 0, 1);
	text_add(json, "\"");
}

/* Numbers with so few decimals (two for four octets, six for eight) that one plain text is the
 * shortest; sometimes none. */
static bool real_value(struct rng *r, size_t width, struct wire *out, struct text *json)
{
	double v = ((double)rng_below(r, 2000000) - 1000000) / (width == 4 ? 4 : 64);
	bool none = rng_chance(r, 10);
	if (none)
		v = rng_chance(r, 50) ? (double)NAN : (double)INFINITY;
	if (width == 4) {
		float single = (float)v;
		uint32_t bits;
		memcpy(&bits, &single, 4);
		wire_uint(out, bits, 4);
	} else {
		uint64_t bits;
		memcpy(&bits, &v, 8);
		wire_uint(out, bits, 8);
	}
	if (none)
		return false;
	char plain[64];
	snprintf(plain, sizeof(plain), "%.6f", v);
	char *end = plain + strlen(plain);
	while (end[-1] == '0')
		*--end = '\0';
	if (end[-1] == '.')
		end[-1] = '\0';
	text_add(json, "%s", strcmp(plain, "-0") ? plain : "0");
	return true;
}

static void address_value(struct rng *r, size_t width, struct wire *out, struct text *json)
{
	char address[INET6_ADDRSTRLEN];
	size_t from = out->len;
	random_bytes(r, width, out);
	/* runs of zeros, but no embedded IPv4 address: text for that is a matter of taste */
	if (width == 16) {
		for (unsigned i = 0; i < 16; i += 2)
			if (rng_chance(r, 40))
				memset(out->data + from + i, 0, 2);
		out->data[from] = 0x20;
	}
	inet_ntop(width == 4 ? AF_INET : AF_INET6, out->data + from, address, sizeof(address));
	text_add(json, "\"%s\"", address);
}

static void ntp_value(struct rng *r, bool nano, struct wire *out, struct text *json)
{
	uint64_t ms = 1000000000000 + rng_next(r) % 3000000000000; /* 2001 to 2096 */
	uint64_t fraction = (ms % 1000 << 32) / 1000;
	wire_uint(out, (uint32_t)(ms / 1000 + NTP_EPOCH), 4);
	wire_uint(out, nano ? fraction : fraction & ~0x7ffull, 4);
	text_add(json, "%" PRIu64, ms);
}

static void application_value(struct rng *r, size_t width, struct wire *out, struct text *json)
{
	size_t from = out->len;
	uint8_t engine = rng_chance(r, 30) ? 20 : (uint8_t)rng_below(r, 30);
	wire_uint(out, engine, 1);
	random_bytes(r, width - 1, out);
	const uint8_t *p = out->data + from + 1;
	if (width > 9 && !(engine == 20 && width <= 13)) {
		hex(out, from, json);
		return;
	}
	text_add(json, "\"%u:", engine);
	if (engine == 20 && width >= 5) {
		text_add(json, "%" PRIu64 ":", number(p, 4));
		p += 4;
	}
	text_add(json, "%" PRIu64 "\"", number(p, out->len - (size_t)(p - out->data)));
}

static void integer_value(struct rng *r, bool is_signed, uint64_t unit, size_t width,
			  struct wire *out, struct text *json)
{
	size_t from = out->len;
	random_bytes(r, width, out);
	uint64_t v = number_at(out, from);
	if (is_signed && width < 8 && v >> (8 * width - 1))
		text_add(json, "-%" PRIu64, ((uint64_t)1 << 8 * width) - v);
	else if (is_signed)
		text_add(json, "%" PRId64, (int64_t)v);
	else
		text_add(json, v * unit > INT64_MAX ? "\"%" PRIu64 "\"" : "%" PRIu64, v * unit);
}

static void mac_value(struct rng *r, struct wire *out, struct text *json)
{
	size_t from = out->len;
	random_bytes(r, 6, out);
	const uint8_t *b = out->data + from;
	text_add(json, "\"%02x:%02x:%02x:%02x:%02x:%02x\"", b[0], b[1], b[2], b[3], b[4], b[5]);
}

static bool is_address(unsigned type, size_t width)
{
	return (type == FIELD_IPV4_ADDRESS || type == FIELD_IPV6_ADDRESS) &&
	       (width == 4 || width == 16);
}

/* Values that are text or numbers of a fixed form; false: `type` in `width` bytes is none of
 * them. */
static bool formed(struct rng *r, unsigned type, size_t width, struct wire *out, struct text *json)
{
	bool ntp = type == FIELD_MICROSECONDS || type == FIELD_NANOSECONDS;
	if (type == FIELD_SECONDS && width <= 4) {
		integer_value(r, false, 1000, width, out, json);
	} else if (type == FIELD_BOOLEAN && width == 1) {
		uint32_t v = rng_below(r, 3);
		wire_uint(out, v, 1);
		text_add(json, "%s", v == 1 ? "true" : "false");
	} else if (type == FIELD_MAC_ADDRESS && width == 6) {
		mac_value(r, out, json);
	} else if (is_address(type, width)) {
		address_value(r, width, out, json);
	} else if (ntp && width == 8) {
		ntp_value(r, type == FIELD_NANOSECONDS, out, json);
	} else if (type == FIELD_APPLICATION_ID) {
		application_value(r, width, out, json);
	} else {
		return false;
	}
	return true;
}

bool value_make(struct rng *r, unsigned type, size_t width, struct wire *out, struct text *json)
{
	size_t from = out->len;
	bool is_signed = type >= FIELD_SIGNED8 && type <= FIELD_SIGNED64;
	bool integer = is_signed || type == FIELD_MILLISECONDS ||
		       (type >= FIELD_UNSIGNED8 && type <= FIELD_UNSIGNED64);
	if (type == FIELD_STRING) {
		text_value(r, width, out, json);
		return true;
	}
	if (width == 0 && type != FIELD_OCTET_ARRAY)
		return false;
	if ((type == FIELD_FLOAT32 || type == FIELD_FLOAT64) && (width == 4 || width == 8))
		return real_value(r, width, out, json);
	if (integer && width <= 8) {
		integer_value(r, is_signed, 1, width, out, json);
	} else if (!formed(r, type, width, out, json)) {
		random_bytes(r, width, out);
		hex(out, from, json);
	}
	return true;
}
