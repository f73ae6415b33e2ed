/* SPDX-License-Identifier: Apache-2.0
 * What efctl setup would do, did, and did not get done: as text for people, as JSON for
 * programs. */
#include "importer/setup_show.h"

#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/scripts.h"
#include "importer/client/key.h"
#include "importer/client/names.h"
#include "importer/client/streams.h"
#include "importer/core/json.h"
#include "importer/core/finding.h"
#include "importer/core/print.h"
#include "importer/install/mend.h"
#include "importer/install/migrate.h"
#include "importer/install/stream_own.h"
#include "importer/setup.h"
#include "importer/setup_ask.h"
#include "importer/setup_diff.h"

#define NOT_DONE_MAX 20 /* lines: the others are counted */

static const char *const key_words[] = {
	[KEY_NONE] = "none",       [KEY_KEPT] = "same",   [KEY_UNCHECKED] = "unchecked",
	[KEY_FOREIGN] = "foreign", [KEY_MAKE] = "create", [KEY_MADE] = "created",
};

static const char *const older_words[] = {
	[COPY_FITS] = "none", [COPY_RECORD_OLDER] = "record", [COPY_ASSETS_OLDER] = "assets"
};

static const char *const step_names[SETUP_STEPS] = {
	[STEP_ASSETS] = "templates and pipelines",
	[STEP_STREAMS] = "data streams",
	[STEP_DICTIONARIES] = "dictionaries that are no longer used",
	[STEP_KIBANA] = "Kibana's objects",
	[STEP_KEY] = "API key",
	[STEP_CONNECTION] = "efd's connection",
	[STEP_ROLLOVER] = "rollover",
	[STEP_FEED_TIMER] = "the timer of the threat feeds",
};

/* ---- what follows from it --------------------------------------------------- */

static void note_add(json_t *list, const char *text)
{
	json_array_append_new(list, json_string(text));
}

/* Whether an asset of the kind that is there already gets another content. */
static bool replaces(const struct install *in, const char *kind, bool force)
{
	const struct plan *p = &in->plan;
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_item *item = &p->item[i];
		if (strcmp(item->name, NAME(in->rendering.prefix, NAMES_COPY)) ==
		    0) /* no stream is made of it */
			continue;
		if (strcmp(item->group, kind) == 0 && item->action != ACTION_CREATE &&
		    item->action != ACTION_REMOVE && plan_writes(item, force))
			return true;
	}
	return false;
}

/* Which backing indices are older is known by the mark of their mapping alone. */
static bool changes_mapping(const struct plan *p, bool force)
{
	static const char mark[] = "template.mappings._meta";
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_item *item = &p->item[i];
		const json_t *its = json_at(item->wanted, mark);
		if (item->action != ACTION_CREATE && its && plan_writes(item, force) &&
		    !json_equal(json_at(item->found, mark), its))
			return true;
	}
	return false;
}

static void say_rollover(json_t *list, const struct install *in, const struct app *app)
{
	if (!changes_mapping(&in->plan, app->flags.force))
		json_array_append_new(
		    list,
		    json_sprintf("changed settings take effect at the next rollover of a data "
				 "stream; POST /%s-%s/_rollover and so on does it now",
				 NAME(in->rendering.prefix, "logs-flow"), app->elastic.namespace));
	else if (!app->flags.rollover)
		json_array_append_new(list,
				      json_sprintf("changed templates take effect at the next "
						   "rollover of a data stream; %s does it now",
						   MEND(in, app, " --rollover")));
}

static bool replaces_any(const struct install *in, bool force)
{
	for (const struct kind *k = kinds; k < kinds + kinds_len; k++)
		if (replaces(in, k->name, force))
			return true;
	return false;
}

static size_t kibana_drifted(const struct plan *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n; i++)
		n += p->item[i].kind->in_kibana && p->item[i].action == ACTION_DRIFTED;
	return n;
}

/* The namespaces of the record but `without` (NULL: all), separated by commas; how many. */
static size_t namespaces_text(const struct install *in, const char *without, char *text,
			      size_t size)
{
	size_t i, named = 0;
	json_t *entry;
	*text = '\0';
	json_array_foreach (record_namespaces(&in->record), i, entry) {
		size_t n = strlen(text);
		const char *name = json_is_string(entry) ? json_string_value(entry) : "?";
		if (without && strcmp(name, without) == 0)
			continue;
		snprintf(text + n, size - n, "%s%s", named++ ? ", " : "", name);
	}
	return named;
}

