/* SPDX-License-Identifier: Apache-2.0
 * efctl export: brings what was edited in Kibana back into files that can be compared and kept. */
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "importer/assets/asset.h"
#include "importer/assets/canon.h"
#include "importer/assets/fold.h"
#include "importer/assets/pretty.h"
#include "importer/client/es.h"
#include "importer/client/remote.h"
#include "importer/client/remote.h"
#include "importer/commands.h"
#include "importer/core/files.h"
#include "importer/core/json.h"
#include "importer/core/print.h"
#include "importer/install/kibana.h"

#define TEXT_MAX (64U << 20)

/* The source as Kibana would give it back: what it adds by itself is not an edit. */
static bool is_edited(const struct kibana *k, const char *key, const json_t *object,
		      const struct asset *a)
{
	char now[CANON_HASH_MAX], source[CANON_HASH_MAX];
	CLEANUP_JSON json_t *file = a ? json_loadb(a->text, a->len, 0, NULL) : NULL;
	if (!file)
		return true;
	fold_hash(object, now);
	fold_hash(file, source);
	return strcmp(now, source) != 0 &&
	       strcmp(now, json_text_at(json_object_get(k->record, key), "stored", "")) != 0;
}

static bool named(const struct strlist *args, const char *key)
{
	const char *id = strchr(key, ':') + 1;
	for (size_t i = 0; i < args->n; i++)
		if (strcmp(args->item[i], id) == 0 || strcmp(args->item[i], key) == 0)
			return true;
	return false;
}

static int write_object(const char *dir, const char *path, json_t *object, struct err *err)
{
	CLEANUP_BUF struct buf text;
	buf_init(&text, TEXT_MAX);
	remote_leave(object); /* the files know this cluster alone */
	if (pretty_json(object, &text))
		return err_set(err, EF_FAILED, "%s is too large", path);
	return file_write_below(dir, path, text.data, text.len, 0644, err);
}

/* 1: exported, 0: nothing to do, -1. */
static int export_one(struct app *app, struct kibana *k, const char *key, json_t *object,
		      struct err *err)
{
	char path[400];
	int n = snprintf(path, sizeof(path), "kibana/%s/%s.json", json_text_at(object, "type", "?"),
			 json_text_at(object, "id", "?"));
	const struct asset *a = assets_find(app->assets, path);
	bool wanted = app->args.n ? named(&app->args, key) : a && is_edited(k, key, object, a);
	if (!wanted)
		return 0;
	if (n >= (int)sizeof(path))
		return err_set(err, EF_FAILED, "the id %.60s… is too long for the name of a file",
			       json_text_at(object, "id", "?"));
	if (app->flags.write && write_object(app->flags.write, path, object, err))
		return -1;
	print_plain(stdout, "%s%s%s\n", app->flags.write ? app->flags.write : "",
		    app->flags.write ? "/" : "", path);
	return 1;
}

int cmd_export(struct app *app, struct err *err)
{
	CLEANUP_ES struct es *es = NULL;
	CLEANUP_JSON json_t *objects = NULL;
	struct kibana k;
	const char *key;
	json_t *object;
	size_t n = 0;
	if (!app->kibana.url)
		return err_set(err, EF_USAGE,
			       "say where Kibana is: --kibana-url http://127.0.0.1:5601");
	if (app->elastic.prefix && *app->elastic.prefix)
		return err_set(err, EF_USAGE,
			       "export writes the files that efctl is built with, and the objects "
			       "of an installation with a prefix have other names in them: edit "
			       "and export those of one without");
	if (app_connect(app, &es, err) || kibana_open(&k, app, es, err))
		return -1;
	int result = kibana_fetch(&k, &objects, err);
	json_object_foreach (objects, key, object) {
		int r = result == 0 ? export_one(app, &k, key, object, err) : 0;
		if (r < 0)
			result = -1;
		n += r > 0;
	}
	kibana_release(&k);
	if (result)
		return -1;
	if (app->args.n && n < app->args.n)
		return err_set(err, EF_FAILED, "Kibana has %zu of the %zu objects that you named",
			       n, app->args.n);
	print_plain(stderr, n ? "%zu %s\n" : "nothing was changed in Kibana\n", n,
		    app->flags.write ? "written" : "changed in Kibana; --write DIR writes them");
	return n && !app->flags.write ? EF_DIFFERENT : EF_DONE;
}
