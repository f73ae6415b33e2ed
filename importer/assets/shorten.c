/* SPDX-License-Identifier: Apache-2.0
 * Short names for the functions of a stripped Painless script, so that more of it fits under the
 * ceiling. */
#include "importer/assets/shorten.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "importer/assets/token.h"

#define BASE      36
#define NAMES_MAX (BASE * BASE) /* so many have an underscore and at most two digits */
#define SHORTEST  5             /* characters of a name that is worth it */

struct names {
	struct token row[NAMES_MAX]; /* of the text that they stand in */
	size_t number[NAMES_MAX];    /* of the short name */
	size_t n;
	bool taken[NAMES_MAX]; /* short names that the script has itself, by number */
};

static bool is_word(const struct token *t, const char *word)
{
	return t->kind == TOKEN_WORD && strlen(word) == t->len &&
	       strncmp(t->text, word, t->len) == 0;
}

/* Words that stand before or after a bracket and are no names of functions, nor types. */
static bool is_keyword(const struct token *t)
{
	static const char *const words[] = { "if",     "for", "while", "catch", "return", "new",
					     "switch", "in",  "else",  "throw", "do" };
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (is_word(t, words[i]))
			return true;
	return false;
}

static bool is_sign(const struct token *t, const char *signs)
{
	return t->kind == TOKEN_SIGN && t->len == 1 && strchr(signs, *t->text);
}

/* The number of a word that put_short() could write, else NAMES_MAX. */
static size_t short_number(const struct token *t)
{
	char *end;
	if (t->kind != TOKEN_WORD || t->len < 2 || t->len > 3 || *t->text != '_' ||
	    t->text[1] == '_')
		return NAMES_MAX;
	unsigned long number = strtoul(t->text + 1, &end, BASE);
	return end == t->text + t->len ? number : NAMES_MAX;
}

static size_t name_find(const struct names *names, const struct token *t)
{
	size_t i = 0;
	while (i < names->n &&
	       (names->row[i].len != t->len || strncmp(names->row[i].text, t->text, t->len) != 0))
		i++;
	return i;
}

/* A function is defined outside of all brackets: a type, the name, an opening bracket. */
static void names_collect(const char *source, struct names *names)
{
	struct tokens tokens = { .at = source };
	struct token token, before = { .kind = TOKEN_END }, first = before;
	int depth = 0;
	while ((token = token_next(&tokens)).kind != TOKEN_END) {
		size_t number = short_number(&token);
		if (number < NAMES_MAX)
			names->taken[number] = true;
		if (token.kind == TOKEN_BLANK)
			continue;
		bool typed =
		    (first.kind == TOKEN_WORD && !is_keyword(&first)) || is_sign(&first, "]>");
		if (depth == 0 && is_sign(&token, "(") && before.kind == TOKEN_WORD &&
		    !is_keyword(&before) && typed && before.len >= SHORTEST &&
		    names->n < NAMES_MAX && name_find(names, &before) == names->n)
			names->row[names->n++] = before;
		depth += is_sign(&token, "({[") - is_sign(&token, ")}]");
		first = before;
		before = token;
	}
}

/* A short name for each that was collected, and is not the script's own; for none that are left
 * over. */
static void names_number(struct names *names)
{
	size_t i = 0;
	for (size_t number = 0; number < NAMES_MAX && i < names->n; number++)
		if (!names->taken[number])
			names->number[i++] = number;
	names->n = i;
}

static char *put_short(char *out, size_t number)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	*out++ = '_';
	if (number >= BASE)
		*out++ = digits[number / BASE % BASE];
	*out++ = digits[number % BASE];
	return out;
}

/* Whether a word of stripped `source` is what "this::" refers to. */
static bool is_reference(const char *source, const struct token *t)
{
	static const char before[] = "this::";
	const size_t len = sizeof(before) - 1;
	return (size_t)(t->text - source) >= len && strncmp(t->text - len, before, len) == 0;
}

static void rewrite(const char *source, const struct names *names, struct buf *script)
{
	struct tokens tokens = { .at = source };
	struct token token, before = { .kind = TOKEN_END };
	char *out = script->data;
	while ((token = token_next(&tokens)).kind != TOKEN_END) {
		struct tokens ahead = tokens;
		struct token next = token_next(&ahead);
		size_t i = names->n;
		if (token.kind == TOKEN_WORD && ((is_sign(&next, "(") && !is_sign(&before, ".")) ||
						 is_reference(source, &token)))
			i = name_find(names, &token);
		if (i < names->n) {
			out = put_short(out, names->number[i]);
		} else {
			memcpy(out, token.text, token.len);
			out += token.len;
		}
		before = token;
	}
	*out = '\0';
	script->len = (size_t)(out - script->data);
}

void painless_shorten(struct buf *script)
{
	char *source = strdup(script->data);
	struct names *names = calloc(1, sizeof(*names));
	if (source && names) {
		names_collect(source, names);
		names_number(names);
		rewrite(source, names, script);
	}
	free(names);
	free(source);
}
