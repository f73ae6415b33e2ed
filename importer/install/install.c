/* SPDX-License-Identifier: Apache-2.0
 * What setup, status, doctor and remove share: the cluster, the rendering for it, and the plan. */
#include "importer/install/install.h"

#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/client/names.h"
#include "importer/client/settings.h"
#include "importer/core/ask.h"
#include "importer/core/version.h"
#include "importer/dictionary/dict_app.h"
#include "importer/dictionary/dict_limit.h"
#include "importer/dictionary/feed_cmd.h"
#include "importer/install/recall.h"
#include "importer/install/remember.h"
#include "importer/install/remember_tables.h"
#include "importer/install/unfit.h"

/* What only shows once the tables are read; and where the user leaves the choice to us, it is made
 * here. */
static int set_variables(struct install *in, const struct app *app, struct err *err)
{
	char tables[DICT_OWN_MAX];
	json_t *v = in->rendering.variables;
	if (dict_own(in->dict, tables, err))
		return -1;
	json_object_set_new(v, "own_tables", json_string(tables));
	json_object_set_new(v, "failure_store", json_boolean(app->setup.failure_store));
	if (app->setup.replicas < 0)
		json_object_set_new(v, "replicas",
				    json_integer(in->cluster.data_nodes == 1 ? 0 : 1));
	return 0;
}

/* What is remembered, in the settings; what is named, in the record. */
static int install_remember(struct install *in, struct app *app, const char *command, bool strict,
			    struct err *err)
{
	json_t *notes = in->rendering.notes;
	const struct tables_told told = {
		.strict = strict,
		.local = command && strcmp(command, "dictionaries apply") == 0,
		.changes = in->changes,
		.notes = notes,
		.lost = command && strcmp(command, "setup") == 0 ? in->lost : NULL,
		.gone = in->gone,
	};
	if (record_read(in->es, &in->record, err))
		return -1;
	if (app->flags.force_version)
		record_give_up(&in->record);
	if (command && unfit_refuse(app, &in->record, err))
		return -1;
	recall_tables(in->es, &in->record);
	if (record_is_unknown(&in->record))
		json_array_append_new(
		    notes, json_sprintf("compared with the defaults: %s", in->record.why.msg));
	if (remember_options(app, &in->record, strict, in->changes, notes, err) ||
	    remember_tables(app, in->es, &in->record, &told, &in->copies, err))
		return -1;
	if (app->setup.as == AS_DATABASE && !app->setup.as_lookup)
		json_array_append_new(notes,
				      json_string("--as database has no effect beside --as-lookup "
						  "off: AS numbers are those of exporters and of "
						  "your networks"));
	return 0;
}

static int take_lease(struct install *in, const struct app *app, struct err *err)
{
	char again[100];
	snprintf(again, sizeof(again), "%s --wait 10m", in->command);
	if (lease_take(&app->elastic, in->command, ADVICE(app, again), app->flags.wait, &in->lease,
		       err))
		return -1;
	lease_guard(in->lease, in->es);
	if (in->has_kibana)
		lease_guard(in->lease, in->kibana.kibana);
	return 0;
}

int install_hold(struct install *in, const struct app *app, struct err *err)
{
	if (in->lease)
		return 0;
	return take_lease(in, app, err) || record_still_true(in->es, &in->record, err) ? -1 : 0;
}

/* The cluster, and for who changes it the index of the record and the lease. */
static int reach(struct install *in, struct app *app, bool renders, bool asks, struct err *err)
{
	if (app_connect(app, &in->es, err) || cluster_probe(in->es, &in->cluster, err))
		return -1;
	if (!in->command)
		return 0;
	if (document_index_look(in->es, &in->index, err) ||
	    (renders && document_index_fits(in->es, in->index, err)))
		return -1;
	return asks || app->flags.dry_run || app->flags.diff ? 0 : take_lease(in, app, err);
}

static int open_as(struct install *in, struct app *app, const char *command, bool renders,
		   bool asks, struct err *err)
{
	*in = (struct install){ .rendering.notes = json_array(),
				.changes = json_array(),
				.lost = json_array(),
				.gone = json_array(),
				.command = command };
	if (reach(in, app, renders, asks, err))
		return -1;
	if (install_remember(in, app, command, renders, err) || dict_open(app, &in->dict, err) ||
	    (in->copies && dict_set_copies(in->dict, in->copies, err)) ||
	    feeds_note_gone(app, in->dict, in->rendering.notes, err))
		return -1;
	dict_set_render(in->dict, &in->dictionaries);
	in->rendering.assets = app->assets;
	in->rendering.cluster = &in->cluster;
	in->rendering.dictionaries = &in->dictionaries;
	in->rendering.variables = settings_variables(app);
	in->rendering.prefix = es_prefix(in->es);
	in->rendering.room = json_object();
	json_object_set_new(in->rendering.variables, "own_tables", json_string(DICT_OWN_NONE));
	return 0;
}

int install_open(struct install *in, struct app *app, struct err *err)
{
	return open_as(in, app, NULL, false, false, err);
}

int install_open_to_change(struct install *in, struct app *app, const char *command, bool renders,
			   bool asks, struct err *err)
{
	return open_as(in, app, command, renders, asks, err);
}

