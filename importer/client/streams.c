/* SPDX-License-Identifier: Apache-2.0
 * The data streams that flows go to: which exist, and whether their newest backing index has the
 * current mapping. */
#include "importer/client/streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/client/remote.h"
#include "importer/core/json.h"

const struct stream_row stream_rows[STREAMS_ALL] = {
	{ "logs-flow", "flow records" },
	{ "metrics-flow.counters", "counter samples" },
	{ "metrics-flow.exporters", "lines about exporters" },
	{ "logs-flow.failed", "failed records" },
	{ "logs-ti_flow", "threat indicators" },
};

const char *streams_path(const struct es *es, char *path, const char *before, const char *after)
{
	size_t n = (size_t)snprintf(path, STREAMS_PATH, "%s", before);
	for (size_t i = 0; i < STREAMS_ALL; i++)
		n += (size_t)snprintf(path + n, STREAMS_PATH - n, "%s%s-*", i ? "," : "",
				      NAME(es_prefix(es), stream_rows[i].name));
	snprintf(path + n, STREAMS_PATH - n, "%s", after);
	return path;
}

int streams_each(struct es *es, const char *namespace, stream_look_fn *look, void *arg,
		 struct err *err)
{
	for (size_t i = 0; i < STREAMS; i++) {
		char name[STREAM_NAME];
		snprintf(name, sizeof(name), "%s-%s", NAME(es_prefix(es), stream_rows[i].name),
			 namespace);
		if (look(es, name, arg, err))
			return -1;
	}
	return 0;
}

const char *streams_simulate_path(char *path, const char *stream)
{
	snprintf(path, STREAMS_PATH, "/_index_template/_simulate_index/%s.probe", stream);
	return path;
}

const char *streams_write_index(const json_t *stream)
{
	const json_t *indices = json_object_get(stream, "indices");
	return json_text_at(json_array_get(indices, json_array_size(indices) - 1), "index_name",
			    "");
}

/* What follows "<stream>-", or NULL. */
static const char *namespace_in(const char *name, const char *stream)
{
	size_t n = strlen(stream);
	return strncmp(name, stream, n) == 0 && name[n] == '-' ? name + n + 1 : NULL;
}

/* Backing index by backing index: unlike a search this needs no right to read, and closed ones
 * show. */
static int count_documents(struct es *es, const char *name, struct stream_data *d, struct err *err)
{
	char path[300];
	size_t i;
	json_t *index;
	CLEANUP_JSON json_t *reply = NULL;
	snprintf(path, sizeof(path),
		 "/_cat/indices/%s?format=json&bytes=b&h=health,docs.count,store.size", name);
	if (es_must(es, "GET", path, NULL, &reply, err))
		return -1;
	d->counted = json_array_size(reply) > 0;
	json_array_foreach (reply, i, index) {
		const char *documents = json_string_value(json_object_get(index, "docs.count"));
		const char *bytes = json_string_value(json_object_get(index, "store.size"));
		if (!documents || strcmp(json_text_at(index, "health", "red"), "red") == 0)
			d->counted = false;
		d->documents += documents ? strtoull(documents, NULL, 10) : 0;
		d->bytes += bytes ? strtoull(bytes, NULL, 10) : 0;
	}
	return 0;
}

int streams_look(struct es *es, const char *stream, const char *namespace,
		 struct stream_data *ret_data, struct err *err)
{
	char name[300], path[400];
	long status = 0;
	struct stream_data d = { .exists = true };
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *newest = json_pack("{s:i,s:{s:{s:{s:s}}}}", "size", 0, "aggs",
						"newest", "max", "field", "@timestamp");
	snprintf(name, sizeof(name), "%s-%s", NAME(es_prefix(es), stream), namespace);
	snprintf(path, sizeof(path), "/%s/_refresh", name);
	if (es_call(es, "POST", path, NULL, &status, NULL, err)) /* where it is allowed */
		return -1;
	snprintf(path, sizeof(path), "/%s/_search", name);
	if (count_documents(es, name, &d, err) ||
	    es_call(es, "POST", path, newest, &status, &reply, err))
		return -1;
	if (status == 200)
		d.newest_ms = (uint64_t)json_int_at(reply, "aggregations.newest.value");
	*ret_data = d;
	return 0;
}

int streams_of(struct es *es, bool has_data_streams, const char *namespace,
	       struct stream_data ret_data[STREAMS_ALL], json_t *ret_others, struct err *err)
{
	char path[STREAMS_PATH];
	struct stream_data data[STREAMS_ALL] = { 0 };
	size_t i, row;
	json_t *entry;
	CLEANUP_JSON json_t *reply = NULL;
	int found = es_find(es,
			    has_data_streams
				? streams_path(es, path, "/_data_stream/", "")
				: streams_path(es, path, "/_cat/indices/", "?format=json&h=index"),
			    &reply, err);
	if (found < 0)
		return -1;
	json_array_foreach (has_data_streams ? json_object_get(reply, "data_streams") : reply, i,
			    entry) {
		const char *name = json_text_at(entry, has_data_streams ? "name" : "index", "");
		for (row = 0; row < STREAMS_ALL; row++) {
			const char *its =
			    namespace_in(name, NAME(es_prefix(es), stream_rows[row].name));
			if (its && strcmp(its, namespace) == 0)
				data[row].exists = true;
			else if (its)
				json_object_set_new(ret_others, its, json_true());
		}
	}
	for (row = 0; row < STREAMS_ALL; row++)
		if (data[row].exists &&
		    streams_look(es, stream_rows[row].name, namespace, &data[row], err))
			return -1;
	memcpy(ret_data, data, sizeof(data));
	return 0;
}