#define SHARED "namespaces share templates, pipelines and options: "

/* Whom a change of what is shared is for, and whose a new namespace gets. */
static void say_namespaces(json_t *list, const struct install *in, const struct app *app,
			   const struct outcome *o)
{
	char text[400];
	const char *name = app->elastic.namespace;
	if (replaces_any(in, app->flags.force)) {
		if (namespaces_text(in, NULL, text, sizeof(text)) > 1)
			json_array_append_new(list, json_sprintf(SHARED "this is for %s", text));
	} else if (o->new_namespace && namespaces_text(in, name, text, sizeof(text))) {
		json_array_append_new(list, json_sprintf(SHARED "%s gets those of %s", name, text));
	}
}

/* What was changed by hand is kept, and a changed option that it would hold is without effect. */
static void say_kept(json_t *list, const struct install *in)
{
	for (size_t i = 0; json_array_size(in->changes) && i < in->plan.n; i++) {
		const struct plan_item *item = &in->plan.item[i];
		if (item->action == ACTION_DRIFTED && !item->kind->in_kibana)
			json_array_append_new(
			    list, json_sprintf("%s %s was changed by hand and is kept: the options "
					       "have no effect on it until --force overwrites it",
					       item->kind->name, item->name));
	}
}

/* Texts: what else happens by what the plan says, or does not. The caller's. */
static json_t *consequences(const struct install *in, const struct app *app,
			    const struct outcome *o)
{
	json_t *list = json_array();
	bool force = app->flags.force, rollover = app->flags.rollover;
	say_namespaces(list, in, app, o);
	if (replaces(in, "pipeline", force))
		note_add(list, "changed pipelines take effect with the next record");
	if (replaces(in, "lifecycle policy", force))
		note_add(list, "a changed lifecycle policy also applies to existing indices");
	if (replaces(in, "index template", force) || replaces(in, "component template", force))
		say_rollover(list, in, app);
	if (rollover && (json_array_size(o->outdated) || plan_writes_count(&in->plan, force)))
		note_add(list,
			 "rollover starts a new backing index in each data stream whose mapping "
			 "is an older one");
	if (!force)
		say_kept(list, in);
	if (kibana_drifted(&in->plan) && !force)
		note_add(list, "dashboards changed by you are kept");
	return list;
}

/* ---- for people ------------------------------------------------------------- */

/* What comes back with a record, or with assets, of another time. */
static void print_copy(FILE *out, const struct install *in)
{
	static const char *const words[] = {
		[COPY_RECORD_OLDER] = COPY_OLDER, [COPY_ASSETS_OLDER] = COPY_NEWER
	};
	size_t i;
	json_t *e;
	if (in->copy.age == COPY_FITS)
		return;
	print_plain(out, "note: %s; setup goes by the record%s\n", words[in->copy.age],
		    json_array_size(in->copy.back) ? ", which brings back" : "");
	json_array_foreach (in->copy.back, i, e)
		print_plain(out, "option   %-20s %s -> %s (%s keeps it)\n",
			    json_text_at(e, "option", ""), json_text_at(e, "from", "none"),
			    json_text_at(e, "to", "none"), json_text_at(e, "keep", ""));
}

static void print_options(FILE *out, const struct install *in, const struct outcome *o)
{
	size_t i;
	json_t *option;
	if (*o->interrupted)
		print_plain(out, "note: the setup of %s did not finish; this one continues it\n",
			    o->interrupted);
	migrate_print(out, o->migrated);
	print_copy(out, in);
	json_array_foreach (in->changes, i, option)
		print_plain(out, "option   %-20s %s -> %s\n", json_text_at(option, "option", ""),
			    json_text_at(option, "from", "none"),
			    json_text_at(option, "to", "none"));
}

