/* SPDX-License-Identifier: Apache-2.0
 * Makes NetFlow 5, NetFlow 9, IPFIX or sFlow 5 datagrams from one model of traffic: into a pcap
 * file, or as UDP at a rate.
 *
 * The same options give the same octets (but for the clock, with --now). All datagrams are built
 * before the first is sent, so that sending costs sendmmsg() and nothing else while a collector is
 * measured. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/bench/generate/generate.h"

#define DEFAULT_EPOCH 1767225600 /* 2026-01-01T00:00:00Z */

void die(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fputs("gen: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

void *xrealloc(void *p, size_t n)
{
	p = realloc(p, n);
	if (!p)
		die("out of memory");
	return p;
}

uint16_t ip_checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static struct buf open_datagram(struct ctx *c)
{
	struct output *o = &c->out;
	if (o->size - o->used < 65536) {
		o->size = o->size ? o->size * 2 : 1 << 22;
		o->bytes = xrealloc(o->bytes, o->size);
	}
	return (struct buf){ o->bytes + o->used, o->bytes + o->used + c->opt.mtu - 28 };
}

static void close_datagram(struct ctx *c, const struct buf *b, unsigned exporter, unsigned records)
{
	struct output *o = &c->out;
	if (o->count == o->allocated) {
		o->allocated = o->allocated ? o->allocated * 2 : 4096;
		o->list = xrealloc(o->list, o->allocated * sizeof *o->list);
	}
	size_t len = (size_t)(b->p - (o->bytes + o->used));
	o->list[o->count++] =
	    (struct datagram){ o->used, (uint32_t)len, exporter, records, c->model.now_ms };
	o->used += len;
	o->records += records;
}

static void announce(struct ctx *c, unsigned exporter)
{
	unsigned next = 0;
	while (next < template_count(&c->opt)) {
		struct exporter *e = &c->exp[exporter];
		struct buf b = open_datagram(c);
		encode_templates(c, e, &b, &next);
		e->packets++;
		close_datagram(c, &b, exporter, 0);
	}
}

static void generate(struct ctx *c)
{
	const struct options *o = &c->opt;
	bool has_templates = o->proto == NF9 || o->proto == IPFIX;
	unsigned want = o->per_packet ? o->per_packet : o->proto == SFLOW ? 6 : 30;
	unsigned *since = xrealloc(NULL, o->exporters * sizeof *since);

	for (unsigned i = 0; i < o->exporters; i++) {
		since[i] = 0;
		if (has_templates)
			announce(c, i);
	}
	c->out.templates_first = c->out.count;
	for (unsigned i = 0; c->out.records < o->records; i = (i + 1) % o->exporters) {
		struct exporter *e = &c->exp[i];
		if (has_templates && ++since[i] > o->template_every) {
			announce(c, i);
			since[i] = 1;
		}
		uint64_t left = o->records - c->out.records;
		unsigned n = left < want ? (unsigned)left : want;
		struct buf b = open_datagram(c);
		switch (o->proto) {
		case NF5:
			n = encode_nf5(c, e, &b, n);
			break;
		case NF9:
		case IPFIX:
			n = encode_data(c, e, &b, n);
			break;
		case SFLOW:
			n = encode_sflow(c, e, &b, n);
			break;
		}
		e->packets++;
		close_datagram(c, &b, i, n);
	}
	free(since);
}

/* ---- command line ---- */

enum number {
	RECORDS,
	PER_PACKET,
	EXPORTERS,
	SRC_PORT,
	TEMPLATES,
	TEMPLATE_EVERY,
	V6,
	INSIDE,
	OUTSIDE,
	RECORD_RATE,
	MTU,
	SEED,
	PPS,
	BATCH,
	PAUSE,
	NUMBERS
};

static const struct {
	const char *name;
	double preset, low, high;
	const char *help;
} numbers[NUMBERS] = {
	[RECORDS] = { "records", 100000, 1, 1e9, "flow records in all" },
	[PER_PACKET] = { "per-packet", 0, 0, 1000,
			 "records a datagram; 0: as many as fit, at most 30, sFlow 6" },
	[EXPORTERS] = { "exporters", 16, 1, 65000, "source addresses, used in turn" },
	[SRC_PORT] = { "src-port", 40000, 1, 65535, "source port" },
	[TEMPLATES] = { "templates", 1, 1, MAX_TEMPLATES,
			"templates an exporter; with IPv6 as many again" },
	[TEMPLATE_EVERY] = { "template-every", 200, 1, 1e9,
			     "repeat them every so many datagrams of an exporter" },
	[V6] = { "v6", -1, 0, 100, "percent of IPv6; -1: 10, sFlow 30; v5 has none" },
	[INSIDE] = { "inside", 20000, 1, 1e9, "distinct hosts inside" },
	[OUTSIDE] = { "outside", 500000, 1, 1e9, "distinct hosts outside" },
	[RECORD_RATE] = { "record-rate", 50000, 1, 1e9, "records a second of the virtual clock" },
	[MTU] = { "mtu", 1500, 576, 65000, "largest IP datagram" },
	[SEED] = { "seed", 1, 0, 1e15, "of all that is random" },
	[PPS] = { "pps", 1000, 0, 1e8, "datagrams a second, 0: as fast as can be" },
	[BATCH] = { "batch", 8, 1, MAX_BATCH, "datagrams a sendmmsg" },
	[PAUSE] = { "pause", 500, 0, 60000, "ms of rest after the first templates" },
};

enum {
	OPTION_PROTO = NUMBERS,
	OPTION_FIRST,
	OPTION_NOW,
	OPTION_PCAP,
	OPTION_UDP,
	OPTION_HELP,
	OPTIONS
};

static const char *const protos[] = { "nf5", "nf9", "ipfix", "sflow" };

static void usage(FILE *out)
{
	fputs("usage: generate --proto nf5|nf9|ipfix|sflow [options] (--pcap FILE | --udp "
	      "ADDRESS:PORT)\n",
	      out);
	for (int i = 0; i < NUMBERS; i++)
		fprintf(out, "  --%-16s %s (%.0f)\n", numbers[i].name, numbers[i].help,
			numbers[i].preset);
	fputs("  --first-exporter   first source address (127.1.0.1)\n"
	      "  --now              start the virtual clock now, not 2026-01-01\n"
	      "Prints one JSON object: what was made and, with --udp, how long sending took.\n",
	      out);
}

static double number(int option, const char *text)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || v < numbers[option].low || v > numbers[option].high)
		die("--%s: bad value '%s'", numbers[option].name, text);
	return v;
}

