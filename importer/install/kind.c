/* SPDX-License-Identifier: Apache-2.0
 * The kinds of assets: one row each says where they live, in which order they go in, and how two of
 * them are compared. */
#include "importer/install/kind.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/pipeline.h"
#include "importer/assets/render.h"
#include "importer/core/json.h"

#define MARK_OPEN " [efctl "

const struct kind kinds[] = {
	{ .name = "lifecycle policy",
	  .folder = "es-templates/ilm/",
	  .url = "/_ilm/policy/",
	  .ours = "flow",
	  .meta = "policy",
	  .needs = CAP_ILM,
	  .render = render_template },
	{ .name = "component template",
	  .folder = "es-templates/component-templates/",
	  .url = "/_component_template/",
	  .ours = "flow@*",
	  .list = "component_templates",
	  .item = "component_template",
	  .meta = "",
	  .needs = CAPABILITIES,
	  .render = render_template },
	{ .name = "pipeline",
	  .folder = "ingest-pipelines/",
	  .last = "ingest-pipelines/flow.yml",
	  .url = "/_ingest/pipeline/",
	  .ours = "flow*",
	  .meta = "",
	  .needs = CAPABILITIES,
	  .marks_description = true,
	  .exact = true,
	  .render = render_pipeline },
	{ .name = "index template",
	  .folder = "es-templates/index-templates/",
	  .url = "/_index_template/",
	  .ours = "*flow*",
	  .list = "index_templates",
	  .item = "index_template",
	  .meta = "",
	  .needs = CAPABILITIES,
	  .render = render_template },
};
const size_t kinds_len = sizeof(kinds) / sizeof(kinds[0]);
const struct kind *const kind_pipeline = &kinds[2];
const struct kind *const kind_template = &kinds[3];

/* What servers add of their own, when it has this value; NULL: whatever the value. */
static const struct {
	const char *holder, *member, *value;
} added[] = {
	{ "data_stream", "hidden", "false" },
	{ "data_stream", "allow_custom_routing", "false" },
	{ "data_stream", "timestamp_field", NULL },
	{ "template.lifecycle", "enabled", "true" },
	{ "template", "aliases", "{}" },
	{ "template", "settings", "{}" },
	{ "template", "mappings", "{}" },
	{ "", "ignore_missing_component_templates", "[]" },
	{ "", "created_date", NULL },
	{ "", "created_date_millis", NULL },
	{ "", "modified_date", NULL },
	{ "", "modified_date_millis", NULL },
	{ "policy.phases.hot", "min_age", "0ms" },
	{ "policy.phases.delete.actions.delete", "delete_searchable_snapshot", "true" },
};

bool kind_is_yours(const char *name)
{
	size_t n = strlen(name);
	return n > 7 && strcmp(name + n - 7, "@custom") == 0;
}

/* Numbers and booleans as text: servers differ in what they give back for them. */
static json_t *scalars_as_text(const json_t *json)
{
	const char *key;
	json_t *value, *copy;
	size_t i;
	char number[40];
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		copy = json_object();
		json_object_foreach ((json_t *)json, key, value)
			json_object_set_new(copy, key, scalars_as_text(value));
		return copy;
	case JSON_ARRAY:
		copy = json_array();
		json_array_foreach (json, i, value)
			json_array_append_new(copy, scalars_as_text(value));
		return copy;
	case JSON_TRUE:
	case JSON_FALSE:
		return json_string(json_is_true(json) ? "true" : "false");
	case JSON_INTEGER:
	case JSON_REAL:
		snprintf(number, sizeof(number), "%.17g", json_number_value(json));
		return json_string(number);
	default:
		return json_deep_copy(json);
	}
}

static void drop_added(json_t *body)
{
	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++) {
		json_t *holder = json_at(body, added[i].holder);
		json_t *value = json_object_get(holder, added[i].member);
		CLEANUP_FREE char *text =
		    json_is_string(value) ? strdup(json_string_value(value)) : canon_text(value);
		if (value && (!added[i].value || (text && strcmp(text, added[i].value) == 0)))
			json_object_del(holder, added[i].member);
	}
}

/* The description without the mark at its end. */
static void drop_description_mark(json_t *body)
{
	const char *text = json_string_value(json_object_get(body, "description"));
	const char *mark = text ? strstr(text, MARK_OPEN) : NULL;
	if (mark)
		json_object_set_new(body, "description", json_stringn(text, (size_t)(mark - text)));
}

