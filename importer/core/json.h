/* SPDX-License-Identifier: Apache-2.0
 * Members of a JSON tree that somebody else wrote: by a dotted path, by their name, by what they
 * are. */
#ifndef EF_IMPORTER_JSON_H
#define EF_IMPORTER_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A member by a dotted path ("version.number"), or NULL. */
json_t *json_at(const json_t *json, const char *path);
/* The same as text, or `otherwise`. */
const char *json_text_at(const json_t *json, const char *path, const char *otherwise);
/* The same as an integer, also from a real; 0 when absent. */
long long json_int_at(const json_t *json, const char *path);
/* The first entry of an array whose member "name" is `name`, borrowed, or NULL. */
json_t *json_called(const json_t *array, const char *name);
/* Where in an array of texts `text` stands first; the array's size where it does not. */
size_t json_position(const json_t *array, const char *text);
/* Whether it stands there. */
bool json_has_text(const json_t *array, const char *text);

#endif
