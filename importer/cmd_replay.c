/* SPDX-License-Identifier: Apache-2.0
 * efctl replay and efctl decode: captures into Elasticsearch, a file, or a running efd. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/names.h"
#include "importer/capture/forward.h"
#include "importer/capture/outlet.h"
#include "importer/capture/replay.h"
#include "importer/client/advice.h"
#include "importer/client/es.h"
#include "importer/client/probe.h"
#include "importer/client/streams.h"
#include "importer/commands.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"
#include "importer/core/print.h"
#include "importer/install/effect.h"
#include "importer/install/health.h"
#include "importer/install/replaced.h"

struct progress {
	bool terminal;
	uint64_t next_ms;
	struct outlet *outlet;
	bool given_up;
	char gave_up[400]; /* why */
};

static void show_progress(void *arg, uint64_t read, uint64_t size, uint64_t records)
{
	static const char bar[] = "########################################";
	struct progress *p = arg;
	uint64_t now = clock_now_ms();
	char problem[200] = "";
	if (!p->terminal || now < p->next_ms)
		return;
	p->next_ms = now + 200;
	int part = size ? (int)(read * 40 / size) : 0;
	if (p->outlet)
		outlet_problem(p->outlet, problem, sizeof(problem));
	fputs(PRINT_AGAIN, stderr);
	print_plain(stderr, "[%-40.*s] %3d %%  %" PRIu64 " records  %.60s", part > 40 ? 40 : part,
		    bar, size ? (int)(read * 100 / size) : 0, records, problem);
}

/* Everything is decoded, not everything stored. */
static void show_waiting(void *arg, const struct ship_counters *now)
{
	struct progress *p = arg;
	char problem[200] = "";
	uint64_t ms = clock_now_ms();
	if (!p->terminal || ms < p->next_ms)
		return;
	p->next_ms = ms + 200;
	outlet_problem(p->outlet, problem, sizeof(problem));
	fputs(PRINT_AGAIN, stderr);
	print_plain(stderr, "stored %" PRIu64 " of %" PRIu64 "  %.60s",
		    now->stored + now->duplicates + now->failed + now->aside + now->discarded,
		    now->records, problem);
}

static int parse_speed(const char *text, double *ret_speed, struct err *err)
{
	char *end;
	*ret_speed = text ? strtod(text, &end) : 0;
	if (text && (*end || end == text || !(*ret_speed >= 0.001 && *ret_speed <= 1e6)))
		return err_set(
		    err, EF_USAGE,
		    "--speed: '%s' is no factor from 0.001 to 1000000; 1 is the speed of "
		    "the capture, 10 ten times as fast",
		    text);
	return 0;
}

static bool is_of_streams(const json_t *templates)
{
	const json_t *ours = json_array_get(json_object_get(templates, "index_templates"), 0);
	return json_at(ours, "index_template.data_stream") != NULL;
}

/* A cluster that takes nothing, or would store lines without our pipeline. */
static int check_target(struct es *es, const struct app *app, bool streams, struct err *err)
{
	CLEANUP_JSON json_t *missing = json_array(), *effects = json_array();
	if (streams && streams_missing(es, app->elastic.namespace, missing, err))
		return -1;
	if (health_check(es, app, json_array_size(missing) > 0, err) ||
	    (streams && effect_findings(es, app, effects, err)))
		return -1;
	const char *bad = findings_first_bad(effects);
	if (!bad && replaced_check(es, app, err))
		return -1;
	return bad ? err_set(err, EF_DIFFERENT, "%s: nothing is replayed: %s", es_url(es), bad) : 0;
}

/* An unreachable cluster, a wrong password or a missing setup is an error now; the shipper would
 * wait for it to mend. */
static int check_cluster(struct app *app, struct err *err)
{
	CLEANUP_ES struct es *es = NULL;
	CLEANUP_JSON json_t *reply = NULL;
	struct cluster cluster;
	if (app_connect(app, &es, err) || cluster_identify(es, &cluster, err))
		return -1;
	char path[NAME_ROOM + 40];
	const char *name = NAME(app->elastic.prefix, "logs-flow");
	snprintf(path, sizeof(path), "/_index_template/%s", name);
	int r = es_find(es, path, &reply, err);
	if (r == 0)
		return err_set(err, EF_FAILED, "%s has no index template %s: %s first", es_url(es),
			       name, ADVICE(app, "setup"));
	return r < 0 ? -1 : check_target(es, app, is_of_streams(reply), err);
}

