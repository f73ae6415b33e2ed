/* SPDX-License-Identifier: Apache-2.0
 * What each profile (setup --profile) would save of the documents that a cluster has. */
#include "importer/doctor_profiles.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "importer/assets/asset.h"
#include "importer/assets/yaml.h"
#include "importer/client/app.h"
#include "importer/client/settings.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"

#define PATH_ROOM 256
#define TEXT_MAX  1024

/* The parameters of a stage's script. */
static int stage_params(const struct assets *assets, const char *path, json_t **ret_params,
			struct err *err)
{
	CLEANUP_JSON json_t *stage = NULL;
	const struct asset *a = assets_find(assets, path);
	if (!a)
		return err_set(err, EF_FAILED, "%s is not there", path);
	if (yaml_to_json(a->origin, a->text, a->len, &stage, err))
		return -1;
	json_t *first = json_array_get(json_object_get(stage, "processors"), 0);
	*ret_params = json_incref(json_at(first, "script.params"));
	return 0;
}

/* ["source", "mac"] as "source.mac". */
static void path_add(json_t *paths, const json_t *parts)
{
	char path[PATH_ROOM] = "";
	size_t i, len = 0;
	json_t *part;
	json_array_foreach (parts, i, part)
		if (len < sizeof(path))
			len += (size_t)snprintf(path + len, sizeof(path) - len, "%s%s",
						i ? "." : "", json_string_value(part));
	if (len && len < sizeof(path))
		json_array_append_new(paths, json_string(path));
}

/* Of a place, what the profile does not keep, for all ends. */
static void places_add(json_t *paths, const json_t *kept, const char *profile)
{
	static const char *const ends[] = { "source", "destination", "client", "server" };
	size_t i;
	json_t *name;
	json_array_foreach (json_object_get(kept, "full"), i, name)
		for (size_t end = 0; end < sizeof(ends) / sizeof(ends[0]); end++)
			if (!json_has_text(json_object_get(kept, profile), json_string_value(name)))
				json_array_append_new(paths, json_sprintf("%s.geo.%s", ends[end],
									  json_string_value(name)));
}

int profile_left_out(const struct assets *assets, const char *profile, json_t **ret_paths,
		     struct err *err)
{
	CLEANUP_JSON json_t *event = NULL, *geo = NULL;
	if (stage_params(assets, "ingest-pipelines/event.yml", &event, err) ||
	    stage_params(assets, "ingest-pipelines/geo.yml", &geo, err))
		return -1;
	json_t *paths = json_array(), *parts;
	size_t i;
	json_array_foreach (json_object_get(json_object_get(event, "left_out"), profile), i, parts)
		path_add(paths, parts);
	places_add(paths, json_object_get(geo, "geo_kept"), profile);
	*ret_paths = paths;
	return 0;
}

bool profile_lacks(const char *field, const json_t *paths)
{
	size_t i;
	json_t *path;
	json_array_foreach (paths, i, path) {
		size_t len = json_string_length(path);
		if (strncmp(field, json_string_value(path), len) == 0 &&
		    (field[len] == '\0' || field[len] == '.'))
			return true;
	}
	return false;
}

/* With the objects that have nothing else. */
static void path_cut(json_t *doc, const char *path)
{
	const char *dot = strchr(path, '.');
	char above[PATH_ROOM];
	if (!dot) {
		json_object_del(doc, path);
		return;
	}
	snprintf(above, sizeof(above), "%.*s", (int)(dot - path), path);
	json_t *below = json_object_get(doc, above);
	path_cut(below, dot + 1);
	if (json_is_object(below) && json_object_size(below) == 0)
		json_object_del(doc, above);
}

/* Whether start and end of a flow follow from its other times: the rule of the stage event, and of
 * docs/fields.md. */
