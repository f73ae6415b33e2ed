/* SPDX-License-Identifier: Apache-2.0
 * The one table of efctl's commands: dispatch, help, man page and completion all come from it. */
#include "importer/commands.h"

#include <string.h>

#include "common/url.h"
#include "importer/flows_print.h"
#include "importer/query/link.h"
#include "importer/query/rank.h"
#include "importer/query/rows.h"

#define ROW(field, kind, name_, preset_, arg_, help_)                                    \
	static const struct opt opt_##field = { .name = name_,                           \
						.type = kind,                            \
						.offset = offsetof(struct flags, field), \
						.preset = preset_,                       \
						.arg = arg_,                             \
						.flag_only = true,                       \
						.help = help_ }

ROW(dry_run, OPT_BOOL, "dry-run", NULL, NULL,
    "Show what would change, change nothing; exit code 3 when something would.");
ROW(diff, OPT_BOOL, "diff", NULL, NULL,
    "Show line by line what would change, change nothing; exit code 3 when something differs.");
ROW(force, OPT_BOOL, "force", NULL, NULL,
    "Replace what was changed by hand and what is not ours, too.");
ROW(yes, OPT_BOOL, "yes", NULL, NULL, "Do not ask.");
ROW(no_kibana, OPT_BOOL, "no-kibana", NULL, NULL, "Leave the dashboards out.");
ROW(no_key, OPT_BOOL, "no-key", NULL, NULL, "Make no API key for efd; remove: keep it.");
ROW(no_connection, OPT_BOOL, "no-connection", NULL, NULL,
    "Leave efd's connection (/etc/efd/conf.d/elasticsearch.yml) as it is.");
ROW(show_key, OPT_BOOL, "show-key", NULL, NULL, "Print the new API key, too.");
ROW(rollover, OPT_BOOL, "rollover", NULL, NULL,
    "Start new backing indices where mappings changed, so that the changes count at once.");
ROW(data, OPT_BOOL, "data", NULL, NULL,
    "The namespace's data streams with all their documents, too.");
static const struct opt opt_reset = {
	.name = "reset",
	.type = OPT_LIST,
	.offset = offsetof(struct flags, reset),
	.arg = "OPTION,…",
	.flag_only = true,
	.adds = true,
	.help = "Forget what the installation remembers of these options: the defaults come back."
};
ROW(wait, OPT_DURATION, "wait", "45s", "TIME",
    "How long to wait for another efctl that is changing the installation.");
ROW(force_version, OPT_BOOL, "force-version", NULL, NULL,
    "Go back to this efctl's version, which is older than what is installed.");
ROW(field, OPT_LIST, "field", NULL, "COLUMN=PATH,…",
    "What import mmdb takes: columns of networks.csv and where they are in the file.");
ROW(write, OPT_TEXT, "write", NULL, "DIR", "Write the files below DIR.");
static const struct opt opt_count = { .name = "count",
				      .type = OPT_INT,
				      .offset = offsetof(struct flags, count),
				      .preset = "10",
				      .min = 1,
				      .max = 1000,
				      .letter = 'n',
				      .flag_only = true,
				      .help = "How many lines." };
static const struct opt opt_since = { .name = "since",
				      .type = OPT_DURATION,
				      .offset = offsetof(struct flags, since),
				      .arg = "TIME",
				      .min = 1000, /* 0 is for what nobody named */
				      .max = INT64_C(100) * 366 * 24 * 3600 * 1000,
				      .unit_wanted = true,
				      .flag_only = true,
				      .help = "Only the documents of the last TIME: 90s, 15m, 2h, "
					      "1h30m, 7d, 2w (default: all)." };
ROW(from, OPT_TEXT, "from", NULL, "WHEN",
    "Start of the time range: 2026-11-01, \"yesterday 14:00\", 14:00, 2026-11-01T14:00:00Z, -15m; "
    "local time unless a zone is given.");
