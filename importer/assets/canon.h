/* SPDX-License-Identifier: Apache-2.0
 * The canonical text of a JSON tree and its SHA-256: how assets are compared. */
#ifndef EF_IMPORTER_CANON_H
#define EF_IMPORTER_CANON_H

#include <jansson.h>

#define CANON_HASH_MAX 65 /* 64 hexadecimal digits and the NUL */

/* Compact text with sorted keys; to be freed. NULL when memory is short. */
char *canon_text(const json_t *json);

/* SHA-256 of the canonical text, in lower-case hexadecimal. Key order and blanks make no
 * difference, values do. */
void canon_hash(const json_t *json, char ret_hash[CANON_HASH_MAX]);

/*
 * A copy of an index settings object in the one form all servers agree on: flat, every key starting
 * with "index.", every scalar as text, as GET answers with flat_settings. {"index":{"codec":"x"}}
 * and {"codec":"x"} are the same.
 */
json_t *canon_settings(const json_t *settings);

/* The same with objects within objects, as GET answers without flat_settings: for people. */
json_t *canon_settings_tree(const json_t *settings);

/* Gives each number, boolean or text of `tree` that says the same as the one in its place in
 * `model` the type that it has there: servers differ in what they give back ("1024" or 1024), and
 * that is no difference. */
void canon_types_from(json_t *tree, const json_t *model);

#endif
