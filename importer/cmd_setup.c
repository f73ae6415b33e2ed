/* SPDX-License-Identifier: Apache-2.0
 * efctl setup: probes the cluster, plans, shows the plan, and carries it out. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/client/key.h"
#include "importer/client/settings.h"
#include "importer/client/streams.h"
#include "importer/commands.h"
#include "importer/core/files.h"
#include "importer/core/finding.h"
#include "importer/core/print.h"
#include "importer/dictionary/dict_app.h"
#include "importer/dictionary/feed_cmd.h"
#include "importer/dictionary/feed_state.h"
#include "importer/install/apply.h"
#include "importer/install/dict_prune.h"
#include "importer/install/disjoint.h"
#include "importer/install/effect.h"
#include "importer/install/health.h"
#include "importer/install/ilm.h"
#include "importer/install/migrate.h"
#include "importer/install/others.h"
#include "importer/install/pipeline_limits.h"
#include "importer/install/remote_known.h"
#include "importer/install/remember.h"
#include "importer/install/stream_own.h"
#include "importer/record/record_files.h"
#include "importer/setup.h"
#include "importer/setup_ask.h"
#include "importer/setup_diff.h"
#include "importer/setup_show.h"

static int look_at_key(const struct install *in, struct app *app, struct outcome *out,
		       struct err *err)
{
	if (app->flags.no_key || !in->cluster.has[CAP_SECURITY])
		return 0;
	enum key_found found;
	bool named = settings_named(app, "setup.key_file");
	if (key_look_beside(&app->elastic, named, &app->setup.key_file, &found, err))
		return -1;
	if (found == KEY_ODD)
		return file_is_plain(app->setup.key_file, err);
	if (found == KEY_FITS)
		out->key = KEY_KEPT;
	else if (found == KEY_UNSEEN)
		out->key = KEY_UNCHECKED;
	else if (found == KEY_ABSENT || app->flags.force)
		out->key = KEY_MAKE;
	else /* it may be the only copy of another cluster's key */
		out->key = KEY_FOREIGN;
	out->key_replaces = out->key == KEY_MAKE && found != KEY_ABSENT;
	return out->key == KEY_MAKE
		   ? key_may_be_made(in->es, app->elastic.namespace, app->setup.key_file, err)
		   : 0;
}

/* The file that efd reads its key from, once it is where it belongs; NULL: none. `own` is efd's
 * own. */
static const char *key_for_efd(const struct install *in, const struct app *app, const char *own,
			       const struct outcome *out)
{
	if (out->key != KEY_NONE)
		return key_is_in_place(app->setup.key_file) ? app->setup.key_file : own;
	/* --no-key: one that is there is efd's still */
	return in->cluster.has[CAP_SECURITY] && access(own, F_OK) == 0 ? own : NULL;
}

/* A key of another cluster stays with the connection to that cluster. */
static int look_at_connection(const struct install *in, const struct app *app, struct outcome *out,
			      struct err *err)
{
	CLEANUP_FREE char *own = key_file_of_efd();
	if (app->flags.no_connection || out->key == KEY_FOREIGN)
		return 0;
	if (!own)
		return err_set(err, EF_FAILED, "out of memory");
	return connection_plan(&app->elastic, key_for_efd(in, app, own, out), &out->connection,
			       err);
}

static void say_applied(const struct plan_item *item)
{
	if (!isatty(STDERR_FILENO))
		return;
	fputs(PRINT_AGAIN, stderr);
	print_plain(stderr, "%s %s", item->group, item->name);
}

/* What efd needs to know of the cluster, in its own files. */
static int tell_efd(struct install *in, struct app *app, struct outcome *out, struct err *err)
{
	struct key key;
	out->doing = STEP_KEY;
	if (out->key == KEY_MAKE) {
		if (key_make(in->es, app->elastic.namespace, app->setup.key_file,
			     (uint64_t)app->flags.expires, app->flags.show_key, &key, err))
			return -1;
		out->key = KEY_MADE;
		record_key_add(&in->record, key_record(&key, app->setup.key_file));
	}
	if (out->key == KEY_KEPT)
		key_share(app->setup.key_file);
	out->doing = STEP_CONNECTION;
	return connection_write(&out->connection, err);
}

