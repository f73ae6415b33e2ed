/* SPDX-License-Identifier: Apache-2.0
 * OpenSearch's index state management (ISM), where the plugin is: the policy that starts new
 * indices and deletes old ones, and the indices that are to have it. */
#include "importer/install/ism.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/client/streams.h"
#include "importer/core/json.h"
#include "importer/install/install.h"

#define ISM       "/_plugins/_ism/"
#define OURS      "Flow data streams" /* how the description of ours begins */
#define PATH_SIZE 600

static json_t *patterns(const struct es *es)
{
	json_t *list = json_array();
	for (size_t i = 0; i < STREAMS_ALL; i++)
		json_array_append_new(
		    list, json_sprintf("%s-*", NAME(es_prefix(es), stream_rows[i].name)));
	return list;
}

/* As the lifecycle policy for Elasticsearch: the time counts from when an index was left. */
static json_t *policy(const struct es *es, const char *retention)
{
	return json_pack(
	    "{s:{s:s,s:s,s:[{s:s,s:[{s:{s:s,s:s,s:i}}],s:[{s:s,s:{s:s}}]},{s:s,s:[{s:{}}],s:[]}],"
	    "s:[{s:o,s:i}]}}",
	    "policy", "description",
	    OURS ": a new backing index a day or at 50 GB, deleted after the retention.",
	    "default_state", "hot", "states", "name", "hot", "actions", "rollover", "min_index_age",
	    "1d", "min_primary_shard_size", "50gb", "min_doc_count", 180000000, "transitions",
	    "state_name", "delete", "conditions", "min_rollover_age", retention, "name", "delete",
	    "actions", "delete", "transitions", "ism_template", "index_patterns", patterns(es),
	    "priority", 260);
}

/* Whether all that `ours` says stands in `theirs`: the server adds times and defaults. */
static bool ism_within(const json_t *ours, const json_t *theirs)
{
	const char *name;
	json_t *value;
	size_t i;
	if (json_is_array(ours)) {
		if (json_array_size(ours) != json_array_size(theirs))
			return false;
		json_array_foreach (ours, i, value)
			if (!ism_within(value, json_array_get(theirs, i)))
				return false;
		return true;
	}
	if (!json_is_object(ours))
		return json_equal(ours, theirs);
	json_object_foreach ((json_t *)ours, name, value)
		if (!json_object_get(theirs, name) ||
		    !ism_within(value, json_object_get(theirs, name)))
			return false;
	return true;
}

static const char *policy_path(const struct es *es, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, ISM_POLICIES "%s", NAME(es_prefix(es), ILM_OURS));
	return path;
}

static bool is_ours(const json_t *reply)
{
	return strncmp(json_text_at(reply, "policy.description", ""), OURS, strlen(OURS)) == 0;
}

/* The indices of one data stream, by the policy that they have. */
static int sort_indices(struct es *es, const char *stream, struct ism *m, struct err *err)
{
	char path[PATH_SIZE];
	const char *index;
	json_t *its;
	CLEANUP_JSON json_t *reply = NULL;
	snprintf(path, sizeof(path), ISM "explain/.ds-%s-*", stream);
	int found = es_find(es, path, &reply, err);
	if (found <= 0)
		return found;
	json_object_foreach (reply, index, its) {
		const char *has = json_text_at(its, "policy_id", NULL);
		if (!json_is_object(its))
			continue; /* total_managed_indices */
		if (!has)
			has = json_string_value(
			    json_object_get(its, "index.plugins.index_state_management.policy_id"));
		if (!has)
			json_array_append_new(m->bare, json_string(index));
		else if (m->replaces && strcmp(has, NAME(es_prefix(es), ILM_OURS)) == 0)
			json_array_append_new(m->outdated, json_string(index));
	}
	return 0;
}

static int find_indices(struct es *es, struct ism *m, struct err *err)
{
	char path[STREAMS_PATH];
	size_t i;
	json_t *stream;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_find(es, streams_path(es, path, "/_data_stream/", ""), &reply, err) < 0)
		return -1;
	json_array_foreach (json_object_get(reply, "data_streams"), i, stream)
		if (sort_indices(es, json_text_at(stream, "name", ""), m, err))
			return -1;
	return 0;
}

