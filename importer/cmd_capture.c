/* SPDX-License-Identifier: Apache-2.0
 * efctl capture: a capture of flow datagrams that names nobody, for a bug report. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "importer/capture/confine.h"
#include "importer/capture/pcap_write.h"
#include "importer/capture/scrub.h"
#include "importer/commands.h"
#include "importer/core/json.h"
#include "importer/core/print.h"

#define CAPTURE_BYTES (32u << 20) /* of datagrams, twice: as they came and as they go out */

static const uint16_t efds_ports[] = { 2055, 4739, 6343 };

/* A capture on its way. */
struct capturing {
	struct app *app;
	uint16_t ports[CAPTURE_PORTS_MAX];
	size_t n_ports;
	struct capture_end end;
	uint64_t until_ms;
	struct pseudonyms *names;
	struct scrub *scrub;
	struct pcap_writer *writer;
	bool cut_off; /* at a ceiling */
	struct capture_stats stats;
	char broken[256]; /* the file breaks off: why */
};

/* The signals are blocked: one that waits is the wish for an end. */
static bool is_over(void *arg)
{
	const struct capturing *c = arg;
	sigset_t waiting;
	sigpending(&waiting);
	return sigismember(&waiting, SIGINT) || sigismember(&waiting, SIGTERM) ||
	       clock_now_ms() >= c->until_ms;
}

static void block_ends(void)
{
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
}

static int open_source(struct capturing *c, struct capture **ret, struct err *err)
{
	const struct flags *flags = &c->app->flags;
	if (capture_ports(&flags->port, c->ports, err))
		return -1;
	c->n_ports = flags->port.n;
	if (flags->source)
		return capture_open(flags->source, c->ports, c->n_ports, ret, err);
	for (size_t i = 0; !flags->port.n && i < sizeof(efds_ports) / sizeof(*efds_ports); i++)
		c->ports[c->n_ports++] = efds_ports[i];
	c->until_ms = clock_now_ms() + (uint64_t)flags->during;
	block_ends();
	c->end = (struct capture_end){ is_over, c };
	return capture_open_live(flags->interface, c->ports, c->n_ports, &c->end, ret, err);
}

static void read_all(struct capturing *c, struct capture *capture)
{
	struct captured d;
	struct err broken = ERR_NONE;
	int got;
	while ((got = capture_next(capture, &d, &broken)) == 1) {
		c->cut_off = scrub_kept(c->scrub) >= (size_t)c->app->flags.datagrams ||
			     !scrub_add(c->scrub, &d);
		if (c->cut_off)
			break;
	}
	if (got < 0)
		snprintf(c->broken, sizeof(c->broken), "%.200s", broken.msg);
	c->stats = *capture_stats(capture);
}

static int write_all(struct capturing *c, struct err *err)
{
	struct captured d;
	for (size_t i = 0; scrub_get(c->scrub, i, &d); i++)
		if (pcap_writer_add(c->writer, &d, err))
			return -1;
	return pcap_writer_finish(c->writer, err);
}

/* ---- what is said of it ---- */

static void print_totals(const struct capturing *c, const struct scrub_totals *t)
{
	print_plain(stdout, "datagrams   %" PRIu64 " of %" PRIu64 " packets, %" PRIu64 " bytes%s\n",
		    t->datagrams, c->stats.packets, t->bytes,
		    c->cut_off ? "; there are more (--datagrams)" : "");
	print_plain(stdout,
		    "in them     %" PRIu64 " flow records, %" PRIu64 " options records, %" PRIu64
		    " counter samples, %" PRIu64 " sets without a template\n",
		    t->records, t->options_records, t->counter_samples, t->no_template);
	print_plain(stdout,
		    "replaced    %" PRIu64 " addresses, %" PRIu64 " MAC addresses, %" PRIu64
		    " texts; %" PRIu64 " bytes are zero that nothing is known of\n",
		    t->addresses, t->macs, t->texts, t->hidden);
	print_plain(stdout,
		    "left        numbers and times: ports, counters, interfaces, VLANs, AS\n");
	print_plain(stdout, "written     %s; look at it first: efctl decode %s\n",
		    c->app->args.item[0], c->app->args.item[0]);
}

static void capture_print_json(const struct capturing *c, const struct scrub_totals *t)
{
	CLEANUP_JSON json_t *json = json_pack(
	    "{s:I,s:I,s:I,s:b,s:I,s:I,s:I,s:I,s:{s:I,s:I,s:I},s:I}", "packets",
	    (json_int_t)c->stats.packets, "datagrams", (json_int_t)t->datagrams, "bytes",
	    (json_int_t)t->bytes, "more", c->cut_off, "records", (json_int_t)t->records,
	    "options_records", (json_int_t)t->options_records, "counter_samples",
	    (json_int_t)t->counter_samples, "unknown_template", (json_int_t)t->no_template,
	    "replaced", "addresses", (json_int_t)t->addresses, "macs", (json_int_t)t->macs, "texts",
	    (json_int_t)t->texts, "zeroed_bytes", (json_int_t)t->hidden);
	print_json(stdout, json, JSON_INDENT(2));
}

/* ---- the command ---- */

static int capture_confined(struct capturing *c, struct capture *capture, struct err *err)
{
	struct scrub_totals t;
	bool filtered = false;
	if (confine(pcap_writer_fd(c->writer), &filtered, err))
		return -1;
	if (!filtered)
		print_plain(stderr, "efctl capture: note: this build has no seccomp filter\n");
	if (!c->app->flags.source)
		print_plain(stderr,
			    "reading from %s for %" PRId64 " s, or until Ctrl-C, without root\n",
			    c->app->flags.interface, c->app->flags.during / 1000);
	read_all(c, capture);
	scrub_totals(c->scrub, &t);
	if (t.datagrams == 0)
		return err_set(err, EF_FAILED,
			       "no NetFlow, IPFIX or sFlow in %" PRIu64
			       " packets%s%s; nothing was written",
			       c->stats.packets, *c->broken ? ": " : "", c->broken);
	if (write_all(c, err))
		return -1;
	if (c->app->flags.json)
		capture_print_json(c, &t);
	else
		print_totals(c, &t);
	if (*c->broken) {
		print_plain(stderr, "efctl capture: %s: %s\n", c->app->flags.source, c->broken);
		return EF_FAILED;
	}
	return EF_DONE;
}

int cmd_capture(struct app *app, struct err *err)
{
	struct capturing c = { .app = app };
	struct capture *capture = NULL;
	if (app->args.n != 1)
		return err_set(err, EF_USAGE, "give the name of the file that is to be written");
	if (open_source(&c, &capture, err))
		return -1;
	int result = pseudonyms_new(NULL, &c.names, err);
	if (result == 0)
		result = scrub_new(c.names, &app->flags.elements, CAPTURE_BYTES, &c.scrub, err);
	if (result == 0)
		result = pcap_writer_new(app->args.item[0], &c.writer, err);
	if (result == 0)
		result = capture_confined(&c, capture, err);
	pcap_writer_free(c.writer);
	scrub_free(c.scrub);
	pseudonyms_free(c.names);
	capture_free(capture);
	return result;
}
