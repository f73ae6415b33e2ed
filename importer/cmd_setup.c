/* SPDX-License-Identifier: Apache-2.0
 * efctl setup: probes the cluster, plans, shows the plan, and carries it out. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "importer/commands.h"
#include "importer/dictionary/dict_app.h"
#include "importer/cluster/es.h"
#include "importer/cluster/install.h"
#include "importer/cluster/key.h"
#include "importer/cluster/streams.h"

enum key_state { KEY_NONE, KEY_KEPT, KEY_FOREIGN, KEY_MAKE, KEY_MADE };
static const char *const key_words[] = {
	[KEY_NONE] = "none",   [KEY_KEPT] = "same",    [KEY_FOREIGN] = "foreign",
	[KEY_MAKE] = "create", [KEY_MADE] = "created",
};

/* What setup found out and did beside the plan. */
struct outcome {
	enum key_state key;
	json_t *outdated; /* data streams with an older mapping */
	bool rolled_over;
};

static int look_at_key(const struct install *in, const struct app *app, struct outcome *out,
		       struct err *err)
{
	if (app->flags.no_key || !in->cluster.has[CAP_SECURITY])
		return 0;
	enum key_found found;
	if (key_look(&app->elastic, app->setup.key_file, &found, err))
		return -1;
	if (found == KEY_FITS)
		out->key = KEY_KEPT;
	else if (found == KEY_ABSENT || app->flags.force)
		out->key = KEY_MAKE;
	else /* it may be the only copy of another cluster's key */
		out->key = KEY_FOREIGN;
	return out->key == KEY_MAKE ? key_may_be_made(in->es, err) : 0;
}

static bool would_change(const struct install *in, const struct app *app, const struct outcome *out)
{
	return plan_writes_count(&in->plan, app->flags.force) || out->key == KEY_MAKE ||
	       (app->flags.rollover && json_array_size(out->outdated));
}

static void print_json(const struct install *in, const struct app *app, const struct outcome *out)
{
	CLEANUP_JSON json_t *json =
	    json_pack("{s:o,s:o,s:O,s:s,s:O,s:b,s:b}", "cluster", cluster_json(&in->cluster),
		      "assets", plan_json(&in->plan), "notes", in->rendering.notes, "key",
		      key_words[out->key], "outdated_streams", out->outdated, "rolled_over",
		      out->rolled_over, "dry_run", app->flags.dry_run);
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
}

static void print_key(const char *file)
{
	printf("API key for efd: in %s\n", file);
	if (strcmp(file, KEY_FILE_EFD) != 0)
		printf("      on efd's host: sudo install -m 640 -g efd %s " KEY_FILE_EFD "\n",
		       file);
	printf("      in efd.yml:    elasticsearch: {api_key_file: " KEY_FILE_EFD "}\n");
}

static void print_text(const struct install *in, const struct app *app, const struct outcome *out)
{
	size_t i;
	json_t *text;
	plan_print(stdout, &in->plan, app->flags.force);
	if (out->key == KEY_MAKE)
		printf("create   API key              efd, into %s\n", app->setup.key_file);
	if (out->key == KEY_FOREIGN)
		printf("foreign  API key              %s: this cluster does not take the key there "
		       "for efd's work; remove the "
		       "file, or name another with --key-file; --force replaces it\n",
		       app->setup.key_file);
	if (out->key == KEY_MADE)
		print_key(app->setup.key_file);
	json_array_foreach (in->rendering.notes, i, text)
		printf("note: %s\n", json_string_value(text));
	if (in->no_kibana)
		printf("note: dashboards left out: %s\n", in->no_kibana);
	if (!in->cluster.has[CAP_SECURITY] && !app->flags.no_key)
		printf("note: the cluster has no security: efd needs no API key\n");
	json_array_foreach (out->outdated, i, text)
		printf("note: %s %s\n", json_string_value(text),
		       out->rolled_over
			   ? "got a new backing index with the current mapping"
			   : "writes to an index with an older mapping until it rolls over; "
			     "`efctl setup --rollover` does it now");
}

static void say(const struct plan_item *item)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s %s", item->group, item->name);
}

static int carry_out(struct install *in, struct app *app, struct outcome *out, struct err *err)
{
	int result = plan_apply(&in->plan, in->es, &in->cluster, app->flags.force, say, err);
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (result)
		return err_wrap(err, "setup stopped; what came before is installed, running it "
				     "again goes on from there");
	if (in->cluster.has[CAP_DATA_STREAM] && streams_create(in->es, app->elastic.namespace, err))
		return -1;
	size_t removed;
	if (dict_prune(in->es, in->dict, DICT_GRACE_MS, &removed, err))
		return -1;
	if (in->has_kibana && kibana_apply(&in->kibana, &in->plan, app->flags.force, err))
		return -1;
	if (out->key == KEY_MAKE) {
		if (key_make(in->es, app->setup.key_file, app->flags.show_key, err))
			return -1;
		out->key = KEY_MADE;
	}
	json_array_clear(out->outdated);
	if (streams_outdated(in->es, out->outdated, err))
		return -1;
	if (app->flags.rollover && json_array_size(out->outdated)) {
		if (streams_rollover(in->es, out->outdated, err))
			return -1;
		out->rolled_over = true;
	}
	return 0;
}

int cmd_setup(struct app *app, struct err *err)
{
	CLEANUP_INSTALL struct install in = { 0 };
	CLEANUP_JSON json_t *outdated = json_array();
	struct outcome out = { .outdated = outdated };
	if (install_open(&in, app, err))
		return -1;
	if (!app->flags.json)
		cluster_print(stdout, &in.cluster);
	if (install_plan(&in, app, err) || look_at_key(&in, app, &out, err) ||
	    streams_outdated(in.es, outdated, err))
		return -1;
	bool changes = would_change(&in, app, &out);
	if (!app->flags.dry_run && carry_out(&in, app, &out, err))
		return -1;
	if (app->flags.json)
		print_json(&in, app, &out);
	else
		print_text(&in, app, &out);
	if (app->flags.dry_run)
		return changes ? EF_DIFFERENT : EF_DONE;
	bool foreign = plan_count(&in.plan, ACTION_FOREIGN) && !app->flags.force;
	return foreign || out.key == KEY_FOREIGN ? EF_DIFFERENT : EF_DONE;
}
