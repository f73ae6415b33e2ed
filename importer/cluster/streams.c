/* SPDX-License-Identifier: Apache-2.0
 * The data streams that flows go to: which exist, and whether their newest backing index has the current mapping. */
#include "importer/cluster/streams.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/canon.h"
#include "importer/cluster/es.h"

const struct stream_row stream_rows[STREAMS] = {
	{ "logs-flow", "flow records" },
	{ "metrics-flow.counters", "counter samples" },
	{ "metrics-flow.exporters", "lines about exporters" },
	{ "logs-flow.failed", "failed records" },
};

/* Asked for another name of the same pattern: OpenSearch refuses one that exists. Templates carry a mark of their mapping inside it (render.c); an index keeps the one it was made with. */
static int same_mapping(struct es *es, const char *stream, const char *index, bool *ret_same,
			struct err *err)
{
	char path[600];
	CLEANUP_JSON json_t *simulated = NULL, *actual = NULL;
	snprintf(path, sizeof(path), "/_index_template/_simulate_index/%s.probe", stream);
	if (es_must(es, "POST", path, NULL, &simulated, err))
		return -1;
	snprintf(path, sizeof(path), "/%s/_mapping", index);
	if (es_must(es, "GET", path, NULL, &actual, err))
		return -1;
	json_t *mapping = json_object_get(json_object_get(actual, index), "mappings");
	json_t *is = json_object_get(mapping, "_meta");
	json_t *should = json_at(simulated, "template.mappings._meta");
	*ret_same = should == is || (should && is && json_equal(should, is));
	return 0;
}

int streams_outdated(struct es *es, json_t *ret_names, struct err *err)
{
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_call(es, "GET", "/_data_stream/" STREAMS_ALL, NULL, &status, &reply, err))
		return -1;
	size_t i;
	json_t *stream;
	json_array_foreach (json_object_get(reply, "data_streams"), i, stream) {
		json_t *indices = json_object_get(stream, "indices");
		const char *name = json_text_at(stream, "name", "");
		const char *index = json_text_at(
		    json_array_get(indices, json_array_size(indices) - 1), "index_name", "");
		bool same = true;
		if (same_mapping(es, name, index, &same, err))
			return -1;
		if (!same)
			json_array_append_new(ret_names, json_string(name));
	}
	return 0;
}

int streams_create(struct es *es, const char *namespace, struct err *err)
{
	for (size_t i = 0; i < STREAMS; i++) {
		char path[300];
		long status = 0;
		CLEANUP_JSON json_t *reply = NULL;
		snprintf(path, sizeof(path), "/_data_stream/%s-%s", stream_rows[i].name, namespace);
		if (es_call(es, "GET", path, NULL, &status, &reply, err))
			return -1;
		if (status != 404) /* it is there, or the cluster has no such API */
			continue;
		if (es_must(es, "PUT", path, NULL, NULL, err))
			return err_wrap(err, "data stream %s-%s", stream_rows[i].name, namespace);
	}
	return 0;
}

int streams_search(struct es *es, const char *stream, const char *namespace, const json_t *body,
		   json_t **ret_reply, struct err *err)
{
	char path[300];
	snprintf(path, sizeof(path), "/%s-%s/_search?ignore_unavailable=true&allow_no_indices=true",
		 stream, namespace);
	return es_must(es, "POST", path, body, ret_reply, err);
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
