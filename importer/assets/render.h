/* SPDX-License-Identifier: Apache-2.0
 * From asset files to what a given cluster is sent: variables, variants, field types, pipelines. */
#ifndef EF_IMPORTER_RENDER_H
#define EF_IMPORTER_RENDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct assets;
struct cluster;

#define PIPELINE_MAX (900U * 1024) /* newer Elasticsearch refuses more than 1 MiB */

/* Where dictionaries come from: importer/dictionary/dict.h in efctl, a table of constants in
 * tests. */
struct render_dictionaries {
	void *arg;
	/* The table for `params`: {dictionary: NAME}. The caller's. */
	int (*table)(void *arg, const char *name, json_t **ret_table, struct err *err);
	/* The rows that a column marks: {dictionary: NAME, column: COLUMN}. The caller's. */
	int (*marks)(void *arg, const char *name, const char *column, json_t **ret_marks,
		     struct err *err);
	/* The processors that stand for `- dictionary: NAME`: an array, empty when the dictionary
	 * is. The caller's. */
	int (*calls)(void *arg, const char *name, json_t **ret_processors, struct err *err);
};

struct rendering {
	const struct assets *assets;
	const struct cluster *cluster;
	const char *prefix; /* of the installation (common/names.h); NULL or "": none */
	json_t *variables;  /* object: name -> text or integer, for ${name} */
	const struct render_dictionaries *dictionaries;
	json_t *notes; /* array of texts: what was left out and why; no text twice */
	/* object, or NULL: name of a pipeline -> {"scripts": [bytes that each leaves of
	 * PAINLESS_MAX], "left": bytes of PIPELINE_MAX, "merged": whether stages are one} */
	json_t *room;
	bool merges; /* for pipeline.c: stages of the pipeline at hand become one */
};

/* The JSON of a file under es-templates/: variables replaced, field types that the cluster lacks
 * exchanged. */
int render_template(struct rendering *r, const char *path, json_t **ret_json, struct err *err);

/*
 * The name of the object that the file at `path` becomes ("flow-roles"), in `name` of `size` bytes;
 * false when the file is a variant for clusters of another kind ("flow@lifecycle.ilm.json" without
 * ILM), or no object at all.
 */
bool render_name(const struct rendering *r, const char *path, char *name, size_t size);

/* Replaces ${name} in every text of `tree` by the variable of that name (text or integer). A text
 * that is nothing but a variable becomes what that is. `path`: for errors. */
int render_variables(const json_t *variables, const char *path, json_t *tree, struct err *err);

/* For pipeline.c: the parsed file with the installation's names in it and its variables
 * replaced. */
int render_load(struct rendering *r, const char *path, json_t **ret_json, struct err *err);
int render_note(struct rendering *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
