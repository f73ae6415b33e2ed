/* SPDX-License-Identifier: Apache-2.0
 * efctl keys: lists, makes, replaces and revokes the API keys of efd. */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "importer/client/advice.h"
#include "importer/client/settings.h"
#include "importer/core/action.h"
#include "importer/commands.h"
#include "importer/core/ask.h"
#include "importer/core/print.h"
#include "importer/core/table.h"
#include "importer/keys_rotate.h"

static int no_operands(const struct app *app, struct err *err)
{
	return app->args.n < 2 ? 0
			       : err_set(err, EF_USAGE, "unexpected operand '%s': %s takes none",
					 app->args.item[1], app->args.item[0]);
}

/* ---- list ------------------------------------------------------------------- */

static json_t *key_json(const struct key *k, const char *file)
{
	bool ended = key_end(k->expires_ms, clock_wall_ms()) == KEY_ENDED;
	json_t *json = json_pack("{s:s,s:s,s:s,s:I,s:s}", "id", k->id, "name", k->name, "namespace",
				 *k->namespace ? k->namespace : "*", "created_ms",
				 (json_int_t)k->created_ms, "state",
				 k->revoked ? "revoked"
				 : ended    ? "expired"
					    : "valid");
	json_object_set_new(json, "expires_ms",
			    k->expires_ms ? json_integer((json_int_t)k->expires_ms) : json_null());
	json_object_set_new(json, "file", file ? json_string(file) : json_null());
	return json;
}

static void keys_print_json(json_t *json_take)
{
	print_json(stdout, json_take, JSON_INDENT(2));
	json_decref(json_take);
}

static void print_row(const struct key *k, const char *file)
{
	char created[WHEN_MAX], expires[WHEN_MAX];
	bool ended = key_end(k->expires_ms, clock_wall_ms()) == KEY_ENDED;
	print_cell(stdout, k->id, 22, 0);
	print_cell(stdout, *k->namespace ? k->namespace : "*", 18, 0);
	print_cell(stdout, k->name, 22, 0);
	print_cell(stdout, minute_text(k->created_ms, created), 18, 0);
	print_cell(stdout, minute_text(k->expires_ms, expires), 18, 0);
	print_plain(stdout, "%s%s\n", ended ? "expired" : "", file ? file : "");
}

static int list_all(struct keys_run *run, struct err *err)
{
	const struct app *app = run->app;
	const char *file = app->setup.key_file;
	char held[API_KEY_ID_MAX];
	struct keys keys;
	bool unseen = key_file_id(file, held) == KEY_UNSEEN;
	if (no_operands(app, err) || keys_list(run->es, &keys, err))
		return -1;
	json_t *json = json_array();
	if (!app->flags.json)
		print_plain(stdout, "%-21s %-17s %-21s %-17s %-17s %s\n", "ID", "NAMESPACE", "NAME",
			    "CREATED", "EXPIRES", "IN FILE");
	for (size_t i = 0; i < keys.n; i++) {
		const struct key *k = &keys.list[i];
		const char *in_file = strcmp(k->id, held) == 0 ? file : NULL;
		if (app->flags.json)
			json_array_append_new(json, key_json(k, in_file));
		else
			print_row(k, in_file);
	}
	if (app->flags.json)
		keys_print_json(json_incref(json));
	json_decref(json);
	if (keys.only_own)
		print_plain(stderr,
			    "note: only keys that you made are shown; those of others take the "
			    "privilege read_security or manage_api_key\n");
	if (unseen)
		print_plain(stderr, "note: no permission to read %s, so the key in it is unknown\n",
			    file);
	keys_release(&keys);
	return EF_DONE;
}

/* ---- create ----------------------------------------------------------------- */

static int file_is_free(const struct app *app, enum key_found found, struct err *err)
{
	if (found == KEY_ABSENT || found == KEY_ODD) /* which key_may_be_made() refuses */
		return 0;
	return err_set(err, EF_USAGE,
		       "%s holds an API key already: %s replaces it, --key-file names another "
		       "file for the new one",
		       app->setup.key_file, ADVICE(app, "keys rotate"));
}

static void print_created(const struct app *app, const struct key *k)
{
	const char *file = app->setup.key_file;
	CLEANUP_FREE char *own = key_file_of_efd();
	if (app->flags.json) {
		keys_print_json(key_json(k, file));
		return;
	}
	print_plain(stdout, "created  API key  %s  %s, in %s\n", k->id, k->name, file);
	if (!key_is_in_place(file) && own)
		print_plain(stdout, "      on efd's host: sudo install -m 640 -g efd %s %s\n", file,
			    own);
}

static int make(struct keys_run *run, struct key_new *made, struct err *err)
{
	const struct app *app = run->app;
	if (keys_begin(run, err) ||
	    key_mint(run->es, app->elastic.namespace, (uint64_t)app->flags.expires, made, err) ||
	    key_keep(run->es, made, app->setup.key_file, err))
		return -1;
	record_key_add(&run->record, key_record(&made->key, app->setup.key_file));
	return keys_end(run, err);
}

static int create(struct keys_run *run, struct err *err)
{
	struct app *app = run->app;
	enum key_found found;
	bool named = settings_named(app, "setup.key_file");
	CLEANUP_KEY_NEW struct key_new made = { 0 };
	if (no_operands(app, err) ||
	    key_look_beside(&app->elastic, named, &app->setup.key_file, &found, err) ||
	    file_is_free(app, found, err) ||
	    key_may_be_made(run->es, app->elastic.namespace, app->setup.key_file, err) ||
	    make(run, &made, err))
		return -1;
	if (app->flags.show_key)
		fputs(made.line, stdout);
	print_created(app, &made.key);
	return EF_DONE;
}

