/* SPDX-License-Identifier: Apache-2.0
 * The text of /metrics: every counter of every part, in Prometheus' format. */
#include "forwarder/metrics.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "forwarder/decode/tick.h"

#define TOP_EXPORTERS 20

/* ---- rows ----------------------------------------------------------------- */

struct worker_row {
	uint16_t offset; /* in struct worker_counters */
	const char *name, *help;
};

#define WORKER_ROW(member, text)                                        \
	{                                                               \
		offsetof(struct worker_counters, member), #member, text \
	}

static const struct worker_row worker_rows[] = {
	WORKER_ROW(datagrams, "Datagrams received."),
	WORKER_ROW(bytes, "Bytes of datagrams and TCP messages received."),
	WORKER_ROW(tcp_messages, "IPFIX messages received over TCP."),
	WORKER_ROW(kernel_drops,
		   "Datagrams that the kernel dropped for want of room in the socket buffer."),
	WORKER_ROW(not_allowed, "Datagrams of senders that udp.allow leaves out."),
	WORKER_ROW(truncated,
		   "Datagrams that were cut because they are longer than a datagram may be."),
	WORKER_ROW(receive_errors, "Failed system calls on sockets."),
	WORKER_ROW(wakeups, "How often a worker woke up."),
	WORKER_ROW(tee_sent, "Copies sent to other collectors."),
	WORKER_ROW(tee_failed, "Copies that could not be sent."),
};

/* The first failure to add text sticks; the result is looked at once, at the end. */
struct page {
	struct buf *buf;
	char family[96]; /* last one that was introduced */
	bool failed;
};

#define ADD(t, ...) ((t)->failed = (t)->failed || buf_add_fmt((t)->buf, __VA_ARGS__) < 0)

static void introduce(struct page *t, const char *prefix, const char *name, bool gauge,
		      const char *help)
{
	if (strcmp(t->family, name) == 0)
		return;
	snprintf(t->family, sizeof(t->family), "%s", name);
	const char *suffix = gauge ? "" : "_total";
	ADD(t, "# HELP %s%s%s %s\n# TYPE %s%s%s %s\n", prefix, name, suffix, help, prefix, name,
	    suffix, gauge ? "gauge" : "counter");
}

static void text_sample(struct page *t, const char *name, bool gauge, const char *label,
			const char *value, const char *help, uint64_t number)
{
	introduce(t, "efd_", name, gauge, help);
	if (label)
		ADD(t, "efd_%s%s{%s=\"%s\"} %" PRIu64 "\n", name, gauge ? "" : "_total", label,
		    value, number);
	else
		ADD(t, "efd_%s%s %" PRIu64 "\n", name, gauge ? "" : "_total", number);
}

static uint64_t number_at(const void *counters, uint16_t offset)
{
	uint64_t n;
	memcpy(&n, (const char *)counters + offset, sizeof(n));
	return n;
}

/* ---- parts ---------------------------------------------------------------- */

static void write_workers(struct page *t, const struct worker_report *reports, uint32_t n)
{
	for (size_t r = 0; r < sizeof(worker_rows) / sizeof(worker_rows[0]); r++) {
		const struct worker_row *row = &worker_rows[r];
		for (uint32_t i = 0; i < n; i++) {
			char number[16];
			snprintf(number, sizeof(number), "%u", i);
			text_sample(t, row->name, false, "worker", number, row->help,
				    number_at(&reports[i].worker, row->offset));
		}
	}
}

static void write_decoders(struct page *t, const struct worker_report *reports, uint32_t n)
{
	for (size_t r = 0; r < decode_counter_rows_len; r++) {
		const struct decode_counter_row *row = &decode_counter_rows[r];
		char name[96];
		uint64_t sum = 0;
		for (uint32_t i = 0; i < n; i++)
			sum += number_at(&reports[i].decode, row->offset);
		snprintf(name, sizeof(name), "decode_%s", row->name);
		text_sample(t, name, row->gauge, row->label, row->value, row->help, sum);
	}
}

/* Merges the workers' lists, each in order, into one of the exporters with the most records; its
 * length. */
static size_t top_exporters(const struct worker_report *reports, uint32_t n,
			    const struct exporter_info *ret_top[TOP_EXPORTERS])
{
	size_t next[WORKERS_MAX] = { 0 }, len = 0;
	while (len < TOP_EXPORTERS) {
		const struct exporter_info *best = NULL;
		uint32_t from = 0;
		for (uint32_t i = 0; i < n; i++) {
			const struct exporter_info *e =
			    next[i] < reports[i].top_n ? &reports[i].top[next[i]] : NULL;
			if (e && (!best || e->counts.records > best->counts.records)) {
				best = e;
				from = i;
			}
		}
		if (!best)
			break;
		next[from]++;
		ret_top[len++] = best;
	}
	return len;
}

