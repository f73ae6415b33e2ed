/* SPDX-License-Identifier: Apache-2.0
 * What an engine holds fast for a search of many pages: a point in time, or a scroll. */
#ifndef EF_IMPORTER_CONTEXT_H
#define EF_IMPORTER_CONTEXT_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"

struct es;

enum context_way { CONTEXT_PIT, CONTEXT_PIT_OPENSEARCH, CONTEXT_SCROLL };

struct search_context {
	struct es *es; /* borrowed */
	char *pattern; /* of indices */
	enum context_way way;
	char *id; /* NULL: nothing is held */
};

/*
 * Finds out which way this engine knows: points in time from Elasticsearch 7.12 and OpenSearch 3.3
 * on, where `_shard_doc` tells records of one key apart; else, and for who may not see which engine
 * it is, a scroll. `pattern_take` may name remote clusters ("flows,eu:flows").
 */
int context_init(struct search_context *c, struct es *es, char *pattern_take, struct err *err);

/*
 * Has the engine hold all records of the pattern, for CONTEXT_KEEP after each search. With a scroll
 * the first search does it. 1; 0: there is no such index; -1, too, where a shard or a remote
 * cluster did not take part: its records would be missing from every page.
 */
#define CONTEXT_KEEP "5m"
int context_open(struct search_context *c, struct err *err);

/* The path of the next search; the caller's. */
char *context_path(const struct search_context *c);
/* Puts into the body of a search where it searches. Not for a scroll that has begun, whose whole
 * body context_scroll() is. */
void context_enter(const struct search_context *c, json_t *body);
json_t *context_scroll(const struct search_context *c);

/* Each reply may name what is held anew. */
int context_take(struct search_context *c, const json_t *reply, struct err *err);

/* Forgets the id without a word to the engine, which has forgotten it, too. */
void context_lost(struct search_context *c);
/* Lets the engine forget it. */
void context_release(struct search_context *c);

#endif
