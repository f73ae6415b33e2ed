/* SPDX-License-Identifier: Apache-2.0
 * Who sends: exporter addresses and their observation domains, with what was learnt and counted of each.
 *
 * A `struct domain` is one observation domain (IPFIX), source id (v9), engine (v5), sub-agent (sFlow) of one exporter
 * address and protocol: templates, options state, sequence numbers and counters hang on it. A `struct exporter` ties the
 * domains of one address together: ceilings are his, and options of one domain help out in another that has none. */
#ifndef EF_DECODE_EXPORTER_H
#define EF_DECODE_EXPORTER_H

#include "common/ip.h"
#include "forwarder/decode/decode.h"

struct exporter;
struct domain;
struct template_store;

/* Numbers of a domain since the start; the exporter line carries the difference to the last line. */
struct domain_counts {
	uint64_t datagrams, bytes, records, options_records;
	uint64_t lost, reordered, duplicates, restarts;
	uint64_t unknown_templates, decode_errors, held, held_dropped;
};

struct domain {
	struct domain *next;    /* in its bucket of the table */
	struct domain *sibling; /* next domain of the same exporter */
	struct exporter *exporter;
	enum protocol protocol;
	uint32_t id;
	struct domain_counts now, before; /* before: at the last exporter line */
	uint64_t last_seen_ms, line_due_ms;
	int64_t clock_skew_ms;
	uint32_t header_rate; /* sampling rate in the header or sFlow sample, 0: none */
	char *head;           /* `"flow":{"type":"…","exporter":"…","port":` */
	uint16_t head_len;
	struct sequence *sequence;
	struct template_store *templates; /* NULL until the first */
	struct options_store *options;    /* NULL until the first */
	struct held_list *held;           /* NULL until the first */
};

/* Find or make; NULL when a ceiling forbids a new one (counted) or there is no memory. */
struct domain *domain_get(struct decoder *dec, const struct ip *address, enum protocol protocol,
			  uint32_t id);

/* Account for a datagram with sequence number `seq` that carries `units` of what this protocol counts: losses, order,
 * duplicates. Returns true when the number says that the exporter has started again. */
bool domain_sequence(struct decoder *dec, struct domain *dom, uint32_t seq, uint32_t units,
		     uint32_t uptime_ms);

#endif
