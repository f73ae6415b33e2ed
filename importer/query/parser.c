/* SPDX-License-Identifier: Apache-2.0
 * Where the parser of a filter is in the text, and the steps that all its parts take. */
#include "importer/query/parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct lexeme *parser_peek(const struct parser *p)
{
	return &p->lexemes.item[p->at];
}

const struct lexeme *parser_next(struct parser *p)
{
	const struct lexeme *now = parser_peek(p);
	if (now->kind != LEX_END)
		p->at++;
	return now;
}

bool parser_skip(struct parser *p, enum lexeme_kind kind)
{
	if (parser_peek(p)->kind != kind)
		return false;
	parser_next(p);
	return true;
}

int parser_fail(struct parser *p, const struct lexeme *at, const char *fmt, ...)
{
	char message[1000];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (at->kind == LEX_END)
		return err_set(p->err, EF_USAGE, "filter, column %zu, at its end: %s", at->column,
			       message);
	return err_set(p->err, EF_USAGE, "filter, column %zu, at '%.60s': %s", at->column, at->text,
		       message);
}

enum lexeme_kind parser_comparison(struct parser *p)
{
	const enum lexeme_kind kind = parser_peek(p)->kind;
	if (kind < LEX_EQ || kind > LEX_GE)
		return LEX_EQ;
	parser_next(p);
	return kind;
}

int parser_equal(struct parser *p)
{
	const struct lexeme *at = parser_peek(p);
	return parser_comparison(p) == LEX_EQ
		   ? 0
		   : parser_fail(p, at,
				 "only = can be asked here; 'not' before the term is the "
				 "opposite");
}

int parser_number(struct parser *p, long long max, long long *ret_number)
{
	const struct lexeme *at = parser_peek(p);
	long long n;
	if (at->kind != LEX_WORD || !lex_number(at->text, &n))
		return parser_fail(p, at, "a number is wanted (k, m, g, t are powers of 1000)");
	if (n > max)
		return parser_fail(p, at, "the highest that it can be is %lld", max);
	parser_next(p);
	*ret_number = n;
	return 0;
}

int parser_text(struct parser *p, const struct lexeme **ret_text)
{
	const struct lexeme *at = parser_peek(p);
	if ((at->kind == LEX_AND || at->kind == LEX_OR || at->kind == LEX_NOT) && p->at &&
	    strpbrk(at->text, "&|!") == NULL)
		return parser_fail(p, at,
				   "a word is wanted here; one that means something in a "
				   "filter has to stand in quotes");
	if (at->kind != LEX_WORD && at->kind != LEX_QUOTED)
		return parser_fail(p, at, "a word is wanted here");
	*ret_text = parser_next(p);
	return 0;
}
