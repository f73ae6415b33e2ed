/* SPDX-License-Identifier: Apache-2.0
 * All settings of efd: its own options and the shared tables, read from file, environment and
 * command line. */
#include "forwarder/settings.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/conf_args.h"
#include "common/conf_dir.h"
#include "common/conf_doubt.h"
#include "common/log.h"
#include "forwarder/decode/core/settings.h"
#include "forwarder/ship/bulk.h"
#include "forwarder/udp.h"

#define AT(field)     offsetof(struct settings, field)
#define TEXT_(number) #number
#define TEXT(number)  TEXT_(number)

static const struct opt receive_rows[] = {
	{ .name = "udp.listen",
	  .type = OPT_LIST,
	  .offset = AT(udp_listen),
	  .flag = "listen",
	  .letter = 'l',
	  .preset = "2055,4739,6343",
	  .arg = "[ADDRESS:]PORT,…",
	  .help = "Where datagrams arrive; any protocol on any port. A port alone means all "
		  "addresses of "
		  "both families; IPv6 as [::1]:2055." },
	{ .name = "udp.workers",
	  .type = OPT_INT,
	  .offset = AT(workers),
	  .max = WORKERS_MAX,
	  .arg = "N",
	  .help = "Receiving threads, each with its own sockets. An exporter always lands on the "
		  "same one. "
		  "0: one for every two processors, at most 4." },
	{ .name = "udp.receive_buffer",
	  .type = OPT_SIZE,
	  .offset = AT(receive_buffer),
	  .preset = "32M",
	  .min = 65536,
	  .max = 1 << 30,
	  .help = "Socket buffer of each port and worker. The kernel's limit is the sysctl "
		  "net.core.rmem_max; efd warns when it gets less." },
	{ .name = "udp.gather_us",
	  .type = OPT_INT,
	  .offset = AT(gather_us),
	  .preset = "1000",
	  .max = 10000,
	  .arg = "MICROSECONDS",
	  .help = "How long datagrams may collect in the socket before they are read together. A "
		  "wake-up "
		  "for each would cost more than decoding it. 0: none." },
	{ .name = "udp.allow",
	  .type = OPT_LIST,
	  .offset = AT(allow),
	  .reloads = true,
	  .arg = "PREFIX,…",
	  .help =
	      "Exporters that may send, over UDP and TCP, as addresses or prefixes; an agent that "
	      "sFlow names must be one of them, too. Empty: all." },
	{ .name = "udp.cpus",
	  .type = OPT_LIST,
	  .offset = AT(cpus),
	  .arg = "CPU,…",
	  .help = "Processors to pin the workers to, in turn. Empty: no pinning." },
	{ .name = "tcp.listen",
	  .type = OPT_LIST,
	  .offset = AT(tcp_listen),
	  .arg = "[ADDRESS:]PORT,…",
	  .help = "Where IPFIX over TCP is taken (RFC 7011 section 10.4). Empty: nowhere." },
	{ .name = "tcp.connections",
	  .type = OPT_INT,
	  .offset = AT(tcp_connections),
	  .preset = "256",
	  .min = 1,
	  .max = 4096,
	  .help = "Ceiling on TCP connections, 64 KiB each. When it is reached, a new one takes "
		  "the place of the "
		  "one that was silent for longest, if that was a minute or more." },
	{ .name = "tee.to",
	  .type = OPT_LIST,
	  .offset = AT(tee),
	  .arg = "ADDRESS:PORT,…",
	  .help = "Other collectors that get a copy of every datagram, as it came." },
	{ .name = "tee.keep_source",
	  .type = OPT_BOOL,
	  .offset = AT(tee_keep_source),
	  .preset = "true",
	  .help = "Send copies with the exporter's address and port as source. Needs CAP_NET_RAW; "
		  "without it "
		  "efd warns and sends them from its own address." },
};

