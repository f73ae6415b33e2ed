/* SPDX-License-Identifier: Apache-2.0
 * Which threat feeds are wanted: the words of setup.feeds, the list of feeds with their terms, and
 * the question that setup asks. */
#include "importer/dictionary/feed_choice.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/core/ask.h"
#include "importer/core/print.h"
#include "importer/core/table.h"
#include "importer/dictionary/feed.h"

#define ANSWER_MAX 2048
#define QUESTIONS  3 /* then whoever answers is no person */

/* The next letter or digit in lower case, or 0: nobody has to quote the marks of a name. */
static int next_word(const char **text)
{
	while (**text && !isalnum((unsigned char)**text))
		++*text;
	return **text ? tolower((unsigned char)*(*text)++) : 0;
}

static bool same_name(const char *a, const char *b)
{
	int c;

	while ((c = next_word(&a)) == next_word(&b))
		if (!c)
			return true;
	return false;
}

static bool word_names(const char *word, const struct dict_row *row)
{
	if (strcmp(word, FEEDS_FREE) == 0)
		return feed_use(row) == FEED_FREE;
	return same_name(word, row->cell[FEED_NAME]);
}

static bool is_chosen(const struct strlist *choice, const struct dict_row *row)
{
	for (size_t i = 0; i < choice->n; i++)
		if (word_names(choice->item[i], row))
			return true;
	return false;
}

int feeds_choose(struct dict_rows *rows, const struct strlist *choice, struct err *err)
{
	if (choice->n == 0)
		return 0;
	for (struct dict_row *row = rows->row; row; row = row->hh.next) {
		char *text = strdup(is_chosen(choice, row) ? "true" : "false");

		if (!text)
			return err_set(err, EF_FAILED, "out of memory");
		free(row->cell[FEED_ENABLED]);
		row->cell[FEED_ENABLED] = text;
	}
	return 0;
}

bool feeds_word_known(const struct dict_rows *rows, const char *word)
{
	if (strcmp(word, FEEDS_NONE) == 0 || strcmp(word, FEEDS_FREE) == 0)
		return true;
	for (const struct dict_row *row = rows->row; row; row = row->hh.next)
		if (word_names(word, row))
			return true;
	return false;
}

int feeds_choice_check(const struct dict_rows *rows, const struct strlist *choice, struct err *err)
{
	for (size_t i = 0; i < choice->n; i++) {
		if (!feeds_word_known(rows, choice->item[i]))
			return err_set(err, EF_USAGE,
				       "setup.feeds: no feed is called \"%s\"; `efctl dictionaries "
				       "feeds` lists them, " FEEDS_FREE " and " FEEDS_NONE
				       " are words, too",
				       choice->item[i]);
		if (choice->n > 1 && strcmp(choice->item[i], FEEDS_NONE) == 0)
			return err_set(err, EF_USAGE,
				       "setup.feeds: " FEEDS_NONE " stands alone, or not at all");
	}
	return 0;
}

size_t feeds_on(const struct dict_rows *rows)
{
	size_t n = 0;

	for (const struct dict_row *row = rows->row; row; row = row->hh.next)
		n += feed_is_on(row);
	return n;
}

const char *feed_age_text(int64_t ms, char text[FEED_AGE_MAX])
{
	long long minutes = ms / 60000;

	if (ms < 0)
		snprintf(text, FEED_AGE_MAX, "never");
	else if (minutes < 120)
		snprintf(text, FEED_AGE_MAX, "%lld min ago", minutes);
	else if (minutes < 2880)
		snprintf(text, FEED_AGE_MAX, "%lld h ago", minutes / 60);
	else
		snprintf(text, FEED_AGE_MAX, "%lld days ago", minutes / 1440);
	return text;
}

