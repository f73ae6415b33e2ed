/* SPDX-License-Identifier: Apache-2.0
 * Which threat feeds are wanted: the words of setup.feeds, the list of feeds with their terms, and
 * the question that setup asks.
 *
 * A word is a feed's name (only its letters and digits count), FEEDS_FREE or FEEDS_NONE. Without
 * any word the rows' own column `enabled` counts. */
#ifndef EF_IMPORTER_FEED_CHOICE_H
#define EF_IMPORTER_FEED_CHOICE_H

#include <stdbool.h>
#include <stdio.h>

#include "common/conf.h"
#include "common/err.h"
#include "importer/dictionary/dict_rows.h"

#define FEEDS_NONE "none"
#define FEEDS_FREE "all-free" /* those that anybody may use */

/* Switches those rows of threat-feeds on that `choice` names and all others off; without words
 * they stay as they are. Words that name nothing are passed over: a feed may have gone since. */
int feeds_choose(struct dict_rows *rows, const struct strlist *choice, struct err *err);

/* Whether a word of a choice names a feed, or is a word for several or none. */
bool feeds_word_known(const struct dict_rows *rows, const char *word);

/* EF_USAGE for a word that names nothing, and for FEEDS_NONE beside another one. */
int feeds_choice_check(const struct dict_rows *rows, const struct strlist *choice, struct err *err);

size_t feeds_on(const struct dict_rows *rows);

/* A table of all feeds: what, for whom, indicators and age of the downloads below `dir` (NULL:
 * none), terms. `numbered`: with numbers to choose by, else with "on" or "off". */
void feeds_print(FILE *out, const struct dict_rows *rows, const char *dir, bool numbered);

/* Shows the feeds on standard error and asks standard input which ones are wanted. An empty line is
 * FEEDS_NONE; where the input ends `ret_choice` stays empty. */
int feeds_ask(const struct dict_rows *rows, const char *dir, struct strlist *ret_choice,
	      struct err *err);

/* "never", "5 min ago", … */
#define FEED_AGE_MAX 32
const char *feed_age_text(int64_t ms, char text[FEED_AGE_MAX]);

#endif
