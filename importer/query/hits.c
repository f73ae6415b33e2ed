/* SPDX-License-Identifier: Apache-2.0
 * The documents of a search's reply, taken out of it as text: nothing is made of them but one line
 * each. */
#include "importer/query/hits.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/plain.h"

#define TIME_DIGITS 14 /* milliseconds up to the year 5138 */

/* What a value is, by the members that lead to it. */
enum hits_place {
	AT_ELSEWHERE,
	AT_REPLY,
	AT_OUTER,
	AT_LIST,
	AT_HIT,
	AT_DOCUMENT,
	AT_EVENT,
	AT_TIME,
};

static const struct hits_way {
	enum hits_place from, to;
	const char *name;
} hits_ways[] = {
	{ AT_REPLY, AT_OUTER, "hits" },     { AT_OUTER, AT_LIST, "hits" },
	{ AT_HIT, AT_DOCUMENT, "_source" }, { AT_DOCUMENT, AT_TIME, "@timestamp" },
	{ AT_DOCUMENT, AT_EVENT, "event" }, { AT_EVENT, AT_TIME, "start" },
	{ AT_EVENT, AT_TIME, "end" },       { AT_EVENT, AT_TIME, "created" },
	{ AT_EVENT, AT_TIME, "ingested" },
};

struct cutter {
	struct hits *hits;
	struct buf *out;  /* one of the two of `hits` */
	const char *from; /* what is between this and `at` goes there as it is */
	const char *at, *end;
	unsigned depth;
	const char *over; /* the ceiling that was reached, or NULL */
};

void hits_init(struct hits *h)
{
	buf_init(&h->rest, HITS_BYTES);
	buf_init(&h->text, HITS_BYTES);
	h->n = 0;
}

void hits_release(struct hits *h)
{
	buf_release(&h->rest);
	buf_release(&h->text);
}

static int cutter_over(struct cutter *c, const char *what)
{
	c->over = what;
	return -1;
}

/* Up to here it goes as it is. */
static int cutter_keep(struct cutter *c)
{
	const size_t n = (size_t)(c->at - c->from);
	const char *from = c->from;
	c->from = c->at;
	return n && buf_add(c->out, from, n) ? cutter_over(c, "it is too long") : 0;
}

/* `text` goes in the place of the next `n` octets. */
static int cutter_replace(struct cutter *c, const char *text, size_t n)
{
	if (cutter_keep(c))
		return -1;
	c->at += n;
	c->from = c->at;
	return buf_add_text(c->out, text) ? cutter_over(c, "it is too long") : 0;
}

static bool is_json_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* How long the comment is that begins at `at`: 0 where none does. */
static size_t comment_length(const char *at, const char *end)
{
	const char *close;
	if (end - at < 2 || *at != '/')
		return 0;
	if (at[1] == '/') {
		close = memchr(at, '\n', (size_t)(end - at));
		return (size_t)((close ? close : end) - at);
	}
	if (at[1] != '*')
		return 0;
	for (close = at + 2; close + 1 < end; close++)
		if (close[0] == '*' && close[1] == '/')
			return (size_t)(close + 2 - at);
	return 0;
}

static int blanks_drop(struct cutter *c)
{
	const char *at = c->at;
	size_t comment;
	do {
		while (at < c->end && is_json_blank(*at))
			at++;
		comment = comment_length(at, c->end);
		at += comment;
	} while (comment);
	return at > c->at ? cutter_replace(c, "", (size_t)(at - c->at)) : 0;
}

/* Blanks, and then `sign`, if it is that. */
static bool sign_pass(struct cutter *c, char sign)
{
	if (blanks_drop(c) || c->at == c->end || *c->at != sign)
		return false;
	c->at++;
	return true;
}

/* ---- values ---- */

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static int escape_pass(struct cutter *c)
{
	const size_t left = (size_t)(c->end - c->at);
	if (left < 2)
		return -1;
	if (c->at[1] && strchr("\"\\/bfnrt", c->at[1])) {
		c->at += 2;
		return 0;
	}
	if (c->at[1] != 'u' || left < 6)
		return -1;
	for (size_t i = 2; i < 6; i++)
		if (!is_hex(c->at[i]))
			return -1;
	c->at += 6;
	return 0;
}

/* Beyond ASCII, and DEL. */
static int character_copy(struct cutter *c)
{
	char text[8];
	uint32_t character;
	const size_t n = plain_character(c->at, (size_t)(c->end - c->at), &character);
	if (n == 0)
		return cutter_replace(c, "\\ufffd", 1);
	if (plain_steers(character)) { /* all of them have four digits */
		snprintf(text, sizeof(text), "\\u%04x", (unsigned)(character & 0xffff));
		return cutter_replace(c, text, n);
	}
	c->at += n;
	return 0;
}

static int string_copy(struct cutter *c)
{
	for (c->at++; c->at < c->end;) {
		const unsigned char octet = (unsigned char)*c->at;
		int result = 0;
		if (octet == '"') {
			c->at++;
			return 0;
		}
		if (octet < 0x20)
			return -1;
		if (octet == '\\')
			result = escape_pass(c);
		else if (octet < 0x7f)
			c->at++;
		else
			result = character_copy(c);
		if (result)
			return -1;
	}
	return -1;
}

/* How many digits there are; they are passed. */
static size_t digits_pass(struct cutter *c)
{
	const char *begin = c->at;
	while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
		c->at++;
	return (size_t)(c->at - begin);
}