static const struct opt decode_rows[] = {
	{ .name = "decode.elements",
	  .type = OPT_LIST,
	  .offset = AT(elements),
	  .reloads = true,
	  .arg = "FILE,…",
	  .help = "Your own information elements: CSV with the header pen,id,name,type. Adds to "
		  "the "
		  "built-in tables and renames what is in them." },
	{ .name = "decode.clock_skew",
	  .type = OPT_DURATION,
	  .offset = AT(clock_skew_ms),
	  .preset = "5m",
	  .min = 1000,
	  .max = 366ll * 86400000,
	  .help = "An exporter whose clock is off by more than this has its times moved by as "
		  "much: the median of its last datagrams." },
	{ .name = "decode.join_options",
	  .type = OPT_BOOL,
	  .offset = AT(join_options),
	  .preset = "true",
	  .help = "Join names that exporters send in options records (interfaces, applications, "
		  "VRFs)." },
	{ .name = "decode.hold",
	  .type = OPT_BOOL,
	  .offset = AT(hold),
	  .preset = "true",
	  .help = "Keep data that comes before its template, and decode it when the template is "
		  "there." },
	{ .name = "decode.sflow_agents",
	  .type = OPT_BOOL,
	  .offset = AT(sflow_agents),
	  .preset = "true",
	  .help = "The exporter of sFlow is the agent that the datagram names, unless that is a "
		  "loopback or unspecified address or comes from another sender already. false: "
		  "always the sender." },
	{ .name = "decode.held_size",
	  .type = OPT_SIZE,
	  .offset = AT(held_bytes),
	  .preset = TEXT(DECODE_HELD_MIB) "M",
	  .max = 1ll << 34,
	  .help = "Ceiling on held bytes of a worker; one exporter may use an eighth of it, then "
		  "its oldest set makes room. 0 is the default, here and in those that follow." },
	{ .name = "decode.held_age",
	  .type = OPT_DURATION,
	  .offset = AT(held_ms),
	  .preset = TEXT(DECODE_HELD_MINUTES) "m",
	  .max = 86400000,
	  .help = "How long data may wait for its template. Many exporters repeat theirs every 30 "
		  "minutes." },
	{ .name = "decode.template_age",
	  .type = OPT_DURATION,
	  .offset = AT(template_ms),
	  .preset = TEXT(DECODE_TEMPLATE_HOURS) "h",
	  .max = 366ll * 86400000,
	  .help = "A template that was neither sent nor used for so long is forgotten. Over "
		  "TCP it lives as long as its connection." },
	{ .name = "decode.max_exporters",
	  .type = OPT_INT,
	  .offset = AT(max_exporters),
	  .preset = TEXT(DECODE_EXPORTERS),
	  .max = 10000000,
	  .help = "Ceiling on exporter and domain pairs of a worker." },
	{ .name = "decode.max_domains",
	  .type = OPT_INT,
	  .offset = AT(max_domains),
	  .preset = TEXT(DECODE_DOMAINS),
	  .max = 10000000,
	  .help = "Ceiling on the domains (sFlow: agents and sub-agents) of one sender address." },
	{ .name = "decode.max_templates",
	  .type = OPT_INT,
	  .offset = AT(max_templates),
	  .preset = TEXT(DECODE_TEMPLATES),
	  .max = 1000000,
	  .help = "Ceiling on templates of one exporter, in all its TCP connections." },
	{ .name = "decode.max_flows",
	  .type = OPT_INT,
	  .offset = AT(max_flows),
	  .preset = TEXT(DECODE_FLOWS),
	  .max = 4194304,
	  .help = "Flows of one exporter whose sums are kept, of exporters that count up (totals, "
		  "Cisco ASA): 72 bytes each." },
	{ .name = "decode.max_options",
	  .type = OPT_INT,
	  .offset = AT(max_options),
	  .preset = TEXT(DECODE_OPTIONS),
	  .max = 10000000,
	  .help = "Ceiling on names and rates learnt from one exporter." },
	{ .name = "decode.memory",
	  .type = OPT_SIZE,
	  .offset = AT(decode_memory),
	  .preset = TEXT(DECODE_MEMORY_MIB) "M",
	  .max = 1ll << 40,
	  .help =
	      "Ceiling on all decoder state of a worker; one exporter may use an eighth of it." },
	{ .name = "decode.exporter_interval",
	  .type = OPT_DURATION,
	  .offset = AT(exporter_line_ms),
	  .preset = "60s",
	  .min = 1000,
	  .max = 86400000,
	  .help = "How often each exporter's own numbers go to metrics-flow.exporters-*." },
};