/* Without marks and what servers add; settings in the form that `settings_form` gives them. */
static json_t *kind_bare(const struct kind *kind, const json_t *body,
			 json_t *settings_form(const json_t *))
{
	json_t *copy = json_deep_copy(body);
	json_t *holder = *kind->meta ? json_at(copy, kind->meta) : copy;
	json_t *meta = json_object_get(holder, "_meta");
	json_object_del(meta, "hash");
	json_object_del(meta, "stored");
	json_object_del(meta, "managed_by");
	if (meta && json_object_size(meta) == 0)
		json_object_del(holder, "_meta");
	if (kind->marks_description)
		drop_description_mark(copy);
	json_t *template = json_object_get(copy, "template");
	json_t *settings = json_object_get(template, "settings");
	if (settings)
		json_object_set_new(template, "settings", settings_form(settings));
	drop_added(copy);
	if (kind == &kinds[0]) { /* GET answers with the policy's number and date beside it */
		json_t *policy = json_pack("{s:O}", "policy", json_object_get(copy, "policy"));
		json_decref(copy);
		copy = policy;
	}
	return copy;
}

json_t *kind_readable(const struct kind *kind, const json_t *body)
{
	return kind_bare(kind, body, canon_settings_tree);
}

json_t *kind_canonical(const struct kind *kind, const json_t *body)
{
	json_t *copy = kind_bare(kind, body, canon_settings);
	if (kind->exact)
		return copy;
	json_t *text = scalars_as_text(copy);
	json_decref(copy);
	return text;
}

void kind_hash(const struct kind *kind, const json_t *body, char ret_hash[CANON_HASH_MAX])
{
	CLEANUP_JSON json_t *canonical = kind_canonical(kind, body);
	canon_hash(canonical, ret_hash);
}

bool kind_untouched(const struct mark *mark, const char *found_hash)
{
	return strcmp(found_hash, mark->hash) == 0 || strcmp(found_hash, mark->stored) == 0 ||
	       strcmp(mark->stored, MARK_PENDING) == 0;
}

bool kind_read_mark(const struct kind *kind, const json_t *body, struct mark *ret_mark)
{
	struct mark m = { "", "" };
	json_t *holder = *kind->meta ? json_at(body, kind->meta) : (json_t *)body;
	json_t *meta = json_object_get(holder, "_meta");
	const char *hash = json_text_at(meta, "hash", NULL);
	const char *text = json_text_at(body, "description", NULL);
	const char *at = text && kind->marks_description ? strstr(text, MARK_OPEN) : NULL;
	if (hash && strcmp(json_text_at(meta, "managed_by", ""), "efctl") == 0) {
		snprintf(m.hash, sizeof(m.hash), "%s", hash);
		snprintf(m.stored, sizeof(m.stored), "%s", json_text_at(meta, "stored", ""));
	} else if (!at || sscanf(at, MARK_OPEN "%64[0-9a-f]]", m.hash) != 1) {
		return false;
	}
	*ret_mark = m;
	return true;
}

void kind_write_mark(const struct kind *kind, const struct cluster *cluster, json_t *body,
		     const struct mark *mark)
{
	if (kind->marks_description && !cluster->has[CAP_PIPELINE_META]) {
		char text[1024];
		drop_description_mark(body);
		snprintf(text, sizeof(text), "%.800s" MARK_OPEN "%s]",
			 json_text_at(body, "description", ""), mark->hash);
		json_object_set_new(body, "description", json_string(text));
		return;
	}
	json_t *holder = *kind->meta ? json_at(body, kind->meta) : body;
	json_t *meta = json_object_get(holder, "_meta");
	if (!meta) {
		meta = json_object();
		json_object_set_new(holder, "_meta", meta);
	}
	json_object_set_new(meta, "managed_by", json_string("efctl"));
	json_object_set_new(meta, "hash", json_string(mark->hash));
	json_object_del(meta, "stored");
	if (*mark->stored)
		json_object_set_new(meta, "stored", json_string(mark->stored));
}

json_t *kind_body(const struct kind *kind, const json_t *reply, const char *name)
{
	if (!kind->list)
		return json_object_get(reply, name);
	return json_object_get(json_called(json_object_get(reply, kind->list), name), kind->item);
}