static bool one_of_pass(struct cutter *c, const char *signs)
{
	if (c->at == c->end || !*c->at || !strchr(signs, *c->at))
		return false;
	c->at++;
	return true;
}

static int number_pass(struct cutter *c)
{
	one_of_pass(c, "-");
	const char *begin = c->at;
	const size_t n = digits_pass(c);
	if (n == 0 || (n > 1 && *begin == '0'))
		return -1;
	if (one_of_pass(c, ".") && !digits_pass(c))
		return -1;
	if (!one_of_pass(c, "eE"))
		return 0;
	one_of_pass(c, "+-");
	return digits_pass(c) ? 0 : -1;
}

/* A time in milliseconds is written as one; whatever else is there stays. */
static int time_copy(struct cutter *c)
{
	char time[CLOCK_TEXT_MAX], text[CLOCK_TEXT_MAX + 2];
	uint64_t ms = 0;
	const char *begin = c->at;
	if (number_pass(c))
		return -1;
	const size_t n = (size_t)(c->at - begin);
	bool whole = n <= TIME_DIGITS;
	for (size_t i = 0; whole && i < n; i++) {
		whole = begin[i] >= '0' && begin[i] <= '9';
		ms = ms * 10 + (uint64_t)(begin[i] - '0');
	}
	if (!whole || !*clock_text_ms(ms, time))
		return 0;
	snprintf(text, sizeof(text), "\"%s\"", time);
	c->at = begin;
	return cutter_replace(c, text, n);
}

static int word_pass(struct cutter *c, const char *word)
{
	const size_t n = strlen(word);
	if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0)
		return -1;
	c->at += n;
	return 0;
}

static int value_copy(struct cutter *c, enum hits_place place);

static enum hits_place place_of(enum hits_place place, const char *name, size_t len)
{
	for (size_t i = 0; place && i < sizeof(hits_ways) / sizeof(hits_ways[0]); i++) {
		const struct hits_way *way = &hits_ways[i];
		if (way->from == place && strlen(way->name) == len &&
		    memcmp(way->name, name, len) == 0)
			return way->to;
	}
	return AT_ELSEWHERE;
}

/* A document goes to the others, and its number in its place. */
static int document_cut(struct cutter *c)
{
	struct hits *h = c->hits;
	if (h->n == HITS_MAX)
		return cutter_over(c, "it has too many records");
	if (blanks_drop(c) || cutter_keep(c))
		return -1;
	c->out = &h->text;
	if (value_copy(c, AT_DOCUMENT) || cutter_keep(c))
		return -1;
	c->out = &h->rest;
	h->end[h->n] = h->text.len;
	return buf_add_fmt(c->out, "%zu", h->n++) ? cutter_over(c, "it is too long") : 0;
}

static int member_copy(struct cutter *c, enum hits_place place)
{
	if (blanks_drop(c) || c->at == c->end || *c->at != '"')
		return -1;
	const char *name = c->at + 1;
	if (string_copy(c))
		return -1;
	const enum hits_place to = place_of(place, name, (size_t)(c->at - 1 - name));
	if (!sign_pass(c, ':'))
		return -1;
	return to == AT_DOCUMENT ? document_cut(c) : value_copy(c, to);
}

/* An object or an array. */
static int nested_copy(struct cutter *c, enum hits_place place)
{
	const bool object = *c->at == '{';
	const char end = object ? '}' : ']';
	int result;
	if (c->depth == HITS_DEPTH)
		return cutter_over(c, "it has too many objects within one another");
	c->at++;
	if (sign_pass(c, end))
		return 0;
	c->depth++;
	do
		result = object ? member_copy(c, place)
				: value_copy(c, place == AT_LIST ? AT_HIT : AT_ELSEWHERE);
	while (result == 0 && sign_pass(c, ','));
	c->depth--;
	return result == 0 && sign_pass(c, end) ? 0 : -1;
}

static int value_copy(struct cutter *c, enum hits_place place)
{
	if (blanks_drop(c) || c->at == c->end)
		return -1;
	switch (*c->at) {
	case '{':
	case '[':
		return nested_copy(c, place);
	case '"':
		return string_copy(c);
	case 't':
		return word_pass(c, "true");
	case 'f':
		return word_pass(c, "false");
	case 'n':
		return word_pass(c, "null");
	default:
		return place == AT_TIME ? time_copy(c) : number_pass(c);
	}
}

int hits_cut(struct hits *h, const char *reply, size_t len, struct err *err)
{
	struct cutter c = {
		.hits = h,
		.out = &h->rest,
		.from = reply,
		.at = reply,
		.end = reply + len,
	};
	buf_clear(&h->rest);
	buf_clear(&h->text);
	h->n = 0;
	if (value_copy(&c, AT_REPLY) == 0 && blanks_drop(&c) == 0 && c.at == c.end &&
	    cutter_keep(&c) == 0)
		return 0;
	const size_t at = (size_t)(c.at - reply);
	if (!c.over && c.at == c.end)
		return err_set(err, EF_FAILED, "it ends in the middle, after %zu octets", len);
	return err_set(err, EF_FAILED, "%s at octet %zu of %zu", c.over ? c.over : "it is no JSON",
		       at, len);
}

const char *hits_text(const struct hits *h, size_t number, size_t *ret_len)
{
	if (number >= h->n)
		return NULL;
	const size_t begin = number ? h->end[number - 1] : 0;
	*ret_len = h->end[number] - begin;
	return h->text.data + begin;
}