/* Whether documents are kept, or only what is indexed of them. */
static bool keeps_source(const json_t *mapping)
{
	return !json_is_false(json_at(mapping, "_source.enabled"));
}

/* Templates carry a mark of their mapping inside it (render.c); an index keeps the one it was made
 * with. */
static int same_mapping(struct es *es, const char *stream, const char *index, bool *ret_same,
			struct err *err)
{
	char path[STREAMS_PATH];
	CLEANUP_JSON json_t *simulated = NULL, *actual = NULL;
	if (es_must(es, "POST", streams_simulate_path(path, stream), NULL, &simulated, err))
		return -1;
	snprintf(path, sizeof(path), "/%s/_mapping", index);
	if (es_must(es, "GET", path, NULL, &actual, err))
		return -1;
	json_t *mapping = json_object_get(json_object_get(actual, index), "mappings");
	json_t *is = json_object_get(mapping, "_meta");
	json_t *should = json_at(simulated, "template.mappings._meta");
	*ret_same = (should == is || (should && is && json_equal(should, is))) &&
		    keeps_source(mapping) == keeps_source(json_at(simulated, "template.mappings"));
	return 0;
}

int streams_outdated(struct es *es, json_t *ret_names, struct err *err)
{
	char path[STREAMS_PATH];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_call(es, "GET", streams_path(es, path, "/_data_stream/", ""), NULL, &status, &reply,
		    err))
		return -1;
	if (status == 403) /* not seen is not fine */
		return es_fail(es, "GET", path, status, reply, err);
	size_t i;
	json_t *stream;
	json_array_foreach (json_object_get(reply, "data_streams"), i, stream) {
		const char *name = json_text_at(stream, "name", "");
		bool same = true;
		if (same_mapping(es, name, streams_write_index(stream), &same, err))
			return -1;
		if (!same)
			json_array_append_new(ret_names, json_string(name));
	}
	return 0;
}

int streams_missing(struct es *es, const char *namespace, json_t *ret_names, struct err *err)
{
	for (size_t i = 0; i < STREAMS; i++) {
		char name[300], path[400];
		long status = 0;
		snprintf(name, sizeof(name), "%s-%s", NAME(es_prefix(es), stream_rows[i].name),
			 namespace);
		snprintf(path, sizeof(path), "/_data_stream/%s", name);
		if (es_call(es, "GET", path, NULL, &status, NULL, err))
			return -1;
		if (status == 404) /* else it is there, or the cluster has no such API */
			json_array_append_new(ret_names, json_string(name));
	}
	return 0;
}

int streams_create(struct es *es, const char *namespace, struct err *err)
{
	CLEANUP_JSON json_t *missing = json_array();
	size_t i;
	json_t *name;
	if (streams_missing(es, namespace, missing, err)) /* some may have come since the plan */
		return -1;
	json_array_foreach (missing, i, name) {
		char path[400];
		snprintf(path, sizeof(path), "/_data_stream/%s", json_string_value(name));
		if (es_must(es, "PUT", path, NULL, NULL, err))
			return err_wrap(err, "data stream %s", json_string_value(name));
	}
	return 0;
}

int streams_search_remote(struct es *es, const struct strlist *remotes, const char *stream,
			  const char *namespace, const json_t *body, json_t **ret_reply,
			  struct err *err)
{
	char name[NAME_ROOM + 120];
	snprintf(name, sizeof(name), "%s-%s", NAME(es_prefix(es), stream), namespace);
	CLEANUP_FREE char *pattern = remote_pattern(name, remotes);
	CLEANUP_FREE char *path = NULL;
	if (!pattern || asprintf(&path, "/%s/_search?ignore_unavailable=true&allow_no_indices=true",
				 pattern) < 0)
		return err_set(err, EF_FAILED, "out of memory");
	return es_must(es, "POST", path, body, ret_reply, err);
}

int streams_search(struct es *es, const char *stream, const char *namespace, const json_t *body,
		   json_t **ret_reply, struct err *err)
{
	const struct strlist here = { 0 };
	return streams_search_remote(es, &here, stream, namespace, body, ret_reply, err);
}

int streams_rollover(struct es *es, const json_t *names, struct err *err)
{
	size_t i;
	json_t *name;
	json_array_foreach (names, i, name) {
		char path[300];
		snprintf(path, sizeof(path), "/%s/_rollover", json_string_value(name));
		if (es_must(es, "POST", path, NULL, NULL, err))
			return err_wrap(err, "new backing index for %s", json_string_value(name));
	}
	return 0;
}
