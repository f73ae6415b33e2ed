/* SPDX-License-Identifier: Apache-2.0
 * What of others is in our way: index templates that win over ours, and Elastic's own netflow
 * integration beside us. */
#include "importer/install/others.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/client/streams.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"

/* What may stand in a path as it is (RFC 3986 section 3.3). */
#define PATH_CHARACTERS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@"
#define WANTING_MAX 200
#define INTEGRATION "logs-netflow.log-*" /* the streams of Elastic's integration */

static bool pattern_matches(const json_t *template, const char *stream)
{
	size_t i;
	json_t *pattern;

	json_array_foreach (json_at(template, "index_template.index_patterns"), i, pattern)
		if (json_is_string(pattern) &&
		    fnmatch(json_string_value(pattern), stream, FNM_NOESCAPE) == 0)
			return true;
	return false;
}

static bool maps_as(const json_t *ours, const json_t *theirs);

/* Whether all fields of `ours` stand in `theirs` and are mapped as ours; there may be more. */
static bool maps_all(const json_t *ours, const json_t *theirs)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)ours, name, value)
		if (!maps_as(value, json_object_get(theirs, name)))
			return false;
	return true;
}

/* Members of a field, or of a mapping as a whole, that may say more than ours: more fields, and
 * what is for people. All others say how the documents are kept (_source, _routing, enabled,
 * dynamic) and whether a field is found (index, doc_values, enabled). */
static bool may_say_more(const char *member)
{
	return strcmp(member, "properties") == 0 || strcmp(member, "fields") == 0;
}

static bool is_for_people(const char *member)
{
	return strcmp(member, "_meta") == 0 || strcmp(member, "meta") == 0;
}

/* Whether the mapping has a field of this dotted name. */
static bool has_field(const json_t *mapping, const char *name)
{
	while (mapping && *name) {
		char part[256];
		size_t n = strcspn(name, ".");
		snprintf(part, sizeof(part), "%.*s", (int)n, name);
		mapping = json_object_get(json_object_get(mapping, "properties"), part);
		name += n + (name[n] == '.');
	}
	return mapping;
}

/* Runtime fields stand before those of their name; so nobody finds what is in ours. */
static bool hides_fields(const json_t *ours, const json_t *runtime)
{
	const char *name;
	json_t *field;

	json_object_foreach ((json_t *)runtime, name, field)
		if (has_field(ours, name))
			return true;
	return false;
}

/* Whether a member that ours does not have leaves our fields and documents as they are. Dynamic
 * templates are for fields that are not mapped. */
static bool is_harmless(const json_t *ours, const char *member, const json_t *value)
{
	if (strcmp(member, "runtime") == 0)
		return !hides_fields(ours, value);
	return may_say_more(member) || is_for_people(member) ||
	       strcmp(member, "dynamic_templates") == 0;
}

/* A field, or a whole mapping. */
static bool maps_as(const json_t *ours, const json_t *theirs)
{
	const char *name;
	json_t *value;

	if (!json_is_object(ours) || !json_is_object(theirs))
		return false;
	json_object_foreach ((json_t *)ours, name, value)
		if (may_say_more(name)
			? !maps_all(value, json_object_get(theirs, name))
			: !is_for_people(name) && !json_equal(value, json_object_get(theirs, name)))
			return false;
	json_object_foreach ((json_t *)theirs, name, value)
		if (!json_object_get(ours, name) && !is_harmless(ours, name, value))
			return false;
	return true;
}

/* What the cluster makes of a template and its components; NULL: it does not say. */
static int simulate(struct es *es, const char *name, json_t **ret_template, struct err *err)
{
	char path[1024];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;

	*ret_template = NULL;
	if (name[strspn(name, PATH_CHARACTERS)])
		return 0;
	snprintf(path, sizeof(path), "/_index_template/_simulate/%s", name);
	if (es_call(es, "POST", path, NULL, &status, &reply, err))
		return -1;
	if (status == 200)
		*ret_template = json_incref(json_object_get(reply, "template"));
	return 0;
}

static bool same_pipeline(const json_t *ours, const json_t *theirs, const char *setting)
{
	return strcmp(json_text_at(ours, setting, "_none"),
		      json_text_at(theirs, setting, "_none")) == 0;
}

/* Somebody may have one for a namespace of ours, made of our templates and more: what new indices
 * get for want of ours, "" where nothing is wanting. */
static int wanting(struct es *es, const char *row, const char *other, char text[WANTING_MAX],
		   struct err *err)
{
	CLEANUP_JSON json_t *ours = NULL, *theirs = NULL;