static int apply_assets(struct install *in, const struct app *app, struct outcome *out,
			struct err *err)
{
	out->doing = STEP_ASSETS;
	int result =
	    plan_apply(&in->plan, in->es, &in->cluster, app->flags.force, say_applied, err);
	if (isatty(STDERR_FILENO))
		fputs(PRINT_AGAIN, stderr);
	return result;
}

/* Where documents would go now. */
static int look_at_effect(struct install *in, const struct app *app, struct outcome *out,
			  struct err *err)
{
	json_array_clear(out->effects);
	return in->cluster.has[CAP_DATA_STREAM] ? effect_findings(in->es, app, out->effects, err)
						: 0;
}

/* What is not of our templates is not rolled over: that would move a good stream to somebody
 * else's. */
static int roll_over(struct install *in, const struct app *app, struct outcome *out,
		     struct err *err)
{
	CLEANUP_JSON json_t *templates = json_array();
	out->doing = STEP_ROLLOVER;
	json_array_clear(out->outdated);
	if (streams_outdated(in->es, out->outdated, err))
		return -1;
	if (!app->flags.rollover || json_array_size(out->outdated) == 0)
		return 0;
	if (others_templates(in->es, app, templates, err))
		return -1;
	if (findings_bad(templates))
		return 0;
	out->rolled_over = streams_rollover(in->es, out->outdated, err) == 0;
	return out->rolled_over ? 0 : -1;
}

/* What the cluster is to remember goes there first: whoever goes on after an interruption does so
 * with the same options and tables. */
static int begin(struct install *in, const struct app *app, struct err *err)
{
	bool made;
	json_t *files = record_tables(&in->record);
	if (json_object_size(files) && (document_index_make(in->es, &made, err) ||
					record_files_keep(in->es, files, dict_dir(app), err)))
		return -1;
	return record_write(in->es, &in->record, RECORD_APPLYING, err);
}

static int end(struct install *in, struct err *err)
{
	const json_t *files = record_tables(&in->record);
	return record_files_prune(in->es, files, err) ||
		       record_write(in->es, &in->record, RECORD_APPLIED, err)
		   ? -1
		   : 0;
}

/* None while another's template, or something else of its name, would get the documents. */
static int make_streams(struct install *in, const struct app *app, struct outcome *out,
			struct err *err)
{
	out->doing = STEP_STREAMS;
	if (stream_own_apply(in->es, out->own, err))
		return -1;
	/* where nothing was written, what look() saw is so still */
	bool wrote = plan_applied_count(&in->plan) || json_array_size(out->own);
	if (wrote && look_at_effect(in, app, out, err))
		return -1;
	if (!in->cluster.has[CAP_DATA_STREAM] || findings_bad(out->effects))
		return 0;
	return streams_create(in->es, app->elastic.namespace, err);
}

/* Also of streams that were there. */
static int make_policy(struct install *in, struct outcome *out, struct err *err)
{
	out->doing = STEP_STREAMS;
	return ism_apply(in->es, &out->ism, err);
}

static int do_steps(struct install *in, struct app *app, struct outcome *out, struct err *err)
{
	size_t removed;
	if (apply_assets(in, app, out, err))
		return -1;
	if (make_policy(in, out, err) || make_streams(in, app, out, err))
		return -1;
	out->doing = STEP_DICTIONARIES;
	if (dict_prune(in->es, in->dict, DICT_GRACE_MS, &removed, err) ||
	    feed_state_note(in->es, app, in->dict, err))
		return -1;
	out->doing = STEP_KIBANA;
	if (in->has_kibana && kibana_apply(&in->kibana, &in->plan, app->flags.force, err))
		return -1;
	if (tell_efd(in, app, out, err) || roll_over(in, app, out, err))
		return -1;
	bool new_index = json_array_size(out->streams) || out->rolled_over;
	return new_index ? look_at_effect(in, app, out, err) : 0;
}

