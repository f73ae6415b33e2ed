/* SPDX-License-Identifier: Apache-2.0
 * Datagrams in, raw JSON lines out (docs/raw-line.md): NetFlow 1, 5, 6, 7, 9, IPFIX and sFlow 5.
 *
 * A decoder belongs to one thread. It does no I/O, reads no clock and takes no lock. It allocates when state is learnt
 * (an exporter, a template, an options record, data held for its template), never for a datagram that brings nothing
 * new. All state of one exporter must go through one decoder.
 *
 * Templates and state are kept by exporter address, protocol and observation domain (the source port does not count);
 * the newest definition wins. Every table has a ceiling (decode_limits) and a counter for hitting it. */
#ifndef EF_DECODE_DECODE_H
#define EF_DECODE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/ip.h"
#include "forwarder/decode/sink.h"

struct decoder;
struct fields;

struct datagram {
	const uint8_t *data;
	size_t len;
	struct ip src;
	uint16_t port;        /* source port; 0: from a file */
	uint64_t received_ms; /* since the epoch */
};

enum protocol {
	PROTO_NETFLOW1,
	PROTO_NETFLOW5,
	PROTO_NETFLOW6,
	PROTO_NETFLOW7,
	PROTO_NETFLOW9,
	PROTO_IPFIX,
	PROTO_SFLOW5,
	PROTOCOLS
};

/* "netflow5", "ipfix", ...: the text of flow.type. */
const char *protocol_name(enum protocol protocol);

struct decode_limits {
	uint32_t exporters;              /* exporter and domain pairs */
	uint32_t domains_per_exporter;   /* of them, made by one sender address */
	uint32_t templates_per_exporter; /* of one exporter address, all its domains */
	uint32_t options_per_exporter;   /* learnt names and rates, likewise */
	uint64_t memory;      /* bytes of all state together (an exporter may have an eighth) */
	uint32_t held_sets;   /* sets that wait for their template: of one exporter and domain, */
	uint64_t held_bytes;  /* of all together (an exporter may have an eighth), */
	uint64_t held_ms;     /* and for how long */
	uint64_t template_ms; /* a template that nobody used or sent for so long is forgotten */
};

struct decode_options {
	/* Taken: freed with the decoder, and when decoder_new() fails. NULL: the compiled rows alone. */
	struct fields *fields;
	/* What the tables of exporters and of what they say start their hashes with: a secret of hash_seed() where others
	 * may send, so that they cannot aim at one bucket; with 0 exporters' lines come in the same order each time. */
	uint64_t hash_seed;
	struct decode_limits limits; /* 0 in a member: the default of decode_defaults() */
	/* A time further from the receive time is not believed. 0: default. */
	uint64_t clock_skew_ms;
	uint64_t exporter_line_ms; /* interval of an exporter's own line. 0: default */
	bool no_silent_lines;      /* no line of an exporter that sent nothing since its last one */
	bool no_options_join;      /* leave out "options" */
	bool no_hold;              /* drop data that comes before its template */
};

/* What 0 stands for in decode_options. */
struct decode_options decode_defaults(void);

struct decoder *decoder_new(const struct decode_options *options, struct err *err);
void decoder_free(struct decoder *dec);

/* Other elements from the next datagram on: takes `fields`, as decode_options.fields. All templates are compiled again, and
 * everything else that was learnt stays. -1: no memory, and the old ones stay. */
int decoder_set_fields(struct decoder *dec, struct fields *fields, struct err *err);

enum decode_result {
	DECODE_OK,
	DECODE_SHORT,           /* shorter than its header */
	DECODE_UNKNOWN_VERSION, /* not a protocol of ours */
	DECODE_MALFORMED, /* something in it was wrong; what came before and after was decoded */
	DECODE_REFUSED,   /* a ceiling: the exporter is not known and there is no room for it */
};

enum decode_result decoder_datagram(struct decoder *dec, const struct datagram *dgram,
				    struct sink *sink);

/* What was wrong with the last datagram: valid after a result other than DECODE_OK, until the next datagram. */
struct decode_problem {
	const char *reason; /* static text: "set is longer than the message" */
	size_t offset;      /* in the datagram, bytes */
	uint32_t value;     /* the number found there: version, set id, length... */
};
const struct decode_problem *decoder_problem(const struct decoder *dec);

/* How many bytes the IPFIX message at the start of a TCP stream has: 0 when `len` is too short to tell, SIZE_MAX when
 * it is no IPFIX message (close the connection). */
size_t decode_stream_message(const uint8_t *data, size_t len);

/* Regular work; call it about once a second. Writes the exporters' lines that are due, drops held sets and forgets
 * templates whose time has passed. `now_ms` is on the same clock as received_ms. */
void decoder_tick(struct decoder *dec, uint64_t now_ms, struct sink *sink);

/* ---- counters: all only grow, except those named _now ---- */

