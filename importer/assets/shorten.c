/* SPDX-License-Identifier: Apache-2.0
 * Short names for the functions and variables of a stripped Painless script, so that more of it
 * fits under the ceiling. */
#include "importer/assets/shorten.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "importer/assets/token.h"

#define BASE      36
#define NAMES_MAX (BASE * BASE) /* so many have an underscore and at most two digits */
#define SHORTEST  4             /* characters of a name that is worth it */

/* Of functions, or of variables: these stand where no opening bracket follows. A name is the same
 * everywhere, so that scopes need not be known. */
struct names {
	struct token row[NAMES_MAX]; /* of the text that they stand in */
	size_t number[NAMES_MAX];    /* of the short name */
	size_t n;
};

struct all_names {
	struct names functions, variables;
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
	static const char *const words[] = { "if",     "for",   "while",  "catch",
					     "return", "new",   "switch", "in",
					     "else",   "throw", "do",     "instanceof" };
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

static void name_add(struct names *names, const struct token *name)
{
	if (names->n < NAMES_MAX && name_find(names, name) == names->n)
		names->row[names->n++] = *name;
}

/* What stands behind the name of a variable where it is declared: its value, the next parameter,
 * the end, the list that it goes through. */
static bool ends_declaration(const struct token *t)
{
	return is_sign(t, "=,;):") || is_word(t, "in");
}

/* A type and a name. Of a function, which is defined outside of all brackets, an opening bracket
 * follows. ctx and params are the engine's. */
static void name_collect(struct all_names *names, const struct token *type,
			 const struct token *name, const struct token *next, int depth)
{
	bool typed = type->kind == TOKEN_WORD && !is_keyword(type);
	if (name->kind != TOKEN_WORD || is_keyword(name) || name->len < SHORTEST)
		return;
	if (depth == 0 && is_sign(next, "(") && (typed || is_sign(type, "]>")))
		name_add(&names->functions, name);
	else if ((typed || is_sign(type, "]")) && ends_declaration(next) &&
		 !is_word(name, "params"))
		name_add(&names->variables, name);
}

static void names_collect(const char *source, struct all_names *names)
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
		name_collect(names, &first, &before, &token, depth);
		depth += is_sign(&token, "({[") - is_sign(&token, ")}]");
		first = before;
		before = token;
	}
}

/* A short name for each that was collected, and is not the script's own; for none that are left
 * over. */
static void names_number(struct names *names, bool *taken)
{
	size_t i = 0;
	for (size_t number = 0; number < NAMES_MAX && i < names->n; number++) {
		if (!taken[number])
			names->number[i++] = number;
		taken[number] = true;
	}
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

/* Whose name a word of `source` may be; NULL: a member's. */
static const struct names *names_of(const struct all_names *names, const char *source,
				    const struct token *before, const struct token *t,
				    const struct token *next)
{
	if (is_reference(source, t))
		return &names->functions;
	if (t->kind != TOKEN_WORD || is_sign(before, "."))
		return NULL;
	return is_sign(next, "(") ? &names->functions : &names->variables;
}

static void rewrite(const char *source, const struct all_names *all, struct buf *script)
{
	struct tokens tokens = { .at = source };
	struct token token, before = { .kind = TOKEN_END };
	char *out = script->data;
	while ((token = token_next(&tokens)).kind != TOKEN_END) {
		struct tokens ahead = tokens;
		struct token next = token_next(&ahead);
		const struct names *names = names_of(all, source, &before, &token, &next);
		size_t i = names ? name_find(names, &token) : 0;
		if (names && i < names->n) {
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
	struct all_names *names = calloc(1, sizeof(*names));
	if (source && names) {
		names_collect(source, names);
		names_number(&names->variables, names->taken); /* these stand more often */
		names_number(&names->functions, names->taken);
		rewrite(source, names, script);
	}
	free(names);
	free(source);
}