ROW(until, OPT_TEXT, "to", NULL, "WHEN", "End of the time range; a day includes all of that day.");
ROW(around, OPT_TEXT, "around", NULL, "WHEN", "This time, plus --window before and after it.");
static const struct opt opt_window = { .name = "window",
				       .type = OPT_DURATION,
				       .offset = offsetof(struct flags, window),
				       .arg = "TIME",
				       .min = 1, /* 0 is for what nobody named */
				       .max = INT64_C(100) * 366 * 24 * 3600 * 1000,
				       .unit_wanted = true,
				       .flag_only = true,
				       .help = "How much on either side of --around (default: "
					       "15m)." };
ROW(show_query, OPT_BOOL, "show-query", NULL, NULL,
    "Print the request for Kibana's Dev Tools instead of asking.");
static const struct opt opt_limit = { .name = "count",
				      .type = OPT_INT,
				      .offset = offsetof(struct flags, limit),
				      .min = 1, /* 0 is for what nobody named */
				      .max = INT64_MAX,
				      .letter = 'n',
				      .flag_only = true,
				      .help = "How many records (default: 20 in a table, else "
					      "all)." };
ROW(kql, OPT_BOOL, "kql", NULL, NULL,
    "Print the filter for Kibana's search bar instead of asking; fails on what KQL cannot say.");
static const struct opt opt_link = { .name = "link",
				     .type = OPT_ENUM,
				     .offset = offsetof(struct flags, link),
				     .choices = link_places,
				     .preset = "none",
				     .bare = "discover",
				     .flag_only = true,
				     .help =
					 "Print a link into Kibana (--kibana-url) with the time "
					 "and the filter instead of asking: to Discover, to the "
					 "dashboard of records or that of hosts." };
ROW(all, OPT_BOOL, "all", NULL, NULL, "All records, in a table, too.");
ROW(wide, OPT_BOOL, "wide", NULL, NULL,
    "A table with more columns, whether they fit the terminal or not.");
ROW(sort, OPT_TEXT, "sort", NULL, "FIELD[:asc]",
    "Sort by time, bytes, packets, duration, src, dst, client, server, service, exporter or any "
    "field of a document, the highest first (default: time).");
static const struct opt opt_record_format = { .name = "format",
					      .type = OPT_ENUM,
					      .offset = offsetof(struct flags, record_format),
					      .choices = flows_formats,
					      .preset = "table",
					      .flag_only = true,
					      .help = "How records are written." };
ROW(fields, OPT_LIST, "fields", NULL, "FIELD,…",
    "Only these fields of each document, as columns or as JSON.");
static const struct opt opt_save = { .name = "output",
				     .type = OPT_TEXT,
				     .offset = offsetof(struct flags, output),
				     .arg = "FILE",
				     .letter = 'o',
				     .flag_only = true,
				     .help = "Write to FILE, compressed where its name ends with "
					     ".gz; - is standard output." };
ROW(elements, OPT_LIST, "elements", NULL, "FILE,…",
    "Your own information elements (CSV pen,id,name,type), as efd's decode.elements.");
ROW(port, OPT_LIST, "port", NULL, "PORT,…",
    "Take every datagram to these ports. Without it, whatever looks like NetFlow, IPFIX or sFlow "
    "on any port.");
static const char *const now_names[] = {
	[NOW_NO] = "no", [NOW_EACH] = "each", [NOW_TOGETHER] = "together", NULL
};
static const struct opt opt_now = {
	.name = "now",
	.type = OPT_ENUM,
	.offset = offsetof(struct flags, now),
	.choices = now_names,
	.preset = "no",
	.bare = "each",
	.arg = "together",
	.flag_only = true,
	.help = "Move the times of each capture so that its newest datagram is from now; "
		"--now=together moves all by one amount, so that they keep their distances."
};
ROW(speed, OPT_TEXT, "speed", NULL, "FACTOR",
    "1 is the speed of the capture, 10 ten times as fast; without it, as fast as it goes.");
static const struct opt opt_give_up = { .name = "give-up",
					.type = OPT_DURATION,
					.offset = offsetof(struct flags, give_up),
					.preset = "10m",
					.arg = "TIME",
					.min = 1000,
					.max = INT64_MAX,
					.flag_only = true,
					.help = "Give up when nothing was stored for this long." };