#define EXPORTER_LABELS_MAX (4 * IP_TEXT_MAX + 160)

/* Who it is; what tells apart those of one address only where there are such. */
static void exporter_labels(const struct exporter_info *e, char out[EXPORTER_LABELS_MAX])
{
	char address[IP_TEXT_MAX], other[IP_TEXT_MAX];
	ip_format(&e->address, address);
	size_t n = (size_t)snprintf(out, EXPORTER_LABELS_MAX,
				    "exporter=\"%s\",protocol=\"%s\",domain=\"%u\"", address,
				    protocol_name(e->protocol), e->domain);
	if (e->port)
		n += (size_t)snprintf(out + n, EXPORTER_LABELS_MAX - n, ",port=\"%u\"", e->port);
	if (e->stream)
		n += (size_t)snprintf(out + n, EXPORTER_LABELS_MAX - n, ",transport=\"tcp\"");
	if (!ip_equal(&e->sender, &e->address)) {
		ip_format(&e->sender, other);
		n += (size_t)snprintf(out + n, EXPORTER_LABELS_MAX - n, ",relay=\"%s\"", other);
	}
	if (!ip_equal(&e->agent, &e->address)) {
		ip_format(&e->agent, other);
		snprintf(out + n, EXPORTER_LABELS_MAX - n, ",agent=\"%s\"", other);
	}
}

static void write_exporters(struct page *t, const struct worker_report *reports, uint32_t n)
{
	const struct exporter_info *top[TOP_EXPORTERS];
	size_t len = top_exporters(reports, n, top);
	for (size_t r = 0; r < domain_count_rows_len; r++) {
		const struct domain_count_row *row = &domain_count_rows[r];
		char name[64], help[160];
		snprintf(name, sizeof(name), "exporter_%s", row->name);
		snprintf(help, sizeof(help), "Of the exporters with the most records: %s",
			 row->help);
		introduce(t, "efd_", name, false, help);
		for (size_t i = 0; i < len; i++) {
			char labels[EXPORTER_LABELS_MAX];
			exporter_labels(top[i], labels);
			ADD(t, "efd_%s_total{%s} %" PRIu64 "\n", name, labels,
			    number_at(&top[i]->counts, row->offset));
		}
	}
}

static void write_latency(struct page *t, const struct ship_counters *c)
{
	uint64_t sum = 0;
	ADD(t, "# HELP efd_ship_request_seconds Duration of bulk requests.\n"
	       "# TYPE efd_ship_request_seconds histogram\n");
	for (int i = 0; i < SHIP_LATENCY_BUCKETS; i++) {
		sum += c->latency[i];
		if (i < SHIP_LATENCY_BUCKETS - 1)
			ADD(t, "efd_ship_request_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
			    ship_latency_ms[i] / 1000.0, sum);
	}
	ADD(t, "efd_ship_request_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", sum);
	ADD(t, "efd_ship_request_seconds_sum %g\nefd_ship_request_seconds_count %" PRIu64 "\n",
	    (double)c->latency_sum_ms / 1000, sum);
}

/* Ids are public; the secrets are not here. */
static void write_keys(struct page *t, struct shipper *s)
{
	struct ship_keys keys;
	shipper_get_keys(s, &keys);
	for (size_t i = 0; i < keys.n; i++)
		text_sample(
		    t, "ship_key_documents", false, "id", keys.list[i].id,
		    "Documents that the cluster acknowledged, by the id of the API key; the "
		    "last few keys.",
		    keys.list[i].documents);
	for (size_t i = 0; i < keys.n; i++)
		text_sample(t, "ship_key_in_force", true, "id", keys.list[i].id,
			    "1: requests are made with this API key; 0: they were.",
			    keys.list[i].in_force);
}

static void write_effects(struct page *t, struct shipper *s)
{
	struct ship_effect effects[BULK_STREAMS];
	size_t n = shipper_get_effects(s, effects);
	for (size_t i = 0; i < n; i++)
		text_sample(t, "ship_stream_verified", true, "stream", effects[i].stream,
			    "1: what is sent to this data stream takes effect there; 0: that is "
			    "not known, or it does not.",
			    effects[i].proven);
}

