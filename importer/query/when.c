/* SPDX-License-Identifier: Apache-2.0
 * Times as people write them, and the range of time that a question is about. */
#include "importer/query/when.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define SECOND        1000LL
#define HOUR          (3600 * SECOND)
#define DAY           (24 * HOUR)
#define WHEN_MAX_YEAR 2200 /* what lies behind is a slip of the pen */

/* What was read of a time. */
struct when_parts {
	struct tm tm; /* local, or of `offset` */
	int ms;
	bool has_zone;
	long offset_s;            /* of the zone that was named, east of Greenwich */
	int month_step, day_step; /* what its end is away; both 0: nothing */
};

static struct tm local_day(uint64_t now_ms, int days)
{
	const time_t now = (time_t)(now_ms / 1000);
	struct tm tm;
	localtime_r(&now, &tm);
	tm.tm_mday += days;
	tm.tm_hour = 12; /* no zone leaves it out */
	tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	mktime(&tm);
	tm.tm_hour = 0;
	tm.tm_isdst = -1;
	return tm;
}

/* Up to `n` digits; -1: there are fewer than `least`. */
static int when_digits(const char **at, int least, int n)
{
	int value = 0, i = 0;
	for (; i < n && isdigit((unsigned char)**at); i++)
		value = value * 10 + *(*at)++ - '0';
	return i < least ? -1 : value;
}

