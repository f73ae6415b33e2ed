/* SPDX-License-Identifier: Apache-2.0
 * Whether the cluster as a whole, or an index of ours in it, is in a state in which it takes no
 * documents: blocks, shards, disks, nodes. */
#include "importer/install/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/cluster_state.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/client/streams.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"

#define RED_MAX 3 /* indices that are looked into: one shard that is away has one reason */

/* The settings of the cluster with their defaults; NULL: it does not say. */
static int read_settings(struct es *es, json_t *findings, json_t **ret_settings, struct err *err)
{
	static const char path[] = "/_cluster/settings?flat_settings=true&include_defaults=true";
	CLEANUP_JSON json_t *reply = NULL;
	long status = 0;
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	*ret_settings = status == 200 ? steal_ptr(reply) : NULL;
	if (status != 200)
		es_say_unknown(findings, status, reply, "whether the cluster is read-only");
	return 0;
}

/* The kind of setting that switches it on, "transient" or "persistent"; NULL: neither. */
static const char *switched_on(const json_t *settings, const char *name)
{
	static const char *const kinds_of[] = { "transient", "persistent" };
	for (size_t i = 0; i < 2; i++) {
		const char *word = json_string_value(
		    json_object_get(json_object_get(settings, kinds_of[i]), name));
		if (word)
			return strcmp(word, "true") == 0 ? kinds_of[i] : NULL;
	}
	return NULL;
}

/* Somebody may have made all of the cluster read-only, for a move say, and forgotten it. */
static void look_at_blocks(const json_t *settings, json_t *findings)
{
	for (int i = 0; i < CLUSTER_STATES; i++) {
		const char *block = cluster_states[i].setting;
		const char *kind = block ? switched_on(settings, block) : NULL;
		if (kind)
			finding_add(findings, BAD,
				    "the cluster is blocked (%s): take that away (PUT "
				    "/_cluster/settings {\"%s\": {\"%s\": null}})",
				    block, kind, block);
	}
}

static int look_at_nodes(struct es *es, json_t *findings, struct err *err)
{
	static const char path[] = "/_nodes/ingest?filter_path=nodes.*.roles";
	const char *id;
	json_t *node, *role;
	long status = 0;
	size_t i;
	bool ingest = false;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	json_t *nodes = json_object_get(reply, "nodes");
	json_object_foreach (nodes, id, node)
		json_array_foreach (json_object_get(node, "roles"), i, role)
			ingest = ingest || (json_is_string(role) &&
					    strcmp(json_string_value(role), "ingest") == 0);
	if (json_object_size(nodes) && !ingest)
		finding_add(findings, BAD, "%s", cluster_states[STATE_NO_INGEST].remedy);
	return 0;
}

/* Each day, and each 50 GB, a stream gets a new index; without room for it the old one grows. */
static void look_at_room(const struct app *app, const json_t *settings, const json_t *health,
			 json_t *findings)
{
	static const char limit[] = "cluster.max_shards_per_node";
	static const char *const kinds_of[] = { "transient", "persistent", "defaults" };
	const char *value = NULL;
	for (size_t i = 0; i < 3 && !value; i++)
		value = json_string_value(
		    json_object_get(json_object_get(settings, kinds_of[i]), limit));
	long long nodes = json_int_at(health, "number_of_data_nodes");
	if (!value || nodes <= 0)
		return;
	long long may = strtoll(value, NULL, 10) * nodes;
	long long are = json_int_at(health, "active_shards") +
			json_int_at(health, "unassigned_shards") +
			json_int_at(health, "initializing_shards");
	long long copies = app->setup.replicas >= 0 ? app->setup.replicas : nodes > 1;
	long long wants = app->setup.shards * (1 + copies);
	if (are + wants > may)
		finding_add(findings, BAD,
			    "a new index of a data stream needs %lld shards, and there are %lld of "
			    "%lld: %s",
			    wants, are, may, cluster_states[STATE_SHARDS_FULL].remedy);
	else if (are + STREAMS * wants > may)
		finding_add(findings, ODD,
			    "soon no new index will fit: there are %lld shards of %lld ("
			    "%s × nodes)",
			    are, may, limit);
}