static int carry_out(struct install *in, struct app *app, struct outcome *out, struct err *err)
{
	bool writes = setup_changes(in, app, out);
	if ((writes && begin(in, app, err)) || do_steps(in, app, out, err) ||
	    (writes && end(in, err)))
		return -1;
	out->doing = STEP_FEED_TIMER;
	return feed_timer_apply(&out->feed_timer, in->es, err);
}

static void outcome_release(struct outcome *out)
{
	json_decref(out->outdated);
	json_decref(out->effects);
	json_decref(out->states);
	json_decref(out->own);
	json_decref(out->streams);
	json_decref(out->migrated);
	json_decref(out->reasons);
	connection_release(&out->connection);
	ism_release(&out->ism);
	feed_timer_release(&out->feed_timer);
}

/* What becomes of the record, and what it says of the setup before this one. */
static void look_at_record(struct install *in, const struct app *app, struct outcome *out)
{
	struct record *r = &in->record;
	out->new_namespace = record_namespace_add(r, app->elastic.namespace);
	out->record = r->found == RECORD_ABSENT ? "create" : record_changed(r) ? "update" : "same";
	if (r->found == RECORD_THERE && strcmp(record_text(r, "state"), RECORD_APPLIED) != 0)
		snprintf(out->interrupted, sizeof(out->interrupted), "%s on %s",
			 record_text(r, "by"), record_text(r, "at"));
}

/* Who sets up for the first time is asked, once: from then on there is a record, and a line says
 * how to choose. What is answered is remembered as if it had been named. */
static int offer_feeds(struct install *in, struct app *app, struct err *err)
{
	bool ask = setup_asks(app) && in->record.found == RECORD_ABSENT;
	if (feeds_offer(app, in->dict, ask, in->rendering.notes, err))
		return -1;
	if (app->setup.feeds.n)
		remember_value(app, &in->record, "setup.feeds");
	return 0;
}

static int look_at_streams(struct install *in, const struct app *app, struct outcome *out,
			   struct err *err)
{
	if (in->cluster.has[CAP_DATA_STREAM] &&
	    streams_missing(in->es, app->elastic.namespace, out->streams, err))
		return -1;
	/* one that has all of them and no record was set up before */
	if (in->record.found == RECORD_ABSENT && install_is_there(in) &&
	    json_array_size(out->streams) == 0)
		out->new_namespace = false;
	return look_at_effect(in, app, out, err) || streams_outdated(in->es, out->outdated, err) ||
		       stream_own_find(in, app->flags.force, out->own, err) ||
		       ism_plan(in, app, &out->ism, err)
		   ? -1
		   : 0;
}

/* A record that was restored alone, or edited: nobody said that its options are to come back. */
static void add_taken_back(const struct install *in, json_t *reasons)
{
	char back[600];
	if (!copy_takes_back(in))
		return;
	copy_back_text(in, back, sizeof(back));
	json_array_append_new(reasons, json_sprintf(COPY_OLDER "; it takes back %s", back));
}

/* After look(): what would go wrong halfway is told before anything is written; a dry run goes on
 * and says so. */
static int look_at_health(struct install *in, const struct app *app, struct outcome *out,
			  struct err *err)
{
	bool creates = json_array_size(out->streams) > 0;
	if (setup_writes(app) && health_check(in->es, app, creates, err))
		return -1;
	if (pipeline_limits(in, app->flags.force, out->states, err))
		return -1;
	if (setup_writes(app) && findings_bad(out->states))
		return err_set(err, EF_USAGE, "%s: %s", es_url(in->es),
			       findings_first_bad(out->states));
	return health_findings(in->es, app, out->states, err);
}

