/* SPDX-License-Identifier: Apache-2.0
 * What follows a word of the filter: numbers, addresses, networks, names, alone or as a list; and
 * the conditions that come of it. */
#ifndef EF_IMPORTER_OPERAND_H
#define EF_IMPORTER_OPERAND_H

#include "importer/query/node.h"
#include "importer/query/parser.h"

struct word_row;

/* What `row` takes, as conditions on its fields. */
int operand_read(struct parser *p, const struct word_row *row, struct node **ret_node);
/* A field of a document, compared; the parser is behind its name. */
int operand_field(struct parser *p, const char *field, struct node **ret_node);

/* Whether `field`, a number, compares so with n, where 0 is what a record without it has. */
struct node *node_number(const char *field, enum lexeme_kind comparison, long long n);

#endif