void feeds_print(FILE *out, const struct dict_rows *rows, const char *dir, bool numbered)
{
	size_t n = 0;

	print_plain(out, "%-3s  %-34s %-13s %-14s %10s  %-11s  %s\n", numbered ? "No." : "", "FEED",
		    "WHAT", "FOR WHOM", "INDICATORS", "CONFIRMED", "TERMS, AS FAR AS WE KNOW");
	for (const struct dict_row *row = rows->row; row; row = row->hh.next) {
		CLEANUP_FREE char *path = dir ? feed_path(dir, row->cell[FEED_NAME]) : NULL;
		int64_t age = path ? feed_age_ms(path) : -1;
		char number[NUMBER_MAX] = "", ago[FEED_AGE_MAX];

		if (age >= 0)
			number_text(feed_kept_rows(path), number);
		if (numbered)
			print_plain(out, "%3zu  ", ++n);
		else
			print_plain(out, "%-3s  ", feed_is_on(row) ? "on" : "off");
		print_cell(out, row->cell[FEED_NAME], 34, 0);
		print_plain(out, " %-13s %-14s %10s  %-11s  %s\n", row->cell[FEED_CATEGORY],
			    feed_uses[feed_use(row)].text, number, feed_age_text(age, ago),
			    row->cell[FEED_TERMS]);
	}
}

/* The name of feed number `wanted` of the list, from 1. */
static const char *name_of(const struct dict_rows *rows, unsigned long wanted)
{
	const struct dict_row *row = rows->row;

	while (row && --wanted)
		row = row->hh.next;
	return row ? row->cell[FEED_NAME] : NULL;
}

/* A word of an answer: "3", "3-7", or as in the option. */
static int add_word(const struct dict_rows *rows, const char *word, struct strlist *list,
		    struct err *err)
{
	unsigned long first = 0, last = 0;
	int end = 0;

	if (sscanf(word, "%4lu%n-%4lu%n", &first, &end, &last, &end) == 1)
		last = first;
	if (last == 0 || word[end])
		return strlist_add(list, word) ? err_set(err, EF_FAILED, "out of memory") : 0;
	if (first > last)
		return err_set(err, EF_USAGE, "%s: the smaller number goes first", word);
	for (unsigned long i = first; i <= last; i++) {
		const char *name = i ? name_of(rows, i) : NULL;

		if (!name)
			return err_set(err, EF_USAGE, "no feed has the number %lu", i);
		if (strlist_add(list, name))
			return err_set(err, EF_FAILED, "out of memory");
	}
	return 0;
}

static int read_answer(const struct dict_rows *rows, char *line, struct strlist *list,
		       struct err *err)
{
	char *rest = line, *word;

	while ((word = strsep(&rest, ","))) {
		word += strspn(word, " \t");
		size_t n = strlen(word);
		while (n && isspace((unsigned char)word[n - 1]))
			word[--n] = '\0';
		if (*word && add_word(rows, word, list, err))
			return -1;
	}
	if (list->n == 0 && strlist_add(list, FEEDS_NONE))
		return err_set(err, EF_FAILED, "out of memory");
	return feeds_choice_check(rows, list, err);
}

int feeds_ask(const struct dict_rows *rows, const char *dir, struct strlist *ret_choice,
	      struct err *err)
{
	char line[ANSWER_MAX];

	print_plain(stderr,
		    "Threat feeds: addresses that others report as bad. None is downloaded unless "
		    "you choose it; check yourself whether their terms allow your use.\n\n");
	feeds_print(stderr, rows, dir, true);
	for (int i = 0; i < QUESTIONS; i++) {
		struct err why = ERR_NONE;

		if (!ask_line("\nWhich? Numbers (2,5-7), names, " FEEDS_FREE
			      " (anybody may use them) or " FEEDS_NONE " [" FEEDS_NONE "]: ",
			      line, sizeof(line)))
			return 0;
		if (read_answer(rows, line, ret_choice, &why) == 0)
			return 0;
		strlist_release(ret_choice);
		if (why.code != EF_USAGE) {
			*err = why;
			return -1;
		}
		print_plain(stderr, "%s\n", why.msg);
	}
	return err_set(err, EF_USAGE, "no feed was chosen; --feeds names them");
}
