/* SPDX-License-Identifier: Apache-2.0
 * What the error of one bulk item means for its document: the table of what clusters say. */
#include "forwarder/ship/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The first row that fits counts. The status says little by itself: a full cluster (shard limit) is
 * 400, one without ingest nodes 500, and a block 403 or 429, by version. */
static const struct {
	int status;         /* 0: any; 500: it and all above that have no row before */
	const char *type;   /* of the error; NULL: any */
	const char *reason; /* a part of it; NULL: any */
	enum verdict verdict;
} rows[] = {
	{ 409, NULL, NULL, VERDICT_DUPLICATE },
	/* disk watermark, read-only index or cluster, no master */
	{ 0, "cluster_block_exception", NULL, VERDICT_RETRY },
	/* cluster.max_shards_per_node: "this action would add [2] shards, but …" */
	{ 400, "validation_exception", "this action would add", VERDICT_DENIED },
	/* efctl setup is gone, or half there */
	{ 400, "illegal_argument_exception", "pipeline with id [", VERDICT_DENIED },
	{ 500, "illegal_state_exception", "no ingest nodes", VERDICT_DENIED },
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
	{ 404, NULL, NULL, VERDICT_DENIED },
	{ 500, NULL, NULL, VERDICT_FAULT },
};

enum verdict verdict_of(int status, const char *type, const char *reason)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool fits = rows[i].status == 0 || rows[i].status == status ||
			    (rows[i].status == 500 && !rows[i].type && status > 500);
		if (fits && (!rows[i].type || strcmp(type, rows[i].type) == 0) &&
		    (!rows[i].reason || strcasestr(reason, rows[i].reason)))
			return rows[i].verdict;
	}
	return VERDICT_DOUBTED;
}
