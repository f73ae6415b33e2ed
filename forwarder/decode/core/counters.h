/* SPDX-License-Identifier: Apache-2.0
 * What the decoder counts, and the names of the numbers. */
#ifndef EF_DECODE_COUNTERS_H
#define EF_DECODE_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forwarder/decode/core/protocol.h"

/* All only grow, except those named _now. */
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
	uint64_t templates_suspended; /* the exporter started again */
	uint64_t templates_evicted;   /* for another of the exporter */
	uint64_t
	    descriptions_deferred;  /* sets decoded before what describes their elements counts */
	uint64_t exporters_refused; /* datagrams */
	uint64_t exporters_evicted; /* for others, when there was no room */
	uint64_t lines_withheld;    /* of exporters that are new */
	uint64_t options_refused;
	uint64_t options_ignored;  /* options records with nothing that is used */
	uint64_t options_repeated; /* measurements that came again within a minute */

	uint64_t unknown_template; /* sets */
	uint64_t held;             /* sets */
	uint64_t held_decoded;
	uint64_t held_dropped;
	uint64_t unconfirmed_sets; /* decoded with a template of before a restart */

	uint64_t lost; /* v9 and sFlow: datagrams; v5 and IPFIX: records */
	uint64_t reordered;
	uint64_t duplicates;
	uint64_t restarts;
	uint64_t clock_skew;     /* records whose time was not believed */
	uint64_t foreign_agents; /* sFlow datagrams that named an agent of another sender */

	uint64_t meters_refused; /* interfaces beyond the ceiling: records of them count */
	uint64_t flows_evicted;  /* flows whose sums are no longer known */

	uint64_t output_refused; /* lines beyond the ceiling of their exporter (line/ceiling.h) */

	uint64_t sink_dropped; /* lines that the sink had no room for */

	uint64_t devices_split;   /* found behind an address with others */
	uint64_t devices_refused; /* datagrams of more than an address may have */
	uint64_t exporters_now;   /* exporter and domain pairs */
	uint64_t devices_now;     /* told apart by their ports */
	uint64_t sessions_now;    /* of TCP connections, one in each domain that they send of */
	uint64_t templates_now;
	uint64_t options_now;
	uint64_t held_now;
	uint64_t memory_now; /* bytes of state */
};

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

/* What is counted of an exporter's domain, in the order of its lines (docs/raw-line.md): X(member,
 * help). */
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

#endif
