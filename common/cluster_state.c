/* SPDX-License-Identifier: Apache-2.0
 * States in which a cluster takes no documents whatever they are: how its replies tell them apart,
 * and what to do about each. */
#include "common/cluster_state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define BLOCK      "cluster_block_exception"
#define SOME_INDEX "<index>"
#define CLUSTER_BLOCK(told, name)                                                      \
	{                                                                              \
		0, BLOCK, told, name,                                                  \
		    "take that away (PUT /_cluster/settings {\"persistent\": {\"" name \
		    "\": null}, \"transient\": {\"" name "\": null}})"                 \
	}
#define INDEX_BLOCK(told, name)                                              \
	{                                                                    \
		0, BLOCK, told, name,                                        \
		    "take that away (PUT /" SOME_INDEX "/_settings {\"" name \
		    "\": null}), if nobody needs it"                         \
	}

/* A block is known by the number between slashes: "blocked by: [FORBIDDEN/6/cluster read-only
 * (api)];". tests/e2e/test_states.py brings real engines into the states. */
const struct cluster_state_row cluster_states[CLUSTER_STATES] = {
	[STATE_NONE] = { -1, "", NULL, NULL, "" },
	[STATE_READ_ONLY] = CLUSTER_BLOCK("/6/", "cluster.blocks.read_only"),
	[STATE_READ_ONLY_DELETE] = CLUSTER_BLOCK("/13/", "cluster.blocks.read_only_allow_delete"),
	/* OpenSearch 3.8 calls it index_create_block_exception */
	[STATE_NO_CREATE] = { 0, NULL, "/10/cluster create-index", "cluster.blocks.create_index",
			      "take that away (PUT /_cluster/settings {\"persistent\": "
			      "{\"cluster.blocks.create_index\": null}, \"transient\": "
			      "{\"cluster.blocks.create_index\": null}}); OpenSearch sets it, and "
			      "lifts it, where all disks are too full: then free some space" },
	[STATE_NO_MASTER] = { 0, BLOCK, "/2/", NULL,
			      "its nodes elect no master: see whether enough of them run and reach "
			      "each other, and their logs" },
	[STATE_DISK_FULL] = { 0, BLOCK, "/12/", "index.blocks.read_only_allow_delete",
			      "a disk is too full: free some space, delete old indices or add a "
			      "node; then the cluster lifts the block itself" },
	[STATE_INDEX_READ_ONLY] = INDEX_BLOCK("/5/", "index.blocks.read_only"),
	[STATE_INDEX_NO_READ] = INDEX_BLOCK("/7/", "index.blocks.read"),
	[STATE_INDEX_NO_WRITE] = INDEX_BLOCK("/8/", "index.blocks.write"),
	[STATE_INDEX_NO_METADATA] = INDEX_BLOCK("/9/", "index.blocks.metadata"),
	/* "this action would add [2] shards, but this cluster currently has [1000]/[1000] …" */
	[STATE_SHARDS_FULL] = { 400, "validation_exception", "this action would add", NULL,
				"the cluster has as many shards as it may have: delete old "
				"indices, add a node, or raise cluster.max_shards_per_node (PUT "
				"/_cluster/settings)" },
	[STATE_NO_INGEST] = { 500, "illegal_state_exception", "no ingest nodes", NULL,
			      "no node of the cluster runs pipelines: give one the role ingest "
			      "(node.roles in its settings file) and restart it" },
	[STATE_SHARD_AWAY] = { 503, "unavailable_shards_exception", NULL, NULL,
			       "a primary shard is on no node: GET /_cluster/allocation/explain "
			       "says why" },
};

enum cluster_state cluster_state_of(int status, const char *type, const char *reason)
{
	for (int i = STATE_NONE + 1; i < CLUSTER_STATES; i++) {
		const struct cluster_state_row *row = &cluster_states[i];
		bool fits = row->status == 0 || row->status == status;
		if (fits && (!row->type || strcmp(type, row->type) == 0) &&
		    (!row->reason || strcasestr(reason, row->reason)))
			return (enum cluster_state)i;
	}
	return STATE_NONE;
}

const char *cluster_state_remedy(enum cluster_state state, const char *index,
				 char text[CLUSTER_REMEDY_MAX])
{
	const char *remedy = cluster_states[state].remedy, *at = strstr(remedy, SOME_INDEX);
	if (!at || !index || !*index)
		snprintf(text, CLUSTER_REMEDY_MAX, "%s", remedy);
	else
		snprintf(text, CLUSTER_REMEDY_MAX, "%.*s%.255s%s", (int)(at - remedy), remedy,
			 index, at + strlen(SOME_INDEX));
	return text;
}

const char *cluster_state_remedy_of(enum cluster_state state, const char *reason,
				    char text[CLUSTER_REMEDY_MAX])
{
	static const char before[] = "index [";
	char index[256] = "";
	const char *at = strstr(reason, before);
	const char *end = at ? strchr(at, ']') : NULL;
	if (end)
		snprintf(index, sizeof(index), "%.*s", (int)(end - at - (long)strlen(before)),
			 at + strlen(before));
	return cluster_state_remedy(state, index, text);
}
