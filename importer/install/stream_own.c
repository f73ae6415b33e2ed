/* SPDX-License-Identifier: Apache-2.0
 * What a data stream takes from its template when it is made and keeps from then on: its lifecycle
 * and its failure store. Those that are there are brought to what new ones get. */
#include "importer/install/stream_own.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/es.h"
#include "importer/client/streams.h"
#include "importer/core/json.h"
#include "importer/install/install.h"

#define RETENTION "data_retention"

/* What a component template will say once the plan is carried out; NULL: no such template. */
static const json_t *template_then(const struct install *in, bool force, const char *name)
{
	for (size_t i = 0; i < in->plan.n; i++) {
		const struct plan_item *item = &in->plan.item[i];
		if (item->kind->in_kibana ||
		    strcmp(item->name, NAME(in->rendering.prefix, name)) != 0 ||
		    strcmp(item->group, "component template") != 0)
			continue;
		return json_object_get(plan_writes(item, force) ? item->wanted : item->found,
				       "template");
	}
	return NULL;
}

/* What new streams get of it: `member` of template `name`; NULL: nothing, or the user decides. */
static const json_t *own_wanted(const struct install *in, bool force, const char *name,
				const char *member)
{
	if (json_object_get(template_then(in, force, "flow@custom"), member))
		return NULL;
	return json_object_get(template_then(in, force, name), member);
}

static void add(json_t *list, const char *stream, const char *what, const char *end,
		const char *from, const char *to, json_t *body_take)
{
	json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:o,s:o}", "stream", stream, "what",
					      what, "from", from, "to", to, "path",
					      json_sprintf("/_data_stream/%s%s", stream, end),
					      "body", body_take));
}

/* What there is of our streams; `end`: "" or "/_options". Where a cluster lacks the call, or the
 * privilege for it (*ret_withheld), nothing is there. */
static int read_streams(struct es *es, const char *end, json_t **ret_reply, bool *ret_withheld,
			struct err *err)
{
	char path[STREAMS_PATH];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	streams_path(es, path, "/_data_stream/", end);
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	if (status >= 500)
		return es_fail(es, "GET", path, status, reply, err);
	*ret_withheld = status == 403;
	*ret_reply = status == 200 ? steal_ptr(reply) : NULL;
	return 0;
}

static int find_lifecycles(const struct install *in, const char *wanted, json_t *list,
			   struct err *err)
{
	size_t i;
	json_t *stream;
	bool withheld = false;
	CLEANUP_JSON json_t *reply = NULL;
	if (read_streams(in->es, "", &reply, &withheld, err))
		return -1;
	json_array_foreach (json_object_get(reply, "data_streams"), i, stream) {
		const char *is = json_text_at(stream, "lifecycle." RETENTION, "none");
		if (strcmp(is, wanted) != 0)
			add(list, json_text_at(stream, "name", ""), "retention", "/_lifecycle", is,
			    wanted, json_pack("{s:s}", RETENTION, wanted));
	}
	return 0;
}

static const char *failure_word(const json_t *store)
{
	const json_t *enabled = json_object_get(store, "enabled");
	return json_is_true(enabled) ? "on" : json_is_false(enabled) ? "off" : "none";
}

/* Of those that are off the retention says nothing. */
static bool same_store(const json_t *is, const json_t *wanted)
{
	static const char path[] = "lifecycle." RETENTION;
	if (strcmp(failure_word(is), failure_word(wanted)) != 0)
		return false;
	return !json_is_true(json_object_get(wanted, "enabled")) ||
	       strcmp(json_text_at(is, path, ""), json_text_at(wanted, path, "")) == 0;
}

static int find_failure_stores(const struct install *in, const json_t *wanted, json_t *list,
			       struct err *err)
{
	char to[80], from[80];
	size_t i;
	json_t *stream;
	bool withheld = false;
	CLEANUP_JSON json_t *reply = NULL;
	const json_t *store = json_object_get(wanted, "failure_store");
	const char *keep = json_text_at(store, "lifecycle." RETENTION, "");
	/* who may only look at streams is not told what was said of each, but what counts */
	if (read_streams(in->es, "/_options", &reply, &withheld, err) ||
	    (withheld && read_streams(in->es, "", &reply, &withheld, err)))
		return -1;
	bool on = json_is_true(json_object_get(store, "enabled"));
	snprintf(to, sizeof(to), "%s%s%s", failure_word(store), on ? " for " : "", on ? keep : "");
	json_array_foreach (json_object_get(reply, "data_streams"), i, stream) {
		const json_t *is = json_at(stream, "options.failure_store");
		if (!is)
			is = json_object_get(stream, "failure_store");
		if (same_store(is, store))
			continue;
		snprintf(from, sizeof(from), "%s", failure_word(is));
		add(list, json_text_at(stream, "name", ""), "failure store", "/_options", from, to,
		    json_deep_copy(wanted));
	}
	return 0;
}

int stream_own_find(const struct install *in, bool force, json_t *list, struct err *err)
{
	const json_t *lifecycle = own_wanted(in, force, "flow@lifecycle", "lifecycle");
	const json_t *options = own_wanted(in, force, "flow@settings", "data_stream_options");
	const char *retention = json_text_at(lifecycle, RETENTION, NULL);
	if (in->cluster.has[CAP_DSL] && retention && find_lifecycles(in, retention, list, err))
		return -1;
	if (in->cluster.has[CAP_FAILURE_STORE] && options &&
	    find_failure_stores(in, options, list, err))
		return -1;
	return 0;
}

int stream_own_apply(struct es *es, const json_t *list, struct err *err)
{
	size_t i;
	json_t *entry;
	json_array_foreach (list, i, entry)
		if (es_must(es, "PUT", json_text_at(entry, "path", ""),
			    json_object_get(entry, "body"), NULL, err))
			return err_wrap(err, "%s of data stream %s",
					json_text_at(entry, "what", ""),
					json_text_at(entry, "stream", ""));
	return 0;
}

void stream_own_text(const json_t *entry, char *text, size_t size)
{
	snprintf(text, size, "%s: %s %s -> %s", json_text_at(entry, "stream", ""),
		 json_text_at(entry, "what", ""), json_text_at(entry, "from", ""),
		 json_text_at(entry, "to", ""));
}
