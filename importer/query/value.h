/* SPDX-License-Identifier: Apache-2.0
 * Values of a field that a filter names itself (`field = value`), written as its type
 * wants them. */
#ifndef EF_IMPORTER_VALUE_H
#define EF_IMPORTER_VALUE_H

#include "importer/query/node.h"
#include "importer/query/parser.h"

/*
 * The comparison and the values behind the field's name, where the parser is. Numbers may have k,
 * m, g, t, addresses may be networks (10.1/16), dates are what --from takes. A field that is not
 * among p->types is an error; where there are none, it may be one of the user's, and is a text.
 */
int value_read(struct parser *p, const struct lexeme *field, struct node **ret_node);

#endif
