/* SPDX-License-Identifier: Apache-2.0
 * efctl dictionaries: lists, checks, asks, updates and installs the tables that pipelines look
 * things up in. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/advice.h"
#include "importer/client/es.h"
#include "importer/client/names.h"
#include "importer/client/settings.h"
#include "importer/core/action.h"
#include "importer/commands.h"
#include "importer/core/print.h"
#include "importer/core/table.h"
#include "importer/dictionary/dict_app.h"
#include "importer/dictionary/dict_ask.h"
#include "importer/dictionary/dict_layers.h"
#include "importer/dictionary/dict_limit.h"
#include "importer/dictionary/feed.h"
#include "importer/dictionary/feed_cmd.h"
#include "importer/dictionary/feed_state.h"
#include "importer/dictionary/import.h"
#include "importer/dictionary/indicators.h"
#include "importer/install/apply.h"
#include "importer/install/dict_prune.h"
#include "importer/install/install.h"
#include "importer/install/installed.h"
#include "importer/install/mend.h"
#include "importer/install/remember.h"
#include "importer/install/remember_tables.h"
#include "importer/record/record_files.h"

static void print_info(const struct dict_info *i)
{
	char where[40] = "";

	if (i->pipelines)
		snprintf(where, sizeof(where), "  in %u pipelines", i->pipelines);
	print_plain(stdout, "%-20s %8zu %8zu %8zu %9zu  %s%s\n", i->kind->name, i->rows,
		    i->own_rows, i->found_rows, i->bytes, i->kind->text, where);
}

static int dictionaries_list(struct app *app, struct err *err)
{
	CLEANUP_DICT_SET struct dict_set *set = NULL;
	CLEANUP_JSON json_t *json = json_array();

	if (dict_open(app, &set, err))
		return -1;
	if (!app->flags.json)
		print_plain(stdout, "%-20s %8s %8s %8s %9s  %s\n", "DICTIONARY", "ROWS", "YOURS",
			    "FOUND", "BYTES", "WHAT");
	for (size_t i = 0; i < dict_kinds_len; i++) {
		struct dict_info info;

		if (dict_info(set, dict_kinds[i].name, &info, err))
			return -1;
		if (app->flags.json)
			json_array_append_new(
			    json,
			    json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:i}", "name", info.kind->name,
				      "text", info.kind->text, "rows", (json_int_t)info.rows,
				      "own_rows", (json_int_t)info.own_rows, "discovered_rows",
				      (json_int_t)info.found_rows, "bytes", (json_int_t)info.bytes,
				      "pipelines", (int)info.pipelines));
		else
			print_info(&info);
	}
	if (app->flags.json)
		print_json(stdout, json, JSON_INDENT(2));
	else
		print_plain(stdout,
			    dict_dir(app) ? "your files: %s\n"
					  : "your files: none (%s does not exist)\n",
			    app->dictionaries.dir);
	return EF_DONE;
}

static int check_feeds(struct dict_set *set, const struct dict_kind *kind, struct err *err)
{
	const struct dict_rows *rows;

	if (strcmp(kind->name, "threat-feeds") != 0)
		return 0;
	return dict_set_rows(set, kind->name, &rows, err) || feed_check_all(rows, err) ? -1 : 0;
}

/* Whether a dictionary is called like the file; `found`: and may be discovered. */
static bool is_dictionary(const char *file, bool found)
{
	size_t n = strlen(file);
	char name[256];

	if (n < 5 || n > sizeof(name) || strcmp(file + n - 4, ".csv") != 0)
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)n - 4, file);
	const struct dict_kind *kind = dict_kind_find(name);
	return kind && (!found || kind->discovered);
}

/* A file whose name is that of no dictionary is a slip that would go unnoticed. */
static size_t check_names(const char *dir, bool found)
{
	DIR *d = dir ? opendir(dir) : NULL;
	size_t wrong = 0;

	for (struct dirent *e; d && (e = readdir(d));) {
		size_t n = strlen(e->d_name);

		if (n < 5 || strcasecmp(e->d_name + n - 4, ".csv") != 0 ||
		    is_dictionary(e->d_name, found))
			continue;
		print_plain(stderr, "%s/%s: %s; efctl dictionaries list has them\n", dir, e->d_name,
			    found ? "no dictionary that is discovered has this name"
				  : "no dictionary has this name");
		wrong++;
	}
	if (d)
		closedir(d);
	return wrong;
}

