/* SPDX-License-Identifier: Apache-2.0
 * What an installation without a record was made with, as far as its assets tell: an earlier efctl
 * kept none, or it got lost.
 */
#include "importer/install/installed.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/advice.h"
#include "importer/client/settings.h"
#include "importer/core/json.h"
#include "importer/install/install.h"
#include "importer/install/recall.h"
#include "importer/install/remember.h"
#include "importer/install/remember_tables.h"

#define OWN_TABLES "tables of yours: " /* in the description of the pipeline flow */

/* Where the value of an option stands in the cluster. Which of two places it is depends on the
 * cluster. */
static const struct option_place {
	const char *option;
	const char *kind, *name; /* the asset */
	const char *path;        /* in its body; of a pipeline: the parameter of a script */
} places[] = {
	{ "setup.retention", "lifecycle policy", "flow", "policy.phases.delete.min_age" },
	{ "setup.retention", "component template", "flow@lifecycle",
	  "template.lifecycle.data_retention" },
	{ "setup.ilm_policy", "component template", "flow@lifecycle",
	  "template.settings.index.lifecycle.name" },
	{ "setup.shards", "component template", "flow@settings",
	  "template.settings.index.number_of_shards" },
	{ "setup.replicas", "component template", "flow@settings",
	  "template.settings.index.number_of_replicas" },
	{ "setup.refresh", "component template", "flow@settings",
	  "template.settings.index.refresh_interval" },
	{ "setup.failure_store", "component template", "flow@settings",
	  "template.data_stream_options.failure_store.enabled" },
	{ "setup.failure_retention", "component template", "flow@settings",
	  "template.data_stream_options.failure_store.lifecycle.data_retention" },
	{ "setup.as", "pipeline", "flow-geo", "as_from" },
	{ "setup.profile", "pipeline", "flow-event", "profile" },
	{ "setup.geo", "pipeline", "flow-geo", "geo" },
	{ "setup.as_lookup", "pipeline", "flow-geo", "as_lookup" },
	{ "setup.leftovers", "pipeline", "flow-event", "leftovers" },
	{ "setup.personal", "pipeline", "flow-normalise", "personal" },
};

static const struct plan_item *find_item(const struct install *in, const char *kind,
					 const char *name)
{
	const struct plan *p = &in->plan;
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->item[i].group, kind) == 0 &&
		    strcmp(p->item[i].name, NAME(in->rendering.prefix, name)) == 0)
			return &p->item[i];
	return NULL;
}

/* A parameter of any script of a pipeline. */
static const json_t *parameter(const json_t *pipeline, const char *name)
{
	size_t i;
	const json_t *processor;
	json_array_foreach (json_object_get(pipeline, "processors"), i, processor) {
		const json_t *value = json_object_get(json_at(processor, "script.params"), name);
		if (value)
			return value;
	}
	return NULL;
}

static bool value_text(const json_t *value, char *text, size_t size)
{
	if (json_is_integer(value))
		snprintf(text, size, "%lld", (long long)json_integer_value(value));
	else if (json_is_string(value))
		snprintf(text, size, "%s", json_string_value(value));
	else if (json_is_boolean(value))
		snprintf(text, size, "%s", json_is_true(value) ? "on" : "off");
	return json_is_integer(value) || json_is_string(value) || json_is_boolean(value);
}

static void difference_add(const struct app *app, json_t *list, const char *option,
			   const char *installed, const char *wanted, const char *keep,
			   const char *change)
{
	char flag[CONF_FLAG_MAX];
	conf_flag(app->tables->table, app->tables->n, option, flag);
	json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:o,s:o}", "option", option,
					      "installed", installed, "wanted", wanted, "keep",
					      json_sprintf("%s %s", flag, keep), "change",
					      json_sprintf("%s %s", flag, change)));
}

static void look_at_place(const struct install *in, const struct app *app,
			  const struct option_place *place, json_t *list)
{
	char installed[200], wanted[200];
	const struct plan_item *item = find_item(in, place->kind, place->name);
	if (!item || !item->found || !plan_writes(item, false) ||
	    settings_named(app, place->option))
		return;
	bool pipeline = item->kind == kind_pipeline;
	if (value_text(pipeline ? parameter(item->found, place->path)
				: json_at(item->found, place->path),
		       installed, sizeof(installed)) &&
	    value_text(pipeline ? parameter(item->wanted, place->path)
				: json_at(item->wanted, place->path),
		       wanted, sizeof(wanted)) &&
	    strcmp(installed, wanted) != 0)
		difference_add(app, list, place->option, installed, wanted, installed, wanted);
}

/* Whether a list of names, "hosts, networks", holds `name`. */
static bool lists(const char *names, const char *name)
{
	size_t len = strlen(name);
	while (names && *names) {
		size_t n = strcspn(names, ", ");
		if (n == len && strncmp(names, name, n) == 0)
			return true;
		names += n + strspn(names + n, ", ");
	}
	return false;
}

/* Whether a pipeline that we would write has a table under a name under which the installed `flow`
 * has another one. The scripts' parameters are called as the dictionaries, or shorter. */
static bool has_other(const struct plan_item *item, const json_t *flow, const char *name,
		      const json_t *table)
{
	const char *key;
	size_t i;
	json_t *processor, *value;
	json_array_foreach (json_object_get(item->wanted, "processors"), i, processor)
		json_object_foreach (json_at(processor, "script.params"), key, value) {
			const json_t *old = parameter(flow, key);
			if (strncmp(key, name, strlen(key)) == 0 && json_equal(value, table) &&
			    old && !json_equal(old, value))
				return true;
		}
	return false;
}

