/* SPDX-License-Identifier: Apache-2.0
 * efctl: finds the command, reads the settings, runs it, and turns its outcome into an exit
 * code. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf_dir.h"
#include "common/conf_doubt.h"
#include "common/http.h"
#include "common/log.h"
#include "forwarder/ship/options.h"
#include "importer/assets/asset.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"
#include "importer/core/version.h"
#include "importer/settings_read.h"
#include "importer/usage.h"

/* What the settings alone do not tell: words on the command line that this command has no use
 * for. */
static int check_words(const struct app *app, const struct command *command, int argc, char **argv,
		       struct err *err)
{
	if (!*command->args && app->args.n)
		return err_set(err, EF_USAGE, "'%s' is one too many: no operand is wanted",
			       app->args.item[0]);
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!command->remote && strncmp(argv[i], "--remote", 8) == 0 &&
		    (argv[i][8] == '=' || !argv[i][8]))
			return err_set(
			    err, EF_USAGE,
			    "--remote: only setup (in data views), status and what asks for "
			    "flows look at other clusters; a cluster is written to by its own "
			    "clients alone, those of --url");
	return 0;
}

static void note_doubt(const char *text)
{
	print_plain(stderr, "efctl: note: %s\n", text);
}

static int command_go(struct app *app, const struct command *command, int argc, char **argv,
		      struct err *err)
{
	struct settings_tables tables;
	char shown = 0;
	settings_tables(app, command, &tables);
	app->tables = &tables;
	app->command = command->name;
	int result = settings_read(app, &tables, argc, argv, &shown, err);
	if (result == 0 && shown == 'h') {
		usage_command(stdout, command);
	} else if (result == 0 && shown == 'V') {
		print_plain(stdout, "efctl %s%s\n", version_own, EF_COMMIT);
	} else if (result == 0) {
		log_init("efctl", app->log.format, app->log.level);
		conf_doubt_files(&app->holders, note_doubt);
		conf_doubt_environment(tables.table, tables.n, environ, note_doubt);
		result = settings_check(app, err);
		if (result == 0)
			result = check_words(app, command, argc, argv, err);
		if (result == 0 && app->connection_hidden && command->uses & USES_CLUSTER)
			print_plain(
			    stderr,
			    "efctl %s: note: where the cluster is says %s/" CONNECTION_CONFIG
			    ", which is for root and the group efd to read; going on with %s\n",
			    command->name, conf_dir(), app->elastic.url.item[0]);
		if (result == 0)
			result = assets_open(app->setup.assets, &app->assets, err);
		if (result == 0)
			result = command->run(app, err);
	}
	assets_free(app->assets);
	strlist_release(&app->args);
	strlist_release(&app->typed);
	strlist_release(&app->typed_setup);
	strlist_release(&app->typed_flags);
	strlist_release(&app->holders);
	conf_release(tables.table, tables.n);
	app->tables = NULL;
	return result;
}

int main(int argc, char **argv)
{
	struct app app;
	struct ship_settings ship = { .source_waits = true };
	struct err err = ERR_NONE;
	memset(&app, 0, sizeof(app));
	app.ship = &ship;
	memory_begin();
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage_program(argc < 2 ? stderr : stdout);
		return argc < 2 ? EF_USAGE : EF_DONE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		print_plain(stdout, "efctl %s%s\n", version_own, EF_COMMIT);
		return EF_DONE;
	}
	const struct command *command = command_find(argv[1]);
	if (!command) {
		print_plain(stderr,
			    argv[1][0] == '-'
				? "efctl: the command comes first, its options after it ('%s'); "
				  "`efctl help` lists the commands\n"
				: "efctl: there is no command '%s'; `efctl help` lists them\n",
			    argv[1]);
		return EF_USAGE;
	}
	int result = http_global_init(&err);
	if (result == 0)
		result = command_go(&app, command, argc - 1, argv + 1, &err);
	if (result < 0) {
		print_plain(stderr, "efctl %s: %s\n", command->name, err.msg);
		result = err.code;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		print_plain(stderr, "efctl %s: the result could not be written\n", command->name);
		return EF_FAILED;
	}
	return result;
}