/* The same for each source below the user's directory, and for the sources' own names. */
static size_t check_sources(const char *dir)
{
	char path[PATH_MAX];
	size_t wrong = 0;

	snprintf(path, sizeof(path), "%s/" DICT_DISCOVERED_DIR, dir ? dir : "");
	DIR *d = dir ? opendir(path) : NULL;
	for (struct dirent *e; d && (e = readdir(d));) {
		char source[PATH_MAX];

		if (e->d_name[0] == '.')
			continue;
		snprintf(source, sizeof(source), "%.3000s/%s", path, e->d_name);
		if (dict_source_fits(e->d_name)) {
			wrong += check_names(source, true);
			continue;
		}
		print_plain(stderr, "%s: no source is called so: a-z, 0-9 and '-', %d at most\n",
			    source, DICT_SOURCE_MAX);
		wrong++;
	}
	if (d)
		closedir(d);
	return wrong;
}

/* Reads each dictionary and goes on after a mistake, so that one run tells one for every file. */
static size_t check_files(struct dict_set *set)
{
	const struct dict_rows *rows;
	size_t wrong = 0;

	for (size_t i = 0; i < dict_kinds_len; i++) {
		struct err mistake = ERR_NONE;

		if (dict_set_rows(set, dict_kinds[i].name, &rows, &mistake) == 0 &&
		    check_feeds(set, &dict_kinds[i], &mistake) == 0)
			continue;
		print_plain(stderr, "%s\n", mistake.msg);
		wrong++;
	}
	return wrong;
}

/* What only shows when they are compiled. The large ones are compiled together, so that a mistake
 * in one would be told for each. */
static int dictionaries_check(struct app *app, struct err *err)
{
	CLEANUP_DICT_SET struct dict_set *set = NULL;
	size_t wrong, rows = 0;

	if (dict_open(app, &set, err))
		return -1;
	wrong = check_names(dict_dir(app), false) + check_sources(dict_dir(app)) + check_files(set);
	for (size_t i = 0; wrong == 0 && i < dict_kinds_len; i++) {
		struct dict_info info = { .rows = 0 };

		if (dict_info(set, dict_kinds[i].name, &info, err)) {
			print_plain(stderr, "%s\n", err->msg);
			wrong = 1;
		}
		rows += info.rows;
	}
	if (wrong)
		return err_set(err, EF_USAGE, "%zu file%s cannot be used", wrong,
			       wrong == 1 ? "" : "s");
	if (dict_limit_check(set, err))
		return -1;
	print_plain(stdout, "%zu dictionaries, %zu rows: fine\n", dict_kinds_len, rows);
	return EF_DONE;
}

