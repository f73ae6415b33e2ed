/* SPDX-License-Identifier: Apache-2.0
 * efctl: finds the command, reads the settings, runs it, and turns its outcome into an exit code. */
#include <stdio.h>
#include <string.h>

#include "common/http.h"
#include "common/log.h"
#include "importer/assets/asset.h"
#include "importer/cluster/es.h"
#include "importer/settings.h"
#include "importer/table.h"
#include "importer/usage.h"

int app_connect(struct app *app, struct es **ret_es, struct err *err)
{
	return es_new(&app->elastic, NULL, ret_es, err);
}

static int run(struct app *app, const struct command *command, int argc, char **argv,
	       struct err *err)
{
	struct settings_tables tables;
	char shown = 0;
	settings_tables(app, command, &tables);
	int result =
	    conf_load(tables.table, tables.n, EFCTL_CONFIG, argc, argv, &app->args, &shown, err);
	if (result == 0 && shown == 'h') {
		usage_command(stdout, command);
	} else if (result == 0 && shown == 'V') {
		printf("efctl %s\n", EF_VERSION);
	} else if (result == 0) {
		log_init("efctl", app->log.format, app->log.level);
		result = settings_check(app, err);
		if (result == 0 && !*command->args && app->args.n)
			result =
			    err_set(err, EF_USAGE, "'%s' is one too many: no operand is wanted",
				    app->args.item[0]);
		if (result == 0)
			result = assets_open(app->setup.assets, &app->assets, err);
		if (result == 0)
			result = command->run(app, err);
	}
	assets_free(app->assets);
	strlist_release(&app->args);
	conf_release(tables.table, tables.n);
	return result;
}

int main(int argc, char **argv)
{
	struct app app;
	struct err err = ERR_NONE;
	memset(&app, 0, sizeof(app));
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage_program(argc < 2 ? stderr : stdout);
		return argc < 2 ? EF_USAGE : EF_DONE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("efctl %s\n", EF_VERSION);
		return EF_DONE;
	}
	const struct command *command = command_find(argv[1]);
	if (!command) {
		fprintf(stderr,
			argv[1][0] == '-'
			    ? "efctl: the command comes first, its options after it ('%s'); "
			      "`efctl help` lists the commands\n"
			    : "efctl: there is no command '%s'; `efctl help` lists them\n",
			argv[1]);
		return EF_USAGE;
	}
	int result = http_global_init(&err);
	if (result == 0)
		result = run(&app, command, argc - 1, argv + 1, &err);
	if (result < 0) {
		fprintf(stderr, "efctl %s: %s\n", command->name, plain_text(err.msg));
		result = err.code;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "efctl %s: the result could not be written\n", command->name);
		return EF_FAILED;
	}
	return result;
}