static void named(struct options *o, int option, const char *text, int *proto)
{
	struct in_addr first;

	switch (option) {
	case OPTION_PROTO:
		for (int i = 0; i < 4; i++)
			if (!strcmp(text, protos[i]))
				*proto = i;
		break;
	case OPTION_FIRST:
		if (inet_pton(AF_INET, text, &first) != 1)
			die("--first-exporter: bad address");
		o->first_exporter = ntohl(first.s_addr);
		break;
	case OPTION_NOW:
		o->now = true;
		break;
	case OPTION_PCAP:
		o->pcap = text;
		break;
	default:
		o->udp = text;
	}
}

/* Fill `v` and the named options; the protocol. */
static int parse(int argc, char **argv, struct options *o, double v[NUMBERS])
{
	static const char *const names[] = {
		"proto", "first-exporter", "now", "pcap", "udp", "help"
	};
	struct option rows[OPTIONS + 1] = { 0 };
	int proto = -1, k;

	for (int i = 0; i < OPTIONS; i++) {
		bool plain = i == OPTION_NOW || i == OPTION_HELP;

		rows[i] = (struct option){ i < NUMBERS ? numbers[i].name : names[i - NUMBERS],
					   plain ? no_argument : required_argument, NULL, i };
		if (i < NUMBERS)
			v[i] = numbers[i].preset;
	}
	while ((k = getopt_long(argc, argv, "", rows, NULL)) != -1) {
		if (k == '?' || k == OPTION_HELP) {
			usage(k == '?' ? stderr : stdout);
			exit(k == '?' ? 2 : 0);
		}
		if (k < NUMBERS)
			v[k] = number(k, optarg);
		else
			named(o, k, optarg, &proto);
	}
	if (proto < 0 || !o->pcap == !o->udp || optind != argc) {
		usage(stderr);
		exit(2);
	}
	return proto;
}

static void set_up(struct ctx *c, const double v[NUMBERS])
{
	struct options *o = &c->opt;

	o->records = (uint64_t)v[RECORDS];
	o->per_packet = (unsigned)v[PER_PACKET];
	o->exporters = (unsigned)v[EXPORTERS];
	o->src_port = (uint16_t)v[SRC_PORT];
	o->templates = (unsigned)v[TEMPLATES];
	o->template_every = (unsigned)v[TEMPLATE_EVERY];
	o->v6_percent = v[V6] < 0 ? (o->proto == SFLOW ? 30 : 10) : (unsigned)v[V6];
	if (o->proto == NF5)
		o->v6_percent = 0;
	o->mtu = (unsigned)v[MTU];
	o->seed = (uint64_t)v[SEED];
	o->pps = v[PPS];
	o->batch = (unsigned)v[BATCH];
	o->pause_ms = (unsigned)v[PAUSE];
	c->model.inside_hosts = (uint32_t)v[INSIDE];
	c->model.outside_hosts = (uint32_t)v[OUTSIDE];
	c->model.rng.state = mix64(o->seed);
	c->model.ms_per_record = 1000.0 / v[RECORD_RATE];
	c->start_ms = (o->now ? (uint64_t)time(NULL) : DEFAULT_EPOCH) * 1000;
	c->model.now_ms = c->start_ms;
	c->exp = calloc(o->exporters, sizeof *c->exp);
	if (!c->exp)
		die("out of memory");
	/* .0 and .255 are left out: some tools dislike them */
	for (unsigned i = 0; i < o->exporters; i++)
		c->exp[i].addr = o->first_exporter + i / 250 * 256 + i % 250;
}

int main(int argc, char **argv)
{
	static struct ctx c = { .opt = { .first_exporter = 0x7f010001 } };
	double v[NUMBERS], seconds = 0;
	const struct options *o = &c.opt;

	c.opt.proto = (enum proto)parse(argc, argv, &c.opt, v);
	set_up(&c, v);
	generate(&c);
	if (o->pcap)
		write_pcap(&c);
	else
		seconds = send_udp(&c);
	fprintf(o->pcap && !strcmp(o->pcap, "-") ? stderr : stdout,
		"{\"proto\":\"%s\",\"records\":%" PRIu64 ",\"packets\":%zu,\"bytes\":%zu,"
		"\"exporters\":%u,\"seconds\":%.3f,\"pps\":%.0f,\"records_per_s\":%.0f}\n",
		protos[o->proto], c.out.records, c.out.count, c.out.used, o->exporters, seconds,
		seconds > 0 ? (double)(c.out.count - c.out.templates_first) / seconds : 0,
		seconds > 0 ? (double)c.out.records / seconds : 0);
	return 0;
}