static uint64_t sum(const uint64_t *values, size_t n)
{
	uint64_t total = 0;
	for (size_t i = 0; i < n; i++)
		total += values[i];
	return total;
}

/* Every line that was decoded must be somewhere: that is the promise. */
static bool accounted(const struct replay_totals *t, const struct ship_counters *s)
{
	uint64_t lines = sum(t->lines, LINE_KINDS);
	return lines == s->stored + s->duplicates + s->failed + s->aside + s->discarded +
			    s->rejected + s->dropped &&
	       s->lost == 0 && t->decode.sink_dropped == 0;
}

static void print_text(FILE *out, const struct replay_totals *t, const struct ship_counters *s,
		       bool forwarded)
{
	const struct capture_stats *c = &t->capture;
	const struct decode_counters *d = &t->decode;
	print_plain(out,
		    "packets          %" PRIu64 " in the capture: %" PRIu64 " datagrams, %" PRIu64
		    " of other protocols",
		    c->packets, c->datagrams, c->other);
	print_plain(out, ", %" PRIu64 " malformed, %" PRIu64 " cut short, %" PRIu64 " incomplete\n",
		    c->malformed, c->cut, c->incomplete);
	print_plain(out, "exporters        %" PRIu64 "\n", t->exporters);
	if (forwarded)
		return;
	print_plain(out,
		    "datagrams        %" PRIu64 " decoded, %" PRIu64 " with errors, %" PRIu64
		    " of no flow protocol, %" PRIu64 " refused\n",
		    c->datagrams - t->malformed - t->not_flow - t->refused, t->malformed,
		    t->not_flow, t->refused);
	print_plain(out,
		    "records          %" PRIu64 " flows, %" PRIu64 " counter samples, %" PRIu64
		    " lines about exporters\n",
		    t->lines[LINE_FLOW], t->lines[LINE_COUNTERS], t->lines[LINE_EXPORTER]);
	print_plain(out,
		    "held back        %" PRIu64 " sets without a template: %" PRIu64
		    " decoded later, %" PRIu64 " dropped, %" PRIu64 " wait for one to the end\n",
		    d->held, d->held_decoded, d->held_dropped, d->held_now);
	print_plain(out, "lost on the way  %" PRIu64 " (by sequence numbers)\n", d->lost);
	print_plain(out, "stored           %" PRIu64 "", s->stored);
	print_plain(out,
		    ", already there %" PRIu64 ", failed %" PRIu64 ", in a failure store %" PRIu64
		    ", discarded by a pipeline %" PRIu64 ", rejected %" PRIu64 ", dropped %" PRIu64
		    ", lost %" PRIu64 "\n",
		    s->duplicates, s->failed, s->aside, s->discarded, s->rejected, s->dropped,
		    s->lost + d->sink_dropped);
}

static void totals_print_json(FILE *out, const struct replay_totals *t,
			      const struct ship_counters *s)
{
	const struct capture_stats *c = &t->capture;
	const struct decode_counters *d = &t->decode;
	CLEANUP_JSON json_t *json = json_pack(
	    "{s:{s:I,s:I,s:I,s:I,s:I,s:I},s:I,s:{s:I,s:I,s:I},s:{s:I,s:I,s:I},s:I,s:I}", "capture",
	    "packets", (json_int_t)c->packets, "datagrams", (json_int_t)c->datagrams, "other",
	    (json_int_t)c->other, "malformed", (json_int_t)c->malformed, "cut", (json_int_t)c->cut,
	    "incomplete", (json_int_t)c->incomplete, "exporters", (json_int_t)t->exporters,
	    "datagrams", "errors", (json_int_t)t->malformed, "not_flow", (json_int_t)t->not_flow,
	    "refused", (json_int_t)t->refused, "records", "flow", (json_int_t)t->lines[LINE_FLOW],
	    "counters", (json_int_t)t->lines[LINE_COUNTERS], "exporter",
	    (json_int_t)t->lines[LINE_EXPORTER], "unknown_template",
	    (json_int_t)d->unknown_template, "lost_by_sequence", (json_int_t)d->lost);
	json_object_set_new(json, "held",
			    json_pack("{s:I,s:I,s:I,s:I}", "sets", (json_int_t)d->held, "decoded",
				      (json_int_t)d->held_decoded, "dropped",
				      (json_int_t)d->held_dropped, "waiting",
				      (json_int_t)d->held_now));
	json_object_set_new(
	    json, "shipped",
	    json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "stored", (json_int_t)s->stored,
		      "duplicates", (json_int_t)s->duplicates, "failed", (json_int_t)s->failed,
		      "failure_store", (json_int_t)s->aside, "discarded", (json_int_t)s->discarded,
		      "rejected", (json_int_t)s->rejected, "dropped", (json_int_t)s->dropped,
		      "lost", (json_int_t)(s->lost + d->sink_dropped)));
	json_object_set_new(json, "accounted", json_boolean(accounted(t, s)));
	print_json(out, json, JSON_INDENT(2));
}

