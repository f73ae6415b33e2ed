/* SPDX-License-Identifier: Apache-2.0
 * What an engine holds fast for a search of many pages: a point in time, or a scroll. */
#include "importer/query/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/client/probe.h"
#include "importer/core/json.h"
#include "importer/core/memory.h"
#include "importer/query/search.h"

static const struct {
	const char *open, *options, *opened, *replied, *forget;
} context_words[] = {
	[CONTEXT_PIT] = { "_pit", "", "id", "pit_id", "/_pit" },
	/* without the option it is made of the shards that happen to answer */
	[CONTEXT_PIT_OPENSEARCH] = { "_search/point_in_time", "&allow_partial_pit_creation=false",
				     "pit_id", "pit_id", "/_search/point_in_time" },
	[CONTEXT_SCROLL] = { NULL, NULL, NULL, "_scroll_id", "/_search/scroll" },
};

static enum context_way way_of(const struct cluster *c)
{
	const int version = c->major * 100 + c->minor;
	if (c->distribution == OPENSEARCH)
		return version >= 303 ? CONTEXT_PIT_OPENSEARCH : CONTEXT_SCROLL;
	return version >= 712 ? CONTEXT_PIT : CONTEXT_SCROLL;
}

int context_init(struct search_context *c, struct es *es, char *pattern_take, struct err *err)
{
	struct cluster cluster = { 0 };
	struct err none = ERR_NONE;
	long status = 0;
	*c = (struct search_context){ .es = es, .pattern = pattern_take, .way = CONTEXT_SCROLL };
	if (cluster_identify(es, &cluster, err) == 0) {
		c->way = way_of(&cluster);
		cluster_release(&cluster);
		return 0;
	}
	if (es_call(es, "GET", "/", NULL, &status, NULL, &none) || status != 403)
		return -1;
	*err = none;
	return 0;
}

static bool is_remote(const struct search_context *c)
{
	return strchr(c->pattern, ':') != NULL;
}

/* Where other clusters are asked, too, the stream may be there alone. */
static const char *absent_option(const struct search_context *c)
{
	return is_remote(c) ? "&ignore_unavailable=true" : "";
}

static int id_take(struct search_context *c, const json_t *reply, const char *member,
		   struct err *err)
{
	const char *id = json_string_value(json_object_get(reply, member));
	if (!id)
		return err_set(err, EF_FAILED, "%s answered a search without its %s", es_url(c->es),
			       member);
	char *copy = strdup(id);
	if (!copy)
		memory_out();
	free(c->id);
	c->id = copy;
	return 0;
}

/* A point in time leaves out a remote cluster that may be skipped, and does not say so; a search
 * does. */
static int all_clusters(const struct search_context *c, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_FREE char *path = NULL;
	if (!is_remote(c))
		return 0;
	if (asprintf(&path, "/%s/_search?size=0&ignore_unavailable=true", c->pattern) < 0)
		memory_out();
	return es_must(c->es, "GET", path, NULL, &reply, err) || search_whole(reply, err) ? -1 : 0;
}

int context_open(struct search_context *c, struct err *err)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_JSON json_t *reply = NULL;
	long status = 0;
	if (c->way == CONTEXT_SCROLL)
		return 1;
	if (asprintf(&path, "/%s/%s?keep_alive=" CONTEXT_KEEP "%s%s", c->pattern,
		     context_words[c->way].open, context_words[c->way].options,
		     absent_option(c)) < 0)
		memory_out();
	if (all_clusters(c, err) || es_call(c->es, "POST", path, NULL, &status, &reply, err))
		return -1;
	if (status == 404)
		return 0;
	if (status >= 300)
		return es_fail(c->es, "POST", path, status, reply, err);
	if (id_take(c, reply, context_words[c->way].opened, err) || search_whole(reply, err) ||
	    all_clusters(c, err))
		return -1;
	return 1;
}

char *context_path(const struct search_context *c)
{
	char *path = NULL;
	if (c->way != CONTEXT_SCROLL)
		path = strdup("/_search");
	else if (c->id)
		path = strdup("/_search/scroll");
	else if (asprintf(&path, "/%s/_search?scroll=" CONTEXT_KEEP "%s", c->pattern,
			  absent_option(c)) < 0)
		path = NULL;
	if (!path)
		memory_out();
	return path;
}

void context_enter(const struct search_context *c, json_t *body)
{
	if (c->way != CONTEXT_SCROLL)
		json_object_set_new(
		    body, "pit", json_pack("{s:s,s:s}", "id", c->id, "keep_alive", CONTEXT_KEEP));
}

json_t *context_scroll(const struct search_context *c)
{
	return json_pack("{s:s,s:s}", "scroll", CONTEXT_KEEP, "scroll_id", c->id);
}

int context_take(struct search_context *c, const json_t *reply, struct err *err)
{
	const char *member = context_words[c->way].replied;
	return json_object_get(reply, member) ? id_take(c, reply, member, err) : 0;
}

void context_lost(struct search_context *c)
{
	free(c->id);
	c->id = NULL;
}

void context_release(struct search_context *c)
{
	CLEANUP_JSON json_t *body = NULL;
	struct err none = ERR_NONE;
	long status;
	if (c->id && c->way == CONTEXT_PIT)
		body = json_pack("{s:s}", "id", c->id);
	else if (c->id)
		body =
		    json_pack("{s:[s]}", c->way == CONTEXT_SCROLL ? "scroll_id" : "pit_id", c->id);
	if (body) /* it ends by itself, too */
		es_call(c->es, "DELETE", context_words[c->way].forget, body, &status, NULL, &none);
	context_lost(c);
	free(c->pattern);
	c->pattern = NULL;
}
