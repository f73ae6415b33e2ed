/* SPDX-License-Identifier: Apache-2.0
 * Searches of flows: where they are asked, and whether all of them were there to answer. */
#include "importer/query/search.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/client/remote.h"
#include "importer/client/streams.h"
#include "importer/core/json.h"
#include "importer/core/print.h"

int search_begin(struct searcher *s, struct app *app, struct es *es, struct err *err)
{
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	*s = (struct searcher){ .app = app, .es = es };
	if (es_call(es, "GET", "/", NULL, &status, &reply, err))
		return -1;
	/* who may not see the root may search all the same; then the safe way is taken */
	s->parts = status != 200 ||
		   strcmp(json_text_at(reply, "version.distribution", ""), "opensearch") == 0;
	return 0;
}

int search_whole(const json_t *reply, struct err *err)
{
	const long long failed = json_int_at(reply, "_shards.failed");
	const long long skipped = remote_skipped(reply);
	const json_t *first = json_array_get(json_at(reply, "_shards.failures"), 0);
	if (failed)
		return err_set(
		    err, EF_FAILED, "%lld of %lld shards failed (%s)", failed,
		    json_int_at(reply, "_shards.total"),
		    json_text_at(first, "reason.caused_by.reason",
				 json_text_at(first, "reason.reason", "no reason given")));
	if (skipped)
		return err_set(err, EF_FAILED, "%lld of %lld clusters did not answer", skipped,
			       json_int_at(reply, "_clusters.total"));
	if (json_is_true(json_object_get(reply, "timed_out")))
		return err_set(err, EF_FAILED,
			       "the cluster ended the search before it was done, as its setting "
			       "search.default_search_timeout asks");
	return 0;
}

static int check_reply(struct searcher *s, const json_t *reply, struct err *err)
{
	struct err why = ERR_NONE;
	if (!json_is_object(json_object_get(reply, "hits")))
		return err_set(err, EF_USAGE,
			       "%s does not answer as Elasticsearch does; check elasticsearch.url",
			       es_url(s->es));
	if (search_whole(reply, &why) && !s->told) {
		s->told = true;
		print_plain(stderr, "incomplete: %s\n", why.msg);
	}
	return 0;
}

int search_aggs(struct searcher *s, const json_t *query, json_t *aggs_take, bool whole_lists,
		json_t **ret_reply, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	if (whole_lists && s->parts)
		json_object_set_new(aggs_take, "in_turn",
				    json_pack("{s:{s:i},s:{s:{s:{s:s}}}}", "sampler", "shard_size",
					      1, "aggs", "one", "max", "field", "@timestamp"));
	CLEANUP_JSON json_t *body = json_pack("{s:i,s:b,s:O,s:o}", "size", 0, "track_total_hits", 0,
					      "query", query, "aggs", aggs_take);
	if (streams_search_remote(s->es, &s->app->kibana.remote, "logs-flow",
				  s->app->elastic.namespace, body, &reply, err))
		return strstr(err->msg, "not indexed")
			   ? err_set(err, EF_FAILED,
				     SEARCH_NO_INDEX
				     " (Elasticsearch searches columns from 8.1 on); one end alone "
				     "can be ranked: client-as, server-as")
			   : -1;
	if (check_reply(s, reply, err))
		return -1;
	*ret_reply = steal_ptr(reply);
	return 0;
}

uint64_t search_shards(const json_t *reply)
{
	long long n = json_int_at(reply, "_shards.total");
	return n > 0 ? (uint64_t)n : 0;
}