ROW(to, OPT_TEXT, "to", NULL, "udp://HOST:PORT", "Send the datagrams on instead of decoding them.");
static int check_efd_url(const char *where, const char *url, struct err *err)
{
	return url_check_server(where, url, ": efd asks for none", err);
}

static const struct opt opt_efd_url = { .name = "efd-url",
					.type = OPT_TEXT,
					.offset = offsetof(struct flags, efd_url),
					.check = check_efd_url,
					.arg = "URL",
					.flag_only = true,
					.help = "Where efd answers (metrics.listen). Without it "
						"http://127.0.0.1:9808, if efd is there." };
static const struct opt opt_expires = { .name = "expires",
					.type = OPT_DURATION,
					.offset = offsetof(struct flags, expires),
					.arg = "TIME",
					.min = 1000, /* 0 is for what nobody named */
					.max = INT64_MAX,
					.flag_only = true,
					.help = "The new API key ends after TIME, such as 90d. "
						"Without it never; rotate: as the one before." };
ROW(cost, OPT_BOOL, "cost", NULL, NULL,
    "Also show what a document takes on disk, field by field, and what each profile would save; "
    "the cluster reads the whole stream for that.");
ROW(efd_wait, OPT_DURATION, "efd-wait", "2m", "TIME",
    "How long rotate waits for efd to store documents with the new key.");
ROW(all_expired, OPT_BOOL, "all-expired", NULL, NULL, "revoke: all of ours that have ended.");
static const struct opt opt_by = {
	.name = "by",
	.type = OPT_ENUM,
	.offset = offsetof(struct flags, by),
	.choices = measure_names,
	.preset = "bytes",
	.arg = "bytes|packets|flows|peers|peak",
	.flag_only = true,
	.help = "What to rank by. peers: with how many others; peak: the highest 5 minutes."
};
static const struct opt opt_format = { .name = "format",
				       .type = OPT_ENUM,
				       .offset = offsetof(struct flags, format),
				       .choices = rows_format_names,
				       .preset = "table",
				       .arg = "table|csv|json",
				       .flag_only = true,
				       .help = "How the answer looks." };
ROW(dimension, OPT_TEXT, "by", NULL, "DIMENSION,…",
    "A line for each of the values that have the most; the dimensions are those of top.");
static const struct opt opt_lines = { .name = "count",
				      .type = OPT_INT,
				      .offset = offsetof(struct flags, lines),
				      .preset = "5",
				      .min = 1,
				      .max = 50,
				      .letter = 'n',
				      .flag_only = true,
				      .help = "How many values." };
static const struct opt opt_step = {
	.name = "step",
	.type = OPT_DURATION,
	.offset = offsetof(struct flags, step),
	.arg = "TIME",
	.min = 60000,
	.max = INT64_C(366) * 24 * 3600 * 1000,
	.unit_wanted = true,
	.flag_only = true,
	.help = "How long a step is; not shorter than setup.active_timeout. Without it as many as "
		"fit."
};
static const struct opt opt_report = { .name = "output",
				       .type = OPT_TEXT,
				       .offset = offsetof(struct flags, report),
				       .check = conf_check_line,
				       .preset = "report.html",
				       .arg = "FILE",
				       .letter = 'o',
				       .flag_only = true,
				       .help = "Where the page goes; - is standard output." };
static const struct opt opt_watch = { .name = "watch",
				      .type = OPT_DURATION,
				      .offset = offsetof(struct flags, watch),
				      .bare = "10s",
				      .arg = "TIME",
				      .min = 1000,
				      .max = 3600000,
				      .flag_only = true,
				      .help = "Ask again and draw the table anew, every 10 seconds "
					      "or every TIME, until Ctrl-C." };
ROW(exact, OPT_BOOL, "exact", NULL, NULL,
    "Look at every value, page by page, instead of relying on each shard's largest.");
ROW(output, OPT_TEXT, "output", NULL, "FILE",
    "Write raw lines (NDJSON) to FILE, - is standard output, instead of shipping them.");

ROW(source, OPT_TEXT, "from", NULL, "FILE",
    "Read a capture (pcap, pcapng; - is standard input) instead of an interface.");
