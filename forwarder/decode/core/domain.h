/* SPDX-License-Identifier: Apache-2.0
 * Who sends: exporter addresses and their observation domains, with what was learnt and counted of
 * each. All layers read it; what is done with it stands in exporter/.
 *
 * A `struct domain` is one observation domain (IPFIX), source id (v9), engine (v5), sub-agent
 * (sFlow) of one exporter address and protocol, over TCP another one than over UDP: learnt names,
 * the clock and counters hang on it. A `struct session` is what holds within one Transport Session
 * only (RFC 7011 sections 2, 3.1 and 8.1): templates, the data that waits for them, and sequence
 * numbers. Over UDP a domain has one, its own; over TCP each connection has one in every domain
 * that it sends of, and that ends with the connection. A `struct exporter` ties the domains of one
 * address together: ceilings are his, and names of one domain help out in another that has none.
 * Where several devices send from an address, each is a `struct exporter` of its own beside that
 * (exporter/device.h). */
#ifndef EF_DECODE_DOMAIN_H
#define EF_DECODE_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/ip.h"
#include "forwarder/decode/core/counters.h"
#include "forwarder/decode/core/protocol.h"
#include "forwarder/decode/core/ring.h"

#define DOMAIN_HEAD_MAX 224

struct domain;
struct fields;
struct ports;
struct stream;
struct template_store;
struct learnt_store;
struct held_list;
struct meter;
struct sums;

/* How far the clock is off (exporter/clock.h). */
#define CLOCK_RECENT 15

struct clock {
	int64_t recent[CLOCK_RECENT]; /* milliseconds */
	uint8_t len, at;
	uint8_t far;       /* of them, beyond the limit */
	int64_t offset_ms; /* what is taken off its times; 0: it is believed */
};

/* What the number of a datagram counts: datagrams; records sent before it (RFC 7011 section 3.1);
 * records with its own, meta records left out (softflowd's IPFIX). Exporters differ from the
 * standards: it is learnt from the numbers. */
enum sequence_unit { UNIT_DATAGRAM, UNIT_RECORD, UNIT_RECORD_AFTER, SEQUENCE_UNITS };

#define SEQUENCE_RECENT 16
#define SEQUENCE_GAPS   8

struct sequence {
	bool started;
	bool anew;                    /* the next datagram is the first after a restart */
	bool exact;                   /* how many records the last datagram had is known */
	uint8_t unit;                 /* enum sequence_unit */
	int8_t trust[SEQUENCE_UNITS]; /* above 0: the numbers follow one another in this unit */
	uint32_t last_seq, last_records;
	uint32_t uptime_ms;               /* of the newest datagram, as are … */
	uint64_t exported_ms, seen_ms;    /* … its header's time, and when it was received */
	uint8_t low_run;                  /* numbers in a row that are back near 0 (restart.h) */
	uint64_t recent[SEQUENCE_RECENT]; /* marks of the last datagrams, for duplicates */
	uint8_t recent_at, gaps_len, late_run;
	struct sequence_gap {
		uint32_t from, len;
		uint32_t age;       /* in datagrams */
		uint64_t opened_ms; /* when it was seen */
	} gaps[SEQUENCE_GAPS];      /* numbers that have not come yet; by age they become losses */
};

/* A row of a hash table (exporter/hashed.h). */
struct hashed {
	struct hashed *next; /* in its bucket */
	uint32_t hash;
};

struct session {
	struct domain *domain;
	struct template_store *templates; /* NULL until the first */
	struct held_list *held;           /* NULL until the first */
	struct sequence sequence;
	/* Of a connection (exporter/session.h): */
	struct learnt_store *learnt; /* what it alone taught; NULL: nothing */
	uint8_t taught;              /* bit per enum learnt_kind: those are there */
	struct hashed hashed;
	struct stream *stream; /* NULL: it is the domain's own */
	/* The next one of the domain, and what points to this one; the same of the connection. */
	struct session *sibling, **sibling_link;
	struct session *next, **next_link;
};

/* What is known of an exporter's second counters (exporter/outs.h). */
struct outs {
	uint16_t seen, equal; /* records that tell, and those of them where both are the same */
};