/* Where Kibana is was remembered and not said: who only looks may do without. */
static bool may_do_without(const struct install *in, const struct app *app)
{
	return !in->command && !app->flags.dry_run && !settings_named(app, "kibana.url");
}

int install_kibana(struct install *in, struct app *app, struct err *err)
{
	struct err why = ERR_NONE;
	const char *none = NULL;
	if (app->flags.no_kibana)
		none = "--no-kibana";
	else if (!app->kibana.url)
		none = "kibana.url is not set (--kibana-url http://127.0.0.1:5601)";
	else if (in->cluster.distribution == OPENSEARCH)
		none = "they are for Kibana, which does not work with OpenSearch";
	if (none) {
		snprintf(in->no_kibana, sizeof(in->no_kibana), "%s", none);
		return 0;
	}
	if (kibana_open(&in->kibana, app, in->es, &why) == 0) {
		in->has_kibana = true;
		if (in->lease)
			lease_guard(in->lease, in->kibana.kibana);
		return 0;
	}
	kibana_release(&in->kibana);
	in->kibana = (struct kibana){ 0 };
	snprintf(in->no_kibana, sizeof(in->no_kibana), "%s", why.msg);
	if (may_do_without(in, app))
		return 0;
	*err = why;
	if (!settings_named(app, "kibana.url"))
		return err_wrap(err,
				"Kibana, as this installation remembers it (--no-kibana leaves "
				"the dashboards out, %s forgets it)",
				ADVICE(app, "setup --reset kibana.url"));
	return -1;
}

/* A dictionary too large for `flow` lives in pipelines of its own: assets like the others. */
static int plan_dictionary(void *arg, const char *id, json_t *body, struct err *err)
{
	struct install *in = arg;
	return plan_one(&in->plan, in->es, kind_pipeline, id, json_incref(body), err);
}

/* The hash of all that is wanted: which assets this is. */
static void sum_up(struct install *in)
{
	char hash[CANON_HASH_MAX];
	CLEANUP_JSON json_t *all = json_object();
	for (size_t i = 0; i < in->plan.n; i++) {
		const struct plan_item *item = &in->plan.item[i];
		CLEANUP_JSON json_t *key = json_sprintf("%s %s", item->group, item->name);
		if (!item->kind->in_kibana && item->wanted &&
		    strcmp(item->name, NAME(es_prefix(in->es), NAMES_COPY)) != 0)
			json_object_set_new(all, json_string_value(key), json_string(item->hash));
	}
	canon_hash(all, hash);
	json_object_set_new(in->record.body, "assets", json_string(hash));
}

int install_plan(struct install *in, struct app *app, struct err *err)
{
	copy_set(in); /* once everybody was asked */
	if (set_variables(in, app, err) || dict_limit_check(in->dict, err) ||
	    dict_pipelines(in->dict, plan_dictionary, in, err) ||
	    plan_make(&in->plan, in->es, &in->rendering, err) || install_kibana(in, app, err))
		return -1;
	copy_look(in, app);
	sum_up(in);
	return in->has_kibana ? kibana_plan(&in->kibana, app, &in->plan, err) : 0;
}

int install_plan_again(struct install *in, struct app *app, struct err *err)
{
	CLEANUP_JSON json_t *variables = settings_variables(app);
	json_object_update(in->rendering.variables, variables);
	plan_release(&in->plan);
	kibana_release(&in->kibana);
	in->kibana = (struct kibana){ 0 };
	in->has_kibana = false;
	return install_plan(in, app, err);
}

bool install_is_there(const struct install *in)
{
	for (size_t i = 0; i < in->plan.n; i++) {
		enum action a = in->plan.item[i].action;
		if (a == ACTION_UPDATE || a == ACTION_SAME || a == ACTION_DRIFTED)
			return true;
	}
	return false;
}

int install_check_version(const struct install *in, const struct app *app, struct err *err)
{
	const char *version = record_text(&in->record, "version");
	if (in->record.found != RECORD_THERE || app->flags.force_version ||
	    version_compare(version_own, version) != VERSION_OLDER)
		return 0;
	return err_set(
	    err, EF_USAGE,
	    "%s set this installation up with efctl %s on %s, and this is efctl %s, which "
	    "is older: use that one or a newer one, or go back with %s",
	    record_text(&in->record, "by"), version, record_text(&in->record, "at"), version_own,
	    ADVICE(app, plan_count(&in->plan, ACTION_REMOVE) && !ask_can()
			    ? "setup --force-version --yes"
			    : "setup --force-version"));
}

void install_release(struct install *in)
{
	lease_release(in->lease);
	plan_release(&in->plan);
	json_decref(in->rendering.variables);
	json_decref(in->rendering.notes);
	json_decref(in->rendering.room);
	json_decref(in->changes);
	json_decref(in->lost);
	json_decref(in->gone);
	json_decref(in->copy.back);
	record_release(&in->record);
	cluster_release(&in->cluster);
	dict_set_free(in->dict);
	remember_no_copies(in->copies);
	kibana_release(&in->kibana);
	es_free(in->es);
}
