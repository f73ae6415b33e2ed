/* SPDX-License-Identifier: Apache-2.0
 * Turns a YAML document into a JSON tree, as Elasticsearch itself would read it. */
#ifndef EF_IMPORTER_YAML_H
#define EF_IMPORTER_YAML_H

#include <jansson.h>
#include <stddef.h>

#include "common/err.h"

/*
 * Reads the one document in `text` (`len` bytes; JSON is YAML too). Plain scalars become null,
 * booleans, integers and numbers by the YAML 1.2 core schema, everything quoted or in a block is
 * text. Keys must be text and may not repeat. `name` stands in messages, which give line and
 * column. The tree belongs to the caller.
 */
int yaml_to_json(const char *name, const char *text, size_t len, json_t **ret_json,
		 struct err *err);

#endif