/* The amount for each file that makes its newest datagram new, or the newest of all. One without a
 * datagram has none. */
static int find_shifts(const struct app *app, const struct replay *r, int64_t **ret_shift,
		       int64_t *ret_now, struct err *err)
{
	size_t n = r->files->n;
	uint64_t newest_of_all = 0;
	CLEANUP_FREE uint64_t *newest = calloc(n, sizeof(*newest));
	CLEANUP_FREE int64_t *shift = calloc(n, sizeof(*shift));
	if (!newest || !shift)
		return err_set(err, EF_FAILED, "out of memory");
	if (replay_newest(r, newest, err))
		return -1;
	int64_t now = (int64_t)clock_wall_ms();
	for (size_t i = 0; i < n; i++)
		if (newest[i] > newest_of_all)
			newest_of_all = newest[i];
	for (size_t i = 0; i < n; i++) {
		uint64_t is_now =
		    app->flags.now == NOW_TOGETHER && newest[i] ? newest_of_all : newest[i];
		shift[i] = is_now ? now - (int64_t)is_now : 0;
	}
	*ret_shift = steal_ptr(shift);
	*ret_now = now;
	return 0;
}

static int play(struct app *app, struct replay *r, const char *output, struct progress *p,
		struct replay_totals *t, struct ship_counters *s, struct err *err)
{
	CLEANUP_FREE int64_t *shift = NULL;
	int64_t now = 0;
	struct outlet *outlet = NULL;
	if (app->flags.to)
		return replay_forward(r, app->flags.to, t, err);
	if (app->flags.now && find_shifts(app, r, &shift, &now, err))
		return -1;
	r->shift_ms = shift;
	int result = output ? outlet_file(output, now, &outlet, err)
			    : outlet_ship(app->ship, &app->elastic, now,
					  (uint64_t)app->flags.give_up, &outlet, err);
	if (result)
		return -1;
	p->outlet = outlet;
	result = replay_decode(r, outlet, t, err);
	struct err finish = ERR_NONE;
	if (outlet_finish(outlet, show_waiting, p, s, &finish) && result == 0) {
		*err = finish;
		result = -1;
	}
	p->given_up = outlet_gave_up(outlet) != NULL;
	if (p->given_up)
		snprintf(p->gave_up, sizeof(p->gave_up), "%s", outlet_gave_up(outlet));
	p->outlet = NULL;
	r->shift_ms = NULL;
	outlet_free(outlet);
	return result;
}

/* Opening the output cuts it to nothing, and appending to an input never ends: neither may be a
 * capture that is to be read. */
static int check_output(const struct app *app, const char *output, struct err *err)
{
	struct stat in, out;
	bool standard = strcmp(output, "-") == 0;
	if (standard ? fstat(STDOUT_FILENO, &out) : stat(output, &out))
		return 0; /* a new file */
	for (size_t i = 0; S_ISREG(out.st_mode) && i < app->args.n; i++) {
		const char *name = app->args.item[i];
		if (strcmp(name, "-") == 0 ? fstat(STDIN_FILENO, &in) : stat(name, &in))
			continue; /* whoever opens it says so */
		if (in.st_dev == out.st_dev && in.st_ino == out.st_ino)
			return err_set(err, EF_USAGE,
				       "%s and the output are one file, which would be overwritten "
				       "before it is read; "
				       "give another --output",
				       name);
	}
	return 0;
}