/* A table of `flow` that is not the one of the same name in what is wanted: installed before
 * pipelines told whose it is, and then all tables were in `flow`. */
static bool differs(const struct install *in, const struct plan_item *flow, const struct app *app,
		    const struct dict_kind *kind, struct err *err)
{
	char name[64];
	CLEANUP_JSON json_t *table = NULL;
	if (!plan_writes(flow, app->flags.force) || dict_table(in->dict, kind->name, &table, err))
		return false;
	snprintf(name, sizeof(name), "%s", kind->name);
	for (char *dash; (dash = strchr(name, '-'));)
		*dash = '_';
	for (size_t i = 0; i < in->plan.n; i++)
		if (in->plan.item[i].kind == kind_pipeline &&
		    has_other(&in->plan.item[i], flow->found, name, table))
			return true;
	return false;
}

/* Tables with rows of the user's whose files this setup does not see: the shipped ones would take
 * their place. */
static int look_at_tables(const struct install *in, const struct app *app, json_t *list,
			  struct err *err)
{
	char lost[DICT_OWN_MAX] = "", own[DICT_OWN_MAX];
	const struct plan_item *item = find_item(in, kind_pipeline->name, "flow");
	struct mark mark;
	if (!item || !item->found || settings_named(app, REMEMBER_TABLES) ||
	    remember_tables_reset(app) || !kind_read_mark(kind_pipeline, item->found, &mark))
		return 0;
	if (dict_own(in->dict, own, err))
		return -1;
	const char *told = strstr(json_text_at(item->found, "description", ""), OWN_TABLES);
	for (const struct dict_kind *k = dict_kinds; k < dict_kinds + dict_kinds_len; k++) {
		size_t n = strlen(lost);
		if (k->shape == DICT_SOURCE || lists(own, k->name))
			continue;
		if (told ? lists(told + strlen(OWN_TABLES), k->name)
			 : differs(in, item, app, k, err))
			snprintf(lost + n, sizeof(lost) - n, "%s%s", n ? ", " : "", k->name);
	}
	if (*lost)
		difference_add(app, list, REMEMBER_TABLES, lost, "the shipped tables", "DIR", "''");
	return 0;
}

int installed_find(const struct install *in, const struct app *app, json_t *ret_list,
		   struct err *err)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		look_at_place(in, app, &places[i], ret_list);
	return look_at_tables(in, app, ret_list, err);
}

static bool is_tables(const json_t *entry)
{
	return strcmp(json_text_at(entry, "option", ""), REMEMBER_TABLES) == 0;
}

int installed_adopt(struct install *in, struct app *app, const json_t *list, struct err *err)
{
	size_t i, n = 0;
	json_t *entry;
	json_array_foreach (list, i, entry) {
		if (is_tables(entry))
			continue;
		n++;
		if (remember_one(app, &in->record, json_text_at(entry, "option", ""),
				 json_text_at(entry, "installed", ""), err))
			return -1;
	}
	return n > 0;
}

bool installed_has_tables(const json_t *list)
{
	size_t i;
	json_t *entry;
	json_array_foreach (list, i, entry)
		if (is_tables(entry))
			return true;
	return false;
}

/* Which commands keep the tables, and which gives them up. */
static void tables_ways(const struct install *in, const struct app *app, char *text, size_t size)
{
	char keep[ADVICE_MAX + 40], dir[ADVICE_MAX];
	const char *host = json_text_at(record_dictionaries(&in->record), "host", NULL);
	snprintf(keep, sizeof(keep), "setup --yes --dictionaries-dir %s",
		 recall_dir(&in->record, dir));
	snprintf(text, size, "%s keeps them (%s%s), %s takes the shipped ones in their place",
		 ADVICE(app, keep),
		 host ? "they came from there, on the host " : "DIR: where their files are",
		 host ? host : "", ADVICE(app, "setup --yes --dictionaries-dir ''"));
}

int installed_lost(const struct install *in, const struct app *app, const json_t *list,
		   struct err *err)
{
	size_t i;
	json_t *entry;
	char ways[900];
	json_array_foreach (list, i, entry) {
		if (!is_tables(entry))
			continue;
		tables_ways(in, app, ways, sizeof(ways));
		return err_set(err, EF_USAGE,
			       "nothing was changed: the pipelines hold tables of yours (%.100s), "
			       "and no record has copies of them; %s",
			       json_text_at(entry, "installed", ""), ways);
	}
	return 0;
}

int installed_refuse(const struct install *in, const struct app *app, const json_t *list,
		     struct err *err)
{
	size_t i;
	json_t *entry;
	char text[sizeof(err->msg)] = "", ways[900];
	if (json_array_size(list) == 0)
		return 0;
	json_array_foreach (list, i, entry) {
		size_t n = strlen(text);
		snprintf(text + n, sizeof(text) - n,
			 "; %s: installed %s, would become %s (%s keeps it, %s changes it)",
			 json_text_at(entry, "option", ""), json_text_at(entry, "installed", ""),
			 json_text_at(entry, "wanted", ""), json_text_at(entry, "keep", ""),
			 json_text_at(entry, "change", ""));
	}
	if (installed_has_tables(list))
		tables_ways(in, app, ways, sizeof(ways));
	else
		snprintf(ways, sizeof(ways), "%s keeps and records them",
			 ADVICE(app, "setup --yes"));
	return err_set(err, EF_USAGE,
		       "nothing was changed: this installation has no record and was made with "
		       "options that are not given now; %s%s",
		       ways, text);
}
