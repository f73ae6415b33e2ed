/* SPDX-License-Identifier: Apache-2.0
 * Tokens of Painless, as far as it takes to tell code from text and comments. */
#ifndef EF_IMPORTER_TOKEN_H
#define EF_IMPORTER_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
	TOKEN_END, /* of the source; its length is 0 */
	TOKEN_BLANK,
	TOKEN_COMMENT,
	TOKEN_WORD, /* a name or a keyword */
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_REGEX,
	TOKEN_SIGN,    /* one character of an operator, a bracket ... */
	TOKEN_ENDLESS, /* a string, block comment or regular expression without an end */
};

/* `text` points into the source. All tokens in a row are the whole source. */
struct token {
	enum token_kind kind;
	const char *text;
	size_t len;
};

/*
 * Where reading is. A slash divides after what can end an operand, and opens a regular expression
 * everywhere else: the rule of Painless's own lexer (isSlashRegex), for which a keyword, a string
 * and a closing brace end none.
 */
struct tokens {
	const char *at;
	bool after_operand, after_dot;
};

struct token token_next(struct tokens *t);

/* Whether two tokens that stand side by side would be read as others, so that a blank has to part
 * them. */
bool token_apart(const struct token *before, const struct token *after);

#endif
