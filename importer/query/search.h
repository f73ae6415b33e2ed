/* SPDX-License-Identifier: Apache-2.0
 * Searches of flows: where they are asked, and whether all of them were there to answer. */
#ifndef EF_IMPORTER_SEARCH_H
#define EF_IMPORTER_SEARCH_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"
#include "importer/client/app.h"

struct searcher {
	struct app *app;
	struct es *es; /* borrowed */
	bool told;     /* that something is missing: once is enough */
	/* OpenSearch looks at parts of a shard at the same time and then cuts each part's list of
	 * values, so nothing is certain of what was cut: one aggregation that cannot be done so
	 * makes it look at them in turn. */
	bool parts;
};

/* Finds out what engine it is. */
int search_begin(struct searcher *s, struct app *app, struct es *es, struct err *err);

/* 0 when all shards and clusters took part in a search, each to the end; else -1, and what is
 * missing in the reply. */
int search_whole(const json_t *reply, struct err *err);

/*
 * `aggs_take` over the flows that `query` finds, nothing else; `ret_reply`, the caller's, is the
 * whole reply. `whole_lists`: what is cut off a shard's lists of values has to be known. Shards and
 * clusters that did not answer are told on standard error: a wrong ranking must not look like a
 * right one.
 */
int search_aggs(struct searcher *s, const json_t *query, json_t *aggs_take, bool whole_lists,
		json_t **ret_reply, struct err *err);

/* How the error begins where a cluster does not search what has no index of its own. */
#define SEARCH_NO_INDEX "this cluster cannot tell which flows have a value at both ends"

/* How many shards took part in a reply. */
uint64_t search_shards(const json_t *reply);

#endif
