/* SPDX-License-Identifier: Apache-2.0
 * The filter language of efctl: nfdump's and words of our own, to a query of Elasticsearch.
 *
 * The grammar is nfdump's (1.7.1, and the spellings of later versions): terms joined by `and`,
 * `or`, `not` and brackets, keywords in any case, k, m, g, t = powers of 1000. docs/asking.md lists
 * the words. Where a word is both nfdump's and ours, nfdump's meaning wins.
 *
 * `not F` and F together are all records, with one exception that is nfdump's: `flags` with more
 * than one letter means all of them, and behind an odd number of `not` none of them. */
#ifndef EF_IMPORTER_FILTER_H
#define EF_IMPORTER_FILTER_H

#include <jansson.h>
#include <stddef.h>

#include "common/conf.h"
#include "common/err.h"

#define FILTER_TEXT_MAX  (1024 * 1024) /* bytes of a filter */
#define FILTER_DEPTH_MAX 100           /* brackets and `not` in one another */

struct filter;

/* What a term costs the cluster. Indexed: it jumps to the records. Values: it reads one column of
 * every record in the time range that no other term has excluded. Script: it runs code on each of
 * those. The last two are "expensive queries", which a cluster may forbid
 * (search.allow_expensive_queries). */
enum filter_cost { FILTER_INDEXED, FILTER_VALUES, FILTER_SCRIPT };
extern const char *const filter_cost_names[]; /* "indexed", "values", "script" */

/*
 * `text` as a filter, the caller's to free; NULL, and a text of blanks, is all records. EF_USAGE
 * when it is none: the message names the word, its column (in characters, from 1) and what may have
 * been meant. `types`: the fields of a cluster (field.h), and a field that is named itself has to
 * be one of them; NULL: our mapping has the types, and what it does not have is a text.
 */
int filter_parse(const char *text, const json_t *types, struct filter **ret_filter,
		 struct err *err);

/* The same of the words of a command line from number `from` on, with blanks between them. */
int filter_parse_words(const struct strlist *words, size_t from, const json_t *types,
		       struct filter **ret_filter, struct err *err);

void filter_free(struct filter *f);

/* Whether it lets all records pass without looking at them. */
bool filter_is_all(const struct filter *f);

/*
 * The query: one clause of query DSL ({"bool": …}, {"term": …}, {"match_all": {}}, …), the
 * caller's. It has no time range and no score is wanted of it: put it into "filter" of a bool
 * query, beside when_query() (when.h).
 */
json_t *filter_query(const struct filter *f);

/* The same as KQL, for Kibana's search bar; the caller's. EF_USAGE where KQL cannot say it. */
int filter_kql(const struct filter *f, char **ret_text, struct err *err);

/* What its dearest term costs; `ret_field`, which may be NULL, gets the field of that term,
 * borrowed, or NULL where there is none. */
enum filter_cost filter_cost(const struct filter *f, const char **ret_field);

/* Calls `look` for each field that it asks for, as often as it does. */
void filter_fields(const struct filter *f, void (*look)(void *arg, const char *field), void *arg);

/* The fields that it names itself (`field = value`), an array of texts, borrowed; `ret_foreign`:
 * some of them are not in our mapping. */
const json_t *filter_named(const struct filter *f, bool *ret_foreign);

static inline void cleanup_filter_(struct filter **f)
{
	filter_free(*f);
}
#define CLEANUP_FILTER __attribute__((cleanup(cleanup_filter_)))

#endif