static const struct opt run_rows[] = {
	{ .name = "output",
	  .type = OPT_TEXT,
	  .offset = AT(output),
	  .preset = "elasticsearch",
	  .letter = 'o',
	  .arg = "WHERE",
	  .help = "elasticsearch, - for NDJSON on standard output, or a file that NDJSON is "
		  "appended to "
		  "(SIGHUP and SIGUSR1 reopen it after rotation)." },
	{ .name = "state.dir",
	  .type = OPT_TEXT,
	  .offset = AT(state_dir),
	  .arg = "DIR",
	  .help =
	      "Directory for templates and names learnt from exporters, so that a restart is not "
	      "blind; spool "
	      "and reject file go there too unless they are set. systemd's STATE_DIRECTORY is the "
	      "default; without either, nothing is kept." },
	{ .name = "metrics.listen",
	  .type = OPT_TEXT,
	  .offset = AT(metrics_listen),
	  .arg = "[ADDRESS:]PORT",
	  .help =
	      "HTTP for /metrics (Prometheus), /healthz and /readyz. A port alone means 127.0.0.1. "
	      "Unset: none." },
	{ .name = "stop.timeout",
	  .type = OPT_DURATION,
	  .offset = AT(stop_timeout_ms),
	  .preset = "10s",
	  .max = 3600000,
	  .help = "How long a stop waits for Elasticsearch to take what is in memory; the rest "
		  "goes to the "
		  "spool." },
	{ .name = "seccomp",
	  .type = OPT_BOOL,
	  .offset = AT(seccomp),
	  .preset = "true",
	  .help = "Let the kernel refuse system calls that efd has no use for." },
	{ .name = "check_config",
	  .type = OPT_BOOL,
	  .offset = AT(check_only),
	  .flag = "check-config",
	  .flag_only = true,
	  .help = "Check the settings and all on this host that a start would refuse, and end." },
	{ .name = "check_output",
	  .type = OPT_BOOL,
	  .offset = AT(check_output),
	  .flag = "check-output",
	  .flag_only = true,
	  .help = "Ask the output once whether it would take data with these settings, and end. "
		  "Nothing is sent. Exit codes: 0 yes, 1 not now, 2 the credentials are refused or "
		  "somebody else answers, 3 the cluster lacks `efctl setup` or a data stream is "
		  "without effect, 4 nobody answers." },
	{ .name = "print_reference",
	  .type = OPT_BOOL,
	  .offset = AT(print_reference),
	  .flag = "print-reference",
	  .flag_only = true,
	  .prints = true,
	  .help = "Print every option as a commented YAML file and end." },
	{ .name = "print_man",
	  .type = OPT_BOOL,
	  .offset = AT(print_man),
	  .flag = "print-man",
	  .flag_only = true,
	  .prints = true,
	  .help = "Print the manual page and end." },
};

void settings_options(struct settings *s, struct opt_table ret_tables[SETTINGS_TABLES])
{
	ret_tables[0] = (struct opt_table){ .title = "Running", OPT_ROWS(run_rows), .settings = s };
	ret_tables[1] =
	    (struct opt_table){ .title = "Receiving", OPT_ROWS(receive_rows), .settings = s };
	ret_tables[2] =
	    (struct opt_table){ .title = "Decoding", OPT_ROWS(decode_rows), .settings = s };
	ret_tables[3] = elastic_options(&s->elastic);
	ret_tables[3].holders = &s->holders;
	ret_tables[4] = ship_options(&s->ship);
	ret_tables[5] = log_options(&s->log);
}

static int set_text(char **field, const char *fmt, const char *dir, struct err *err)
{
	if (*field)
		return 0;
	size_t room = strlen(fmt) + strlen(dir) + 1;
	char *text = malloc(room);
	if (!text)
		return err_set(err, EF_FAILED, "out of memory");
	snprintf(text, room, "%s%s", dir, fmt);
	*field = text;
	return 0;
}

/* What follows from the state directory, unless it was set. */
static int complete(struct settings *s, struct err *err)
{
	if (s->elastic.client_key && strlist_add(&s->holders, s->elastic.client_key))
		return err_set(err, EF_FAILED, "out of memory");
	const char *given = getenv("STATE_DIRECTORY");
	if (given && *given && set_text(&s->state_dir, "", given, err) < 0)
		return -1;
	if (!s->state_dir)
		return 0;
	if (set_text(&s->ship.spool_dir, "/spool", s->state_dir, err) < 0)
		return -1;
	return set_text(&s->ship.reject_file, "/rejects.ndjson", s->state_dir, err);
}

static int parse_allow(struct settings *s, struct err *err)
{
	if (s->allow.n > ALLOW_MAX)
		return err_set(err, EF_USAGE, "udp.allow: more than %d prefixes", ALLOW_MAX);
	s->live = calloc(1, sizeof(*s->live) + s->allow.n * sizeof(*s->live->allow));
	if (!s->live)
		return err_set(err, EF_FAILED, "out of memory");
	for (size_t i = 0; i < s->allow.n; i++)
		if (prefix_parse(s->allow.item[i], false, &s->live->allow[i], err) < 0)
			return err_wrap(err, "udp.allow");
	s->live->allow_n = s->allow.n;
	return 0;
}

static int check_cpus(const struct settings *s, struct err *err)
{
	for (size_t i = 0; i < s->cpus.n; i++) {
		char *end;
		const char *text = s->cpus.item[i];
		unsigned long cpu = strtoul(text, &end, 10);
		if (*text < '0' || *text > '9' || *end || cpu >= CPU_SETSIZE)
			return err_set(err, EF_USAGE, "udp.cpus: '%s' is no number of a processor",
				       text);
	}
	return 0;
}

static int check_address(const char *name, const char *text, bool loopback_default, struct err *err)
{
	struct listen_address ignored;
	return listen_parse(text, loopback_default, &ignored, err) < 0 ? err_wrap(err, "%s", name)
								       : 0;
}

