/* SPDX-License-Identifier: Apache-2.0
 * The settings of `setup:`, what assets get of them, and whether somebody named an option. */
#include "importer/client/settings.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf_dir.h"
#include "common/names.h"
#include "importer/client/connection.h"

/* "Highest five minutes" of a chart's step; no shorter than flows may last. */
#define PEAK_MS (5 * 60 * 1000)

#define AT(field) offsetof(struct setup_settings, field)

static const char *const as_names[] = { "exporter", "database", NULL };
const char *const profile_names[] = { "lean", "standard", "full", NULL };
static const char *const geo_names[] = { "off", "country", "full", NULL };
static const char *const leftover_names[] = { "keep", "drop", "all", NULL };
static const char *const switch_names[] = { "off", "on", NULL };
static const char *const personal_names[] = { "drop", "keep", NULL };

/* A time in Elasticsearch's notation: a whole number and one of its units. */
static int check_time(const char *where, const char *value, struct err *err)
{
	static const char *const units[] = { "d", "h", "m", "s", "ms", NULL };
	size_t digits = strspn(value, "0123456789");
	for (const char *const *u = units; digits && *u; u++)
		if (strcmp(value + digits, *u) == 0)
			return 0;
	return err_set(err, EF_USAGE,
		       "%s: '%s' is no time; write a number and d, h, m or s, as in 30d", where,
		       value);
}

static int check_retention(const char *where, const char *value, struct err *err)
{
	if (check_time(where, value, err))
		return -1;
	if (strtoull(value, NULL, 10) > 0)
		return 0;
	return err_set(err, EF_USAGE, "%s: %s would delete records as they come", where, value);
}

/* Of those that Elasticsearch allows, the ones that a URL takes as they are. */
static int check_policy(const char *where, const char *name, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789@._-";
	if (*name != '_' && !name[strspn(name, allowed)] && strlen(name) <= 255)
		return 0;
	return err_set(err, EF_USAGE,
		       "%s: '%s' may hold letters, digits and @._- and does not start with _",
		       where, name);
}

