/* SPDX-License-Identifier: Apache-2.0
 * Moves all times of a raw line by the same amount: how `efctl replay --now` makes an old capture
 * new. */
#include "importer/capture/timeshift.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "forwarder/decode/template/field.h"

struct timeshift {
	int64_t shift_ms, limit_ms;
	const char **name; /* of members that hold times; sorted */
	size_t n;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct timeshift *timeshift_new(int64_t limit_ms)
{
	static const char *const own[] = { "exported", "received", "last_seen", "since" };
	struct timeshift *t = calloc(1, sizeof(*t));
	if (!t || !(t->name = calloc(fields_count() + 4, sizeof(*t->name)))) {
		free(t);
		return NULL;
	}
	t->limit_ms = limit_ms;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		t->name[t->n++] = own[i];
	for (size_t i = 0; i < fields_count(); i++) {
		const struct field *f = fields_row(i);
		if (f->type >= FIELD_SECONDS && f->type <= FIELD_NANOSECONDS)
			t->name[t->n++] = f->name;
	}
	qsort(t->name, t->n, sizeof(*t->name), by_text);
	return t;
}

void timeshift_by(struct timeshift *t, int64_t shift_ms)
{
	t->shift_ms = shift_ms;
}

void timeshift_free(struct timeshift *t)
{
	if (t)
		free(t->name);
	free(t);
}

static bool is_time(const struct timeshift *t, const char *key, size_t len)
{
	char text[FIELD_NAME_MAX];
	const char *wanted = text;
	if (len >= sizeof(text))
		return false;
	memcpy(text, key, len);
	text[len] = '\0';
	return bsearch(&wanted, t->name, t->n, sizeof(*t->name), by_text) != NULL;
}

/* The end of the string that starts behind the quote at `p`: its closing quote, or `end`. */
static const char *string_end(const char *p, const char *end)
{
	while (p < end && *p != '"')
		p += *p == '\\' && p + 1 < end ? 2 : 1;
	return p < end ? p : end;
}

/* Copies a number, or a list of numbers, moved. `*at` stands on the value's first character. */
static int shift_numbers(const char **at, const char *end, int64_t shift_ms, struct buf *out)
{
	const char *p = *at;
	bool list = p < end && *p == '[';
	do {
		if (p < end && isdigit((unsigned char)*p)) {
			char *after;
			long long ms = strtoll(
			    p, &after, 10); /* stops at the comma, bracket or brace that follows */
			if (buf_add_fmt(out, "%lld",
					ms > 0 && ms + shift_ms > 0 ? ms + shift_ms : ms))
				return -1;
			p = after;
		} else if (list && p < end) {
			if (buf_add(out, p++, 1))
				return -1;
		}
	} while (list && p < end && p[-1] != ']');
	*at = p;
	return 0;
}

/* "2023-11-14T22:13:20.000Z" moved; anything else is copied as it is. */
static int shift_timestamp(const struct timeshift *t, const char *text, size_t len, struct buf *out)
{
	struct tm tm = { 0 };
	int ms = 0;
	if (len != 24 || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &tm.tm_year, &tm.tm_mon,
				&tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &ms) != 7)
		return buf_add(out, text, len);
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	int64_t moved = (int64_t)timegm(&tm) * 1000 + ms + t->shift_ms;
	if (t->limit_ms && moved > t->limit_ms)
		moved = t->limit_ms;
	time_t seconds = (time_t)(moved / 1000);
	if (moved < 0 || !gmtime_r(&seconds, &tm))
		return buf_add(out, text, len);
	return buf_add_fmt(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
			   tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
			   (int)(moved % 1000));
}

/* Copies up to and with the next string and the colon behind it; true when it was a member's
 * name. */
static int copy_to_value(const char **at, const char *end, const char **ret_key, size_t *ret_len,
			 struct buf *out)
{
	const char *quote = memchr(*at, '"', (size_t)(end - *at));
	const char *key = quote ? quote + 1 : end, *close = string_end(key, end);
	const char *p = close < end ? close + 1 : end;
	bool is_key = quote && p < end && *p == ':';
	p += is_key;
	if (buf_add(out, *at, (size_t)(p - *at)))
		return -1;
	*at = p;
	*ret_key = key;
	*ret_len = (size_t)(close - key);
	return is_key;
}

/* The value of @timestamp, with its quotes. */
static int copy_timestamp(const struct timeshift *t, const char **at, const char *end,
			  struct buf *out)
{
	const char *p = *at;
	if (p == end || *p != '"')
		return 0;
	const char *close = string_end(p + 1, end);
	*at = close < end ? close + 1 : end;
	if (buf_add(out, p, 1) || shift_timestamp(t, p + 1, (size_t)(close - p - 1), out))
		return -1;
	return buf_add(out, close, (size_t)(*at - close));
}

int timeshift_line(const struct timeshift *t, const char *line, size_t len, struct buf *out)
{
	const char *p = line, *end = line + len, *key;
	size_t key_len;
	while (p < end) {
		int found = copy_to_value(&p, end, &key, &key_len, out);
		if (found > 0 && key_len == 10 && memcmp(key, "@timestamp", 10) == 0)
			found = copy_timestamp(t, &p, end, out);
		else if (found > 0 && is_time(t, key, key_len))
			found = shift_numbers(&p, end, t->shift_ms, out);
		if (found < 0)
			return -1;
	}
	return 0;
}