static bool when_is(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* .mmm, with more or fewer digits */
static bool fraction_read(const char **at, int *ret_ms)
{
	int digits = 0, ms = 0;
	if (!when_is(at, '.') && !when_is(at, ','))
		return true;
	for (; isdigit((unsigned char)**at); (*at)++, digits++)
		if (digits < 3)
			ms = ms * 10 + **at - '0';
	const bool any = digits > 0;
	for (; digits < 3; digits++)
		ms *= 10;
	*ret_ms = ms;
	return any;
}

/* HH:MM[:SS[.mmm]] */
static bool clock_read(const char **at, struct when_parts *parts)
{
	const int hour = when_digits(at, 1, 2);
	if (hour < 0 || hour > 24 || !when_is(at, ':'))
		return false;
	const int minute = when_digits(at, 2, 2);
	int second = 0;
	if (minute < 0 || minute > 59)
		return false;
	if (when_is(at, ':')) {
		second = when_digits(at, 2, 2);
		if (second < 0 || second > 60 || !fraction_read(at, &parts->ms))
			return false;
	}
	if (hour == 24 && minute + second + parts->ms)
		return false;
	parts->tm.tm_hour = hour;
	parts->tm.tm_min = minute;
	parts->tm.tm_sec = second;
	parts->day_step = parts->month_step = 0;
	return true;
}

/* Z, UTC, +02:00, +0200, +02 */
static bool zone_read(const char **at, struct when_parts *parts)
{
	const char *start = *at;
	while (when_is(at, ' '))
		;
	if (strncasecmp(*at, "UTC", 3) == 0 || strncasecmp(*at, "GMT", 3) == 0) {
		*at += 3;
		parts->has_zone = true;
		return true;
	}
	if (when_is(at, 'Z') || when_is(at, 'z')) {
		parts->has_zone = true;
		return true;
	}
	const int sign = **at == '+' ? 1 : **at == '-' ? -1 : 0;
	if (!sign) {
		*at = start;
		return true;
	}
	(*at)++;
	const int hours = when_digits(at, 2, 2);
	when_is(at, ':');
	const int minutes = isdigit((unsigned char)**at) ? when_digits(at, 2, 2) : 0;
	if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
		return false;
	parts->has_zone = true;
	parts->offset_s = sign * (hours * 3600L + minutes * 60L);
	return true;
}

/* YYYY-MM[-DD], YYYY/MM[/DD] */
static bool date_read(const char **at, struct when_parts *parts)
{
	const int year = when_digits(at, 4, 4);
	const char line = **at;
	if (year < 1970 || year > WHEN_MAX_YEAR || (line != '-' && line != '/'))
		return false;
	(*at)++;
	const int month = when_digits(at, 1, 2);
	int day = 1;
	parts->month_step = 1;
	if (when_is(at, line)) {
		day = when_digits(at, 1, 2);
		parts->month_step = 0;
		parts->day_step = 1;
	}
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	memset(&parts->tm, 0, sizeof(parts->tm));
	parts->tm.tm_year = year - 1900;
	parts->tm.tm_mon = month - 1;
	parts->tm.tm_mday = day;
	parts->tm.tm_isdst = -1;
	return true;
}

/* Whether `word`, or its first `least` letters, stands at `*at`, which goes behind it: before a
 * blank, a dot, the T of a clock ("todayT14:00"), or at the end. */
static bool day_word(const char **at, const char *word, size_t least)
{
	const size_t whole = strlen(word);
	for (size_t len = whole; len; len = len > least ? least : 0) {
		const char *end = *at + len;
		if (strncasecmp(*at, word, len) != 0)
			continue;
		const bool clock =
		    toupper((unsigned char)*end) == 'T' && isdigit((unsigned char)end[1]);
		if (!isalpha((unsigned char)*end) || clock) {
			*at = end;
			return true;
		}
	}
	return false;
}

/* today, yesterday, monday, …: *at goes behind it. */
static bool day_read(const char **at, uint64_t now_ms, struct when_parts *parts)
{
	static const char *const days[] = { "sunday",   "monday", "tuesday", "wednesday",
					    "thursday", "friday", "saturday" };
	static const char *const others[] = { "yesterday", "today", "tomorrow" };
	for (int i = 0; i < 3; i++)
		if (day_word(at, others[i], strlen(others[i]))) {
			parts->tm = local_day(now_ms, i - 1);
			parts->day_step = 1;
			return true;
		}
	for (int i = 0; i < 7; i++)
		if (day_word(at, days[i], 3)) {
			const int today = local_day(now_ms, 0).tm_wday;
			parts->tm = local_day(now_ms, -((today - i + 7) % 7));
			parts->day_step = 1;
			return true;
		}
	return false;
}

/* 15m, 1h30m, 2d, 1w; -1: it is none. */
static long long ago_read(const char **at)
{
	static const struct {
		char unit;
		long long ms;
	} units[] = {
		{ 's', SECOND }, { 'm', 60 * SECOND }, { 'h', HOUR }, { 'd', DAY }, { 'w', 7 * DAY }
	};
	long long sum = -1;
	while (isdigit((unsigned char)**at)) {
		const long long n = when_digits(at, 1, 6);
		long long ms = 0;
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (**at == units[i].unit)
				ms = units[i].ms;
		if (!ms)
			return -1;
		(*at)++;
		sum = (sum < 0 ? 0 : sum) + n * ms;
	}
	return sum;
}

#define QUARTER (15 * 60) /* no zone has ever changed at another minute since 1970 */

/* The first moment of a local day, which is no midnight where summer time begins with the day; 0:
 * there is no such day. */
static time_t day_begins(const struct tm *day)
{
	struct tm noon = *day, at;
	noon.tm_hour = 12;
	noon.tm_min = noon.tm_sec = 0;
	noon.tm_isdst = -1;
	time_t t = mktime(&noon);
	for (time_t before = t - QUARTER; t > QUARTER; before = t - QUARTER) {
		localtime_r(&before, &at);
		if (at.tm_mday != noon.tm_mday)
			break;
		t = before;
	}
	return t;
}

/* The milliseconds of local parts, or of those in the zone that was named; 0: there is no such
 * time. */
static uint64_t parts_ms(const struct when_parts *parts)
{
	struct tm tm = parts->tm;
	time_t t;
	tm.tm_isdst = -1;
	if (parts->has_zone) {
		tm.tm_isdst = 0;
		t = timegm(&tm) - parts->offset_s;
	} else if (tm.tm_hour % 24 + tm.tm_min + tm.tm_sec == 0) {
		tm.tm_mday += tm.tm_hour / 24;
		t = day_begins(&tm);
	} else {
		t = mktime(&tm);
	}
	if (t <= 0)
		return 0;
	return (uint64_t)t * 1000 + (uint64_t)parts->ms;
}

/* mktime() moves what is not there: the 31st of June, the hour that summer time leaves out, which
 * is a half one on Lord Howe Island. A day that begins later is one all the same. */
static bool parts_exist(const struct when_parts *parts)
{
	struct tm tm = parts->tm;
	const bool whole_day = parts->day_step || parts->month_step || parts->tm.tm_hour == 24;
	tm.tm_isdst = parts->has_zone ? 0 : -1;
	if (whole_day) {
		tm.tm_hour = 12;
		tm.tm_min = 0;
	}
	const int hour = tm.tm_hour, minute = tm.tm_min;
	if (parts->has_zone)
		timegm(&tm);
	else
		mktime(&tm);
	return tm.tm_mday == parts->tm.tm_mday && tm.tm_hour == hour && tm.tm_min == minute;
}

/* @SECONDS or @MILLISECONDS */
static bool epoch_read(const char *text, uint64_t *ret_ms)
{
	char *end;
	const unsigned long long n = strtoull(text, &end, 10);
	*ret_ms = n < 100000000000ULL ? n * 1000 : n;
	return isdigit((unsigned char)*text) && !*end && n < 10000000000000ULL;
}

/* The words that stand for one moment; 1: done, 0: it is none of them, -1: error. */
static int moment_read(const char *text, uint64_t now_ms, uint64_t *ret_ms)
{
	const char *at = text;
	if (strcasecmp(text, "now") == 0) {
		*ret_ms = now_ms;
		return 1;
	}
	if (*at == '@')
		return epoch_read(at + 1, ret_ms) ? 1 : -1;
	const bool minus = when_is(&at, '-');
	const long long ago = ago_read(&at);
	if (ago < 0)
		return minus ? -1 : 0;
	if (strcmp(at, minus ? "" : " ago") != 0 || (uint64_t)ago >= now_ms)
		return -1;
	*ret_ms = now_ms - (uint64_t)ago;
	return 1;
}

static bool parts_read(const char *text, uint64_t now_ms, struct when_parts *parts)
{
	const char *at = text;
	const bool is_clock = strchr(text, ':') && strcspn(text, ":") <= 2;
	if (is_clock)
		parts->tm = local_day(now_ms, 0);
	else if (!day_read(&at, now_ms, parts) && !date_read(&at, parts))
		return false;
	else if (*at == ' ' || *at == 'T' || *at == '.' || *at == 't') {
		const bool zone_only = strchr("+-Zz", at[1]) || isalpha((unsigned char)at[1]);
		at += !zone_only;
	}
	const bool more = isdigit((unsigned char)*at);
	if ((is_clock || more) && !clock_read(&at, parts))
		return false;
	return zone_read(&at, parts) && !*at;
}

int when_parse(const char *where, const char *text, uint64_t now_ms, uint64_t *ret_ms,
	       uint64_t *ret_until_ms, struct err *err)
{
	struct when_parts parts = { .ms = 0 };
	uint64_t ms = 0, until;
	const int moment = moment_read(text, now_ms, &ms);
	if (moment < 0 || (moment == 0 && !parts_read(text, now_ms, &parts)))
		return err_set(err, EF_USAGE,
			       "%s: '%.60s' is no time; write 2026-11-01, 2026-11-01 14:00, "
			       "yesterday 14:00, 14:00, 2026-11-01T14:00:00Z, -15m or now",
			       where, text);
	until = ms;
	if (moment == 0) {
		ms = parts_ms(&parts);
		if (!ms || !parts_exist(&parts))
			return err_set(err, EF_USAGE, "%s: there is no %.60s in the zone %s", where,
				       text, parts.has_zone ? "that it names" : tzname[0]);
		struct when_parts end = parts;
		end.tm.tm_mday += parts.day_step;
		end.tm.tm_mon += parts.month_step;
		until = parts_ms(&end);
	}
	*ret_ms = ms;
	if (ret_until_ms)
		*ret_until_ms = until;
	return 0;
}

static int words_check(const struct when_words *words, struct err *err)
{
	if ((words->since_ms != 0) + (words->from != NULL) + (words->around != NULL) > 1 ||
	    (words->around && words->to))
		return err_set(err, EF_USAGE,
			       "one of --since, --from (with --to or without) and --around is "
			       "enough");
	if (words->window_ms && !words->around)
		return err_set(err, EF_USAGE, "--window goes with --around");
	return 0;
}

static int around_read(const struct when_words *words, uint64_t now_ms, struct when *when,
		       struct err *err)
{
	const uint64_t half = words->window_ms ? (uint64_t)words->window_ms : WHEN_WINDOW_MS;
	uint64_t middle;
	if (when_parse("--around", words->around, now_ms, &middle, NULL, err))
		return -1;
	when->from_ms = middle > half ? middle - half : 0;
	when->to_ms = middle + half;
	return 0;
}

int when_read(const struct when_words *words, uint64_t now_ms, struct when *ret_when,
	      struct err *err)
{
	struct when when = { .has_from = words->since_ms || words->from || words->around,
			     .has_to = words->to || words->around };
	uint64_t start;
	char text[WHEN_SAY_MAX];
	if (words_check(words, err))
		return -1;
	if ((uint64_t)words->since_ms < now_ms) /* 0: nobody asks for from_ms then */
		when.from_ms = now_ms - (uint64_t)words->since_ms;
	if (words->from && when_parse("--from", words->from, now_ms, &when.from_ms, NULL, err))
		return -1;
	if (words->to && when_parse("--to", words->to, now_ms, &start, &when.to_ms, err))
		return -1;
	if (words->around && around_read(words, now_ms, &when, err))
		return -1;
	if (when.has_from && when.has_to && when.from_ms >= when.to_ms)
		return err_set(err, EF_USAGE, "nothing is between these times: %s",
			       when_say(&when, text));
	*ret_when = when;
	return 0;
}

json_t *when_query(const struct when *when)
{
	json_t *range = json_object();
	if (when->has_from)
		json_object_set_new(range, "gte", json_integer((json_int_t)when->from_ms));
	if (when->has_to)
		json_object_set_new(range, "lt", json_integer((json_int_t)when->to_ms));
	if (!when->has_from && !when->has_to) {
		json_decref(range);
		return json_pack("{s:{}}", "match_all");
	}
	json_object_set_new(range, "format", json_string("epoch_millis"));
	return json_pack("{s:{s:o}}", "range", "@timestamp", range);
}

/* Local, with its distance from Greenwich. */
static const char *moment_say(uint64_t ms, char text[60], const char **ret_zone)
{
	const time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	char zone[8] = "";
	localtime_r(&seconds, &tm);
	*ret_zone = tm.tm_zone;
	strftime(zone, sizeof(zone), "%z", &tm);
	const size_t n = strftime(text, 40, "%Y-%m-%d %H:%M:%S", &tm);
	if (ms % 1000)
		snprintf(text + n, 60 - n, ".%03u %.3s:%s", (unsigned)(ms % 1000), zone, zone + 3);
	else
		snprintf(text + n, 60 - n, " %.3s:%s", zone, zone + 3);
	return text;
}

const char *when_say(const struct when *when, char text[WHEN_SAY_MAX])
{
	char from[60] = "the beginning", to[60] = "now";
	const char *zone = NULL, *other = NULL;
	if (when->has_from)
		moment_say(when->from_ms, from, &zone);
	if (when->has_to)
		moment_say(when->to_ms, to, &other);
	zone = zone ? zone : other;
	if (zone && other && strcmp(zone, other) != 0)
		snprintf(text, WHEN_SAY_MAX, "%s to %s (%.10s, %.10s)", from, to, zone, other);
	else if (zone)
		snprintf(text, WHEN_SAY_MAX, "%s to %s (%.10s)", from, to, zone);
	else
		snprintf(text, WHEN_SAY_MAX, "all times");
	return text;
}
