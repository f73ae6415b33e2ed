/* SPDX-License-Identifier: Apache-2.0
 * Tables and numbers for people. */
#include "importer/core/table.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/plain.h"
#include "importer/core/print.h"

char *number_text(uint64_t n, char *text)
{
	char digits[NUMBER_MAX];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n), at = 0;
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}

/* In powers of 1000; `units` end with NULL, and the last one takes what is left. */
static char *scaled_text(uint64_t n, const char *const *units, char *text)
{
	double value = (double)n;
	size_t u = 0;
	while (value >= 999.95 && units[u + 1]) {
		value /= 1000;
		u++;
	}
	snprintf(text, NUMBER_MAX, u ? "%.1f %s" : "%.0f %s", value, units[u]);
	return text;
}

char *bytes_text(uint64_t n, char *text)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB", NULL };
	return scaled_text(n, units, text);
}

char *rate_text(uint64_t bits_per_second, char *text)
{
	static const char *const units[] = { "bit/s",  "kbit/s", "Mbit/s", "Gbit/s",
					     "Tbit/s", "Pbit/s", NULL };
	return scaled_text(bits_per_second, units, text);
}

/* The time of UTC. False: there is none, and "never". */
static bool stamp_text(uint64_t ms, bool seconds_too, char *text)
{
	const time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	if (ms && gmtime_r(&seconds, &tm) &&
	    strftime(text, WHEN_MAX, seconds_too ? "%Y-%m-%d %H:%M:%SZ" : "%Y-%m-%d %H:%MZ", &tm))
		return true;
	snprintf(text, WHEN_MAX, "never");
	return false;
}

char *when_text(uint64_t ms, char *text)
{
	if (!stamp_text(ms, true, text))
		return text;
	long long ago = (long long)(clock_wall_ms() / 1000) - (long long)(ms / 1000);
	size_t n = strlen(text);
	if (ago < 0)
		snprintf(text + n, WHEN_MAX - n, " (%lld s in the future)", -ago);
	else if (ago < 600)
		snprintf(text + n, WHEN_MAX - n, " (%lld s ago)", ago);
	return text;
}

char *minute_text(uint64_t ms, char *text)
{
	stamp_text(ms, false, text);
	return text;
}

size_t text_width(const char *text)
{
	size_t n = 0;
	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

bool text_unicode(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	for (size_t i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

char *plural_text(uint64_t n, const char *one, char *text)
{
	number_text(n, text);
	const size_t len = strlen(text);
	snprintf(text + len, PLURAL_MAX - len, " %s%s", one, n == 1 ? "" : "s");
	return text;
}

static const char arrow[] = "→"; /* of ours, in names of pairs */

/* "->" where the terminal is none of UTF-8. */
static char *arrows_fit(char *text)
{
	for (char *at = text_unicode() ? NULL : strstr(text, arrow); at; at = strstr(at, arrow)) {
		memcpy(at, "->", 2);
		memmove(at + 2, at + sizeof(arrow) - 1, strlen(at + sizeof(arrow) - 1) + 1);
	}
	return text;
}

size_t cell_width(const char *text)
{
	size_t n = text_width(text);
	for (const char *at = text_unicode() ? NULL : strstr(text, arrow); at;
	     at = strstr(at + 1, arrow))
		n++;
	return n;
}

void print_cell(FILE *out, const char *name, int width, int right)
{
	CLEANUP_FREE char *copy = strdup(name);
	const char *text = copy ? arrows_fit(plain_text(copy)) : "?";
	int have = (int)text_width(text);
	if (have <= width) {
		print_plain(out, "%*s%s%*s", right ? width - have : 0, "", text,
			    right ? 0 : width - have, "");
		return;
	}
	for (int n = 0; *text && (n < width - 1 || ((unsigned char)*text & 0xc0) == 0x80); text++) {
		fputc(*text, out);
		n += ((unsigned char)text[1] & 0xc0) != 0x80;
	}
	fputs(text_unicode() ? "…" : "~", out);
}