ROW(interface, OPT_TEXT, "interface", "any", "NAME", "Read from this network interface.");
static const struct opt opt_datagrams = { .name = "datagrams",
					  .type = OPT_INT,
					  .offset = offsetof(struct flags, datagrams),
					  .preset = "10000",
					  .arg = "N",
					  .min = 1,
					  .max = 1000000,
					  .flag_only = true,
					  .help = "At most so many." };
static const struct opt opt_during = { .name = "for",
				       .type = OPT_DURATION,
				       .offset = offsetof(struct flags, during),
				       .preset = "2m",
				       .arg = "TIME",
				       .min = 1000,
				       .max = 86400000,
				       .flag_only = true,
				       .help = "How long to read from the interface." };
static const struct opt opt_capture_port = {
	.name = "port",
	.type = OPT_LIST,
	.offset = offsetof(struct flags, port),
	.arg = "PORT,…",
	.flag_only = true,
	.help = "Take what goes to these ports. Without it 2055, 4739 and 6343 of the interface, "
		"and of files whatever looks like NetFlow, IPFIX or sFlow."
};

#define ROWS(...)                   \
	(const struct opt *const[]) \
	{                           \
		__VA_ARGS__, NULL   \
	}
#define NO_ROWS                     \
	(const struct opt *const[]) \
	{                           \
		NULL                \
	}