static bool times_follow(const json_t *doc)
{
	const json_t *at = json_object_get(doc, "@timestamp"),
		     *event = json_object_get(doc, "event"),
		     *duration = json_object_get(event, "duration");
	const char *type = json_string_value(json_at(doc, "flow.type"));
	if (!json_is_integer(json_object_get(event, "start")) ||
	    (!duration && !(type && strcmp(type, "sflow5") == 0)))
		return false;
	return json_equal(at, json_object_get(event, "end")) &&
	       json_int_at(event, "start") ==
		   json_integer_value(at) - json_integer_value(duration) / 1000000;
}

/* The part of the documents' text that is gone without the paths, and without times that others
 * tell: 0 to 1. */
static double text_share(const json_t *sample, const json_t *paths)
{
	size_t i, k, whole = 0, left = 0;
	json_t *hit, *path;
	json_array_foreach (json_at(sample, "hits.hits"), i, hit) {
		CLEANUP_JSON json_t *doc = json_deep_copy(json_object_get(hit, "_source"));
		whole += json_dumpb(doc, NULL, 0, JSON_COMPACT);
		if (times_follow(doc)) {
			path_cut(doc, "event.start");
			path_cut(doc, "event.end");
		}
		json_array_foreach (paths, k, path)
			path_cut(doc, json_string_value(path));
		left += json_dumpb(doc, NULL, 0, JSON_COMPACT);
	}
	return whole ? (double)(whole - left) / (double)whole : 0;
}

/* Bytes of what is left out: of the fields' own structures, and of all that `_source` takes. */
static void usage_add(const json_t *usage, const json_t *paths, double *fields, double *source)
{
	const char *index, *name;
	json_t *one, *field;
	json_object_foreach ((json_t *)usage, index, one)
		json_object_foreach (json_object_get(one, "fields"), name, field) {
			double bytes = (double)json_int_at(field, "total_in_bytes");
			if (strcmp(name, "_source") == 0)
				*source += bytes;
			else if (profile_lacks(name, paths))
				*fields += bytes;
		}
}

/* What doctor asks of fields that a profile may leave out. */
static const struct unseen_row {
	const char *field, *what;
} unseen_rows[] = {
	{ "network.community_id", "exporters that report the same conversation" },
	{ "flow.exporter.port", "devices that share an address" },
	{ "flow.exporter.agent", "sFlow agents that are nobody or somebody else's" },
	{ "flow.raw.sampling_rate", "sampling rates that no device has" },
};

int doctor_unseen(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	CLEANUP_JSON json_t *paths = NULL;
	char text[TEXT_MAX] = "";
	size_t n = 0;
	const char *profile = profile_names[app->setup.profile];
	(void)es;
	if (profile_left_out(app->assets, profile, &paths, err))
		return -1;
	for (size_t i = 0; i < sizeof(unseen_rows) / sizeof(unseen_rows[0]); i++)
		if (profile_lacks(unseen_rows[i].field, paths))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? ", " : "",
					      unseen_rows[i].what);
	if (n)
		finding_add(findings, UNKNOWN,
			    "records of --profile %s have nothing by which doctor could find %s",
			    profile, text);
	return 0;
}

int doctor_profiles(const struct assets *assets, const json_t *usage, const json_t *sample,
		    long long documents, json_t *findings, struct err *err)
{
	static const char *const profiles[] = { "standard", "lean" };
	CLEANUP_BUF struct buf text = { 0 };
	bool told = false;
	if (!usage || documents <= 0)
		return 0;
	buf_init(&text, TEXT_MAX);
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		CLEANUP_JSON json_t *paths = NULL;
		double fields = 0, source = 0;
		if (profile_left_out(assets, profiles[i], &paths, err))
			return -1;
		usage_add(usage, paths, &fields, &source);
		source *= text_share(sample, paths);
		if (fields + source < (double)documents)
			continue;
		if (buf_add_fmt(&text, "%s%s %.0f (%.0f of fields, about %.0f of _source)",
				told ? ", " : "", profiles[i],
				(fields + source) / (double)documents, fields / (double)documents,
				source / (double)documents))
			break;
		told = true;
	}
	finding_add(findings, FINE, "bytes a document that setup --profile would save: %s",
		    told ? text.data : "no profile keeps less");
	return 0;
}
