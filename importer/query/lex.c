/* SPDX-License-Identifier: Apache-2.0
 * The words of a filter: what stands between blanks, brackets and comparisons, each with its
 * place. */
#include "importer/query/lex.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "importer/core/memory.h"

/* Longer ones first. */
static const struct lex_sign {
	const char *text;
	enum lexeme_kind kind;
} lex_signs[] = {
	{ "&&", LEX_AND }, { "||", LEX_OR },    { "==", LEX_EQ },   { "!=", LEX_NE },
	{ "<=", LEX_LE },  { ">=", LEX_GE },    { "!", LEX_NOT },   { "=", LEX_EQ },
	{ "<", LEX_LT },   { ">", LEX_GT },     { "(", LEX_OPEN },  { ")", LEX_CLOSE },
	{ "[", LEX_LIST }, { "]", LEX_UNLIST }, { ",", LEX_COMMA },
};

static const struct lex_sign lex_words[] = {
	{ "and", LEX_AND }, { "or", LEX_OR }, { "not", LEX_NOT },
	{ "eq", LEX_EQ },   { "ne", LEX_NE }, { "lt", LEX_LT },
	{ "le", LEX_LE },   { "gt", LEX_GT }, { "ge", LEX_GE },
};

#define LEX_ENDS_WORD " \t\r\n()[],=<>!&|'\"#"

static void lexeme_add(struct lexemes *list, enum lexeme_kind kind, const char *text, size_t len,
		       size_t column)
{
	if ((list->n & (list->n - 1)) == 0) { /* room is a power of two */
		struct lexeme *more =
		    realloc(list->item, (list->n ? list->n * 2 : 1) * sizeof(*more));
		if (!more)
			memory_out();
		list->item = more;
	}
	char *copy = strndup(text, len);
	if (!copy)
		memory_out();
	list->item[list->n++] = (struct lexeme){ .kind = kind, .text = copy, .column = column };
}

/* How many bytes the sign at `at` has; 0: there is none. */
static size_t lex_sign(struct lexemes *list, const char *at, size_t column)
{
	for (size_t i = 0; i < sizeof(lex_signs) / sizeof(lex_signs[0]); i++) {
		const size_t len = strlen(lex_signs[i].text);
		if (strncmp(at, lex_signs[i].text, len) == 0) {
			lexeme_add(list, lex_signs[i].kind, at, len, column);
			return len;
		}
	}
	return 0;
}

static size_t lex_word(struct lexemes *list, const char *at, size_t column)
{
	size_t len = 0;
	enum lexeme_kind kind = LEX_WORD;
	while (at[len] && !strchr(LEX_ENDS_WORD, at[len]) && !iscntrl((unsigned char)at[len]))
		len++;
	for (size_t i = 0; i < sizeof(lex_words) / sizeof(lex_words[0]); i++)
		if (strlen(lex_words[i].text) == len &&
		    strncasecmp(at, lex_words[i].text, len) == 0)
			kind = lex_words[i].kind;
	if (len)
		lexeme_add(list, kind, at, len, column);
	return len;
}

/* 0: the quote at `at` is not closed. */
static size_t lex_quoted(struct lexemes *list, const char *at, size_t column)
{
	const char quote = *at;
	char *text = malloc(strlen(at) + 1);
	if (!text)
		memory_out();
	size_t len = 0, i = 1;
	for (; at[i] && at[i] != quote; i++) {
		if (at[i] == '\\' && (at[i + 1] == '\\' || at[i + 1] == '\'' || at[i + 1] == '"'))
			i++;
		text[len++] = at[i];
	}
	if (at[i])
		lexeme_add(list, LEX_QUOTED, text, len, column);
	free(text);
	return at[i] ? i + 1 : 0;
}

