/* SPDX-License-Identifier: Apache-2.0
 * Settings from the environment and the command line, and the order in which all sources are
 * read. */
#include "common/conf_args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/conf_dir.h"
#include "common/conf_doubt.h"
#include "common/conf_gone.h"

/* An empty variable is an unset one, as in Compose files. */
static const char *environment(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

static int read_env_option(const struct opt_table *t, const struct opt *opt, struct err *err)
{
	char name[CONF_NAME_MAX + sizeof("_FILE")];
	if (opt->flag_only)
		return 0;
	conf_env_name(opt, name);
	const char *value = environment(name);
	if (value) {
		conf_note_named(t, 1, opt);
		return conf_set(opt, t->settings, value, name, err);
	}
	if (opt->type != OPT_SECRET)
		return 0;
	memcpy(name + strlen(name), "_FILE", sizeof("_FILE")); /* room was declared above */
	value = environment(name);
	if (!value)
		return 0;
	return conf_set_secret_file(opt, t->settings, value, name, err) ||
		       conf_note_holder(t, 1, opt, value, err)
		   ? -1
		   : 0;
}

static int read_env(const struct opt_table *tables, size_t n_tables, struct err *err)
{
	for (const struct opt_table *t = tables; t < tables + n_tables; t++)
		for (const struct opt *opt = t->rows; opt < t->rows + t->n; opt++)
			if (read_env_option(t, opt, err))
				return -1;
	return 0;
}

/* A flag on the command line, matched to its option. */
struct match {
	const struct opt *opt;
	void *settings;
	bool is_file;          /* --…-file of a secret */
	bool negated;          /* --no-… of a boolean */
	bool no_empty;         /* of its table */
	struct strlist *typed; /* of its table */
};

static bool match_long(const struct opt *opt, const char *name, size_t len, struct match *m)
{
	char flag[CONF_NAME_MAX];
	conf_flag_name(opt, flag);
	size_t n = strlen(flag);
	m->is_file = m->negated = false;
	if (opt->type == OPT_SECRET) {
		m->is_file = true;
		return len == n + 5 && strncmp(name, flag, n) == 0 &&
		       strncmp(name + n, "-file", 5) == 0;
	}
	if (len == n && strncmp(name, flag, n) == 0)
		return true;
	m->negated = true;
	return opt->type == OPT_BOOL && len == n + 3 && strncmp(name, "no-", 3) == 0 &&
	       strncmp(name + 3, flag, n) == 0;
}

static bool find_flag(const struct opt_table *tables, size_t n_tables, const char *name, size_t len,
		      bool is_long, struct match *m)
{
	for (const struct opt_table *t = tables; t < tables + n_tables; t++) {
		for (const struct opt *opt = t->rows; opt < t->rows + t->n; opt++) {
			*m = (struct match){ .opt = opt,
					     .settings = t->settings,
					     .no_empty = t->no_empty,
					     .typed = t->typed };
			if (is_long ? match_long(opt, name, len, m)
				    : opt->letter && opt->letter == *name)
				return true;
		}
	}
	return false;
}

struct args {
	const struct opt_table *tables;
	size_t n_tables;
	int argc, at;
	char **argv;
};

/* Take the value of the flag `shown` ("--x" or "-x"): after '=', or the next word. */
static const char *flag_value(struct args *a, const char *inline_value)
{
	if (inline_value)
		return inline_value;
	return a->at + 1 < a->argc ? a->argv[++a->at] : NULL;
}

static int set_flag(struct args *a, const struct match *m, const char *shown,
		    const char *inline_value, struct err *err)
{
	conf_note_named(a->tables, a->n_tables, m->opt);
	if (m->opt->type == OPT_BOOL) {
		if (m->negated && inline_value)
			return err_set(err, EF_USAGE, "%s takes no value", shown);
		const char *value = m->negated ? "false" : inline_value ? inline_value : "true";
		return conf_set(m->opt, m->settings, value, shown, err);
	}
	const char *value =
	    m->opt->bare && !inline_value ? m->opt->bare : flag_value(a, inline_value);
	if (!value)
		return err_set(err, EF_USAGE, "%s wants a value", shown);
	if (!*value && m->no_empty)
		return err_set(err, EF_USAGE, "%s wants a value, and this one is empty", shown);
	if (!m->is_file)
		return conf_set(m->opt, m->settings, value, shown, err);
	return conf_set_secret_file(m->opt, m->settings, value, shown, err) ||
		       conf_note_holder(a->tables, a->n_tables, m->opt, value, err)
		   ? -1
		   : 0;
}

/* Was a secret itself asked for on the command line? */
static int unknown_flag(const struct args *a, const char *word, const char *name, size_t len,
			struct err *err)
{
	for (const struct opt_table *t = a->tables; t < a->tables + a->n_tables; t++) {
		for (const struct opt *opt = t->rows; opt < t->rows + t->n; opt++) {
			char flag[CONF_NAME_MAX];
			conf_flag_name(opt, flag);
			if (opt->type == OPT_SECRET && strlen(flag) == len &&
			    strncmp(flag, name, len) == 0)
				return err_set(err, EF_USAGE,
					       "--%s would show the secret to everybody on this "
					       "machine; use --%s-file FILE or the environment",
					       flag, flag);
		}
	}
	const char *instead = conf_gone(name, len);
	if (instead)
		return err_set(err, EF_USAGE, "%s is no option any more; use %s", word, instead);
	return err_set(err, EF_USAGE,
		       "unknown option '%s'; --help lists them, and a word that is none goes "
		       "behind --",
		       word);
}

static struct strlist *typed_of_config(const struct args *a)
{
	struct strlist *typed = NULL;
	for (const struct opt_table *t = a->tables; t < a->tables + a->n_tables; t++)
		typed = t->typed ? t->typed : typed;
	return typed;
}

/* The flag that began at word `from` and ends where `a` is now, as one word. */
static int note_typed(const struct args *a, int from, struct strlist *typed, struct err *err)
{
	const char *flag = a->argv[from];
	CLEANUP_FREE char *both = NULL;
	if (!typed)
		return 0;
	if (a->at > from &&
	    asprintf(&both, "%s%s%s", flag, flag[1] == '-' ? "=" : "", a->argv[a->at]) < 0)
		both = NULL;
	return (a->at > from && !both) || strlist_add(typed, both ? both : flag)
		   ? err_set(err, EF_FAILED, "out of memory")
		   : 0;
}

/* One word of the command line that starts with '-': "--name", "--name=value", "-n", "-nvalue". */
static int read_flag(struct args *a, struct err *err)
{
	const char *word = a->argv[a->at];
	int from = a->at;
	bool is_long = word[1] == '-';
	const char *name = word + (is_long ? 2 : 1);
	size_t len = is_long ? strcspn(name, "=") : 1;
	const char *inline_value =
	    is_long ? (name[len] ? name + len + 1 : NULL) : (name[1] ? name + 1 : NULL);

	bool is_config = is_long ? len == 6 && strncmp(name, "config", 6) == 0 : *name == 'c';
	if (is_config) /* was read by conf_look_ahead() */
		return flag_value(a, inline_value)
			   ? note_typed(a, from, typed_of_config(a), err)
			   : err_set(err, EF_USAGE, "%s wants a file", word);
	struct match m;
	if (!find_flag(a->tables, a->n_tables, name, len, is_long, &m))
		return unknown_flag(a, word, name, len, err);
	char shown[CONF_NAME_MAX];
	snprintf(shown, sizeof(shown), "%.*s", (int)(name + len - word), word);
	return set_flag(a, &m, shown, inline_value, err) || note_typed(a, from, m.typed, err) ? -1
											      : 0;
}

static int read_args(const struct opt_table *tables, size_t n_tables, int argc, char **argv,
		     struct strlist *ret_operands, struct err *err)
{
	struct args a = { tables, n_tables, argc, 1, argv };
	bool ended = false;
	for (; a.at < argc; a.at++) {
		const char *word = argv[a.at];
		if (!ended && strcmp(word, "--") == 0) {
			ended = true;
		} else if (!ended && word[0] == '-' && word[1]) {
			if (read_flag(&a, err))
				return -1;
		} else if (!ret_operands) {
			return err_set(err, EF_USAGE, "unexpected '%s'; --help shows the usage",
				       word);
		} else if (strlist_add(ret_operands, word)) {
			return err_set(err, EF_FAILED, "out of memory");
		}
	}
	return 0;
}

const char *conf_look_ahead(int argc, char **argv, char *ret_shown)
{
	*ret_shown = 0;
	const char *config = environment("EF_CONFIG");
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			*ret_shown = 'h';
		else if (strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "-V") == 0)
			*ret_shown = 'V';
		else if (strncmp(argv[i], "--config=", 9) == 0)
			config = argv[i] + 9;
		else if ((strcmp(argv[i], "--config") == 0 || strcmp(argv[i], "-c") == 0) &&
			 i + 1 < argc)
			config = argv[i + 1];
	}
	return config;
}

