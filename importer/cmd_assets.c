/* SPDX-License-Identifier: Apache-2.0
 * efctl assets: lists, prints or writes the embedded files. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "importer/assets/asset.h"
#include "importer/commands.h"
#include "importer/core/files.h"
#include "importer/core/print.h"

/* `path` is chosen when no operand is given, or when it is or lies below one of them. */
static bool asset_chosen(const struct strlist *args, const char *path)
{
	for (size_t i = 0; i < args->n; i++) {
		size_t n = strlen(args->item[i]);
		if (strncmp(path, args->item[i], n) == 0 &&
		    (path[n] == '\0' || path[n] == '/' || path[n - 1] == '/'))
			return true;
	}
	return args->n == 0;
}

static void assets_list(const struct app *app)
{
	CLEANUP_JSON json_t *json = json_array();
	for (size_t i = 0; i < assets_count(app->assets); i++) {
		const struct asset *a = assets_at(app->assets, i);
		if (!app->flags.json)
			print_plain(stdout, "%8zu  %s%s%s\n", a->len, a->path,
				    a->origin == a->path ? "" : "  from ",
				    a->origin == a->path ? "" : a->origin);
		else
			json_array_append_new(json,
					      json_pack("{s:s,s:I,s:s}", "path", a->path, "bytes",
							(json_int_t)a->len, "origin", a->origin));
	}
	if (app->flags.json)
		print_json(stdout, json, JSON_INDENT(2));
}

int cmd_assets(struct app *app, struct err *err)
{
	size_t n = 0;
	if (app->args.n == 0 && !app->flags.write) {
		assets_list(app);
		return EF_DONE;
	}
	for (size_t i = 0; i < assets_count(app->assets); i++) {
		const struct asset *a = assets_at(app->assets, i);
		if (!asset_chosen(&app->args, a->path))
			continue;
		n++;
		if (!app->flags.write)
			fwrite(a->text, 1, a->len, stdout);
		else if (file_write_below(app->flags.write, a->path, a->text, a->len, 0644, err))
			return -1;
	}
	if (n == 0)
		return err_set(err, EF_USAGE, "no asset is called '%s'; `efctl assets` lists them",
			       app->args.item[0]);
	if (app->flags.write)
		print_plain(stderr,
			    "%zu files written below %s; change them and give efctl --assets %s\n",
			    n, app->flags.write, app->flags.write);
	return EF_DONE;
}
