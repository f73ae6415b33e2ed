/* SPDX-License-Identifier: Apache-2.0
 * What flow lines get from what was learnt: the sampling rate, and the names of interfaces,
 * applications, VRFs and samplers. */
#ifndef EF_DECODE_JOIN_H
#define EF_DECODE_JOIN_H

#include "forwarder/decode/exporter/learnt.h"
#include "forwarder/decode/record/record.h"

/* An application id as a key: engine and selector, whatever their width. */
uint64_t application_key(struct bytes b);

enum rate_origin {
	RATE_NONE,
	RATE_RECORD,
	RATE_SAMPLER,
	RATE_INTERFACE,
	RATE_EXPORTER,
	RATE_HEADER,
	RATE_ONLY_SAMPLER, /* of the only sampler there is: the records name none */
	RATE_UNKNOWN,      /* some records name samplers, this one does not */
};

/* What the records of a set can be joined with. */
struct join {
	bool sampling_per_record;
	bool samplers;  /* some are known; then id 0 is that of records that are not sampled */
	uint32_t joins; /* bit per enum ref_kind that has something to join */
	uint32_t rate;  /* when nothing nearer is found */
	enum rate_origin origin;
	uint32_t room;                                       /* largest JSON of it all */
	const struct learnt_store *own, *lent[LEARNT_KINDS]; /* NULL: nothing */
	const struct learnt_store *lent_interface_rates;
	const struct learnt_store *scoped; /* its only sampler takes the interfaces that it says */
};

void join_prepare(struct decoder *dec, const struct session *session, const struct template *tmpl,
		  struct join *ret);
/* The largest rate that is believed: sFlow's own counters of skipped packets have 24 bits. 1 with
 * its octets turned round is above it. */
#define RATE_MAX ((1u << 24) - 1)

/* A rate that no device has is believed with its octets turned round, if that is one (RouterOS 6),
 * else not at all: 0. */
uint32_t rate_believed(uint32_t rate);
/* `,"sampling":{…}`, or nothing when rate is 0; "said" is what was sent and is not believed. */
char *sampling_write(char *p, uint32_t rate, enum rate_origin origin);
#define JOIN_SAMPLING_MAX \
	(sizeof(",\"sampling\":{\"rate\":,\"said\":}},\"ie\":") + 2 * JSONW_U64_MAX + JSONW_STEP)
/* The sampling of one record, and `},"ie":` after it. */
char *join_sampling(const struct data_record *rec, const struct join *join, char *p);
/* `,"options":{…}`, or nothing. */
char *join_write(const struct data_record *rec, const struct join *join, char *p);

/* Elements that carry a rate, as bits of refs_set. */
#define REFS_OF_RATE                                                                 \
	(1u << REF_RATE | 1u << REF_RATE_OLD | 1u << REF_INTERVAL | 1u << REF_SIZE | \
	 1u << REF_PROBABILITY)
/* The rate that the record itself carries, 0: none. */
uint32_t record_rate(const struct data_record *rec);

#endif
