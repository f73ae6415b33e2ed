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

struct domain;
struct template_store;
struct options_store;
struct held_list;

struct exporter {
	struct exporter *next; /* in its bucket of the table */
	struct ip address;
	struct domain *domains;
	uint32_t charged;            /* domains that this address made, as sender */
	uint32_t templates, options; /* of all its domains */
	uint64_t held_bytes;         /* likewise: data that waits for its template */
	uint64_t memory;             /* likewise: all state, in bytes */
	struct fields *fields; /* elements that it described, over the decoder's; NULL: none */
	uint32_t learnt;       /* how many */
	const struct domain *latest[6]; /* by enum option_kind: the domain that last sent one */
};

/* What the number of a datagram counts: datagrams; records sent before it (RFC 7011 section 3.1); records with its own,
 * options records left out (softflowd's IPFIX). Exporters differ from the standards: it is learnt from the numbers. */
enum sequence_unit { UNIT_DATAGRAM, UNIT_RECORD, UNIT_RECORD_AFTER, SEQUENCE_UNITS };

#define SEQUENCE_RECENT 16
#define SEQUENCE_GAPS   8

struct sequence {
	bool started;
	bool exact;                   /* how many records the last datagram had is known */
	uint8_t unit;                 /* enum sequence_unit */
	int8_t trust[SEQUENCE_UNITS]; /* above 0: the numbers follow one another in this unit */
	uint32_t last_seq, last_records;
	uint32_t uptime_ms;
	uint64_t seen_ms;
	uint32_t recent[SEQUENCE_RECENT]; /* marks of the last datagrams, for duplicates */
	uint8_t recent_at, gaps_len, late_run;
	struct sequence_gap {
		uint32_t from, len;
		uint32_t age;       /* in datagrams */
		uint64_t opened_ms; /* when it was seen */
	} gaps[SEQUENCE_GAPS];      /* numbers that have not come yet; by age they become losses */
};

struct domain {
	struct domain *next;    /* in its bucket of the table */
	struct domain *sibling; /* next domain of the same exporter */
	struct exporter *exporter;
	struct exporter
	    *sender; /* who made it: not the exporter where an sFlow datagram names another agent */
	enum protocol protocol;
	uint32_t id;
	struct domain_counts now,
	    before; /* since the start; when the last exporter line was written */
	uint64_t last_seen_ms, line_due_ms;
	int64_t clock_skew_ms;
	uint32_t header_rate; /* sampling rate in the header or sFlow sample, 0: none */
	char head[104];       /* `"flow":{"type":"…","exporter":"…"` */
	uint16_t head_len;
	struct sequence sequence;
	struct template_store *templates; /* NULL until the first */
	struct options_store *options;    /* NULL until the first */
	struct held_list *held;           /* NULL until the first */
};

/* Find or make, for a datagram of `sender`. At a ceiling an idle domain that has learnt nothing makes room. NULL: there was
 * none, or there is no memory; that is counted and noted as the datagram's problem. */
struct domain *domain_get(struct decoder *dec, const struct ip *sender, const struct ip *address,
			  enum protocol protocol, uint32_t id);

/* Makes and frees the tables. */
struct exporter_table *exporter_table_new(void);
void exporter_table_free(struct decoder *dec);
/* Calls `each` for every domain; it may free nothing. */
int exporter_each(const struct decoder *dec, int (*each)(struct domain *, void *), void *arg);
/* Forget domains that are silent: for an hour when nothing is known of them, for the life of a template otherwise. */
void exporter_expire(struct decoder *dec, uint64_t now_ms);

/* Memory of an exporter's state is taken and returned here, so that all together have a ceiling, and each a share of it
 * that nobody else can use up. False: one of them is reached. */
bool memory_take(struct decoder *dec, struct exporter *exporter, size_t bytes);
void memory_return(struct decoder *dec, struct exporter *exporter, size_t bytes);

/* Account for the datagram at hand, which had `records` records, `options` of them options records (`exact`: all were counted; some may wait for their
 * template): losses, order, duplicates, restarts. uptime_ms 0: the protocol has none. */
void domain_sequence(struct decoder *dec, struct domain *dom, uint32_t seq, uint32_t records,
		     uint32_t options, bool exact, uint32_t uptime_ms);
/* What has been missing for a while at `now_ms` is lost. */
void domain_sequence_settle(struct decoder *dec, struct domain *dom, uint64_t now_ms);

#endif
