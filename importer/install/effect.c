/* SPDX-License-Identifier: Apache-2.0
 * Whether what setup installs takes effect: where a document that efd sends would go now, and what
 * would become of it there. */
#include "importer/install/effect.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/cluster_state.h"
#include "common/names.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/client/streams.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"
#include "importer/install/others.h"

/* What a new index of the stream would get; NULL: the cluster does not say. */
static int simulate_index(struct es *es, const char *stream, json_t *findings,
			  json_t **ret_template, struct err *err)
{
	char path[STREAMS_PATH];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_call(es, "POST", streams_simulate_path(path, stream), NULL, &status, &reply, err))
		return -1;
	*ret_template = status == 200 ? json_incref(json_object_get(reply, "template")) : NULL;
	if (status != 200 && json_array_size(findings) == 0) /* once is enough */
		es_say_unknown(findings, status, reply, "which template new indices would get");
	return 0;
}

/* A pipeline that the settings of an index let come after ours; NULL: none. None of ours is. */
static const char *final_pipeline(const json_t *settings_and_mappings)
{
	const char *name = json_text_at(settings_and_mappings, STREAMS_FINAL, "_none");
	return strcmp(name, "_none") != 0 ? name : NULL;
}

static void look_at_final(const char *stream, const char *index, const json_t *its,
			  const json_t *wanted, json_t *findings)
{
	const char *now = final_pipeline(its), *later = final_pipeline(wanted);
	if (now)
		finding_add(findings, BAD,
			    "%s writes to %s, where the pipeline '%s' comes after ours and may "
			    "change what is stored, drop it or send it elsewhere: take that away "
			    "(PUT /%s/_settings {\"index.final_pipeline\": null}), and call it in "
			    "flow@custom if it is wanted",
			    stream, index, now, index);
	if (later && (!now || strcmp(now, later) != 0))
		finding_add(findings, BAD,
			    "new indices of %s get the pipeline '%s' after ours, which may change "
			    "what is stored, drop it or send it elsewhere: take "
			    "index.final_pipeline out of the index template that decides there or "
			    "of its components (flow@custom, say)",
			    stream, later);
}

/* Blocks of the index alone, which nothing lifts by itself. One that is written to no more may well
 * have some, and those of a full disk are of health.c. */
static void look_at_index_blocks(const char *stream, const char *index, const json_t *its,
				 json_t *findings)
{
	char path[100], remedy[CLUSTER_REMEDY_MAX];
	for (int i = 0; i < CLUSTER_STATES; i++) {
		const char *block = cluster_states[i].setting;
		if (!cluster_state_is_of_index((enum cluster_state)i) || i == STATE_DISK_FULL)
			continue;
		snprintf(path, sizeof(path), "settings.%s", block);
		if (strcmp(json_text_at(its, path, "false"), "true") == 0)
			finding_add(findings, BAD, "%s writes to %s, which is blocked (%s): %s",
				    stream, index, block,
				    cluster_state_remedy((enum cluster_state)i, index, remedy));
	}
}

/* What would not show it to anybody, and is not so in a new one. */
static bool keeps_no_source(const json_t *its, const json_t *wanted)
{
	return json_is_false(json_at(its, "mappings._source.enabled")) &&
	       !json_is_false(json_at(wanted, "mappings._source.enabled"));
}

/* The index does not show itself: for want of a privilege, or as a block forbids even that. */
static void index_hidden(const char *stream, const char *index, long status, const json_t *reply,
			 json_t *findings)
{
	char remedy[CLUSTER_REMEDY_MAX];
	enum cluster_state state = es_state(status, reply);
	if (state == STATE_NONE)
		es_say_unknown(findings, status, reply, "%s", stream);
	else
		finding_add(findings, BAD, "%s writes to %s, which is blocked (%s): %s", stream,
			    index, cluster_states[state].setting,
			    cluster_state_remedy(state, index, remedy));
}

