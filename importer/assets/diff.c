/* SPDX-License-Identifier: Apache-2.0
 * The lines in which two texts differ, as a unified diff: Myers, "An O(ND) Difference Algorithm"
 * (1986). */
#include "importer/assets/diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT 3U

struct line {
	const char *at;
	size_t len; /* with its end; the last one may have none */
	uint32_t hash;
	bool edited; /* of the old text: removed; of the new one: added */
};

struct text {
	struct line *line;
	size_t n;
};

struct sides {
	struct text old, new;
	size_t head;       /* lines that both begin with */
	long old_n, new_n; /* between those and the lines that both end with */
	/* How far down the old text each diagonal is reached with d edits, all d of one after the
	 * other: those of d have d + 1 diagonals, -d, -d + 2 … d. */
	int32_t *reached;
};

/* ---- lines ------------------------------------------------------------------ */

static size_t count_lines(const char *text)
{
	size_t n = 0;
	for (; *text; n++) {
		const char *end = strchr(text, '\n');
		text = end ? end + 1 : text + strlen(text);
	}
	return n;
}

static int split_lines(const char *text, struct text *ret)
{
	ret->line = calloc(count_lines(text) + 1, sizeof(*ret->line));
	if (!ret->line)
		return -1;
	while (*text) {
		struct line *l = &ret->line[ret->n++];
		const char *end = strchr(text, '\n');
		l->at = text;
		l->len = end ? (size_t)(end - text) + 1 : strlen(text);
		l->hash = 2166136261U; /* FNV-1a */
		for (size_t i = 0; i < l->len; i++)
			l->hash = (l->hash ^ (unsigned char)text[i]) * 16777619U;
		text += l->len;
	}
	return 0;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->hash == b->hash && a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

/* What both begin and end with is left out of the search. */
static void sides_trim(struct sides *s)
{
	size_t tail = 0, least = s->old.n < s->new.n ? s->old.n : s->new.n;
	while (s->head < least && same(&s->old.line[s->head], &s->new.line[s->head]))
		s->head++;
	while (tail < least - s->head &&
	       same(&s->old.line[s->old.n - 1 - tail], &s->new.line[s->new.n - 1 - tail]))
		tail++;
	s->old_n = (long)(s->old.n - s->head - tail);
	s->new_n = (long)(s->new.n - s->head - tail);
}

/* ---- the shortest way ------------------------------------------------------- */

/* The place of diagonal `k` among those of `d` edits. */
static int32_t *at(const struct sides *s, long d, long k)
{
	return &s->reached[d * (d + 1) / 2 + (k + d) / 2];
}

/* Whether the way to diagonal `k` with `d` edits came down from k + 1 (a line of the new text), not
 * from k - 1 (one of the old). */
static bool comes_down(const struct sides *s, long d, long k)
{
	return k == -d || (k != d && *at(s, d - 1, k - 1) < *at(s, d - 1, k + 1));
}

/* Follows the equal lines from where `d` edits lead on diagonal `k`; true at the end of both. */
static bool diagonal_follow(const struct sides *s, long d, long k)
{
	long x = 0;
	if (d > 0)
		x = comes_down(s, d, k) ? *at(s, d - 1, k + 1) : *at(s, d - 1, k - 1) + 1;
	long y = x - k;
	while (x < s->old_n && y < s->new_n &&
	       same(&s->old.line[s->head + (size_t)x], &s->new.line[s->head + (size_t)y])) {
		x++;
		y++;
	}
	*at(s, d, k) = (int32_t)x;
	return x >= s->old_n && y >= s->new_n;
}

/* The number of edits of the shortest way; -1: more than the ceiling. */
static long sides_search(const struct sides *s)
{
	for (long d = 0; d <= DIFF_EDITS_MAX; d++)
		for (long k = -d; k <= d; k += 2)
			if (diagonal_follow(s, d, k))
				return d;
	return -1;
}

/* Marks the lines along the way, from its end back to its start. */
static void mark(const struct sides *s, long d)
{
	long k = s->old_n - s->new_n;
	for (; d > 0; d--) {
		bool down = comes_down(s, d, k);
		k += down ? 1 : -1;
		long x = *at(s, d - 1, k);
		if (down)
			s->new.line[s->head + (size_t)(x - k)].edited = true;
		else
			s->old.line[s->head + (size_t)x].edited = true;
	}
}

static void mark_all(const struct sides *s)
{
	for (long i = 0; i < s->old_n; i++)
		s->old.line[s->head + (size_t)i].edited = true;
	for (long i = 0; i < s->new_n; i++)
		s->new.line[s->head + (size_t)i].edited = true;
}

static int sides_compare(struct sides *s, enum diff *ret_how)
{
	long d = -1;
	sides_trim(s);
	*ret_how = s->old_n + s->new_n ? DIFF_EDITS : DIFF_NONE;
	if (*ret_how == DIFF_NONE)
		return 0;
	if (s->old.n + s->new.n <= DIFF_LINES_MAX) {
		size_t room = (size_t)(DIFF_EDITS_MAX + 1) * (DIFF_EDITS_MAX + 2) / 2;
		s->reached = malloc(room * sizeof(*s->reached));
		if (!s->reached)
			return -1;
		d = sides_search(s);
	}
	if (d < 0)
		*ret_how = DIFF_WHOLE;
	if (d < 0)
		mark_all(s);
	else
		mark(s, d);
	return 0;
}

/* ---- hunks ------------------------------------------------------------------ */

struct span {
	size_t from, to;
};

struct hunk {
	struct span old, new;
};

static bool edited(const struct text *t, size_t i)
{
	return i < t->n && t->line[i].edited;
}

/* The next hunk at or after the end of the last one in `h`; false: there is none. */
static bool next_hunk(const struct sides *s, struct hunk *h)
{
	size_t i = h->old.to, j = h->new.to, run = 0;
	while (i < s->old.n && !edited(&s->old, i) && !edited(&s->new, j)) {
		i++;
		j++;
	}
	if (!edited(&s->old, i) && !edited(&s->new, j))
		return false;
	size_t before = i - h->old.to < CONTEXT ? i - h->old.to : CONTEXT;
	h->old.from = i - before;
	h->new.from = j - before;
	/* two edits with few lines between them are one hunk */
	while (run <= 2UL * CONTEXT && (i < s->old.n || j < s->new.n)) {
		bool removed = edited(&s->old, i), added = edited(&s->new, j);
		run = removed || added ? 0 : run + 1;
		i += removed || !added;
		j += added || !removed;
	}
	size_t back = run > CONTEXT ? run - CONTEXT : 0;
	h->old.to = i - back;
	h->new.to = j - back;
	return true;
}

static int put_line(struct buf *out, char sign, const struct line *l)
{
	if (buf_add(out, &sign, 1) || buf_add(out, l->at, l->len))
		return -1;
	return l->len && l->at[l->len - 1] == '\n'
		   ? 0
		   : buf_add_text(out, "\n\\ No newline at end of file\n");
}

/* "12,3"; an empty span is named after the line before it. */
static int put_span(struct buf *out, char sign, const struct span *span)
{
	size_t n = span->to - span->from;
	if (n == 1)
		return buf_add_fmt(out, "%c%zu ", sign, span->from + 1);
	return buf_add_fmt(out, "%c%zu,%zu ", sign, span->from + (n > 0), n);
}

static int put_hunk(const struct sides *s, const struct hunk *h, struct buf *out)
{
	size_t i = h->old.from, j = h->new.from;
	if (buf_add_text(out, "@@ ") || put_span(out, '-', &h->old) ||
	    put_span(out, '+', &h->new) || buf_add_text(out, "@@\n"))
		return -1;
	while (i < h->old.to || j < h->new.to) {
		if (i < h->old.to && edited(&s->old, i)) {
			if (put_line(out, '-', &s->old.line[i++]))
				return -1;
		} else if (j < h->new.to && edited(&s->new, j)) {
			if (put_line(out, '+', &s->new.line[j++]))
				return -1;
		} else {
			if (put_line(out, ' ', &s->old.line[i++]))
				return -1;
			j++;
		}
	}
	return 0;
}

int diff_text(const char *old, const char *new, struct buf *out, enum diff *ret_how)
{
	struct sides s = { 0 };
	struct hunk h = { 0 };
	enum diff how = DIFF_NONE;
	int result = split_lines(old, &s.old) || split_lines(new, &s.new) || sides_compare(&s, &how)
			 ? -1
			 : 0;
	while (result == 0 && next_hunk(&s, &h))
		result = put_hunk(&s, &h, out);
	free(s.old.line);
	free(s.new.line);
	free(s.reached);
	if (result == 0)
		*ret_how = how;
	return result;
}
