/* SPDX-License-Identifier: Apache-2.0
 * All settings of efd: its own options and the shared tables, read from file, environment and
 * command line. */
#ifndef EF_SETTINGS_H
#define EF_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/conf.h"
#include "common/ip.h"
#include "common/options.h"
#include "forwarder/ship/options.h"
#include "forwarder/worker.h"

#define WORKERS_MAX 64
#define ALLOW_MAX   1024 /* prefixes in udp.allow: each datagram walks the list */

struct settings {
	struct strlist udp_listen;
	int64_t workers; /* 0: by the number of processors */
	int64_t receive_buffer;
	int64_t gather_us;
	struct strlist allow;
	struct strlist cpus;
	struct strlist tcp_listen;
	int64_t tcp_connections;
	char *output; /* "elasticsearch", "-" or a file */
	char *state_dir;
	char *metrics_listen;
	int64_t stop_timeout_ms;
	struct strlist tee;
	bool tee_keep_source;
	bool seccomp;
	int64_t clock_skew_ms;
	int64_t exporter_line_ms;
	int64_t max_exporters;
	int64_t max_domains;
	int64_t max_templates;
	int64_t max_options;
	int64_t max_flows;
	int64_t decode_memory;
	int64_t held_bytes;
	int64_t held_ms;
	int64_t template_ms;
	struct strlist elements; /* CSV files */
	bool join_options;
	bool hold;
	bool sflow_agents;
	bool check_only;
	bool check_output;
	bool print_reference;
	bool print_man;

	struct elastic_settings elastic;
	struct ship_settings ship;
	struct log_settings log;

	struct worker_live *live; /* `allow`, parsed */
	struct strlist holders;   /* files that secrets were read from */
};

#define SETTINGS_TABLES 6
/* The tables of all options, with their fields in `s`. */
void settings_options(struct settings *s, struct opt_table ret_tables[SETTINGS_TABLES]);

/* Reads, checks and completes everything. *ret_shown: 'h' or 'V' when --help or --version was asked
 * for. On failure nothing needs releasing. */
int settings_load(struct settings *s, int argc, char **argv, char *ret_shown, struct err *err);
void settings_release(struct settings *s);

/* Calls `tell` with a line for people for what is odd and no error (conf_doubt.h). */
void settings_doubt(struct settings *s, void (*tell)(const char *text));

/* Names the options that differ between the two and need a restart, separated by ", "; "" when
 * there are none. */
void settings_changed(const struct settings *old, const struct settings *new, char *text,
		      size_t room);

#endif
