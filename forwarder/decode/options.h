/* SPDX-License-Identifier: Apache-2.0
 * What exporters say about themselves in options records, and its way into flow lines.
 *
 * Names and rates are kept by domain. Where a domain has none of a kind, the domain of the same exporter address that last
 * sent some helps out: several vendors send options under another domain than the flows. Text is rendered to JSON when it
 * is learnt, so that a flow only copies it. */
#ifndef EF_DECODE_OPTIONS_H
#define EF_DECODE_OPTIONS_H

#include "forwarder/decode/record.h"

enum option_kind {
	OPTION_INTERFACE,   /* by interface index: name, description, sampling rate */
	OPTION_APPLICATION, /* by application id */
	OPTION_VRF,         /* by VRF id */
	OPTION_SAMPLER,     /* by sampler or selector id: name, rate */
	OPTION_KINDS
};

#define OPTION_PARTS      8   /* members of one name object */
#define OPTION_SOURCE_MAX 128 /* bytes of a name that are kept */

struct option_entry {
	uint64_t id;
	uint32_t rate; /* one in `rate`; 0: not said */
	uint8_t kind;
	uint16_t part_len[OPTION_PARTS];
	uint16_t text_len; /* `{"name":"…",…}`; 0: no names */
	char text[];
};

struct options_store {
	struct option_entry **slots; /* open addressing; room is a power of two */
	uint32_t len, room;
	uint32_t kinds[OPTION_KINDS];       /* entries with text by kind */
	uint32_t max_text;                  /* largest text_len */
	uint32_t samplers, interface_rates; /* entries with a rate */
	uint32_t rate;                      /* of the whole exporter; 0: not said */
	uint64_t init_ms;                   /* when the exporter started (160); 0: not said */
};

/* The elements of an options template that are learnt from; those of no width are left out. `ret` has room for specs_len. */
size_t options_bind(const struct spec *specs, size_t specs_len, struct bound *ret);

/* An options record came: learn from it, or write it as a measurement. False: there was nothing in it to use. */
bool options_record(struct decoder *dec, struct sink *sink, const struct record *rec,
		    const struct record_times *times, size_t room);

/* Sets the uptime when the exporter has said when it started. */
void options_uptime(struct decoder *dec, const struct domain *dom, struct record_times *times);

/* Add or change one entry; part -1: no name. False: refused. */
bool option_set(struct decoder *dec, struct domain *dom, enum option_kind kind, uint64_t id,
		uint32_t rate, int part, struct bytes name);
/* Put back an entry that option_each() gave out. */
bool option_restore(struct decoder *dec, struct domain *dom, const struct option_entry *entry);
const struct option_entry *option_find(const struct options_store *store, enum option_kind kind,
				       uint64_t id);
/* The rate of the whole exporter; 0: not said. */
uint32_t options_rate(const struct domain *dom);
void options_set_rate(struct decoder *dec, struct domain *dom, uint32_t rate);
void options_set_init(struct decoder *dec, struct domain *dom, uint64_t init_ms);
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
	uint32_t room; /* largest JSON of it all */
	const struct options_store *own, *other[OPTION_KINDS];
};

void join_prepare(struct decoder *dec, const struct domain *dom, const struct template *tmpl,
		  struct join *ret);
/* `,"sampling":{…}`, or nothing when rate is 0. */
char *sampling_write(char *p, uint32_t rate, enum rate_origin origin);
/* The sampling of one record, and `},"ie":` after it. */
char *join_sampling(struct decoder *dec, const struct record *rec, const struct join *join,
		    char *p);
/* `,"options":{…}`, or nothing. */
char *join_write(struct decoder *dec, const struct record *rec, const struct join *join, char *p);

/* The rate that the record itself carries, 0: none. */
uint32_t record_rate(const struct record *rec);

#endif
