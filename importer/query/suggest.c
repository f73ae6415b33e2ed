/* SPDX-License-Identifier: Apache-2.0
 * The word that somebody meant who wrote one that is none. */
#include "importer/query/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define SUGGEST_MAX 64 /* longer words are no misspelling of ours */

static size_t smallest(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters have to be changed, added, left out, or exchanged with their neighbour. */
static size_t suggest_distance(const char *a, const char *b)
{
	size_t rows[3][SUGGEST_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];
	const size_t n = strlen(b);
	for (size_t j = 0; j <= n; j++)
		last[j] = before[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		now[0] = i;
		for (size_t j = 1; j <= n; j++) {
			const bool same = a[i - 1] == b[j - 1];
			now[j] = smallest(smallest(last[j], now[j - 1]) + 1,
					  last[j - 1] + (same ? 0 : 1));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = smallest(now[j], before[j - 2] + 1);
		}
		size_t *free_row = before;
		before = last;
		last = now;
		now = free_row;
	}
	return last[n];
}

struct suggestion suggest_for(const char *word)
{
	/* must be nearer than that */
	return (struct suggestion){ .word = word, .distance = strlen(word) < 4 ? 2 : 3 };
}

void suggest_try(struct suggestion *s, const char *known)
{
	char small[SUGGEST_MAX + 1] = "";
	const size_t len = strlen(s->word);
	if (len > SUGGEST_MAX || strlen(known) > SUGGEST_MAX)
		return;
	for (size_t i = 0; i <= len; i++)
		small[i] = (char)tolower((unsigned char)s->word[i]);
	const size_t d = suggest_distance(small, known);
	if (d < s->distance) {
		s->distance = d;
		s->best = known;
	}
}