/* Is a text asked for that no setting changes? Then a file that cannot be read is no reason to
 * refuse it. */
static bool only_prints(const struct opt_table *tables, size_t n_tables, int argc, char **argv)
{
	struct match m;
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strncmp(argv[i], "--", 2) == 0 &&
		    find_flag(tables, n_tables, argv[i] + 2, strlen(argv[i] + 2), true, &m) &&
		    m.opt->prints)
			return true;
	return false;
}

static int read_files(const struct opt_table *tables, size_t n_tables,
		      const struct conf_file *files, size_t n_files, const char *named,
		      struct err *err)
{
	if (named)
		return conf_read(tables, n_tables, &(struct conf_file){ .path = named }, err);
	for (const struct conf_file *f = files; f < files + n_files; f++)
		if (conf_is_there(f->path) && conf_read(tables, n_tables, f, err))
			return -1;
	return 0;
}

int conf_load(const struct opt_table *tables, size_t n_tables, const struct conf_file *files,
	      size_t n_files, int argc, char **argv, struct strlist *ret_operands, char *ret_shown,
	      struct err *err)
{
	const char *named = conf_look_ahead(argc, argv, ret_shown);
	if (*ret_shown)
		return 0;
	if (conf_set_defaults(tables, n_tables, err))
		return -1;
	if (!only_prints(tables, n_tables, argc, argv) &&
	    (read_files(tables, n_tables, files, n_files, named, err) ||
	     read_env(tables, n_tables, err)))
		return -1;
	return read_args(tables, n_tables, argc, argv, ret_operands, err);
}
