/* SPDX-License-Identifier: Apache-2.0
 * The words of a filter: what stands between blanks, brackets and comparisons, each with its
 * place. */
#ifndef EF_IMPORTER_LEX_H
#define EF_IMPORTER_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

enum lexeme_kind {
	LEX_END,
	LEX_WORD,   /* letters, digits, and all that is none of the following */
	LEX_QUOTED, /* 'text' or "text", without the quotes; \ before one of them, or before \ */
	LEX_OPEN,   /* ( */
	LEX_CLOSE,  /* ) */
	LEX_LIST,   /* [ */
	LEX_UNLIST, /* ] */
	LEX_COMMA,
	LEX_AND, /* && and the word */
	LEX_OR,  /* || and the word */
	LEX_NOT, /* ! and the word */
	LEX_EQ,
	LEX_NE,
	LEX_LT,
	LEX_LE,
	LEX_GT,
	LEX_GE,
};

struct lexeme {
	enum lexeme_kind kind;
	char *text;    /* as it was written; of a quoted one without quotes */
	size_t column; /* of its first character, from 1 */
};

struct lexemes {
	struct lexeme *item;
	size_t n; /* the last one is LEX_END */
};

/* `#` begins a comment up to the end of its line. EF_USAGE for what can be no filter: a quote that
 * is not closed, a control character, one & or |. */
int lex(const char *text, struct lexemes *ret_lexemes, struct err *err);
void lexemes_release(struct lexemes *lexemes);

/* A number with its k, m, g, t (powers of 1000; 1.5m, too) or in hexadecimal (0x); false when it is
 * no whole one, or above 2^63 - 1. */
bool lex_number(const char *text, long long *ret_number);

#endif