struct decode_counters {
	uint64_t datagrams[PROTOCOLS];
	uint64_t bytes[PROTOCOLS];
	uint64_t records[PROTOCOLS];         /* flow records, sFlow flow and discard samples */
	uint64_t options_records[PROTOCOLS]; /* used for state or written as exporter lines */
	uint64_t counter_samples;

	uint64_t unknown_version; /* datagrams */
	uint64_t short_datagram;
	uint64_t malformed_header;
	uint64_t malformed_set;
	uint64_t malformed_template;
	uint64_t malformed_record;
	uint64_t malformed_list;
	uint64_t malformed_sample;
	uint64_t reserved_set;
	uint64_t skipped_structures; /* sFlow structures of unknown format, by length */

	uint64_t templates_added;
	uint64_t templates_replaced;
	uint64_t templates_withdrawn;
	uint64_t templates_expired;
	uint64_t templates_refused;
	uint64_t exporters_refused; /* datagrams */
	uint64_t options_refused;
	uint64_t options_ignored; /* options records with nothing that is used */

	uint64_t unknown_template; /* sets */
	uint64_t held;             /* sets */
	uint64_t held_decoded;
	uint64_t held_dropped;

	uint64_t lost; /* v9 and sFlow: datagrams; v5 and IPFIX: records */
	uint64_t reordered;
	uint64_t duplicates;
	uint64_t restarts;
	uint64_t clock_skew; /* records whose time was not believed */

	uint64_t sink_dropped; /* lines that the sink had no room for */

	uint64_t exporters_now; /* exporter and domain pairs */
	uint64_t templates_now;
	uint64_t options_now;
	uint64_t held_now;
	uint64_t memory_now; /* bytes of state */
};

const struct decode_counters *decoder_counters(const struct decoder *dec);

/* One row a number of decode_counters, for metrics and status. */
struct decode_counter_row {
	uint16_t offset;   /* of the uint64_t in struct decode_counters */
	bool gauge;        /* goes up and down */
	const char *name;  /* "records": snake case, no prefix, no unit suffix */
	const char *label; /* "protocol", "kind" or NULL */
	const char *value; /* of the label */
	const char *help;
};
extern const struct decode_counter_row decode_counter_rows[];
extern const size_t decode_counter_rows_len;

/* ---- exporters, for health and top lists ---- */

/* What is counted of an exporter's domain, in the order of its lines (docs/raw-line.md): X(member, help). */
#define DOMAIN_COUNTS(X)                                                          \
	X(datagrams, "Datagrams.")                                                \
	X(bytes, "Bytes of the datagrams.")                                       \
	X(records, "Flow records.")                                               \
	X(options_records, "Options records.")                                    \
	X(lost, "Lost before efd: datagrams or records, as the exporter counts.") \
	X(duplicates, "Datagrams that came twice.")                               \
	X(reordered, "Datagrams that came late.")                                 \
	X(restarts, "How often it started again.")                                \
	X(unknown_templates, "Data sets whose template was not known.")           \
	X(decode_errors, "Datagrams with something wrong in them.")               \
	X(held, "Sets that came before their template.")                          \
	X(held_dropped, "Those of them whose template never came.")

struct domain_counts {
#define DOMAIN_COUNT_(member, help) uint64_t member;
	DOMAIN_COUNTS(DOMAIN_COUNT_)
#undef DOMAIN_COUNT_
};

struct domain_count_row {
	uint16_t offset; /* in struct domain_counts */
	const char *name, *help;
};
extern const struct domain_count_row domain_count_rows[];
extern const size_t domain_count_rows_len;

struct exporter_info {
	struct ip address;
	enum protocol protocol;
	uint32_t domain;
	struct domain_counts counts; /* since the start */
	uint32_t templates;
	int64_t clock_skew_ms;  /* export time minus receive time, last datagram */
	uint32_t sampling_rate; /* 0: not known */
	uint64_t last_seen_ms;
};

/* Calls `each` for every exporter and domain, in no order; stops when it returns non-zero and returns that. */
int decoder_exporters(const struct decoder *dec, int (*each)(const struct exporter_info *, void *),
		      void *arg);

/* ---- state on disk: templates and options, so that a restart is not blind ---- */

/* Appends the state to `out`. -1: no memory or over the buffer's ceiling. */
int decoder_save(const struct decoder *dec, struct buf *out, struct err *err);
/* Some of the exporters: those that `holds` says yes to. */
struct decode_part {
	bool (*holds)(const struct ip *exporter, const void *arg);
	const void *arg;
};
/* Takes the state that decoder_save() wrote into a new decoder, of all exporters when `part` is NULL. Nothing is taken from a damaged file; that its content is
 * not hostile cannot be told, so every entry passes the same checks as what comes over the wire. Times after `now_ms` (on
 * the clock of received_ms) are not believed: what was learnt then would never be too old. */
int decoder_load(struct decoder *dec, const void *data, size_t len, uint64_t now_ms,
		 const struct decode_part *part, struct err *err);

#endif