	if (simulate(es, row, &ours, err) || simulate(es, other, &theirs, err))
		return -1;
	const json_t *our_mapping = json_object_get(ours, "mappings");
	const json_t *their_mapping = json_object_get(theirs, "mappings");
	bool mapping = our_mapping ? maps_as(our_mapping, their_mapping) : !their_mapping;
	bool piped = same_pipeline(ours, theirs, STREAMS_PIPELINE);
	bool last = same_pipeline(ours, theirs, STREAMS_FINAL);
	snprintf(
	    text, WANTING_MAX, "%s%.60s",
	    !ours || !theirs ? "its mapping and its pipeline"
	    : !mapping ? piped ? "another mapping than ours" : "its mapping and no pipeline of ours"
	    : !piped   ? "our mapping, but not our pipeline"
	    : !last    ? "our mapping and our pipeline, and after it the pipeline "
		       : "",
	    ours && mapping && piped && !last ? json_text_at(theirs, STREAMS_FINAL, "_none") : "");
	return 0;
}

/* The one that decides where ours does not; NULL: ours does. */
static const json_t *winner(const json_t *templates, const json_t *ours, const char *stream)
{
	const json_t *first = ours;
	size_t i;
	json_t *t;

	json_array_foreach (templates, i, t)
		if (json_int_at(t, "index_template.priority") >
			json_int_at(first, "index_template.priority") &&
		    pattern_matches(t, stream))
			first = t;
	return first == ours ? NULL : first;
}

/* Each of our templates has the name of its streams. */
static int look_at_stream(struct es *es, const json_t *templates, const char *row,
			  const char *stream, json_t *findings, struct err *err)
{
	const json_t *ours = json_called(templates, row);
	const json_t *theirs = ours ? winner(templates, ours, stream) : NULL;
	const char *name = json_text_at(theirs, "name", "?");
	char get[WANTING_MAX];
	long long priority = json_int_at(theirs, "index_template.priority");

	if (!theirs)
		return 0;
	if (wanting(es, row, name, get, err))
		return -1;
	if (*get)
		finding_add(findings, BAD,
			    "index template %s has a higher priority (%lld) than ours (%lld) "
			    "and matches %s: new indices there get %s; lower its priority, narrow "
			    "its patterns, or give it all that %s has",
			    name, priority, json_int_at(ours, "index_template.priority"), stream,
			    get, row);
	else
		finding_add(findings, FINE,
			    "index template %s decides for %s, with our mapping and pipeline", name,
			    stream);
	return 0;
}

int others_templates(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	static const char path[] =
	    "/_index_template?filter_path=index_templates.name,index_templates.index_template."
	    "index_patterns,index_templates.index_template.priority";
	char reason[300], stream[NAME_ROOM + 100];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;

	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	if (status != 200) {
		es_reason(reply, reason, sizeof(reason));
		finding_add(findings, UNKNOWN,
			    "whether another index template wins over ours: the cluster does not "
			    "say (%ld, %s)",
			    status, reason);
		return 0;
	}
	for (size_t i = 0; i < STREAMS_ALL; i++) {
		const char *name = NAME(es_prefix(es), stream_rows[i].name);
		snprintf(stream, sizeof(stream), "%s-%s", name, app->elastic.namespace);
		if (look_at_stream(es, json_object_get(reply, "index_templates"), name, stream,
				   findings, err))
			return -1;
	}
	return 0;
}

/* Documents of the last hour: those of one that was switched off are no finding. */
int others_findings(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	static const char path[] = "/" INTEGRATION "/_search?allow_no_indices=true";
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *body =
	    json_pack("{s:i,s:b,s:{s:{s:{s:s}}}}", "size", 0, "track_total_hits", 1, "query",
		      "range", "@timestamp", "gte", "now-1h");

	(void)app;
	if (es_call(es, "POST", path, body, &status, &reply, err))
		return -1;
	long long n = json_int_at(reply, "hits.total.value");
	if (status != 200)
		finding_add(findings, UNKNOWN,
			    "whether Elastic's netflow integration takes flows, too: not yours to "
			    "read (%ld for " INTEGRATION ")",
			    status);
	else if (n)
		finding_add(findings, ODD,
			    "Elastic's netflow integration takes flows, too: %lld documents of the "
			    "last hour in " INTEGRATION ". Who counts in logs-* counts an exporter "
			    "that sends to both twice: let each send to one",
			    n);
	return 0;
}
