/* SPDX-License-Identifier: Apache-2.0
 * Where the parser of a filter is in the text, and the steps that all its parts take. */
#ifndef EF_IMPORTER_PARSER_H
#define EF_IMPORTER_PARSER_H

#include "importer/query/lex.h"
#include "importer/query/node.h"

struct parser {
	struct lexemes lexemes;
	size_t at;
	unsigned depth;      /* of brackets and `not` */
	unsigned nots;       /* around what is read now */
	const json_t *types; /* of fields, as field_kind_of() takes them */
	json_t *named;       /* array of the fields that are named themselves */
	bool foreign;        /* some of them are not in our mapping */
	struct err *err;
};

const struct lexeme *parser_peek(const struct parser *p);
/* What is at the parser, which goes on; at the end it stays. */
const struct lexeme *parser_next(struct parser *p);
/* Whether it was a lexeme of that kind, and then goes on. */
bool parser_skip(struct parser *p, enum lexeme_kind kind);
/* EF_USAGE, "filter, column N, at 'WORD': MESSAGE"; returns -1. */
int parser_fail(struct parser *p, const struct lexeme *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A comparison, LEX_EQ where there is none. */
enum lexeme_kind parser_comparison(struct parser *p);
/* The sign of equality, or none: what is no number cannot be less, and `not` says the opposite. */
int parser_equal(struct parser *p);
/* A number of 0 to `max`. */
int parser_number(struct parser *p, long long max, long long *ret_number);
/* A text, quoted or not. */
int parser_text(struct parser *p, const struct lexeme **ret_text);

#endif
