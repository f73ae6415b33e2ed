/* SPDX-License-Identifier: Apache-2.0
 * All records that a query finds, page by page: each exactly once, as they were
 * when the first page was asked for. */
#ifndef EF_IMPORTER_PAGES_H
#define EF_IMPORTER_PAGES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "importer/query/query.h"

struct es;
struct pages;

struct pages_wish {
	const char *sort; /* a field; records without it come last */
	bool ascending;
	const json_t *fields; /* array of those that are wanted of each document; NULL: all */
	uint64_t limit;       /* records; 0: all */
	bool count;           /* pages_total() is wanted, whatever it costs */
};

/* Records of a page: usually a few megabytes. Fewer where such as came before would be more than
 * PAGES_BYTES, and a quarter where one was more than PAGES_BYTES_MAX. */
#define PAGES_SIZE      2000
#define PAGES_BYTES     (16U << 20)
#define PAGES_BYTES_MAX (64U << 20)
#define PAGES_SHRINK    4

/*
 * Holds the records of `q` fast (importer/query/context.h), to be asked for page by page. What is
 * borrowed (app, es, q, wish) has to outlive it, and between the calls here nobody else may use
 * `es`: the next page is on its way. A stream that is not there has no records. A page that is not
 * whole, because a shard or a remote cluster failed or the search was ended early, is an error.
 *
 * The engine forgets what nobody asks for CONTEXT_KEEP. Then, and when a node that held it is gone,
 * the records from the last key on are held fast anew; those of that key that were handed out are
 * not handed out again. standard error says so. What came or went in the meantime may be in it.
 */
int pages_open(struct app *app, struct es *es, const struct query *q, const struct pages_wish *wish,
	       struct pages **ret_pages, struct err *err);

/* A document as one line of JSON, without its end: as it was stored, but for what hits_cut() drops
 * and replaces (importer/query/hits.h). */
struct pages_record {
	const char *json;
	size_t len;
};

/* The next ones: 1, and they are there until the next call; 0 at the end. */
int pages_next(struct pages *p, const struct pages_record **ret_records, size_t *ret_n,
	       struct err *err);

/* How many records there are; without `count` in the wish no more than 10,000,
 * and then `ret_more`. */
uint64_t pages_total(const struct pages *p, bool *ret_more);

/* Lets the engine forget it. NULL is fine. */
void pages_close(struct pages *p);

static inline void cleanup_pages_(struct pages **p)
{
	pages_close(*p);
}
#define CLEANUP_PAGES __attribute__((cleanup(cleanup_pages_)))

#endif