static void print_namespace(FILE *out, const struct app *app, const struct outcome *o)
{
	size_t i;
	json_t *name;
	if (o->new_namespace)
		print_plain(out, "create   %-20s %s\n", "namespace", app->elastic.namespace);
	json_array_foreach (o->streams, i, name)
		print_plain(out, "create   %-20s %s\n", "data stream", json_string_value(name));
	json_array_foreach (o->own, i, name) {
		char text[400];
		stream_own_text(name, text, sizeof(text));
		print_plain(out, "update   %-20s %s\n", "data stream", text);
	}
	const char *ism = ism_word(&o->ism);
	if (ism && o->ism.state != ISM_SAME)
		print_plain(
		    out, "%-8s %-20s %s%s\n", ism, "ISM policy",
		    NAME(app->elastic.prefix, ILM_OURS),
		    o->ism.state == ISM_FOREIGN ? ": not ours, and kept; --force replaces it" : "");
	size_t more = json_array_size(o->ism.bare) + json_array_size(o->ism.outdated);
	if (more)
		print_plain(out, "update   %-20s applied to %zu existing streams\n", "ISM, indices",
			    more);
}

static void print_key_plan(FILE *out, const struct app *app, const struct outcome *o)
{
	const char *file = app->setup.key_file;
	if (o->key == KEY_MAKE)
		print_plain(out, "create   API key              %s-%s, into %s%s\n",
			    NAME(app->elastic.prefix, KEY_NAME_EVERY), app->elastic.namespace, file,
			    o->key_replaces ? ", in place of the key there" : "");
	if (o->key == KEY_UNCHECKED)
		print_plain(out,
			    "note: no permission to read the API key in %s, so it was not checked "
			    "against this cluster\n",
			    file);
	if (o->key == KEY_FOREIGN)
		print_plain(out,
			    "foreign  API key              %s: the cluster rejects this key for "
			    "writing flow data; remove the file, name another with --key-file, or "
			    "replace it with --force\n",
			    file);
}

static void print_outdated(FILE *out, const struct install *in, const struct app *app,
			   const struct outcome *o)
{
	size_t i;
	json_t *name;
	json_array_foreach (o->outdated, i, name)
		if (o->rolled_over)
			print_plain(out,
				    "note: %s got a new backing index with the current mapping\n",
				    json_string_value(name));
		else
			print_plain(
			    out,
			    "note: %s writes to an index with an older mapping until it rolls "
			    "over; %s does it now\n",
			    json_string_value(name), MEND(in, app, " --rollover"));
}

static void print_findings(FILE *out, const struct outcome *o)
{
	findings_print(out, o->states, 0);
	findings_print(out, o->effects, 0);
}

void setup_show_plan(FILE *out, const struct install *in, const struct app *app,
		     const struct outcome *o)
{
	size_t i;
	json_t *text;
	CLEANUP_JSON json_t *follows = consequences(in, app, o);
	print_options(out, in, o);
	plan_print(out, &in->plan, app->flags.force);
	print_namespace(out, app, o);
	print_key_plan(out, app, o);
	if (o->connection.state != CONNECTION_ELSEWHERE || !setup_writes(app))
		connection_print(out, &o->connection);
	if (feed_timer_changes(&o->feed_timer) || !setup_writes(app))
		feed_timer_print(out, app, &o->feed_timer);
	json_array_foreach (in->rendering.notes, i, text)
		print_plain(out, "note: %s\n", json_string_value(text));
	scripts_print_room(out, in->rendering.room);
	json_array_foreach (follows, i, text)
		print_plain(out, "note: %s\n", json_string_value(text));
	if (*in->no_kibana)
		print_plain(out, "note: dashboards left out: %s\n", in->no_kibana);
	if (!in->cluster.has[CAP_SECURITY] && !app->flags.no_key)
		print_plain(out, "note: the cluster has no security: efd needs no API key\n");
	if (!setup_writes(app) && !app->flags.rollover)
		print_outdated(out, in, app, o);
	if (!setup_writes(app))
		print_findings(out, o);
}

