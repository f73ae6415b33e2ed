/* SPDX-License-Identifier: Apache-2.0
 * Between the settings of a run and the record of the installation: what nobody named is as it was,
 * what somebody named is remembered, and what is reset is forgotten. */
#include "importer/install/remember.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/asset.h"
#include "importer/client/advice.h"
#include "importer/client/es.h"
#include "importer/client/settings.h"
#include "importer/core/ask.h"

/* What is true of one machine only, and not of the installation. */
static const char *const local[] = { "setup.key_file", "dictionaries.mmdb", "inventory.file" };

static bool is_remembered(unsigned group, const struct opt *opt)
{
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if (strcmp(opt->name, local[i]) == 0)
			return false;
	return !opt->flag_only && opt->type != OPT_SECRET &&
	       group & (USES_SETUP | USES_DICTIONARIES | USES_KIBANA);
}

/* Calls `each` for every option that is remembered; stops at the first that does not return 0. */
typedef int option_fn(void *arg, const struct opt_table *table, const struct opt *opt,
		      struct err *err);
static int each_option(const struct app *app, option_fn *each, void *arg, struct err *err)
{
	const struct settings_tables *t = app->tables;
	for (size_t i = 0; i < t->n; i++)
		for (const struct opt *o = t->table[i].rows; o < t->table[i].rows + t->table[i].n;
		     o++) {
			int result =
			    is_remembered(t->group[i], o) ? each(arg, &t->table[i], o, err) : 0;
			if (result)
				return result;
		}
	return 0;
}

/* ---- --reset ---- */

/* '.', '-' and '_' are one: "kibana-space" and "setup.key_file" are what people type. */
static bool same_words(const char *one, const char *other)
{
	for (; *one && *other; one++, other++)
		if (*one != *other && !(strchr(".-_", *one) && strchr(".-_", *other)))
			return false;
	return !*one && !*other;
}

static bool is_called(const struct app *app, const struct opt *opt, const char *word)
{
	char flag[CONF_FLAG_MAX];
	conf_flag(app->tables->table, app->tables->n, opt->name, flag);
	word += strncmp(word, "--", 2) == 0 ? 2 : 0;
	const char *dot = strchr(opt->name, '.');
	return same_words(word, opt->name) || same_words(word, flag + 2) ||
	       (dot && strncmp(opt->name, "setup.", 6) == 0 && same_words(word, dot + 1));
}

static bool is_reset(const struct app *app, const struct opt *opt)
{
	for (size_t i = 0; i < app->flags.reset.n; i++)
		if (is_called(app, opt, app->flags.reset.item[i]))
			return true;
	return false;
}

struct search {
	const struct app *app;
	const char *word;
	char names[700];
};

static int find_option(void *arg, const struct opt_table *table, const struct opt *opt,
		       struct err *err)
{
	struct search *s = arg;
	char flag[CONF_FLAG_MAX];
	size_t n = strlen(s->names);
	(void)table;
	(void)err;
	conf_flag(s->app->tables->table, s->app->tables->n, opt->name, flag);
	snprintf(s->names + n, sizeof(s->names) - n, "%s%s", n ? ", " : "", flag + 2);
	return is_called(s->app, opt, s->word);
}

static int check_unnamed(void *arg, const struct opt_table *table, const struct opt *opt,
			 struct err *err)
{
	const struct app *app = arg;
	(void)table;
	if (!is_reset(app, opt) || !settings_named(app, opt->name))
		return 0;
	return err_set(err, EF_USAGE,
		       "--reset %s: the option is also set on the command line, in the environment "
		       "or in the settings file; use one or the other",
		       opt->name);
}

int remember_check(const struct app *app, struct err *err)
{
	if (settings_named(app, "reset") && app->flags.reset.n == 0)
		return err_set(err, EF_USAGE,
			       "--reset names nothing: give the options that go back to their "
			       "defaults, as in --reset shards,refresh");
	for (size_t i = 0; i < app->flags.reset.n; i++) {
		struct search s = { .app = app, .word = app->flags.reset.item[i] };
		if (each_option(app, find_option, &s, err) == 0)
			return err_set(
			    err, EF_USAGE,
			    "--reset: nothing called '%.60s' is remembered; these are: %s", s.word,
			    s.names);
	}
	return each_option(app, check_unnamed, (void *)app, err);
}

/* ---- options ---- */

static bool has_password(const char *value)
{
	return strstr(value, "://") && strchr(value, '@');
}