/* Who is kept when there is no room for all (exporter/rank.h). */
enum rank {
	RANK_UNHEARD, /* nothing that it sent could be decoded */
	RANK_NEW,     /* heard, but not for RANK_MS yet */
	RANK_KNOWN,
	RANKS
};

/* Bytes received and bytes of lines written, in these ten seconds and in the ten before. */
struct traffic {
	uint64_t window; /* ten seconds since the epoch */
	uint64_t in[2], out[2];
};

struct exporter {
	struct hashed hashed;
	struct ip address;
	uint16_t port; /* of one of several devices behind the address (device.h); 0: the address */
	struct exporter *root;   /* that of the address: itself where port is 0 */
	struct exporter *device; /* next device of the address */
	uint32_t devices;        /* of a root: how many follow */
	struct domain *domains;
	struct domain *hand; /* the search for one that makes room goes on here; NULL: anew */
	/* Of a root, for all of the address: */
	uint32_t charged;          /* domains that this address made, as sender */
	uint32_t templates, names; /* names: learnt names and rates */
	uint64_t held_bytes;       /* data that waits for its template */
	uint64_t memory;           /* all state, in bytes */
	struct traffic traffic;    /* line/ceiling.h */
	struct ip agent_of;        /* as an sFlow agent: whose datagrams name it (agent.h) … */
	uint64_t agent_ms;         /* … and when one last did; 0: none ever */
	struct fields *fields;     /* elements that it described, over the decoder's; NULL: none */
	uint32_t elements;         /* how many */
	uint32_t described;        /* the newest of them, by the decoder's count of descriptions */
	struct meter *meter;       /* which interfaces meter; NULL: it never said */
	struct sums *sums;         /* flows whose counters count up; NULL: it has none */
	struct outs outs;
	uint32_t longest_s;    /* longest flow seen: the active timeout as far as known … */
	uint32_t longest_at_s; /* … and when one was last looked at */
	const struct domain *latest[7]; /* by enum learnt_kind: the domain that last sent one */
	bool names_samplers;            /* a template of flows has the id of a sampler */
};

struct domain {
	struct hashed hashed;
	struct ring due, rank;  /* exporter/due.h, exporter/rank.h */
	struct domain *sibling; /* next domain of the same exporter … */
	struct domain **link;   /* … and what points to this one */
	struct exporter *exporter;
	struct exporter
	    *sender; /* who made it: not the exporter where an sFlow datagram names another agent */
	struct ip agent; /* that sFlow datagrams name; the exporter's address elsewhere */
	enum protocol protocol;
	uint32_t id;
	bool stream;              /* over TCP */
	struct session own;       /* used where it is not */
	struct session *sessions; /* of connections, where it is */
	uint32_t templates;       /* in all its sessions */
	struct domain_counts now,
	    before;          /* since the start; when the last exporter line was written */
	uint16_t port;       /* of its first datagram */
	struct ports *ports; /* NULL until there is a second one */
	uint64_t last_seen_ms, line_due_ms;
	uint64_t made_ms, ranked_ms; /* ranked: last_seen_ms when it got its place */
	uint8_t rank_of;             /* enum rank */
	int64_t clock_skew_ms;       /* of the last datagram */
	struct clock clock;
	uint32_t header_rate; /* sampling rate in the header or sFlow sample, 0: none */
	/* `"flow":{"type":"…","exporter":"…"`, of sFlow `,"relay":"…","agent":"…"` where these are
	 * others, of a device `,"shared":true` */
	char head[DOMAIN_HEAD_MAX];
	uint16_t head_len;
	uint64_t grace_ms; /* what waits for suspended templates is looked at then; 0: nothing */
	uint64_t born_ms;  /* export time of the last datagram before it started again */
	/* What compiling its templates again may cost, and for which bytes that was granted. */
	uint64_t credit, credited_bytes;
	struct learnt_store *learnt; /* NULL until the first */
	struct stated *stated;       /* the same */
	/* By enum learnt_kind: the connection that teaches it; NULL: none that is there. */
	const struct session *teacher[7];
};

/* All sessions of a domain: from the first to the next `sibling`. */
static inline struct session *domain_sessions(struct domain *dom)
{
	return dom->stream ? dom->sessions : &dom->own;
}

#endif
