/* SPDX-License-Identifier: Apache-2.0
 * What the error of one bulk item means for its document: the table of what clusters say. */
#include "forwarder/ship/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/cluster_state.h"

/* The first row that fits counts, after those of common/cluster_state.c: states of the cluster, of
 * which the status says little: a full one is 400, one without ingest nodes 500, a block 403 or
 * 429. */
static const struct {
	int status;         /* 0: any; 500: it and all above that have no row before */
	const char *type;   /* of the error; NULL: any */
	const char *reason; /* a part of it; NULL: any */
	enum verdict verdict;
} rows[] = {
	{ 409, NULL, NULL, VERDICT_DUPLICATE },
	{ 0, "cluster_block_exception", NULL, VERDICT_RETRY }, /* one that nobody knows yet */
	/* our own word: it was stored without the pipeline (bulk_refuse()) */
	{ 0, "not_in_effect", NULL, VERDICT_RETRY },
	/* efctl setup is gone, or half there */
	{ 400, "illegal_argument_exception", "pipeline with id [", VERDICT_DENIED },
	{ 400, "mapper_parsing_exception", NULL, VERDICT_REJECTED },
	{ 400, "document_parsing_exception", NULL, VERDICT_REJECTED },
	{ 400, "strict_dynamic_mapping_exception", NULL, VERDICT_REJECTED },
	{ 400, "illegal_argument_exception", "Limit of ", VERDICT_REJECTED }, /* depth, fields */
	{ 400, "illegal_argument_exception", "immense term", VERDICT_REJECTED },
	{ 400, "script_exception", NULL, VERDICT_REJECTED },
	{ 408, NULL, NULL, VERDICT_RETRY },
	{ 429, NULL, NULL, VERDICT_BUSY },
	{ 502, NULL, NULL, VERDICT_RETRY },
	{ 503, NULL, NULL, VERDICT_RETRY },
	{ 504, NULL, NULL, VERDICT_RETRY },
	{ 401, NULL, NULL, VERDICT_DENIED },
	{ 403, NULL, NULL, VERDICT_DENIED },
	/* a user's pipeline may send documents to a place of its own, and that is no stream */
	{ 404, NULL, "require_data_stream", VERDICT_DOUBTED },
	{ 404, NULL, NULL, VERDICT_DENIED },
	{ 500, NULL, NULL, VERDICT_FAULT },
};

/* Somebody has to do something, or it may pass by itself. */
static enum verdict verdict_of_state(enum cluster_state state)
{
	return state == STATE_SHARDS_FULL || state == STATE_NO_INGEST ? VERDICT_DENIED
								      : VERDICT_RETRY;
}

enum verdict verdict_of(int status, const char *type, const char *reason)
{
	enum cluster_state state = cluster_state_of(status, type, reason);
	if (state != STATE_NONE)
		return verdict_of_state(state);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool fits = rows[i].status == 0 || rows[i].status == status ||
			    (rows[i].status == 500 && !rows[i].type && status > 500);
		if (fits && (!rows[i].type || strcmp(type, rows[i].type) == 0) &&
		    (!rows[i].reason || strcasestr(reason, rows[i].reason)))
			return rows[i].verdict;
	}
	return VERDICT_DOUBTED;
}
