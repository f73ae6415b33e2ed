/* SPDX-License-Identifier: Apache-2.0
 * The option tables of efctl: those it shares with efd, `setup:`, and the flags of the command at hand. */
#include "importer/settings.h"

#include <string.h>

#include "importer/cluster/key.h"
#include "importer/dictionary/dict_app.h"

#define AT(field) offsetof(struct setup_settings, field)

static const char *const as_names[] = { "exporter", "database", NULL };
static const char *const leftover_names[] = { "keep", "drop", "all", NULL };

/* Each row is also a variable for assets: setup.shards is ${shards}. */
static const struct opt setup_rows[] = {
	{ .name = "setup.assets",
	  .type = OPT_TEXT,
	  .offset = AT(assets),
	  .flag = "assets",
	  .arg = "DIR",
	  .help =
	      "Files below DIR replace embedded ones of the same path (efctl assets lists them)." },
	{ .name = "setup.retention",
	  .type = OPT_TEXT,
	  .offset = AT(retention),
	  .flag = "retention",
	  .preset = "30d",
	  .arg = "TIME",
	  .help = "How long flow records are kept, in Elasticsearch's notation: 36h, 30d." },
	{ .name = "setup.shards",
	  .type = OPT_INT,
	  .offset = AT(shards),
	  .flag = "shards",
	  .preset = "1",
	  .min = 1,
	  .max = 1024,
	  .help = "Primary shards of a backing index. One takes about 20,000 records a second." },
	{ .name = "setup.replicas",
	  .type = OPT_INT,
	  .offset = AT(replicas),
	  .flag = "replicas",
	  .preset = "-1",
	  .min = -1,
	  .max = 16,
	  .help = "Copies of each shard. -1 lets the number of data nodes decide: none on one "
		  "node, else one." },
	{ .name = "setup.refresh",
	  .type = OPT_TEXT,
	  .offset = AT(refresh),
	  .flag = "refresh",
	  .preset = "10s",
	  .arg = "TIME",
	  .help = "How soon new records can be found. Longer costs less." },
	{ .name = "setup.as",
	  .type = OPT_ENUM,
	  .offset = AT(as),
	  .flag = "as",
	  .preset = "exporter",
	  .choices = as_names,
	  .help = "Whose AS number wins when the exporter and the geo database both know one." },
	{ .name = "setup.leftovers",
	  .type = OPT_ENUM,
	  .offset = AT(leftovers),
	  .flag = "leftovers",
	  .preset = "keep",
	  .choices = leftover_names,
	  .help = "What to do with elements that no field holds: keep them in flow.ie, drop "
		  "them to save disk, or keep all, each header's sequence number and time too." },
	{ .name = "setup.key_file",
	  .type = OPT_TEXT,
	  .offset = AT(key_file),
	  .flag = "key-file",
	  .arg = "FILE",
	  .help = "Where efd's API key goes. Without it /etc/efd/api_key where that folder can be "
		  "written to, else .efd-api-key in your home." },
};

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
	add_table(
	    t, USES_SETUP,
	    (struct opt_table){ .title = "Setup", OPT_ROWS(setup_rows), .settings = &app->setup });
	add_table(t, USES_DICTIONARIES, dictionary_options(&app->dictionaries));
	add_table(t, USES_CLUSTER, elastic_options(&app->elastic));
	add_table(t, USES_KIBANA, kibana_options(&app->kibana));
	add_table(t, USES_SHIP, ship_options(&app->ship));
	add_table(t, USES_LOG, log_options(&app->log));
}

/* A time in Elasticsearch's notation: a whole number and one of its units. */
static int check_time(const char *name, const char *value, struct err *err)
{
	static const char *const units[] = { "d", "h", "m", "s", "ms", NULL };
	size_t digits = strspn(value, "0123456789");
	for (const char *const *u = units; digits && *u; u++)
		if (strcmp(value + digits, *u) == 0)
			return 0;
	return err_set(err, EF_USAGE,
		       "%s: '%s' is no time; write a number and d, h, m or s, as in 30d", name,
		       value);
}

int settings_check(struct app *app, struct err *err)
{
	if (check_time("setup.retention", app->setup.retention, err) ||
	    check_time("setup.refresh", app->setup.refresh, err))
		return -1;
	if (!app->setup.key_file && !(app->setup.key_file = key_file_default()))
		return err_set(err, EF_FAILED, "out of memory");
	return elastic_settings_check(&app->elastic, err);
}

json_t *settings_variables(const struct app *app)
{
	json_t *variables = json_object();
	for (const struct opt *o = setup_rows;
	     o < setup_rows + sizeof(setup_rows) / sizeof(setup_rows[0]); o++) {
		const void *field = (const char *)&app->setup + o->offset;
		const char *name = strchr(o->name, '.') + 1;
		const char *text = o->type == OPT_ENUM   ? o->choices[*(const int *)field]
				   : o->type == OPT_TEXT ? *(char *const *)field
							 : NULL;
		if (o->type == OPT_INT)
			json_object_set_new(variables, name, json_integer(*(const int64_t *)field));
		else if (text)
			json_object_set_new(variables, name, json_string(text));
	}
	json_object_set_new(variables, "namespace", json_string(app->elastic.namespace));
	return variables;
}
