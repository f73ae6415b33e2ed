/* SPDX-License-Identifier: Apache-2.0
 * The table of learnt names and rates of a domain: what exporters say about themselves in meta
 * records.
 *
 * Names and rates are kept by domain, and serve all connections that send of it, one after the
 * other and at once. But behind one address there may be several devices: what a second connection
 * teaches of a kind while the first one that taught it is there, is kept for that connection alone,
 * until its end. Whose names a record gets then says known.h. Text is rendered to JSON when it is
 * learnt, so that a flow only copies it. What is not sent again ages like a template. */
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
	LEARNT_SAMPLED,             /* by interface index: a sampler was told for it, its rate */
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
	uint32_t sampled;                   /* interfaces that a sampler was told for */
	uint32_t rate;                      /* of the whole exporter; 0: not said */
	uint64_t rate_seen_ms;
	uint64_t init_ms;   /* when the exporter started (160); 0: not said */
	uint64_t oldest_ms; /* no entry was seen before this */
};

/* Learn a name of an entry: its member `part`, cut to LEARNT_SOURCE_MAX bytes. False: refused. */
bool learnt_set_name(struct decoder *dec, struct domain *dom, enum learnt_kind kind, uint64_t id,
		     unsigned part, struct bytes name);
/* Learn the sampling rate of an interface or a sampler; 0: it has none any more. False: refused. */
bool learnt_set_rate(struct decoder *dec, struct domain *dom, enum learnt_kind kind, uint64_t id,
		     uint32_t rate);
/* The same for the whole exporter. */
void learnt_set_exporter_rate(struct decoder *dec, struct domain *dom, uint32_t rate);
void learnt_set_init(struct decoder *dec, struct domain *dom, uint64_t init_ms);

/* The entry, or NULL; `store` may be NULL. */
const struct learnt_entry *learnt_find(const struct learnt_store *store, enum learnt_kind kind,
				       uint64_t id);
/* Has the store something of that kind? */
bool learnt_tells(const struct learnt_store *store, enum learnt_kind kind);
/* A name as it was sent; no bytes: there is none. */
struct bytes learnt_source(const struct learnt_entry *entry, unsigned part);

/* `to` is the domain of a device: it gets what its port alone taught in `from`. What several ports
 * did, nobody gets. */
void learnt_inherit(struct decoder *dec, struct domain *from, struct domain *to, uint16_t port);
/* The connection of `session` is over: what it taught stays the domain's. Not when the exporter
 * started, which it may do again before its next connection. */
void learnt_end(struct decoder *dec, struct session *session);
/* Forget what was not sent since `before_ms`. */
void learnt_expire(struct decoder *dec, struct domain *dom, uint64_t before_ms);
void learnt_free(struct decoder *dec, struct domain *dom);

#endif