static int check_addresses(const struct settings *s, struct err *err)
{
	const struct {
		const char *name;
		const struct strlist *list;
		bool loopback_default;
	} lists[] = { { "udp.listen", &s->udp_listen, false },
		      { "tcp.listen", &s->tcp_listen, false },
		      { "tee.to", &s->tee, true } };
	for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++)
		for (size_t i = 0; i < lists[l].list->n; i++)
			if (check_address(lists[l].name, lists[l].list->item[i],
					  lists[l].loopback_default, err) < 0)
				return -1;
	return s->metrics_listen && *s->metrics_listen
		   ? check_address("metrics.listen", s->metrics_listen, true, err)
		   : 0;
}

static int settings_check_ranges(struct settings *s, struct err *err)
{
	if (elastic_settings_check(&s->elastic, err) < 0 || parse_allow(s, err) < 0 ||
	    check_cpus(s, err) < 0 || check_addresses(s, err) < 0)
		return -1;
	if (!s->udp_listen.n && !s->tcp_listen.n)
		return err_set(
		    err, EF_USAGE,
		    "udp.listen and tcp.listen are both empty: nothing would be received");
	if (!s->workers) {
		long cpus = sysconf(_SC_NPROCESSORS_ONLN);
		s->workers = cpus >= 8 ? 4 : cpus >= 4 ? cpus / 2 : 1;
	}
	/* each worker and the TCP thread hold one, and one is being compressed */
	int64_t need = s->workers + (s->tcp_listen.n > 0) + 1;
	if (s->ship.buffers < need)
		return err_set(err, EF_USAGE,
			       "ship.buffers: %lld are too few for %lld workers; at least %lld",
			       (long long)s->ship.buffers, (long long)s->workers, (long long)need);
	struct line_head heads[LINE_KINDS];
	return bulk_heads(s->elastic.prefix, s->elastic.namespace, s->ship.ids, heads, err);
}

/* What efctl setup wrote, then the person's own file, which wins. */
static int read_all(const struct opt_table tables[SETTINGS_TABLES], int argc, char **argv,
		    char *ret_shown, struct err *err)
{
	struct strlist paths = { 0 };
	int result = conf_dir_list(EFD_CONFIG, &paths, err);
	CLEANUP_FREE struct conf_file *files = calloc(paths.n + 1, sizeof(*files));
	for (size_t i = 0; files && i < paths.n; i++)
		files[i].path = paths.item[i];
	if (result == 0 && !files)
		result = err_set(err, EF_FAILED, "out of memory");
	if (result == 0)
		result = conf_load(tables, SETTINGS_TABLES, files, paths.n, argc, argv, NULL,
				   ret_shown, err);
	strlist_release(&paths);
	return result;
}

int settings_load(struct settings *s, int argc, char **argv, char *ret_shown, struct err *err)
{
	struct opt_table tables[SETTINGS_TABLES];
	memset(s, 0, sizeof(*s));
	settings_options(s, tables);
	*ret_shown = 0;
	if (read_all(tables, argc, argv, ret_shown, err) == 0 &&
	    (*ret_shown || s->print_man || s->print_reference ||
	     (complete(s, err) == 0 && settings_check_ranges(s, err) == 0)))
		return 0;
	settings_release(s);
	return -1;
}

void settings_release(struct settings *s)
{
	struct opt_table tables[SETTINGS_TABLES];
	settings_options(s, tables);
	conf_release(tables, SETTINGS_TABLES);
	strlist_release(&s->holders);
	free(s->live);
	s->live = NULL;
}

void settings_doubt(struct settings *s, void (*tell)(const char *text))
{
	struct opt_table tables[SETTINGS_TABLES];
	settings_options(s, tables);
	conf_doubt_files(&s->holders, tell);
	conf_doubt_environment(tables, SETTINGS_TABLES, environ, tell);
}

/* ---- what a reload cannot change ---------------------------------------- */

void settings_changed(const struct settings *old, const struct settings *new, char *text,
		      size_t room)
{
	struct opt_table a[SETTINGS_TABLES], b[SETTINGS_TABLES];
	settings_options((struct settings *)(uintptr_t)old, a);
	settings_options((struct settings *)(uintptr_t) new, b);
	size_t len = 0;
	text[0] = '\0';
	for (int t = 0; t < SETTINGS_TABLES; t++)
		for (const struct opt *opt = a[t].rows; opt < a[t].rows + a[t].n; opt++)
			if (!opt->reloads && !opt->flag_only &&
			    conf_differs(opt, a[t].settings, b[t].settings) && len < room)
				len += (size_t)snprintf(text + len, room - len, "%s%s",
							len ? ", " : "", opt->name);
}