static void write_shipper(struct page *t, struct shipper *s)
{
	struct ship_counters c;
	shipper_get_counters(s, &c);
	for (size_t r = 0; r < ship_counter_rows_len; r++) {
		const struct ship_counter_row *row = &ship_counter_rows[r];
		text_sample(t, row->name, row->gauge, row->label, row->value, row->help,
			    number_at(&c, row->offset));
	}
	uint64_t now_ms = clock_wall_ms();
	uint64_t oldest = c.spool_oldest_ms_now;
	text_sample(t, "spool_oldest_seconds", true, NULL, NULL,
		    "Age of the oldest batch in the spool.",
		    oldest && now_ms > oldest ? (now_ms - oldest) / 1000 : 0);
	write_latency(t, &c);
	write_keys(t, s);
	write_effects(t, s);
}

static void write_output(struct page *t, const struct output *o)
{
	uint64_t lines, bytes;
	output_counts(o, &lines, &bytes);
	text_sample(t, "output_lines", false, NULL, NULL, "Lines written to the output.", lines);
	text_sample(t, "output_bytes", false, NULL, NULL, "Bytes written to the output.", bytes);
}

static uint64_t resident_bytes(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (f) {
		if (fscanf(f, "%*s %llu", &pages) != 1)
			pages = 0;
		fclose(f);
	}
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t open_files(void)
{
	uint64_t n = 0;
	DIR *d = opendir("/proc/self/fd");
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n > 3 ? n - 3 : 0; /* ".", ".." and the directory itself */
}

static void write_process(struct page *t, const struct efd *efd)
{
	struct rusage use;
	getrusage(RUSAGE_SELF, &use);
	double cpu = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		     (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
	introduce(t, "efd_", "build_info", true, "The version of efd.");
	ADD(t, "efd_build_info{version=\"%s\"} 1\n", EF_VERSION);
	text_sample(
	    t, "config_last_reload_successful", true, NULL, NULL,
	    "1: the settings that were read last are in force; 0: a reload refused them, and "
	    "those of "
	    "before stay.",
	    efd->settings_refused ? 0 : 1);
	text_sample(
	    t, "config_last_reload_success_timestamp_seconds", true, NULL, NULL,
	    "When settings were last read and taken (a start, or a reload), in seconds since 1970.",
	    efd->taken_s);
	text_sample(t, "uptime_seconds", true, NULL, NULL, "Since the start.",
		    (clock_now_ms() - efd->started_ms) / 1000);
	introduce(t, "", "process_cpu_seconds", false, "Processor time of user and system.");
	ADD(t, "process_cpu_seconds_total %.3f\n", cpu);
	introduce(t, "", "process_resident_memory_bytes", true, "Resident memory.");
	ADD(t, "process_resident_memory_bytes %" PRIu64 "\n", resident_bytes());
	introduce(t, "", "process_open_fds", true, "Open descriptors.");
	ADD(t, "process_open_fds %" PRIu64 "\n", open_files());
}

static void write_tcp(struct page *t, const struct tcp *tcp)
{
	const struct tcp_counts c = tcp_get_counts(tcp);
	text_sample(t, "tcp_connections", true, NULL, NULL, "Open TCP connections.", c.open);
	text_sample(t, "tcp_accepted", false, NULL, NULL, "TCP connections accepted.", c.accepted);
	text_sample(t, "tcp_refused", false, NULL, NULL,
		    "TCP connections over the ceiling, or of senders that udp.allow leaves out.",
		    c.refused);
	text_sample(t, "tcp_displaced", false, NULL, NULL,
		    "Silent TCP connections closed because a new one needed the place.",
		    c.displaced);
	text_sample(
	    t, "tcp_crowded", false, NULL, NULL,
	    "TCP connections closed because a new one needed the place and their address had the "
	    "most.",
	    c.crowded);
	text_sample(
	    t, "tcp_broken", false, NULL, NULL,
	    "TCP connections closed because they carried no IPFIX, came from a sender who is not "
	    "allowed any more, or had to make room.",
	    c.broken);
	text_sample(t, "tcp_cut", false, NULL, NULL,
		    "TCP connections that ended in the middle of a message, which is lost.", c.cut);
}

int metrics_write(struct efd *efd, struct buf *out)
{
	struct page t = { .buf = out };
	struct worker_report *reports = calloc(efd->workers_n, sizeof(*reports));
	if (!reports)
		return -1;
	for (uint32_t i = 0; i < efd->workers_n; i++)
		worker_get_report(efd->workers[i], &reports[i]);
	write_process(&t, efd);
	write_workers(&t, reports, efd->workers_n);
	write_decoders(&t, reports, efd->workers_n);
	write_exporters(&t, reports, efd->workers_n);
	if (efd->tcp)
		write_tcp(&t, efd->tcp);
	if (efd->shipper)
		write_shipper(&t, efd->shipper);
	if (efd->output)
		write_output(&t, efd->output);
	free(reports);
	return t.failed ? -1 : 0;
}
