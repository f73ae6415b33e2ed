/* SPDX-License-Identifier: Apache-2.0
 * What exporters say about themselves in options records, and its way into flow lines.
 *
 * Names and rates are kept by domain. Where a domain has none of a kind, another domain of the same exporter address may
 * lend its own: several vendors send options under another domain than the flows (options_lender). Text is rendered to
 * JSON when it is learnt, so that a flow only copies it. What is not sent again ages like a template. */
#ifndef EF_DECODE_OPTIONS_H
#define EF_DECODE_OPTIONS_H

#include "forwarder/decode/record.h"

/* What is learnt. */
enum option_kind {
	OPTION_INTERFACE,           /* by interface index: name, description, sampling rate */
	OPTION_APPLICATION,         /* by application id */
	OPTION_VRF,                 /* by VRF id */
	OPTION_SAMPLER,             /* by sampler or selector id: name, rate */
	OPTION_KINDS,               /* kinds of entries; what follows is said once a domain */
	OPTION_RATE = OPTION_KINDS, /* the sampling rate of the whole exporter */
	OPTION_INIT,                /* when the exporter started */
	OPTION_LENT
};

#define OPTION_PARTS      8   /* members of one name object */
#define OPTION_SOURCE_MAX 128 /* bytes of a name that are kept */
#define OPTION_SLACK      32 /* bytes behind the text that may be read: it is copied in steps of that */

struct option_entry {
	uint64_t id;
	uint64_t seen_ms; /* last sent */
	uint32_t rate;    /* one in `rate`; 0: not said */
	uint8_t kind;
	uint8_t source_len[OPTION_PARTS];
	uint16_t text_len; /* `{"name":"…",…}`; 0: no names */
	char text[]; /* then OPTION_SLACK bytes, then the names as they were sent (option_source) */
};

struct options_store {
	struct option_entry **slots; /* open addressing; room is a power of two */
	uint64_t seed;               /* of their hash */
	uint32_t len, room;
	uint32_t kinds[OPTION_KINDS];       /* entries with text by kind */
	uint32_t max_text;                  /* largest text_len */
	uint32_t samplers, interface_rates; /* entries with a rate */
	uint32_t rate;                      /* of the whole exporter; 0: not said */
	uint64_t rate_seen_ms;
	uint64_t init_ms;   /* when the exporter started (160); 0: not said */
	uint64_t oldest_ms; /* no entry was seen before this */
};

/* The elements of an options template that are learnt from; those of no width are left out. `ret` has room for specs_len. */
size_t options_bind(const struct spec *specs, size_t specs_len, struct bound *ret);

/* An options record came: learn from it, or write it as a measurement. False: there was nothing in it to use. */
bool options_record(struct decoder *dec, struct sink *sink, const struct record *rec,
		    const struct record_times *times, size_t room);

/* Sets the uptime when the exporter has said when it started. */
void options_uptime(struct decoder *dec, const struct domain *dom, struct record_times *times);

/* Learn a name of an entry: its member `part`, cut to OPTION_SOURCE_MAX bytes. False: refused. */
bool option_set_name(struct decoder *dec, struct domain *dom, enum option_kind kind, uint64_t id,
		     unsigned part, struct bytes name);
/* Learn the sampling rate of an interface or a sampler; 0: it has none any more. False: refused. */
bool option_set_rate(struct decoder *dec, struct domain *dom, enum option_kind kind, uint64_t id,
		     uint32_t rate);
/* The same for the whole exporter. */
void options_set_rate(struct decoder *dec, struct domain *dom, uint32_t rate);
void options_set_init(struct decoder *dec, struct domain *dom, uint64_t init_ms);

/* RFC 5610: the exporter describes an element of its vendor. What it says holds for its own records, from the next data
 * set on; the memory is the exporter's. */
void element_learn(struct decoder *dec, struct exporter *exporter, uint32_t pen, uint16_t id,
		   uint8_t type, struct bytes name);

/* The entry, or NULL; `store` may be NULL. */
const struct option_entry *option_find(const struct options_store *store, enum option_kind kind,
				       uint64_t id);
/* A name as it was sent; no bytes: there is none. */
struct bytes option_source(const struct option_entry *entry, unsigned part);

/* The options that stand in where those of `dom` have nothing of a kind, or NULL: of the domain of the same address that last
 * sent some. Sampling is lent more carefully, because every domain has its own and its numbers of samplers mean nothing
 * elsewhere: only within a protocol, and only by a domain that sends no flows itself. */
const struct options_store *options_lender(const struct domain *dom, enum option_kind kind);
/* May `dom` use the sampling rates of the lender of `kind`, whatever the kind? */
bool options_lends_rates(const struct domain *dom, enum option_kind kind);
/* The rate of the whole exporter, else of the header (*ret_header: it is that), else a lent one; 0: not said. */
uint32_t options_rate(const struct domain *dom, bool *ret_header);

/* Forget what was not sent since `before_ms`. */
void options_expire(struct decoder *dec, struct domain *dom, uint64_t before_ms);
void options_store_free(struct decoder *dec, struct domain *dom);

/* An application id as a key: engine and selector, whatever their width. */
uint64_t application_key(struct bytes b);

/* ---- into flow lines ---- */

enum rate_origin {
	RATE_NONE,
	RATE_RECORD,
	RATE_SAMPLER,
	RATE_INTERFACE,
	RATE_EXPORTER,
	RATE_HEADER,
};

/* What the records of a set can be joined with. */
struct join {
	bool sampling_per_record;
	uint32_t joins; /* bit per enum ref_kind that has something to join */
	uint32_t rate;  /* when nothing nearer is found */
	enum rate_origin origin;
	uint32_t room;                                        /* largest JSON of it all */
	const struct options_store *own, *lent[OPTION_KINDS]; /* NULL: nothing */
	const struct options_store *lent_interface_rates;
};

void join_prepare(struct decoder *dec, const struct domain *dom, const struct template *tmpl,
		  struct join *ret);
/* `,"sampling":{…}`, or nothing when rate is 0. */
char *sampling_write(char *p, uint32_t rate, enum rate_origin origin);
/* The sampling of one record, and `},"ie":` after it. */
char *join_sampling(const struct record *rec, const struct join *join, char *p);
/* `,"options":{…}`, or nothing. */
char *join_write(const struct record *rec, const struct join *join, char *p);

/* Elements that carry a rate, as bits of refs_set. */
#define REFS_OF_RATE                                                                 \
	(1u << REF_RATE | 1u << REF_RATE_OLD | 1u << REF_INTERVAL | 1u << REF_SIZE | \
	 1u << REF_PROBABILITY)
/* The rate that the record itself carries, 0: none. */
uint32_t record_rate(const struct record *rec);

#endif