void setup_show_done(FILE *out, const struct install *in, const struct app *app,
		     const struct outcome *o)
{
	const char *file = app->setup.key_file;
	CLEANUP_FREE char *own = key_file_of_efd();
	size_t n = plan_applied_count(&in->plan);
	if (n)
		print_plain(out, "applied: %zu of %zu\n", n,
			    plan_writes_count(&in->plan, app->flags.force));
	if (o->key == KEY_MADE) {
		print_plain(out, "API key for efd: in %s\n", file);
		if (!key_is_in_place(file) && own)
			print_plain(out, "      on efd's host: sudo install -m 640 -g efd %s %s\n",
				    file, own);
	}
	if (o->connection.state == CONNECTION_WRITTEN ||
	    o->connection.state == CONNECTION_ELSEWHERE)
		connection_print(out, &o->connection);
	feed_timer_print(out, app, &o->feed_timer);
	print_outdated(out, in, app, o);
	print_findings(out, o);
	if (findings_bad(o->effects))
		print_plain(out, "what is installed has no effect\n");
}

/* Whether this run has anything to do in a step; what is not known is said. */
static bool has_step(const struct app *app, const struct outcome *o, enum setup_step step)
{
	switch (step) {
	case STEP_STREAMS:
		return json_array_size(o->streams) + json_array_size(o->own) > 0;
	case STEP_KEY:
		return o->key == KEY_MAKE;
	case STEP_CONNECTION:
		return o->connection.state == CONNECTION_CREATE ||
		       o->connection.state == CONNECTION_UPDATE;
	case STEP_ROLLOVER:
		return app->flags.rollover;
	case STEP_FEED_TIMER:
		return feed_timer_changes(&o->feed_timer);
	case STEP_DICTIONARIES:
		return true;
	case STEP_ASSETS: /* asset by asset, as Kibana's */
	case STEP_KIBANA:
	case SETUP_STEPS:
		break;
	}
	return false;
}

void setup_show_stopped(FILE *out, const struct install *in, const struct app *app,
			const struct outcome *o)
{
	size_t left = 0;
	print_plain(out, "applied: %zu of %zu\n", plan_applied_count(&in->plan),
		    plan_writes_count(&in->plan, app->flags.force));
	for (size_t i = 0; i < in->plan.n; i++) {
		const struct plan_item *item = &in->plan.item[i];
		if (item->applied || !plan_writes(item, app->flags.force))
			continue;
		if (left++ < NOT_DONE_MAX)
			print_plain(out, "not yet  %-20s %s\n", item->group, item->name);
	}
	if (left > NOT_DONE_MAX)
		print_plain(out, "not yet  and %zu more\n", left - NOT_DONE_MAX);
	for (int step = (int)o->doing; step < SETUP_STEPS; step++)
		if (has_step(app, o, (enum setup_step)step))
			print_plain(out, "not yet  %s\n", step_names[step]);
}

/* ---- for programs ----------------------------------------------------------- */

int setup_show_json(const struct install *in, const struct app *app, const struct outcome *o,
		    struct err *err)
{
	CLEANUP_JSON json_t *assets = plan_json(&in->plan);
	if (app->flags.diff && setup_add_diff(&in->plan, assets, err))
		return -1;
	CLEANUP_JSON json_t *json = json_pack(
	    "{s:o,s:O,s:s,s:O,s:O,s:O,s:O,s:s?,s:O,s:O,s:o,s:O,s:s,s:O,"
	    "s:s,s:s,s:s,s:O,s:O,s:s,s:b,s:b,s:b,s:b}",
	    "cluster", cluster_json(&in->cluster), "assets", assets, "namespace",
	    o->new_namespace ? "create" : "same", "streams", o->streams, "effects", o->effects,
	    "states", o->states, "own", o->own, "ism", ism_word(&o->ism), "notes",
	    in->rendering.notes, "room", in->rendering.room, "consequences",
	    consequences(in, app, o), "options", in->changes, "older", older_words[in->copy.age],
	    "back", in->copy.back, "key", key_words[o->key], "connection",
	    connection_words[o->connection.state], "feed_timer",
	    feed_timer_words[o->feed_timer.state], "outdated_streams", o->outdated, "migrated",
	    o->migrated, "record", o->record, "interrupted", *o->interrupted != 0, "rolled_over",
	    o->rolled_over, "dry_run", !setup_writes(app), "applied", o->applied);
	if (o->stopped) {
		json_object_set_new(json, "stopped", json_string(o->stopped));
		json_object_set_new(json, "stopped_at", json_string(step_names[o->doing]));
	}
	print_json(stdout, json, JSON_INDENT(2));
	return 0;
}