const char *remember_shown(const char *value)
{
	return value && has_password(value) ? "(a URL with a password)" : value;
}

/* The value as text, for the record; null where there is none. */
static json_t *value_of(const struct opt *opt, const void *settings)
{
	const void *field = (const char *)settings + opt->offset;
	const char *text;
	switch (opt->type) {
	case OPT_BOOL:
		return json_string(*(const bool *)field ? "true" : "false");
	case OPT_INT:
	case OPT_SIZE:
		return json_sprintf("%lld", (long long)*(const int64_t *)field);
	case OPT_DURATION:
		return json_sprintf("%lldms", (long long)*(const int64_t *)field);
	case OPT_ENUM:
		return json_string(opt->choices[*(const int *)field]);
	case OPT_LIST: {
		const struct strlist *list = field;
		CLEANUP_JSON json_t *words = json_string("");
		for (size_t i = 0; i < list->n; i++) {
			json_t *more = json_sprintf("%s%s%s", json_string_value(words),
						    i ? "," : "", list->item[i]);
			json_decref(words);
			words = more;
		}
		return list->n ? steal_ptr(words) : json_null();
	}
	case OPT_TEXT:
	case OPT_SECRET:
		break;
	}
	text = opt->type == OPT_TEXT ? *(char *const *)field : NULL;
	/* where the files are, not where the caller stood; and no URL with somebody's password */
	CLEANUP_FREE char *whole =
	    text && strcmp(opt->name, "setup.assets") == 0 ? realpath(text, NULL) : NULL;
	return text && !has_password(text) ? json_string(whole ? whole : text) : json_null();
}

static const char *text_or(const json_t *value, const char *otherwise)
{
	return json_is_string(value) ? json_string_value(value) : otherwise;
}

static bool same_text(const char *one, const char *other)
{
	return one == other || (one && other && strcmp(one, other) == 0);
}

struct run {
	struct app *app;
	struct record *r;
	bool strict;
	json_t *changes, *notes;
};

static void note_change(struct run *run, const char *option, const char *old, const char *new)
{
	if (run->r->found == RECORD_THERE && !same_text(old, new))
		json_array_append_new(run->changes,
				      json_pack("{s:s,s:s?,s:s?}", "option", option, "from",
						remember_shown(old), "to", remember_shown(new)));
}

static int odd_value(struct run *run, const struct opt *opt, const struct err *why, struct err *err)
{
	char flag[CONF_FLAG_MAX], reset[200], name[ADVICE_MAX];
	if (!run->strict) {
		json_array_append_new(run->notes, json_sprintf("what the record says is not used: "
							       "%s",
							       why->msg));
		if (!run->r->unusable)
			run->r->unusable = json_array();
		json_array_append_new(run->r->unusable, json_string(opt->name));
		return 0;
	}
	conf_flag(run->app->tables->table, run->app->tables->n, opt->name, flag);
	snprintf(reset, sizeof(reset), "setup --reset %.100s", opt->name);
	snprintf(name, sizeof(name), "setup %s …", flag);
	return err_set(err, EF_USAGE,
		       "nothing was changed: what the record in the cluster says cannot be used: "
		       "%.500s; %s goes back to the default, %s says another",
		       why->msg, ADVICE(run->app, reset), ADVICE(run->app, name));
}

static int option_recall(struct run *run, const struct opt_table *table, const struct opt *opt,
			 const char *value, struct err *err)
{
	struct err why = ERR_NONE;
	return conf_set(opt, table->settings, value, opt->name, &why)
		   ? odd_value(run, opt, &why, err)
		   : 0;
}

static int option_remember(void *arg, const struct opt_table *table, const struct opt *opt,
			   struct err *err)
{
	struct run *run = arg;
	json_t *options = record_options(run->r);
	CLEANUP_JSON json_t *old = json_incref(json_object_get(options, opt->name));
	if (strcmp(opt->name, REMEMBER_TABLES) == 0)
		return 0;
	if (settings_named(run->app, opt->name)) {
		json_t *value = value_of(opt, table->settings);
		if (json_is_string(value))
			json_object_set_new(options, opt->name, value);
		else
			json_object_del(options, opt->name);
	} else if (is_reset(run->app, opt)) {
		json_object_del(options, opt->name);
	} else {
		const char *value = text_or(old, NULL);
		return value ? option_recall(run, table, opt, value, err) : 0;
	}
	note_change(run, opt->name, text_or(old, opt->preset),
		    text_or(json_object_get(options, opt->name), opt->preset));
	return 0;
}

