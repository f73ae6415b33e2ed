/* SPDX-License-Identifier: Apache-2.0
 * The dictionaries: embedded defaults overlaid by downloaded feeds, by what was discovered, and by
 * the user's files (dict_layers.h), compiled for pipelines.
 *
 * Everything is read and compiled when it is first asked for and kept. docs/dictionaries.md is the
 * user's manual. */
#ifndef EF_IMPORTER_DICT_H
#define EF_IMPORTER_DICT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/conf.h"
#include "common/err.h"
#include "importer/dictionary/dict_kind.h"
#include "importer/dictionary/dict_rows.h"

struct assets;
struct dict_set;
struct render_dictionaries;

#define DICT_FOLDER     "ingest-pipelines/dictionaries/" /* of the defaults, in the assets */
#define DICT_PIPELINE   "flow-dict-"
#define DICT_INLINE_MAX (804U * 1024) /* JSON of all tables that `flow` itself holds */
#define DICT_SHARD_MAX  (800U * 1024) /* JSON of the table in a pipeline of its own */
#define DICT_SHARDS_MAX 64

/* `assets` is borrowed for the life of the set. `dir` may be NULL; EF_USAGE when it cannot be
 * read. */
int dict_set_open(const struct assets *assets, const char *dir, struct dict_set **ret_set,
		  struct err *err);
void dict_set_free(struct dict_set *set);

/* Which feeds are on (feed_choice.h); before any table is compiled. Borrowed for the life of the
 * set. */
int dict_set_choose(struct dict_set *set, const struct strlist *feeds, struct err *err);

/* Of the installation (common/names.h), for the names of pipelines; before any table is compiled.
 * Borrowed for the life of the set. */
void dict_set_prefix(struct dict_set *set, const char *prefix);

/* Files that the directory lacks are read from `dir`. Before anything is asked for. */
int dict_set_copies(struct dict_set *set, const char *dir, struct err *err);

/* The rows of a dictionary after the overlay. Borrowed. EF_USAGE for an unknown name or a wrong
 * row. */
int dict_set_rows(struct dict_set *set, const char *name, const struct dict_rows **ret_rows,
		  struct err *err);

/* The value that stands for {dictionary: NAME}; {} when the table lives in pipelines of its own. A
 * new reference. */
int dict_table(struct dict_set *set, const char *name, json_t **ret_table, struct err *err);

/* The value that stands for {dictionary: NAME, column: COLUMN} (dict_compile_marks()). A new
 * reference. */
int dict_marks(struct dict_set *set, const char *name, const char *column, json_t **ret_marks,
	       struct err *err);

/* The processors that stand for `- dictionary: NAME`: an array, empty when the table is inline or
 * has no rows. A new reference. */
int dict_calls(struct dict_set *set, const char *name, json_t **ret_processors, struct err *err);

/* The three as the renderer wants them; `ret` borrows `set`. */
void dict_set_render(struct dict_set *set, struct render_dictionaries *ret);

/*
 * Calls `each` for every pipeline that the dictionaries need beside the stages, in the order of
 * installing: shards first, then what calls them. `body` is borrowed. Stops at the first failure.
 */
typedef int dict_pipeline_fn(void *arg, const char *id, json_t *body, struct err *err);
int dict_pipelines(struct dict_set *set, dict_pipeline_fn *each, void *arg, struct err *err);

/* What there is, for people. */
struct dict_info {
	const struct dict_kind *kind;
	size_t rows;
	size_t own_rows,
	    found_rows;     /* of them the user's and the feeds', and the discovered ones */
	size_t bytes;       /* of the compiled JSON */
	unsigned pipelines; /* of its own; 0: inline */
};
int dict_info(struct dict_set *set, const char *name, struct dict_info *ret_info, struct err *err);

/* Names of the dictionaries for pipelines that hold rows of the user's or of feeds, "hosts,
 * networks", or DICT_OWN_NONE. */
#define DICT_OWN_MAX  512
#define DICT_OWN_NONE "none"
int dict_own(struct dict_set *set, char ret_names[DICT_OWN_MAX], struct err *err);

static inline void cleanup_dict_set_(struct dict_set **set)
{
	dict_set_free(*set);
}
#define CLEANUP_DICT_SET __attribute__((cleanup(cleanup_dict_set_)))

#endif
