/* SPDX-License-Identifier: Apache-2.0
 * The table of learnt names and rates of a domain: what exporters say about themselves in meta
 * records.
 *
 * Names and rates are kept by domain. Where a domain has none of a kind, another domain of the same
 * exporter address may lend its own: several vendors send them under another domain than the flows
 * (learnt_lender). Text is rendered to JSON when it is learnt, so that a flow only copies it. What
 * is not sent again ages like a template. */
#ifndef EF_DECODE_LEARNT_H
#define EF_DECODE_LEARNT_H

#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/decoder.h"

/* What is learnt. */
enum learnt_kind {
	LEARNT_INTERFACE,           /* by interface index: name, description, sampling rate */
	LEARNT_APPLICATION,         /* by application id */
	LEARNT_VRF,                 /* by VRF id */
	LEARNT_SAMPLER,             /* by sampler or selector id: name, rate */
	LEARNT_KINDS,               /* kinds of entries; what follows is said once a domain */
	LEARNT_RATE = LEARNT_KINDS, /* the sampling rate of the whole exporter */
	LEARNT_INIT,                /* when the exporter started */
	LEARNT_LENT
};

#define LEARNT_PARTS      8   /* members of one name object */
#define LEARNT_SOURCE_MAX 128 /* bytes of a name that are kept */

struct learnt_entry {
	uint64_t id;
	uint64_t seen_ms; /* last sent */
	uint32_t rate;    /* one in `rate`; 0: not said */
	uint8_t kind;
	uint8_t source_len[LEARNT_PARTS];
	uint16_t text_len; /* `{"name":"…",…}`; 0: no names */
	char text[];       /* padded (jsonw.h), then the names as they were sent (learnt_source) */
};

struct learnt_store {
	struct learnt_entry **slots; /* open addressing; room is a power of two */
	uint64_t seed;               /* of their hash */
	uint16_t port;               /* that taught it last; 0: from before efd started */
	bool mixed;                  /* another one did, too */
	uint32_t len, room;
	uint32_t kinds[LEARNT_KINDS];       /* entries with text by kind */
	uint32_t max_text;                  /* largest text_len */
	uint32_t samplers, interface_rates; /* entries with a rate */
	uint32_t sampler_rate;              /* that was told last; 0: its sampler is gone */
	bool sampler_scoped;                /* a sampler was told for one interface */
	uint32_t rate;                      /* of the whole exporter; 0: not said */
	uint64_t rate_seen_ms;
	uint64_t init_ms;   /* when the exporter started (160); 0: not said */
	uint64_t oldest_ms; /* no entry was seen before this */
};

/* The exporter's uptime at the export time at hand; false: it has not said when it started. */
bool learnt_uptime(const struct decoder *dec, const struct domain *dom, uint32_t *ret_uptime_ms);

/* Learn a name of an entry: its member `part`, cut to LEARNT_SOURCE_MAX bytes. False: refused. */
bool learnt_set_name(struct decoder *dec, struct domain *dom, enum learnt_kind kind, uint64_t id,
		     unsigned part, struct bytes name);
/* Learn the sampling rate of an interface or a sampler; 0: it has none any more. False: refused. */
bool learnt_set_rate(struct decoder *dec, struct domain *dom, enum learnt_kind kind, uint64_t id,
		     uint32_t rate);
/* The same for the whole exporter. */
/* The rate of the only sampler of `store`, which samples all interfaces; 0: it has none such, or
 * several. */
uint32_t learnt_only_sampler(const struct learnt_store *store);
void learnt_set_exporter_rate(struct decoder *dec, struct domain *dom, uint32_t rate);
void learnt_set_init(struct decoder *dec, struct domain *dom, uint64_t init_ms);

/* The entry, or NULL; `store` may be NULL. */
const struct learnt_entry *learnt_find(const struct learnt_store *store, enum learnt_kind kind,
				       uint64_t id);
/* A name as it was sent; no bytes: there is none. */
struct bytes learnt_source(const struct learnt_entry *entry, unsigned part);

/* What stands in where those of `dom` have nothing of a kind, or NULL: of the domain of
 * the same address that last sent some. Sampling is lent more carefully, because every domain has
 * its own and its numbers of samplers mean nothing elsewhere: only within a protocol, and only by a
 * domain that sends no flows itself. One of several devices behind an address (device.h) borrows
 * from its own domains first; then from the only other sender of some at the address that sends no
 * flows itself, as the route processor of a router does: two of them may mean different things. */
const struct learnt_store *learnt_lender(const struct domain *dom, enum learnt_kind kind);
/* May `dom` use the sampling rates of the lender of `kind`, whatever the kind? */
bool learnt_lends_rates(const struct domain *dom, enum learnt_kind kind);
/* The rate of the whole exporter, else of the header (*ret_header: it is that), else a lent one; 0:
 * not said. */
uint32_t learnt_rate(const struct domain *dom, bool *ret_header);

/* `to` is the domain of a device: it gets what its port alone taught in `from`. What several ports
 * did, nobody gets. */
void learnt_inherit(struct decoder *dec, struct domain *from, struct domain *to, uint16_t port);
/* Forget what was not sent since `before_ms`. */
void learnt_expire(struct decoder *dec, struct domain *dom, uint64_t before_ms);
void learnt_free(struct decoder *dec, struct domain *dom);

#endif
