/* SPDX-License-Identifier: Apache-2.0
 * States in which a cluster takes no documents whatever they are: how its replies tell them apart,
 * and what to do about each. */
#ifndef EF_COMMON_CLUSTER_STATE_H
#define EF_COMMON_CLUSTER_STATE_H

enum cluster_state {
	STATE_NONE, /* none of them: the reply is about something else */
	STATE_READ_ONLY,
	STATE_READ_ONLY_DELETE,
	STATE_NO_CREATE, /* no new indices; OpenSearch sets it when all disks are rather full */
	STATE_NO_MASTER,
	STATE_DISK_FULL, /* flood stage: an index takes only deletions until there is room */
	STATE_INDEX_READ_ONLY,
	STATE_INDEX_NO_READ,
	STATE_INDEX_NO_WRITE,
	STATE_INDEX_NO_METADATA,
	STATE_SHARDS_FULL, /* no new index fits below cluster.max_shards_per_node */
	STATE_NO_INGEST,   /* no node runs pipelines */
	STATE_SHARD_AWAY,  /* a primary shard is on no node: the index is red */
	CLUSTER_STATES
};

/* One row each, for people and for whoever has to undo it. */
struct cluster_state_row {
	int status;          /* of the reply; 0: any, as versions differ */
	const char *type;    /* of the error; NULL: any */
	const char *reason;  /* a part of it; NULL: any */
	const char *setting; /* what blocks, to be set to null; NULL: no setting does */
	const char *remedy;  /* a clause: "free some space, …" */
};
extern const struct cluster_state_row cluster_states[CLUSTER_STATES];

/* The state that an error tells of; `type` and `reason` are "" when it has none. */
enum cluster_state cluster_state_of(int status, const char *type, const char *reason);

#define CLUSTER_REMEDY_MAX 512
/* The remedy with the name of the index, where it asks for one; NULL: it is not known. Returns
 * `text`. */
const char *cluster_state_remedy(enum cluster_state state, const char *index,
				 char text[CLUSTER_REMEDY_MAX]);
/* The same, with the first index that the reason names ("index [NAME] blocked by: …"). */
const char *cluster_state_remedy_of(enum cluster_state state, const char *reason,
				    char text[CLUSTER_REMEDY_MAX]);

/* Whether it is an index that is blocked, and not the cluster. */
static inline int cluster_state_is_of_index(enum cluster_state s)
{
	return s >= STATE_DISK_FULL && s <= STATE_INDEX_NO_METADATA;
}

#endif