/* Everything that is known before anything is written. */
static int look(struct install *in, struct app *app, struct outcome *out, struct err *err)
{
	if (ilm_check(in, app, err) || remote_known_check(in, app, err) ||
	    offer_feeds(in, app, err) || install_plan(in, app, err) ||
	    migrate_find(in, app, out->migrated, err))
		return -1;
	look_at_record(in, app, out);
	json_array_extend(out->reasons, in->lost);
	add_taken_back(in, out->reasons);
	if (disjoint_check(in->es, &in->plan, in->rendering.notes, err))
		return -1;
	if (setup_writes(app) && setup_forbidden(in, app, out, err)) /* a dry run shows the plan */
		return -1;
	if (look_at_key(in, app, out, err) || look_at_connection(in, app, out, err) ||
	    feed_timer_plan(in, app, app->elastic.ca_file ? out->connection.ca_path : NULL,
			    !app->flags.no_connection && out->key != KEY_FOREIGN, &out->feed_timer,
			    err))
		return -1;
	return look_at_streams(in, app, out, err);
}

/* Carries it out and tells what became of it, also of a half. */
static int setup_apply(struct install *in, struct app *app, struct outcome *out, struct err *err)
{
	out->applied = carry_out(in, app, out, err) == 0;
	out->stopped = out->applied ? NULL : err->msg;
	struct err ignored;
	if (app->flags.json)
		setup_show_json(in, app, out, &ignored); /* fails with --diff only */
	else if (out->applied)
		setup_show_done(stdout, in, app, out);
	else
		setup_show_stopped(stdout, in, app, out);
	if (!out->applied)
		return err_wrap(err, "setup stopped; what is applied stays, and running it again "
				     "goes on from there");
	bool foreign = plan_count(&in->plan, ACTION_FOREIGN) && !app->flags.force;
	return foreign || out->key == KEY_FOREIGN || setup_without_effect(out) ? EF_DIFFERENT
									       : EF_DONE;
}

/* --dry-run, --diff. */
static int look_only(const struct install *in, const struct app *app, const struct outcome *out,
		     struct err *err)
{
	if (app->flags.json ? setup_show_json(in, app, out, err)
			    : app->flags.diff && setup_show_diff(stdout, &in->plan, err))
		return -1;
	if (setup_forbidden(in, app, out, err))
		return -1;
	bool foreign = plan_count(&in->plan, ACTION_FOREIGN) && !app->flags.force;
	return foreign || setup_changes(in, app, out) || setup_without_effect(out) ||
		       (app->flags.diff && setup_differs(&in->plan))
		   ? EF_DIFFERENT
		   : EF_DONE;
}

int cmd_setup(struct app *app, struct err *err)
{
	CLEANUP_INSTALL struct install in = { 0 };
	__attribute__((cleanup(outcome_release))) struct outcome out = { .outdated = json_array(),
									 .effects = json_array(),
									 .states = json_array(),
									 .own = json_array(),
									 .streams = json_array(),
									 .migrated = json_array(),
									 .reasons = json_array() };
	app->flags.dry_run = app->flags.dry_run || app->flags.diff;
	/* a program that reads JSON gets nothing else; who is asked sees what about */
	FILE *talk = !app->flags.json ? stdout : setup_asks(app) ? stderr : NULL;
	if (remember_check(app, err) ||
	    install_open_to_change(&in, app, "setup", true, setup_asks(app), err))
		return -1;
	if (talk)
		cluster_print(talk, &in.cluster);
	if (look(&in, app, &out, err) || look_at_health(&in, app, &out, err))
		return -1;
	if (talk)
		setup_show_plan(talk, &in, app, &out);
	if (setup_writes(app))
		return setup_ask(&in, app, &out, err) ? -1 : setup_apply(&in, app, &out, err);
	return look_only(&in, app, &out, err);
}
