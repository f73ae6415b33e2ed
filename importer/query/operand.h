/* SPDX-License-Identifier: Apache-2.0
 * What follows a word of the filter: numbers, addresses, networks, names, alone or as a list; and
 * the conditions that come of it. */
#ifndef EF_IMPORTER_OPERAND_H
#define EF_IMPORTER_OPERAND_H

#include "importer/query/node.h"
#include "importer/query/parser.h"

struct word_row;
struct prefix;

/* What `row` takes, as conditions on its fields. */
int operand_read(struct parser *p, const struct word_row *row, struct node **ret_node);

/* The steps of it. Whether a list begins here (`in [`, or `= [`); the parser is in it then. */
bool operand_list(struct parser *p);
/* Calls `one` for each word of the list that the parser is in, or once without a list. */
typedef int operand_one(struct parser *p, long long max, json_t *values);
int operand_each(struct parser *p, bool is_list, json_t *values, long long max, operand_one *one);
/* A text, or {"like": text} with its *. */
operand_one operand_name;
/* One condition for plain values together, and one for each pattern; for each network. */
struct node *operand_any(const char *field, const json_t *values);
struct node *operand_addresses(const char *field, const json_t *values);

/* An address or a network, also 10.1/16 as nfdump takes it; -1: it is none. */
int operand_prefix(const char *text, struct prefix *ret_prefix);
/* As the engine takes it: an address alone has no "/32". */
json_t *operand_prefix_json(const struct prefix *prefix);

/* Whether `field`, a number, compares so with n, where 0 is what a record without it has. */
struct node *node_number(const char *field, enum lexeme_kind comparison, long long n);

#endif