static size_t lex_columns(const char *text, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

static int lex_fail(const char *at, size_t column, struct err *err)
{
	if (*at == '\'' || *at == '"')
		return err_set(err, EF_USAGE, "filter, column %zu: the quote %c is not closed",
			       column, *at);
	if (*at == '&' || *at == '|')
		return err_set(err, EF_USAGE,
			       "filter, column %zu: one %c means nothing here; write %s", column,
			       *at, *at == '&' ? "and" : "or");
	return err_set(err, EF_USAGE, "filter, column %zu: a control character", column);
}

static int lex_all(const char *text, struct lexemes *list, struct err *err)
{
	const char *at = text;
	size_t column = 1;
	while (*at) {
		size_t len = strspn(at, " \t\r\n");
		if (len == 0 && *at == '#')
			len = strcspn(at, "\n");
		if (len == 0 && (*at == '\'' || *at == '"'))
			len = lex_quoted(list, at, column);
		else if (len == 0 && !iscntrl((unsigned char)*at))
			len = lex_sign(list, at, column);
		if (len == 0 && !iscntrl((unsigned char)*at))
			len = lex_word(list, at, column);
		if (len == 0)
			return lex_fail(at, column, err);
		column += lex_columns(at, len);
		at += len;
	}
	lexeme_add(list, LEX_END, "", 0, column);
	return 0;
}

int lex(const char *text, struct lexemes *ret_lexemes, struct err *err)
{
	struct lexemes list = { 0 };
	if (lex_all(text, &list, err)) {
		lexemes_release(&list);
		return -1;
	}
	*ret_lexemes = list;
	return 0;
}

void lexemes_release(struct lexemes *lexemes)
{
	for (size_t i = 0; i < lexemes->n; i++)
		free(lexemes->item[i].text);
	free(lexemes->item);
	*lexemes = (struct lexemes){ 0 };
}

/* The value of `len` digits; -1: above 2^63 - 1. */
static long long lex_digits(const char *text, size_t len, unsigned base)
{
	unsigned long long n = 0;
	for (size_t i = 0; i < len; i++) {
		const int c = tolower((unsigned char)text[i]);
		const unsigned digit = (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
		if (n > ((unsigned long long)INT64_MAX - digit) / base)
			return -1;
		n = n * base + digit;
	}
	return (long long)n;
}

/* What the digits behind a point are of 1000 ^ `thousands`: of 1.5m the 5 is 500000; -1: it is no
 * whole number. */
static long long lex_part(const char *digits, size_t len, int thousands)
{
	long long n = 0;
	for (int i = 0; i < thousands * 3; i++) {
		const int digit = (size_t)i < len ? digits[i] - '0' : 0;
		if (n > (INT64_MAX - digit) / 10)
			return -1;
		n = n * 10 + digit;
	}
	for (size_t i = (size_t)thousands * 3; i < len; i++)
		if (digits[i] != '0')
			return -1;
	return n;
}

/* The thousands that a letter stands for; 0: it is none of them. */
static int lex_power(char letter)
{
	static const char units[] = "kmgt";
	const char *at = letter ? strchr(units, tolower((unsigned char)letter)) : NULL;
	return at ? (int)(at - units) + 1 : 0;
}

static bool lex_hex(const char *digits, long long *ret_number)
{
	const size_t len = strspn(digits, "0123456789abcdefABCDEF");
	const long long n = lex_digits(digits, len, 16);
	if (!len || digits[len] || n < 0)
		return false;
	*ret_number = n;
	return true;
}

bool lex_number(const char *text, long long *ret_number)
{
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return lex_hex(text + 2, ret_number);
	const size_t len = strspn(text, "0123456789");
	const bool point = text[len] == '.';
	const char *parts = text + len + point;
	const size_t parts_len = point ? strspn(parts, "0123456789") : 0;
	const char *end = parts + parts_len;
	const int power = lex_power(*end);
	if (!len || end[power > 0] || (point && (!parts_len || !power)))
		return false;
	long long n = lex_digits(text, len, 10);
	for (int i = 0; i < power; i++)
		n = n > INT64_MAX / 1000 ? -1 : n * 1000;
	const long long part = lex_part(parts, parts_len, power);
	if (n < 0 || part < 0 || n > INT64_MAX - part)
		return false;
	*ret_number = n + part;
	return true;
}