int ism_plan(const struct install *in, const struct app *app, struct ism *ret, struct err *err)
{
	char path[PATH_SIZE];
	CLEANUP_JSON json_t *reply = NULL;
	if (!in->cluster.has[CAP_ISM])
		return 0;
	ret->bare = json_array();
	ret->outdated = json_array();
	ret->wanted = policy(in->es, app->setup.retention);
	int found = es_find(in->es, policy_path(in->es, path), &reply, err);
	if (found < 0)
		return -1;
	ret->seq_no = json_int_at(reply, "_seq_no");
	ret->primary_term = json_int_at(reply, "_primary_term");
	ret->state =
	    !found ? ISM_CREATE
	    : ism_within(json_object_get(ret->wanted, "policy"), json_object_get(reply, "policy"))
		? ISM_SAME
	    : is_ours(reply) || app->flags.force ? ISM_UPDATE
						 : ISM_FOREIGN;
	ret->replaces = ret->state == ISM_UPDATE;
	return ret->state == ISM_FOREIGN ? 0 : find_indices(in->es, ret, err);
}

bool ism_changes(const struct ism *m)
{
	return m->state == ISM_CREATE || m->state == ISM_UPDATE || json_array_size(m->bare) ||
	       json_array_size(m->outdated);
}

/* One by one: a list of many names is longer than a URL may be. */
static int give_policy(struct es *es, const char *how, const json_t *indices, struct err *err)
{
	size_t i;
	json_t *index;
	json_array_foreach (indices, i, index) {
		char path[PATH_SIZE];
		CLEANUP_JSON json_t *reply = NULL, *body = json_pack("{s:s}", "policy_id",
								     NAME(es_prefix(es), ILM_OURS));
		snprintf(path, sizeof(path), ISM "%s/%s", how, json_string_value(index));
		if (es_must(es, "POST", path, body, &reply, err))
			return -1;
		const json_t *failed = json_array_get(json_object_get(reply, "failed_indices"), 0);
		if (json_is_true(json_object_get(reply, "failures")))
			return err_set(err, EF_FAILED, "%s takes no ISM policy: %s",
				       json_string_value(index),
				       json_text_at(failed, "reason", "no reason given"));
	}
	return 0;
}

int ism_apply(struct es *es, const struct ism *m, struct err *err)
{
	char path[PATH_SIZE];
	policy_path(es, path);
	if (m->state == ISM_UPDATE)
		snprintf(path + strlen(path), sizeof(path) - strlen(path),
			 "?if_seq_no=%lld&if_primary_term=%lld", m->seq_no, m->primary_term);
	if ((m->state == ISM_CREATE || m->state == ISM_UPDATE) &&
	    es_must(es, "PUT", path, m->wanted, NULL, err))
		return err_wrap(err, "ISM policy %s", NAME(es_prefix(es), ILM_OURS));
	return give_policy(es, "add", m->bare, err) ||
		       give_policy(es, "change_policy", m->outdated, err)
		   ? -1
		   : 0;
}

void ism_release(struct ism *m)
{
	json_decref(m->wanted);
	json_decref(m->bare);
	json_decref(m->outdated);
	*m = (struct ism){ 0 };
}

const char *ism_word(const struct ism *m)
{
	static const char *const words[] = { [ISM_NONE] = NULL,
					     [ISM_SAME] = "same",
					     [ISM_CREATE] = "create",
					     [ISM_UPDATE] = "update",
					     [ISM_FOREIGN] = "foreign" };
	return words[m->state];
}

int ism_find(const struct install *in, struct err *err)
{
	char path[PATH_SIZE];
	CLEANUP_JSON json_t *reply = NULL;
	if (!in->cluster.has[CAP_ISM])
		return 0;
	int found = es_find(in->es, policy_path(in->es, path), &reply, err);
	return found <= 0 ? found : is_ours(reply);
}
