/* SPDX-License-Identifier: Apache-2.0
 * A question about flows as a command line asks it: which records, of which time. What flows, top,
 * series and report have in common. */
#ifndef EF_IMPORTER_QUERY_H
#define EF_IMPORTER_QUERY_H

#include <jansson.h>
#include <stddef.h>

#include "importer/client/app.h"
#include "importer/query/filter.h"
#include "importer/query/when.h"

struct query {
	struct filter *filter; /* owned */
	struct when when;
	size_t first; /* operand that the filter begins with */
};

/* Of the operands from number `first` on (the filter) and --since, --from, --to, --around,
 * --window. */
int query_read(const struct app *app, size_t first, struct query *ret_query, struct err *err);
void query_release(struct query *q);

/* The words of the filter with blanks between them; the caller's. */
char *query_text(const struct app *app, size_t first);

/* A clause of query DSL, the caller's: time and filter in a bool query's "filter", where no scores
 * are reckoned. */
json_t *query_clause(const struct query *q);

/* Where the flow records are, on other clusters, too (--remote): "logs-flow-default"; the
 * caller's. */
char *query_pattern(const struct app *app);

/* --show-query: prints a request as Kibana's Dev Tools take it ("POST logs-flow-default/_search"
 * and the body) to standard output. */
void query_show(const struct app *app, const json_t *body);

/* The same for each of the searches that made an answer, which are to return no records. */
void query_show_all(const struct app *app, const json_t *asked);

/* Tells on standard error the time, with its zone, where one is named, and what is dear about the
 * filter, where it is. */
void query_say(const struct query *q);

/* Puts into `err`, which holds a server's reason, why it refused the filter, where it is that
 * expensive queries are forbidden. Returns -1. */
int query_refused(const struct query *q, struct err *err);

static inline void cleanup_query_(struct query *q)
{
	query_release(q);
}
#define CLEANUP_QUERY __attribute__((cleanup(cleanup_query_)))

#endif