/* The index that the stream is written to now, against what a new one would get. */
static int look_at_write_index(struct es *es, const char *stream, const char *index,
			       const json_t *wanted, json_t *findings, struct err *err)
{
	char path[600];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	snprintf(path, sizeof(path), "/%s", index);
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	if (status != 200) {
		index_hidden(stream, index, status, reply, findings);
		return 0;
	}
	const json_t *is = json_object_get(reply, index);
	look_at_final(stream, index, is, wanted, findings);
	look_at_index_blocks(stream, index, is, findings);
	const char *pipeline = json_text_at(is, STREAMS_PIPELINE, "");
	const char *should = json_text_at(wanted, STREAMS_PIPELINE, "");
	bool unmarked = json_at(wanted, "mappings._meta") && !json_at(is, "mappings._meta");
	if (wanted && strcmp(pipeline, should) != 0 && unmarked)
		finding_add(findings, BAD,
			    "%s writes to %s, whose pipeline is '%s' instead of '%s': documents "
			    "are stored unprocessed; setup with --rollover starts a new index",
			    stream, index, pipeline, should);
	else if (wanted && strcmp(pipeline, should) != 0)
		finding_add(findings, BAD,
			    "%s writes to %s, whose pipeline is '%s' and not '%s': put that "
			    "right (PUT /%s/_settings {\"index.default_pipeline\": \"%s\"})",
			    stream, index, pipeline, should, index, *should ? should : "_none");
	else if (unmarked)
		finding_add(findings, BAD,
			    "%s writes to %s, which was not made from our index template; with "
			    "--rollover setup starts a new index",
			    stream, index);
	else if (keeps_no_source(is, wanted))
		finding_add(findings, BAD,
			    "%s writes to %s, which keeps no documents (_source.enabled is false), "
			    "so nobody can view them; setup with --rollover starts a new index",
			    stream, index);
	return 0;
}

/* There is no data stream of that name: is there something else? For an alias the question for the
 * stream was an error already (`asked`), which says nothing if it was none. */
static int look_at_name(struct es *es, const char *stream, long asked, json_t *findings,
			struct err *err)
{
	char path[NAME_ROOM + 200];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	snprintf(path, sizeof(path), "/_resolve/index/%s", stream);
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	bool index = json_array_size(json_object_get(reply, "indices")) > 0;
	bool alias = json_array_size(json_object_get(reply, "aliases")) > 0;
	if (status != 404 && (status != 200 || (!alias && asked != 200 && asked != 404)))
		es_say_unknown(findings, status == 200 ? asked : status, reply, "%s", stream);
	else if (index || alias)
		finding_add(findings, BAD,
			    "%s is %s, not a data stream: no template applies, and documents would "
			    "be stored there unprocessed; reindex its content under another name "
			    "and delete it, then run setup again",
			    stream, index ? "an index" : "an alias");
	return 0;
}

/* A cluster may switch failure stores on for all of logs-* (data_streams.failure_store.enabled). */
static void look_at_failure_store(const char *name, const json_t *stream, const json_t *wanted,
				  json_t *findings)
{
	if (json_is_true(json_at(stream, "failure_store.enabled")) &&
	    !json_is_true(json_at(wanted, "data_stream_options.failure_store.enabled")))
		finding_add(findings, BAD,
			    "the failure store of %s is on: what is refused goes to "
			    "%s::failures, where no dashboard looks; setup switches it off, or "
			    "takes it as wanted with --failure-store on",
			    name, name);
}

static int look_at_stream(struct es *es, const char *stream, void *arg, struct err *err)
{
	json_t *findings = arg;
	char path[NAME_ROOM + 200];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL, *wanted = NULL;
	if (simulate_index(es, stream, findings, &wanted, err))
		return -1;
	snprintf(path, sizeof(path), "/_data_stream/%s", stream);
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	const json_t *its = json_array_get(json_object_get(reply, "data_streams"), 0);
	const char *index = streams_write_index(its);
	look_at_failure_store(stream, its, wanted, findings);
	if (*index)
		return look_at_write_index(es, stream, index, wanted, findings, err);
	look_at_final(stream, "", NULL, wanted, findings);
	return look_at_name(es, stream, status, findings, err);
}

int effect_findings(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	CLEANUP_JSON json_t *found = json_array();
	if (others_templates(es, app, findings, err) ||
	    streams_each(es, app->elastic.namespace, look_at_stream, found, err))
		return -1;
	return json_array_extend(findings, found);
}