/* Files of the user's in place of the embedded ones: they have to be where they were. */
static int open_assets(struct run *run, struct err *err)
{
	struct err why = ERR_NONE;
	struct assets *assets = NULL;
	struct app *app = run->app;
	if (settings_named(app, "setup.assets") || !app->setup.assets)
		return 0;
	if (assets_open(app->setup.assets, &assets, &why) == 0) {
		assets_free(app->assets);
		app->assets = assets;
		return 0;
	}
	if (!run->strict) {
		json_array_append_new(
		    run->notes, json_sprintf("compared with the embedded files: %s", why.msg));
		return 0;
	}
	*err = why;
	return err_wrap(
	    err,
	    "this installation was made with files of yours in %s (on the host of %s); "
	    "name where they are with --assets DIR, or %s takes the embedded ones",
	    app->setup.assets, record_text(run->r, "by"),
	    ADVICE(app, ask_can() ? "setup --reset assets" : "setup --reset assets --yes"));
}

int remember_options(struct app *app, struct record *r, bool strict, json_t *ret_changes,
		     json_t *notes, struct err *err)
{
	struct run run = {
		.app = app, .r = r, .strict = strict, .changes = ret_changes, .notes = notes
	};
	return each_option(app, option_remember, &run, err) || open_assets(&run, err) ? -1 : 0;
}

struct back {
	const struct app *app;
	const struct record *r;
	const json_t *options;
	json_t *list;
};

/* The flag that says what the copy says. */
static json_t *keep_flag(const struct app *app, const struct opt *opt, const char *value)
{
	char flag[CONF_FLAG_MAX], word[ADVICE_MAX];
	conf_flag(app->tables->table, app->tables->n, opt->name, flag);
	if (!value)
		return json_sprintf("--reset %s", flag + 2);
	if (opt->type == OPT_BOOL)
		return json_sprintf("--%s%s", strcmp(value, "true") == 0 ? "" : "no-", flag + 2);
	return json_sprintf("%s=%s", flag, advice_word(value, word));
}

static int option_back(void *arg, const struct opt_table *table, const struct opt *opt,
		       struct err *err)
{
	const struct back *b = arg;
	const char *copied = text_or(json_object_get(b->options, opt->name), NULL);
	const char *had = copied ? copied : opt->preset;
	const char *has = text_or(json_object_get(record_options(b->r), opt->name), opt->preset);
	(void)table;
	(void)err;
	if (strcmp(opt->name, REMEMBER_TABLES) != 0 && !settings_named(b->app, opt->name) &&
	    !is_reset(b->app, opt) && !same_text(had, has))
		json_array_append_new(
		    b->list, json_pack("{s:s,s:s?,s:s?,s:o}", "option", opt->name, "from",
				       remember_shown(had), "to", remember_shown(has), "keep",
				       keep_flag(b->app, opt, remember_shown(copied))));
	return 0;
}

void remember_back(const struct app *app, const struct record *r, const json_t *options,
		   json_t *list)
{
	struct back back = { app, r, options, list };
	struct err none = ERR_NONE;
	each_option(app, option_back, &back, &none);
}

struct kept {
	struct record *r;
	const char *option;
};

static int keep_value(void *arg, const struct opt_table *table, const struct opt *opt,
		      struct err *err)
{
	const struct kept *kept = arg;
	(void)err;
	if (strcmp(opt->name, kept->option) != 0)
		return 0;
	json_object_set_new(record_options(kept->r), opt->name, value_of(opt, table->settings));
	return 1;
}

void remember_value(const struct app *app, struct record *r, const char *option)
{
	struct kept kept = { r, option };
	struct err none = ERR_NONE;
	each_option(app, keep_value, &kept, &none);
}

struct one {
	const char *option, *value;
};

static int set_one(void *arg, const struct opt_table *table, const struct opt *opt, struct err *err)
{
	const struct one *one = arg;
	if (strcmp(opt->name, one->option) != 0)
		return 0;
	return conf_set(opt, table->settings, one->value, opt->name, err) ? -1 : 1;
}

int remember_one(struct app *app, struct record *r, const char *option, const char *value,
		 struct err *err)
{
	struct one one = { option, value };
	if (each_option(app, set_one, &one, err) < 0)
		return -1;
	json_object_set_new(record_options(r), option, json_string(value));
	return 0;
}