static int check_usage(const struct app *app, const char *output, struct err *err)
{
	if (app->args.n == 0)
		return err_set(
		    err, EF_USAGE,
		    "give one or more capture files (pcap or pcapng), or - for standard input");
	if (app->flags.to && (output || app->flags.now))
		return err_set(err, EF_USAGE,
			       "--to sends the datagrams as they are: it goes with neither "
			       "--output nor --now");
	return output ? check_output(app, output, err) : 0;
}

/* What was decoded and is nowhere; where reading ended; what to do. */
static int judge_given_up(const struct app *app, const char *why, const struct replay_totals *t,
			  const struct ship_counters *s, struct err *err)
{
	uint64_t lines = sum(t->lines, LINE_KINDS);
	uint64_t settled =
	    s->stored + s->duplicates + s->failed + s->aside + s->discarded + s->rejected;
	bool twice = app->flags.now || !app->ship->ids;
	return err_set(err, EF_FAILED,
		       "given up, as nothing was stored for %" PRId64 " s (%.300s): %" PRIu64
		       " of %" PRIu64 " lines are not stored%s%.420s%s; mend that and replay "
		       "again%s",
		       app->flags.give_up / 1000, *why ? why : "no reason is known",
		       lines > settled ? lines - settled : 0, lines,
		       *t->ended ? ", and what comes after " : "", t->ended,
		       *t->ended ? " was not read" : "",
		       twice ? "" : ": what is stored already is not stored twice");
}

/* What the figures say: done, or why not. */
static int replay_judge(const struct app *app, const struct progress *p,
			const struct replay_totals *t, const struct ship_counters *s,
			struct err *err)
{
	if (p->given_up)
		return judge_given_up(app, p->gave_up, t, s, err);
	if (*t->broken)
		return err_set(err, EF_FAILED, "%s", t->broken);
	if (t->capture.datagrams == 0)
		return err_set(
		    err, EF_FAILED,
		    "no NetFlow, IPFIX or sFlow in %s%s; --port N takes every datagram to port N",
		    app->args.item[0], app->args.n > 1 ? " and the others" : "");
	if (!app->flags.to && !accounted(t, s))
		return err_set(err, EF_FAILED,
			       "%" PRIu64
			       " lines were decoded, but not all of them are accounted for",
			       sum(t->lines, LINE_KINDS));
	return EF_DONE;
}

static int replay_run(struct app *app, const char *output, bool summary, struct err *err)
{
	uint16_t ports[CAPTURE_PORTS_MAX];
	struct progress p = { .terminal = isatty(STDERR_FILENO) };
	struct replay r = { .files = &app->args,
			    .ports = ports,
			    .n_ports = app->flags.port.n,
			    .elements = &app->flags.elements,
			    .gaps = app->flags.now == NOW_TOGETHER,
			    .progress = show_progress,
			    .arg = &p };
	struct replay_totals t = { 0 };
	struct ship_counters s = { 0 };
	if (check_usage(app, output, err) || capture_ports(&app->flags.port, ports, err) ||
	    parse_speed(app->flags.speed, &r.speed, err))
		return -1;
	if (!output && !app->flags.to && check_cluster(app, err))
		return -1;
	int result = play(app, &r, output, &p, &t, &s, err);
	if (p.terminal)
		fputs(PRINT_AGAIN, stderr);
	if (result)
		return -1;
	FILE *out = output && strcmp(output, "-") == 0
			? stderr
			: stdout; /* the lines have standard output */
	if (summary && app->flags.json)
		totals_print_json(out, &t, &s);
	else if (summary)
		print_text(out, &t, &s, app->flags.to != NULL);
	return replay_judge(app, &p, &t, &s, err);
}

int cmd_replay(struct app *app, struct err *err)
{
	return replay_run(app, app->flags.output, true, err);
}

int cmd_decode(struct app *app, struct err *err)
{
	return replay_run(app, app->flags.output ? app->flags.output : "-", false, err);
}
