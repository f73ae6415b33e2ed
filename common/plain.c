/* SPDX-License-Identifier: Apache-2.0
 * Foreign text made fit to be shown: printable UTF-8 that cannot steer a terminal. */
#include "common/plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t plain_character(const char *text, size_t left, uint32_t *ret_character)
{
	const unsigned char *p = (const unsigned char *)text;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n == 0 || n > left || p[0] > 0xf4)
		return 0;
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*ret_character = c;
	return n;
}

bool plain_steers(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* `kept` are controls that may stay. */
static char *replace_steering(char *text, const char *kept)
{
	size_t len = strlen(text), n;
	for (char *p = text, *end = text + len; p < end; p += n) {
		uint32_t c = 0;
		n = plain_character(p, (size_t)(end - p), &c);
		bool bad = n == 0 || plain_steers(c);
		if (n == 0)
			n = 1;
		if (bad && !(n == 1 && strchr(kept, *p)))
			memset(p, *p == '\n' || *p == '\t' ? ' ' : '?', n);
	}
	return text;
}

char *plain_text(char *text)
{
	return replace_steering(text, "");
}

char *plain_lines(char *text)
{
	return replace_steering(text, "\n\t");
}

char *plain_json(const char *json)
{
	size_t len = strlen(json), n;
	char *copy = malloc(6 * len + 1); /* of one byte six: DEL, and what is no UTF-8 */
	char *to = copy;
	for (const char *p = json; copy && p < json + len; p += n) {
		uint32_t c = 0;
		n = plain_character(p, (size_t)(json + len - p), &c);
		bool bad = n == 0 || (plain_steers(c) && c != '\n');
		n += n == 0;
		if (bad)
			to += snprintf(to, 7, "\\u%04x", c ? c : 0xfffd);
		else
			memcpy(to, p, n), to += n;
	}
	if (copy)
		*to = '\0';
	return copy;
}
