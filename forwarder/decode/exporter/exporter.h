/* SPDX-License-Identifier: Apache-2.0
 * Who sends: exporter addresses and their observation domains, with what was learnt and counted of
 * each.
 *
 * A `struct domain` is one observation domain (IPFIX), source id (v9), engine (v5), sub-agent
 * (sFlow) of one exporter address and protocol, over TCP another one than over UDP (RFC 7011
 * sections 8.1 and 10.4: templates are of a transport session): templates, learnt names, sequence
 * numbers and counters hang on it. A `struct exporter` ties the domains of one address together:
 * ceilings are his, and names of one domain help out in another that has none. Where several
 * devices send from an address, each is a `struct exporter` of its own beside that (device.h). */
#ifndef EF_DECODE_EXPORTER_H
#define EF_DECODE_EXPORTER_H

#include "common/ip.h"
#include "forwarder/decode/decode.h"
#include "forwarder/decode/exporter/clock.h"
#include "forwarder/decode/exporter/sequence.h"

#define DOMAIN_HEAD_MAX 224

struct domain;
struct ports;
struct template_store;
struct learnt_store;
struct held_list;
struct meter;
struct sums;

/* What is known of an exporter's second counters (outs.h). */
struct outs {
	uint16_t seen, equal; /* records that tell, and those of them where both are the same */
};

struct exporter {
	struct exporter *next; /* in its bucket of the table */
	struct ip address;
	uint16_t port; /* of one of several devices behind the address (device.h); 0: the address */
	struct exporter *root;   /* that of the address: itself where port is 0 */
	struct exporter *device; /* next device of the address */
	uint32_t devices;        /* of a root: how many follow */
	struct domain *domains;
	/* Of a root, for all of the address: */
	uint32_t charged;          /* domains that this address made, as sender */
	uint32_t templates, names; /* names: learnt names and rates */
	uint64_t held_bytes;       /* data that waits for its template */
	uint64_t memory;           /* all state, in bytes */
	struct ip agent_of;        /* as an sFlow agent: whose datagrams name it (agent.h) … */
	uint64_t agent_ms;         /* … and when one last did; 0: none ever */
	struct fields *fields;     /* elements that it described, over the decoder's; NULL: none */
	uint32_t elements;         /* how many */
	struct meter *meter;       /* which interfaces meter; NULL: it never said */
	struct sums *sums;         /* flows whose counters count up; NULL: it has none */
	struct outs outs;
	const struct domain *latest[6]; /* by enum learnt_kind: the domain that last sent one */
};

struct domain {
	struct domain *next;    /* in its bucket of the table */
	struct domain *sibling; /* next domain of the same exporter */
	struct exporter *exporter;
	struct exporter
	    *sender; /* who made it: not the exporter where an sFlow datagram names another agent */
	struct ip agent; /* that sFlow datagrams name; the exporter's address elsewhere */
	enum protocol protocol;
	uint32_t id;
	bool stream; /* over TCP */
	struct domain_counts now,
	    before;          /* since the start; when the last exporter line was written */
	uint16_t port;       /* of its first datagram */
	struct ports *ports; /* NULL until there is a second one */
	uint64_t last_seen_ms, line_due_ms;
	int64_t clock_skew_ms; /* of the last datagram */
	struct clock clock;
	uint32_t header_rate; /* sampling rate in the header or sFlow sample, 0: none */
	/* `"flow":{"type":"…","exporter":"…"`, of sFlow `,"relay":"…","agent":"…"` where these are
	 * others, of a device `,"shared":true` */
	char head[DOMAIN_HEAD_MAX];
	uint16_t head_len;
	struct sequence sequence;
	uint64_t grace_ms; /* what waits for suspended templates is looked at then; 0: nothing */
	uint64_t born_ms;  /* export time of the last datagram before it started again */
	struct template_store *templates; /* NULL until the first */
	struct learnt_store *learnt;      /* NULL until the first */
	struct held_list *held;           /* NULL until the first */
};

/* Which domain: of NetFlow and IPFIX all three addresses are the sender's. */
struct domain_key {
	const struct ip *sender, *exporter, *agent;
	enum protocol protocol;
	uint32_t id;
	bool stream;
	uint16_t port; /* of a device; 0: of the address */
};

/* Find or make. At a ceiling an idle domain that has learnt nothing makes room. NULL: there was
 * none, or there is no memory; that is counted and noted as the datagram's problem. */
struct domain *domain_get(struct decoder *dec, const struct domain_key *key);
/* The same without making one: NULL then. */
struct domain *domain_find(const struct decoder *dec, const struct domain_key *key);
struct domain_key domain_key(const struct domain *dom);
/* That of the address, of a domain of one of several devices behind it; NULL: it is none, or there
 * is none. */
struct domain *domain_base(const struct decoder *dec, const struct domain *dom);
/* The exporter of an address, or a device behind it; NULL: none is known. */
struct exporter *exporter_find(const struct decoder *dec, const struct ip *address, uint16_t port);
/* Forget a device with all its domains. */
void exporter_drop(struct decoder *dec, struct exporter *exporter);

/* Makes and frees the tables. */
struct exporter_table *exporter_table_new(void);
void exporter_table_free(struct decoder *dec);
/* Calls `each` for every domain; it may free nothing. */
int exporter_each(const struct decoder *dec, int (*each)(struct domain *, void *), void *arg);
/* Forget domains that are silent: for an hour when nothing is known of them, for the life of a
 * template otherwise. */
void exporter_expire(struct decoder *dec, uint64_t now_ms);

#endif