const struct command commands[] = {
	{ .name = "setup",
	  .remote = true,
	  .args = "",
	  .run = cmd_setup,
	  .uses = USES_SETUP | USES_DICTIONARIES | USES_CLUSTER | USES_KIBANA,
	  .text =
	      "Install templates, lifecycle, pipelines, dictionaries, dashboards and efd's API key",
	  .options = ROWS(&opt_dry_run, &opt_diff, &opt_yes, &opt_force, &opt_reset, &opt_rollover,
			  &opt_no_kibana, &opt_no_key, &opt_no_connection, &opt_show_key,
			  &opt_expires, &opt_wait, &opt_force_version) },
	{ .name = "status",
	  .remote = true,
	  .args = "",
	  .run = cmd_status,
	  .uses = USES_SETUP | USES_DICTIONARIES | USES_CLUSTER | USES_KIBANA,
	  .text = "Show the cluster, what is installed, documents, rejects and exporters",
	  .options = ROWS(&opt_since) },
	{ .name = "doctor",
	  .args = "",
	  .run = cmd_doctor,
	  .uses = USES_SETUP | USES_DICTIONARIES | USES_CLUSTER | USES_KIBANA,
	  .text = "Look for common problems and say how to fix them",
	  .options = ROWS(&opt_efd_url, &opt_cost) },
	{ .name = "replay",
	  .args = "FILE…",
	  .run = cmd_replay,
	  .uses = USES_CLUSTER | USES_SHIP | USES_LOG,
	  .text = "Decode captures (pcap, pcapng) and ship them as efd would",
	  .options = ROWS(&opt_now, &opt_speed, &opt_port, &opt_elements, &opt_to, &opt_output,
			  &opt_give_up) },
	{ .name = "decode",
	  .args = "FILE…",
	  .run = cmd_decode,
	  .text = "Decode captures and print the raw lines",
	  .options = ROWS(&opt_port, &opt_elements, &opt_output) },
	{ .name = "capture",
	  .args = "NEWFILE",
	  .run = cmd_capture,
	  .text = "Write an anonymous capture of flow datagrams for a bug report",
	  .options = ROWS(&opt_source, &opt_interface, &opt_during, &opt_datagrams,
			  &opt_capture_port, &opt_elements) },
	{ .name = "top",
	  .remote = true,
	  .args = "[DIMENSION,… [FILTER]]",
	  .run = cmd_top,
	  .no_empty = true,
	  .uses = USES_CLUSTER,
	  .text = "Rank flows: top hosts, services, applications, AS and more",
	  .options = ROWS(&opt_by, &opt_count, &opt_since, &opt_from, &opt_until, &opt_around,
			  &opt_window, &opt_exact, &opt_watch, &opt_format, &opt_show_query) },
	{ .name = "series",
	  .remote = true,
	  .args = "[FILTER]",
	  .run = cmd_series,
	  .no_empty = true,
	  .uses = USES_CLUSTER,
	  .text = "Chart flows over time",
	  .options = ROWS(&opt_dimension, &opt_lines, &opt_since, &opt_from, &opt_until,
			  &opt_around, &opt_window, &opt_step, &opt_format, &opt_show_query) },
	{ .name = "report",
	  .remote = true,
	  .args = "[FILTER]",
	  .run = cmd_report,
	  .no_empty = true,
	  .uses = USES_CLUSTER,
	  .text = "Write a report about flows that opens in any browser, without a network",
	  .options = ROWS(&opt_report, &opt_count, &opt_since, &opt_from, &opt_until, &opt_around,
			  &opt_window) },
	{ .name = "flows",
	  .remote = true,
	  .args = "[FILTER]",
	  .run = cmd_flows,
	  .no_empty = true,
	  .uses = USES_CLUSTER | USES_KIBANA,
	  .text = "Show the records that a filter finds, newest first",
	  .options = ROWS(&opt_limit, &opt_all, &opt_sort, &opt_record_format, &opt_wide,
			  &opt_fields, &opt_save, &opt_since, &opt_from, &opt_until, &opt_around,
			  &opt_window, &opt_show_query, &opt_kql, &opt_link) },
	{ .name = "simulate",
	  .args = "[FILE]",
	  .run = cmd_simulate,
	  .uses = USES_CLUSTER | USES_DICTIONARIES,
	  .text = "Send a raw line through the pipelines and show what each stage changed",
	  .options = NO_ROWS },
	{ .name = "export",
	  .args = "[DASHBOARD…]",
	  .run = cmd_export,
	  .uses = USES_CLUSTER | USES_KIBANA,
	  .text = "Bring dashboards that were edited in Kibana back into files",
	  .options = ROWS(&opt_write) },
	{ .name = "dictionaries",
	  .args = "[list|check|lookup ADDRESS…|show NAME|feeds|update "
		  "[FEED…]|apply|refresh|indicators|import FORMAT FILE…]",
	  .run = cmd_dictionaries,
	  .uses = USES_CLUSTER | USES_DICTIONARIES,
	  .text = "List, check, update, install and query the pipelines' tables",
	  .options = ROWS(&opt_dry_run, &opt_force, &opt_field, &opt_wait, &opt_force_version) },
	{ .name = "inventory",
	  .args = "[SOURCE…]",
	  .run = cmd_inventory,
	  .uses = USES_CLUSTER | USES_DICTIONARIES,
	  .text = "Ask inventories for names, and keep them as discovered tables",
	  .options = ROWS(&opt_dry_run, &opt_diff, &opt_force) },
	{ .name = "assets",
	  .args = "[PATH…]",
	  .run = cmd_assets,
	  .uses = USES_SETUP,
	  .text = "List, print or write the embedded templates, pipelines and dashboards",
	  .options = ROWS(&opt_write) },
	{ .name = "keys",
	  .args = "[list|create|rotate|revoke [ID…]]",
	  .run = cmd_keys,
	  .uses = USES_SETUP | USES_CLUSTER,
	  .text = "List, make, replace and revoke the API keys of efd",
	  .options = ROWS(&opt_yes, &opt_expires, &opt_show_key, &opt_efd_url, &opt_efd_wait,
			  &opt_all_expired, &opt_wait) },
	{ .name = "remove",
	  .args = "",
	  .run = cmd_remove,
	  .no_empty = true,
	  .uses = USES_CLUSTER | USES_KIBANA,
	  .text = "Remove a namespace, and with the last one everything that setup installed",
	  .options = ROWS(&opt_dry_run, &opt_yes, &opt_force, &opt_data, &opt_no_kibana,
			  &opt_no_key, &opt_wait) },
	{ .name = "completion",
	  .args = "",
	  .run = cmd_completion,
	  .text = "Print completion for bash",
	  .options = NO_ROWS },
	{ .name = "help",
	  .args = "[COMMAND]",
	  .run = cmd_help,
	  .text = "Explain a command and its options",
	  .options = NO_ROWS },
};
const size_t commands_len = sizeof(commands) / sizeof(commands[0]);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < commands_len; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}