/* Each row is also a variable for assets: setup.shards is ${shards}. */
static const struct opt setup_rows[] = {
	{ .name = "setup.assets",
	  .type = OPT_TEXT,
	  .check = conf_check_line,
	  .offset = AT(assets),
	  .flag = "assets",
	  .arg = "DIR",
	  .help =
	      "Files below DIR replace embedded ones of the same path (efctl assets lists them)." },
	{ .name = "setup.retention",
	  .type = OPT_TEXT,
	  .check = check_retention,
	  .offset = AT(retention),
	  .flag = "retention",
	  .preset = "30d",
	  .arg = "TIME",
	  .help = "How long flow records are kept, in Elasticsearch's notation: 36h, 30d." },
	{ .name = "setup.ilm_policy",
	  .type = OPT_TEXT,
	  .check = check_policy,
	  .offset = AT(ilm_policy),
	  .flag = "ilm-policy",
	  .preset = ILM_OURS,
	  .arg = "NAME",
	  .help = "A lifecycle policy of your own in place of ours (flow), with the tiers and the "
		  "retention that you want. It has to be there; it is never written." },
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
	  .check = check_time,
	  .offset = AT(refresh),
	  .flag = "refresh",
	  .preset = "10s",
	  .arg = "TIME",
	  .help = "How soon new records can be found. Longer costs less." },
	{ .name = "setup.failure_store",
	  .type = OPT_ENUM,
	  .offset = AT(failure_store),
	  .flag = "failure-store",
	  .preset = "off",
	  .choices = switch_names,
	  .help = "Elasticsearch's failure store of our data streams (8.19, 9.1 and later). off: "
		  "what is refused comes back to efd and goes to logs-flow.failed-*, whatever the "
		  "cluster says of other streams." },
	{ .name = "setup.failure_retention",
	  .type = OPT_TEXT,
	  .check = check_retention,
	  .offset = AT(failure_retention),
	  .flag = "failure-retention",
	  .preset = "30d",
	  .arg = "TIME",
	  .help = "How long the failure store keeps what was refused, when it is on." },
	{ .name = "setup.as",
	  .type = OPT_ENUM,
	  .offset = AT(as),
	  .flag = "as",
	  .preset = "exporter",
	  .choices = as_names,
	  .help = "Whose AS number wins when the exporter and the geo database both know one." },
	{ .name = "setup.profile",
	  .type = OPT_ENUM,
	  .offset = AT(profile),
	  .flag = "profile",
	  .preset = "standard",
	  .choices = profile_names,
	  .help = "How much of a document is kept: lean fills the overview, the top pages, "
		  "interfaces, threats and Kibana Security's addresses; standard all dashboards "
		  "and pages; full is for those who search by all that there is. docs/cost.md "
		  "has what each costs and leaves empty." },
	{ .name = "setup.geo",
	  .type = OPT_ENUM,
	  .offset = AT(geo),
	  .flag = "geo",
	  .preset = "full",
	  .choices = geo_names,
	  .help = "What the geo databases are asked for: off, the country of each end alone, or "
		  "full, its city and coordinates too. Less costs less; docs/cost.md has how "
		  "much." },
	{ .name = "setup.as_lookup",
	  .type = OPT_ENUM,
	  .offset = AT(as_lookup),
	  .flag = "as-lookup",
	  .preset = "on",
	  .choices = switch_names,
	  .help = "Whether the AS database is asked for numbers and names. off: AS numbers are "
		  "those that exporters and your networks tell, without names." },
	{ .name = "setup.leftovers",
	  .type = OPT_ENUM,
	  .offset = AT(leftovers),
	  .flag = "leftovers",
	  .preset = "keep",
	  .choices = leftover_names,
	  .help = "What to do with elements that no field holds: keep them in flow.ie, drop "
		  "them to save disk, or keep all, each header's sequence number and time too." },
	{ .name = "setup.personal",
	  .type = OPT_ENUM,
	  .offset = AT(personal),
	  .flag = "personal",
	  .preset = "drop",
	  .choices = personal_names,
	  .help = "What to do with what identifies a person or opens a door: numbers of "
		  "subscribers, phones and devices, cookies and credentials. drop them, or keep "
		  "them in flow.ie." },
	{ .name = "setup.active_timeout",
	  .type = OPT_DURATION,
	  .offset = AT(active_timeout),
	  .flag = "active-timeout",
	  .preset = "5m",
	  .min = 60000,
	  .max = 3600000,
	  .help = "The longest active timeout of your exporters: how long a flow may last before "
		  "they report it. A record's bytes stand where it ends, so no chart of rates has "
		  "shorter steps than this." },
	{ .name = "setup.external_links",
	  .type = OPT_ENUM,
	  .offset = AT(external_links),
	  .flag = "external-links",
	  .preset = "off",
	  .choices = switch_names,
	  .help = "Whether ports, AS numbers and the addresses of related.ip in Kibana's tables "
		  "lead to public pages about them (iana.org, bgp.tools, stat.ripe.net), which "
		  "then learn what you look at. Nothing is asked before somebody clicks." },
	{ .name = "setup.feeds",
	  .type = OPT_LIST,
	  .check = conf_check_line,
	  .offset = AT(feeds),
	  .flag = "feeds",
	  .arg = "NAME,…",
	  .help = "Threat feeds that are downloaded: names (`efctl dictionaries feeds` lists them "
		  "with their terms), all-free for those that anybody may use, or none. Without it "
		  "setup asks on a terminal." },
	{ .name = "setup.key_file",
	  .type = OPT_TEXT,
	  .check = conf_check_line,
	  .offset = AT(key_file),
	  .flag = "key-file",
	  .arg = "FILE",
	  .help = "Where efd's API key goes. Without it " CONF_DIR "/" CONNECTION_KEY
		  " where that folder can be written to, else .efd-api-key in your home." },
};

struct opt_table setup_options(struct setup_settings *s)
{
	return (struct opt_table){ .title = "Setup", OPT_ROWS(setup_rows), .settings = s };
}

bool settings_named(const struct app *app, const char *option)
{
	return conf_named(app->tables->table, app->tables->n, option);
}

/* As people and Elasticsearch write it, in the largest unit that is whole: 5m, 90s. */
static json_t *duration_text(int64_t ms)
{
	return ms % 60000 == 0  ? json_sprintf("%lldm", (long long)(ms / 60000))
	       : ms % 1000 == 0 ? json_sprintf("%llds", (long long)(ms / 1000))
				: json_sprintf("%lldms", (long long)ms);
}

/* ${name}, and ${name_ms} where a number is wanted. */
static void duration_add(json_t *variables, const char *name, int64_t ms)
{
	char in_ms[64];
	snprintf(in_ms, sizeof(in_ms), "%s_ms", name);
	json_object_set_new(variables, name, duration_text(ms));
	json_object_set_new(variables, in_ms, json_integer(ms));
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
		else if (o->type == OPT_DURATION)
			duration_add(variables, name, *(const int64_t *)field);
		else if (text)
			json_object_set_new(variables, name, json_string(text));
	}
	if (strcmp(app->setup.ilm_policy, ILM_OURS) == 0)
		json_object_set_new(variables, "ilm_policy",
				    json_string(NAME(app->elastic.prefix, ILM_OURS)));
	duration_add(variables, "peak",
		     app->setup.active_timeout > PEAK_MS ? app->setup.active_timeout : PEAK_MS);
	/* Kibana's formatters of what may lead outside. */
	json_object_set_new(variables, "external_number",
			    json_string(app->setup.external_links ? "url" : "number"));
	json_object_set_new(variables, "external_text",
			    json_string(app->setup.external_links ? "url" : "string"));
	json_object_set_new(variables, "namespace", json_string(app->elastic.namespace));
	return variables;
}