static int lookup(struct app *app, struct err *err)
{
	CLEANUP_DICT_SET struct dict_set *set = NULL;
	CLEANUP_JSON json_t *answers = NULL;

	if (app->args.n < 2)
		return err_set(err, EF_USAGE,
			       "lookup needs an address: efctl dictionaries lookup 203.0.113.9");
	if (dict_open(app, &set, err))
		return -1;
	for (size_t i = 1; i < app->args.n; i++) {
		if (dict_ask(set, &app->dictionaries.mmdb, app->args.item[i], &answers, err))
			return -1;
		if (app->flags.json)
			print_json(stdout, answers, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
		else
			dict_ask_print(stdout, app->args.item[i], answers);
		json_decref(steal_ptr(answers));
	}
	return EF_DONE;
}

/* The compiled form, as pipelines get it: to try a stage by hand, and for tests. */
static int dictionaries_show(struct app *app, struct err *err)
{
	CLEANUP_DICT_SET struct dict_set *set = NULL;
	CLEANUP_JSON json_t *table = NULL;

	if (app->args.n != 2)
		return err_set(err, EF_USAGE, "show needs the name of one dictionary");
	if (dict_open(app, &set, err) || dict_table(set, app->args.item[1], &table, err))
		return -1;
	print_json(stdout, table, JSON_COMPACT);
	return EF_DONE;
}

static int import_files(struct app *app, struct import *im, struct err *err)
{
	const char *name = app->args.item[1];
	bool mmdb = strcmp(name, "mmdb") == 0;
	const struct import_format *format = NULL;

	for (size_t i = 0; i < import_formats_len; i++)
		if (strcmp(import_formats[i].name, name) == 0)
			format = &import_formats[i];
	if (!format && !mmdb)
		return err_set(err, EF_USAGE,
			       "import knows hosts, zone, leases, oui and mmdb, not '%s'", name);
	if (mmdb && app->args.n > 3)
		return err_set(err, EF_USAGE, "import mmdb takes one file");
	if (mmdb)
		return import_mmdb(im, app->args.item[2], &app->flags.field, err);
	print_plain(stdout, "%s\n", format->header);
	for (size_t i = 2; i < app->args.n; i++)
		if (format->read(im, app->args.item[i], err))
			return -1;
	return 0;
}

static int dictionaries_import(struct app *app, struct err *err)
{
	CLEANUP_JSON json_t *seen = json_object();
	struct import im = { .out = stdout, .seen = seen };

	if (app->args.n < 3)
		return err_set(err, EF_USAGE,
			       "import needs a format and a file: efctl dictionaries import zone "
			       "example.org.zone > %s/hosts.csv",
			       app->dictionaries.dir);
	if (import_files(app, &im, err))
		return -1;
	print_plain(stderr, "%zu rows, %zu left out\n", im.rows, im.skipped);
	return EF_DONE;
}

/* Whether it is the copy of what the record says, which tells of tables, too. */
static bool is_copy(const struct install *in, const struct plan_item *item)
{
	return strcmp(item->name, NAME(in->rendering.prefix, NAMES_COPY)) == 0;
}

/* Leaves only the pipelines in the plan: `apply` installs tables, and the stages because they hold
 * tables. */
static int only_tables(struct install *in, const struct app *app, struct err *err)
{
	struct plan *plan = &in->plan;
	const json_t *written = json_object_get(in->record.before, "assets");
	bool whole = true, recorded = in->record.found == RECORD_THERE;

	for (size_t i = 0; i < plan->n; i++) {
		struct plan_item *item = &plan->item[i];

		if (item->kind == kind_pipeline &&
		    strcmp(item->name, NAME(in->rendering.prefix, "flow")) == 0 &&
		    item->action == ACTION_CREATE)
			return err_set(err, EF_USAGE,
				       "the pipelines are not installed yet: %s does that, and "
				       "installs the dictionaries, too",
				       MEND(in, app, ""));
		if (item->kind == kind_pipeline || (recorded && is_copy(in, item)))
			continue;
		whole = whole && !plan_writes(item, false);
		item->action = ACTION_SAME;
	}
	if (!whole && written) /* the record tells of assets that were written: not of all here */
		json_object_set(in->record.body, "assets", (json_t *)written);
	return 0;
}

/* Without a record nobody knows what the installation was made with: nothing but tables may
 * change. */
static int check_record(struct install *in, struct app *app, struct err *err)
{
	CLEANUP_JSON json_t *found = json_array();

	if (copy_takes_back(in))
		return err_set(err, EF_USAGE,
			       "nothing was changed: " COPY_OLDER "; %s shows what it takes back",
			       ADVICE(app, "setup --dry-run"));
	if (in->record.found == RECORD_THERE)
		return install_check_version(in, app, err);
	print_plain(stderr,
		    "efctl dictionaries: this installation has no record yet: %s makes one\n",
		    MEND(in, app, ""));
	return installed_find(in, app, found, err) || installed_refuse(in, app, found, err) ? -1
											    : 0;
}

/* The record first, so that whoever goes on after an interruption has the same tables. Its state
 * stays: this is no whole setup. */
static int carry_out(struct install *in, const struct app *app, size_t *ret_removed,
		     struct err *err)
{
	struct record *r = &in->record;
	json_t *files = record_tables(r);

	if (r->found == RECORD_THERE && record_changed(r) &&
	    (record_files_keep(in->es, files, dict_dir(app), err) ||
	     record_write(in->es, r, NULL, err)))
		return -1;
	if (plan_apply(&in->plan, in->es, &in->cluster, app->flags.force, NULL, err) ||
	    dict_prune(in->es, in->dict, DICT_GRACE_MS, ret_removed, err) ||
	    feed_state_note(in->es, app, in->dict, err))
		return -1;
	return r->found == RECORD_THERE ? record_files_prune(in->es, files, err) : 0;
}

static int dictionaries_apply(struct app *app, struct err *err)
{
	CLEANUP_INSTALL struct install in = { 0 };
	size_t removed = 0;
	bool changes;

	app->flags.no_kibana = true;
	if (install_open_to_change(&in, app, "dictionaries apply", true, false, err) ||
	    install_plan(&in, app, err) || only_tables(&in, app, err) ||
	    check_record(&in, app, err))
		return -1;
	changes = plan_writes_count(&in.plan, app->flags.force) > 0;
	if (!app->flags.dry_run && carry_out(&in, app, &removed, err))
		return -1;
	if (app->flags.json) {
		CLEANUP_JSON json_t *json =
		    json_pack("{s:o,s:I,s:b}", "assets", plan_json(&in.plan), "removed",
			      (json_int_t)removed, "dry_run", app->flags.dry_run);
		print_json(stdout, json, JSON_INDENT(2));
	} else {
		plan_print(stdout, &in.plan, app->flags.force);
		if (removed)
			print_plain(stdout, "%zu pipelines of the tables before removed\n",
				    removed);
	}
	if (app->flags.dry_run)
		return changes ? EF_DIFFERENT : EF_DONE;
	return plan_count(&in.plan, ACTION_FOREIGN) && !app->flags.force ? EF_DIFFERENT : EF_DONE;
}

/* What setup was told, of those options that nobody named here. */
static int dictionaries_recall(struct app *app, struct err *err)
{
	CLEANUP_ES struct es *es = NULL;
	CLEANUP_JSON json_t *changes = json_array(), *notes = json_array();
	struct record record = { 0 };
	int rc = app_connect(app, &es, err) || record_read(es, &record, err) ||
			 remember_options(app, &record, false, changes, notes, err) ||
			 remember_dir(app, &record, err)
		     ? -1
		     : 0;

	record_release(&record);
	return rc;
}

/* What the timer does: a feed that fails is told by the exit code, and in the way of no other. */
static int refresh(struct app *app, struct err *err)
{
	struct err why = ERR_NONE;

	if (dictionaries_recall(app, err))
		return -1;
	int updated = app->flags.dry_run ? EF_DONE : feeds_update(app, &why);
	int applied = updated < 0 && why.code == EF_USAGE ? 0 : dictionaries_apply(app, err);

	if (applied >= 0 && updated < 0) {
		*err = why;
		return -1;
	}
	return applied;
}

/* Offline the settings of this host count alone, which is said. */
static void recall_if_known(struct app *app)
{
	struct err why = ERR_NONE;

	if (!settings_named(app, "setup.feeds") && dictionaries_recall(app, &why))
		print_plain(stderr, "note: which feeds setup was told is not known here: %s\n",
			    why.msg);
}

static int feeds(struct app *app, struct err *err)
{
	recall_if_known(app);
	return feeds_list(app, err);
}

static int dictionaries_update(struct app *app, struct err *err)
{
	recall_if_known(app);
	return feeds_update(app, err);
}

static int indicators(struct app *app, struct err *err)
{
	CLEANUP_DICT_SET struct dict_set *set = NULL;
	CLEANUP_ES struct es *es = NULL;
	CLEANUP_JSON json_t *template = NULL;
	struct indicators_report report;

	if (dict_open(app, &set, err) || app_connect(app, &es, err))
		return -1;
	char path[NAME_ROOM + 40];
	const char *stream = NAME(app->elastic.prefix, "logs-ti_flow");
	snprintf(path, sizeof(path), "/_index_template/%s", stream);
	int there = es_find(es, path, &template, err);
	if (there <= 0)
		return there ? there
			     : err_set(err, EF_USAGE, "index template %s is missing: %s first",
				       stream, ADVICE(app, "setup"));
	if (indicators_send(es, app->elastic.namespace, set, &report, err))
		return -1;
	print_plain(stdout, "%zu indicators written to %s-%s, %zu were there\n", report.stored,
		    stream, app->elastic.namespace, report.present);
	return EF_DONE;
}

static const struct dictionaries_action {
	const char *name;
	command_run *run;
} actions[] = {
	{ "list", dictionaries_list },
	{ "check", dictionaries_check },
	{ "lookup", lookup },
	{ "show", dictionaries_show },
	{ "feeds", feeds },
	{ "update", dictionaries_update },
	{ "apply", dictionaries_apply },
	{ "refresh", refresh },
	{ "indicators", indicators },
	{ "import", dictionaries_import },
};

int cmd_dictionaries(struct app *app, struct err *err)
{
	const char *name = app->args.n ? app->args.item[0] : "list";
	const struct dictionaries_action *action = ACTION_FIND(actions, name, err);

	return action ? action->run(app, err) : -1;
}
