/* SPDX-License-Identifier: Apache-2.0
 * The option tables of a command: those that efctl shares with efd, its own, and the flags of the
 * command at hand; and their reading. */
#include "importer/settings_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/conf_args.h"
#include "common/conf_dir.h"
#include "common/conf_yaml.h"
#include "forwarder/ship/options.h"
#include "importer/client/connection.h"
#include "importer/client/key.h"
#include "importer/dictionary/dict_app.h"

static const struct opt json_row = {
	.name = "json",
	.type = OPT_BOOL,
	.offset = offsetof(struct flags, json),
	.flag_only = true,
	.help = "Print the result as JSON.",
};

static void add_table(struct settings_tables *t, unsigned group, struct opt_table table)
{
	t->group[t->n] = group;
	t->named[t->n] = 0;
	table.named = &t->named[t->n];
	t->table[t->n++] = table;
}

void settings_tables(struct app *app, const struct command *command,
		     struct settings_tables *ret_tables)
{
	struct settings_tables *t = ret_tables;
	size_t n = 0;
	t->rows[n++] = json_row;
	for (const struct opt *const *o = command ? command->options : NULL;
	     o && *o && n < COMMAND_ROWS_MAX; o++)
		t->rows[n++] = **o;
	t->n = 0;
	add_table(t, 0,
		  (struct opt_table){
		      .title = "Options", .rows = t->rows, .n = n, .settings = &app->flags });
	add_table(t, USES_SETUP, setup_options(&app->setup));
	add_table(t, USES_DICTIONARIES, dictionary_options(&app->dictionaries));
	add_table(t, USES_CLUSTER, elastic_options(&app->elastic));
	add_table(t, USES_KIBANA, kibana_options(&app->kibana));
	add_table(t, USES_SHIP, ship_options(app->ship));
	add_table(t, USES_LOG, log_options(&app->log));
	for (size_t i = 0; i < t->n; i++)
		t->table[i].no_empty = command && command->no_empty;
	for (size_t i = 0; i < t->n; i++)
		t->table[i].holders = &app->holders;
	for (size_t i = 0; i < t->n; i++)
		t->table[i].typed = i == 0                                     ? &app->typed_flags
				    : t->group[i] & (USES_SETUP | USES_KIBANA) ? &app->typed_setup
									       : &app->typed;
}

/* Do the two name the same endpoints? A slash at the end means nothing. */
static bool same_urls(const struct strlist *one, const struct strlist *other)
{
	bool same = one->n == other->n;
	for (size_t i = 0; i < one->n && same; i++) {
		size_t n = strlen(one->item[i]), m = strlen(other->item[i]);
		n -= n && one->item[i][n - 1] == '/';
		m -= m && other->item[i][m - 1] == '/';
		same = n == m && strncmp(one->item[i], other->item[i], n) == 0;
	}
	return same;
}

/* Says where the cluster is, unless somebody may not know. */
static int read_connection(const char *path, struct elastic_settings *ret_its, bool *ret_hidden,
			   struct err *err)
{
	const struct opt_table table = connection_options(ret_its);
	const struct conf_file file = { .path = path, .only = &table };
	*ret_hidden = access(path, R_OK) != 0 && errno == EACCES;
	return conf_is_there(path) && !*ret_hidden ? conf_read(&table, 1, &file, err) : 0;
}

static void settings_forget(struct app *app, const struct settings_tables *t)
{
	conf_release(t->table, t->n);
	strlist_release(&app->args);
	strlist_release(&app->typed);
	strlist_release(&app->typed_setup);
	strlist_release(&app->typed_flags);
	strlist_release(&app->holders);
}

int settings_read(struct app *app, const struct settings_tables *tables, int argc, char **argv,
		  char *ret_shown, struct err *err)
{
	CLEANUP_FREE char *connection = conf_dir_path(CONNECTION_CONFIG);
	CLEANUP_FREE char *own = conf_dir_path(EFCTL_CONFIG);
	struct elastic_settings its = { 0 };
	const struct opt_table table = connection_options(&app->elastic);
	const struct opt_table read = connection_options(&its);
	bool hidden = false;
	if (!connection || !own)
		return err_set(err, EF_FAILED, "out of memory");
	/* a file that is named is read in place of all others, and help needs none */
	bool reads_it = !conf_look_ahead(argc, argv, ret_shown) && !*ret_shown;
	int result = reads_it ? read_connection(connection, &its, &hidden, err) : 0;
	const struct conf_file files[] = { { .path = connection, .only = &table },
					   { .path = own } };
	if (result == 0)
		result = conf_load(tables->table, tables->n, files + !its.url.n, 2 - !its.url.n,
				   argc, argv, &app->args, ret_shown, err);
	/* What is true of that cluster is not of another one that somebody names: neither its CA
	 * nor `verify: false`. */
	if (result == 0 && !*ret_shown && its.url.n &&
	    (app->elastic.cloud_id || !same_urls(&its.url, &app->elastic.url))) {
		settings_forget(app, tables);
		result = conf_load(tables->table, tables->n, files + 1, 1, argc, argv, &app->args,
				   ret_shown, err);
	}
	/* who named another place than the usual one misses nothing */
	app->connection_hidden = hidden && app->elastic.url.n == 1 && !app->elastic.cloud_id &&
				 strcmp(app->elastic.url.item[0], table.rows[0].preset) == 0;
	conf_release(&read, 1);
	return result;
}

int settings_check(struct app *app, struct err *err)
{
	if ((!app->setup.key_file &&
	     !(app->setup.key_file = key_file_default(app->elastic.namespace))) ||
	    (!app->dictionaries.dir && !(app->dictionaries.dir = conf_dir_path(DICT_DIR))))
		return err_set(err, EF_FAILED, "out of memory");
	return elastic_settings_check(&app->elastic, err);
}
