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

#define PAGES_SIZE 2000 /* records of a page: a few megabytes */

/*
 * Asks which engine this is, and holds the records of `q` fast: with a point in
 * time, and search_after with _shard_doc, the record's place, as what tells
 * records of one key apart (Elasticsearch from 7.12, OpenSearch from 3.3), else
 * with a scroll. What is borrowed (app, es, q, wish) has to outlive it. A
 * stream that is not there has no records.
 *
 * The engine forgets what nobody asks for PAGES_KEEP. Then, and when a node
 * that held it is gone, the records from the last key on are held fast anew;
 * those of that key that were handed out are not handed out again. standard
 * error says so. What came or went in the meantime may be in it.
 */
#define PAGES_KEEP "5m"
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
