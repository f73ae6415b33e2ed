/* SPDX-License-Identifier: Apache-2.0
 * What the protocol modules of the decoder share: the decoder itself, the datagram at hand, and how a line is begun and
 * ended. Nobody outside this folder includes it. */
#ifndef EF_DECODE_INTERNAL_H
#define EF_DECODE_INTERNAL_H

#include "common/jsonw.h"
#include "forwarder/decode/cursor.h"
#include "forwarder/decode/decode.h"
#include "forwarder/decode/exporter.h"
#include "forwarder/decode/field.h"

#define FLOW_TEXT_MAX 256

/* The datagram at hand. */
struct context {
	const struct datagram *dgram;
	struct domain *domain;
	uint64_t exported_ms; /* header time; the receive time where there is none */
	uint64_t received_ms;
	uint32_t seq;
	uint32_t uptime_ms; /* of the exporter at exported_ms */
	bool has_uptime;
	uint32_t records; /* data and options records so far */
	uint32_t options; /* of them, options records */
	/* `"flow":{"type":"…","exporter":"…","port":…,"domain":…,"seq":`   then comes the number, then the tail
	 * `,"exported":…,"received":…`                                      then what the protocol adds, then `}` */
	char head[FLOW_TEXT_MAX], tail[96];
	uint16_t head_len, tail_len;
	uint64_t content; /* hash of the datagram's bytes, for ids; 0 when the sink wants none */
	char id[16];      /* document id without its last three characters */
	uint16_t index;   /* lines written for this datagram: the rest of the id */
	bool with_id;
};

struct decoder {
	struct decode_options options;
	struct fields *fields;
	struct decode_counters counters;
	struct decode_problem problem;
	struct context ctx;
	struct exporter_table *exporters;
	struct record_scratch *scratch;
	struct template *netflow5[4]; /* constant templates of versions 1, 5, 6, 7 */
	struct jsonw_times times;
	uint64_t held_bytes;
	bool with_ids;        /* the sink wants document ids */
	bool lists_as_hex;    /* the record at hand would be too large otherwise */
	bool frame_truncated; /* a frame of the record at hand was cut */
};

/* Set `dec->ctx` for a datagram of `domain`: the texts, the id, the clock skew and the datagram counts. has_uptime is false
 * afterwards. */
void context_start(struct decoder *dec, const struct datagram *dgram, struct domain *domain,
		   uint32_t seq, uint64_t exported_ms);

/* The id of `ctx`. Lines are numbered anew in each message and each held set of a datagram: `salt` sets them apart.
 * context_start() takes 0; a held set takes its offset * 2 + 1, a message that is not the first its offset * 2. */
void context_id(struct context *ctx, uint32_t salt);

/* The elements as the exporter of `domain` means them. */
static inline const struct fields *fields_of(const struct decoder *dec, const struct domain *domain)
{
	return domain->exporter->fields ? domain->exporter->fields : dec->fields;
}

/* Has the sink a head with a place for an id? */
bool sink_wants_ids(const struct sink *sink);

/* Room for a line of at most `need` bytes, its '\n' included (slack is added here): copies the head and returns where the
 * line starts; NULL when the sink has no room (counted). Every begun line must be ended. */
char *line_begin(struct decoder *dec, struct sink *sink, enum line_kind kind, size_t need);

/* `p` is behind the last byte of the line; writes the '\n'. */
static inline void line_end(struct sink *sink, enum line_kind kind, char *p)
{
	*p++ = '\n';
	sink->cur = p;
	sink->lines[kind]++;
}

/* Note what is wrong with the datagram; the first note stays. `counter` is one of dec->counters. */
void problem_at(struct decoder *dec, uint64_t *counter, const char *reason, const uint8_t *at,
		uint32_t value);

/* The time to write as "@timestamp" for a record that says `ms` (0: it says nothing); *ret_skewed: it was further than
 * the limit from the receive time, which is used instead. */
uint64_t believed_time(struct decoder *dec, uint64_t ms, bool *ret_skewed);

/* The protocols. Each gets a datagram whose version was recognised. */
enum decode_result sflow_datagram(struct decoder *dec, const struct datagram *dgram,
				  struct sink *sink);
enum decode_result netflow5_datagram(struct decoder *dec, const struct datagram *dgram,
				     struct sink *sink); /* 1, 5, 6, 7 */
enum decode_result netflow9_datagram(struct decoder *dec, const struct datagram *dgram,
				     struct sink *sink);
enum decode_result ipfix_datagram(struct decoder *dec, const struct datagram *dgram,
				  struct sink *sink);

#endif
