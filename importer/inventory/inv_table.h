/* SPDX-License-Identifier: Apache-2.0
 * The tables of a source: where each is asked, and how rows of a dictionary are made of what
 * comes. A table is an object of inventory.yml or of inv_type.c:
 *
 *   into      the dictionary; without it the table is only remembered
 *   url       below the source's url; without it, that one
 *   rows      a path, or a list of them (inv_path.h)
 *   next      the path of the link to the next page
 *   columns   column -> template
 *   when, unless   path -> text: only rows that have all of these, or none of them
 *   remember  {as, key, value}, or a list of these: under the name `as` other tables find the value
 *             of a key; both are templates
 */
#ifndef EF_IMPORTER_INV_TABLE_H
#define EF_IMPORTER_INV_TABLE_H

#include <jansson.h>

#include "common/err.h"
#include "importer/inventory/inv_found.h"
#include "importer/inventory/inv_source.h"

#define INV_TABLES_MAX 64

/* Whether the source's tables can be used. */
int inv_tables_check(const struct inv_source *s, struct err *err);

/* Whether anything comes of the table: it fills a dictionary that the source may set, with a key in
 * each row, or another one looks up what it remembers. */
bool inv_table_is_wanted(const struct inv_source *s, const json_t *table);

/* The rows of one document into `found`. `number` is the table's, from 0, for messages. EF_FAILED:
 * the document is something else, or has too many rows. */
int inv_table_read(const struct inv_source *s, size_t number, const json_t *document,
		   struct inv_found *found, struct err *err);

#endif