/* Why a primary shard is on no node, in the cluster's words; `*ret_disk`: for want of room. */
static int explain_shard(struct es *es, const char *index, const char *shard, char text[400],
			 bool *ret_disk, struct err *err)
{
	size_t i, j;
	json_t *node, *decider;
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL,
			    *body = json_pack("{s:s,s:I,s:b}", "index", index, "shard",
					      (json_int_t)strtoll(shard, NULL, 10), "primary", 1);
	*ret_disk = false;
	if (es_call(es, "POST", "/_cluster/allocation/explain", body, &status, &reply, err))
		return -1;
	snprintf(text, 400, "%s", json_text_at(reply, "allocate_explanation", "no reason given"));
	json_array_foreach (json_object_get(reply, "node_allocation_decisions"), i, node)
		json_array_foreach (json_object_get(node, "deciders"), j, decider) {
			if (strcmp(json_text_at(decider, "decision", ""), "NO") != 0)
				continue;
			*ret_disk =
			    strcmp(json_text_at(decider, "decider", ""), "disk_threshold") == 0;
			snprintf(text, 400, "%s", json_text_at(decider, "explanation", ""));
			return 0;
		}
	return 0;
}

/* The number of a shard whose primary is on no node; NULL: none is. */
static const char *shard_away(const json_t *index)
{
	const char *number;
	json_t *shard;
	json_object_foreach (json_object_get(index, "shards"), number, shard)
		if (json_is_false(json_object_get(shard, "primary_active")))
			return number;
	return NULL;
}

static int look_at_red(struct es *es, json_t *findings, struct err *err)
{
	char path[STREAMS_PATH], why[400];
	const char *name;
	long status = 0;
	json_t *index;
	size_t red = 0;
	bool disk;
	CLEANUP_JSON json_t *reply = NULL;
	streams_path(es, path, "/_cluster/health/", "?level=shards");
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	json_object_foreach (json_object_get(reply, "indices"), name, index) {
		const char *shard = shard_away(index);
		if (!shard || red++ >= RED_MAX)
			continue;
		if (explain_shard(es, name, shard, why, &disk, err))
			return -1;
		finding_add(findings, BAD, "%s is red, what is for it waits: %.300s: %s", name, why,
			    cluster_states[disk ? STATE_DISK_FULL : STATE_SHARD_AWAY].remedy);
	}
	if (!red)
		finding_add(
		    findings, ODD,
		    "the cluster is red: some primary shards are missing, none of ours; GET "
		    "_cluster/allocation/explain says why");
	return 0;
}

static int look_at_full_disks(struct es *es, json_t *findings, struct err *err)
{
	char path[STREAMS_PATH];
	const char *index;
	long status = 0;
	json_t *its;
	CLEANUP_JSON json_t *reply = NULL;
	streams_path(es, path, "/",
		     "/_settings/index.blocks.read_only_allow_delete?flat_settings=true");
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	if (status != 200 && status != 404) /* no index: none is blocked */
		es_say_unknown(findings, status, reply,
			       "whether a full disk made an index read-only");
	json_object_foreach (status == 200 ? reply : NULL, index, its)
		if (json_object_size(json_object_get(its, "settings")))
			finding_add(findings, BAD, "%s is read-only: %s", index,
				    cluster_states[STATE_DISK_FULL].remedy);
	return 0;
}

/* What is of the cluster, and not of an index. */
static int look_at_cluster(struct es *es, const struct app *app, json_t *findings, bool room,
			   json_t **ret_health, struct err *err)
{
	CLEANUP_JSON json_t *settings = NULL, *health = NULL;
	long status = 0;
	if (read_settings(es, findings, &settings, err) ||
	    es_call(es, "GET", "/_cluster/health", NULL, &status, &health, err))
		return -1;
	if (!json_text_at(health, "status", NULL))
		es_say_unknown(findings, status, health, "whether all shards are there");
	look_at_blocks(settings, findings);
	if (room)
		look_at_room(app, settings, health, findings);
	if (look_at_nodes(es, findings, err))
		return -1;
	*ret_health = steal_ptr(health);
	return 0;
}

int health_findings(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	CLEANUP_JSON json_t *health = NULL;
	if (look_at_cluster(es, app, findings, true, &health, err))
		return -1;
	if (strcmp(json_text_at(health, "status", ""), "red") == 0 &&
	    look_at_red(es, findings, err))
		return -1;
	return look_at_full_disks(es, findings, err);
}

int health_check(struct es *es, const struct app *app, bool creates, struct err *err)
{
	CLEANUP_JSON json_t *findings = json_array(), *health = NULL;
	if (look_at_cluster(es, app, findings, creates, &health, err))
		return -1;
	const char *bad = findings_first_bad(findings);
	return bad ? err_set(err, EF_USAGE, "%s: %s", es_url(es), bad) : 0;
}