/* ---- revoke ----------------------------------------------------------------- */

static int want_one(struct keys_run *run, const char *id, struct keys *wanted, struct err *err)
{
	if (!api_key_is_id(id))
		return err_set(err, EF_USAGE, "'%s' is no id of an API key; %s has them", id,
			       ADVICE(run->app, "keys list"));
	int there = keys_find(run->es, id, &wanted->list[wanted->n], err);
	if (there == 0)
		return err_set(err, EF_USAGE,
			       "%s is not an API key that efctl created, or you may not see it: "
			       "nothing was revoked",
			       id);
	wanted->n += there > 0;
	return there < 0 ? -1 : 0;
}

/* Those with the ids that were given, all of them or none; with --all-expired those that ended. */
static int want(struct keys_run *run, struct keys *ret, struct err *err)
{
	const struct app *app = run->app;
	struct keys keys = { 0 };
	size_t n = 0;
	if (app->flags.all_expired == (app->args.n > 1))
		return err_set(err, EF_USAGE,
			       "revoke wants the ids of API keys (%s has them), or --all-expired",
			       ADVICE(app, "keys list"));
	if (app->flags.all_expired) {
		if (keys_list(run->es, &keys, err))
			return -1;
		for (size_t i = 0; i < keys.n; i++)
			if (key_end(keys.list[i].expires_ms, clock_wall_ms()) == KEY_ENDED)
				keys.list[n++] = keys.list[i];
		keys.n = n;
		*ret = keys;
		return 0;
	}
	keys.list = calloc(app->args.n, sizeof(*keys.list));
	int result = keys.list ? 0 : err_set(err, EF_FAILED, "out of memory");
	for (size_t i = 1; i < app->args.n && result == 0; i++)
		result = want_one(run, app->args.item[i], &keys, err);
	*ret = keys;
	return result;
}

static int may_revoke(const struct app *app, const struct keys *keys, struct err *err)
{
	char held[API_KEY_ID_MAX], question[64];
	key_file_id(app->setup.key_file, held);
	for (size_t i = 0; i < keys->n; i++) {
		const struct key *k = &keys->list[i];
		print_plain(stderr, "revoke   API key  %s  %s%s%s\n", k->id, k->name,
			    strcmp(k->id, held) == 0 ? ": the one that efd finds in " : "",
			    strcmp(k->id, held) == 0 ? app->setup.key_file : "");
	}
	if (app->flags.yes || keys->n == 0)
		return 0;
	if (!ask_can())
		return err_set(err, EF_USAGE,
			       "there is no terminal to ask on: use --yes; nothing was revoked");
	snprintf(question, sizeof(question), "Revoke %s permanently? [y/N] ",
		 keys->n == 1 ? "it" : "them");
	return ask_yes(question) ? 0 : err_set(err, EF_FAILED, "nothing is revoked");
}

static int revoke_all(struct keys_run *run, const struct keys *keys, json_t *revoked,
		      struct err *err)
{
	int result = keys->n ? keys_begin(run, err) : 0;
	for (size_t i = 0; i < keys->n && result == 0; i++) {
		const struct key *k = &keys->list[i];
		result = keys_revoke(run->es, k->id, err);
		if (result)
			break;
		record_key_drop(&run->record, k->id, NULL);
		json_array_append_new(revoked, json_string(k->id));
		if (!run->app->flags.json)
			print_plain(stdout, "revoked  API key  %s  %s\n", k->id, k->name);
	}
	struct err second = ERR_NONE;
	if (run->lease && keys_end(run, result ? &second : err))
		result = -1;
	return result;
}

static int revoke_some(struct keys_run *run, struct err *err)
{
	struct keys keys = { 0 };
	CLEANUP_JSON json_t *revoked = json_array();
	int result = want(run, &keys, err);
	if (result == 0)
		result =
		    may_revoke(run->app, &keys, err) ? -1 : revoke_all(run, &keys, revoked, err);
	if (result == 0 && keys.n == 0)
		print_plain(stderr, "none of ours has ended\n");
	if (json_array_size(revoked) + (result == 0) && run->app->flags.json)
		keys_print_json(json_pack("{s:O}", "revoked", revoked));
	keys_release(&keys);
	return result ? -1 : EF_DONE;
}

static int rotate(struct keys_run *run, struct err *err)
{
	return no_operands(run->app, err) ? -1 : keys_rotate(run, err);
}

static const struct keys_action {
	const char *name;
	int (*do_it)(struct keys_run *run, struct err *err);
} actions[] = {
	{ "list", list_all },
	{ "create", create },
	{ "rotate", rotate },
	{ "revoke", revoke_some },
};

static int run_action(const struct keys_action *action, struct app *app, struct err *err)
{
	struct keys_run run;
	int result = keys_open(&run, app, err) ? -1 : action->do_it(&run, err);
	keys_close(&run);
	return result;
}

int cmd_keys(struct app *app, struct err *err)
{
	const char *name = app->args.n ? app->args.item[0] : "list";
	const struct keys_action *action = ACTION_FIND(actions, name, err);
	return action ? run_action(action, app, err) : -1;
}
