/* SPDX-License-Identifier: Apache-2.0
 * How a datagram's lines are begun and ended, their ids, and which times are believed. */
#ifndef EF_DECODE_CONTEXT_H
#define EF_DECODE_CONTEXT_H

#include "common/jsonw.h"
#include "common/sink.h"
#include "forwarder/decode/core/decoder.h"

/* Set `dec->ctx` for a datagram of `session`: the texts, the id, the clock skew and the datagram
 * counts. has_uptime is false afterwards. */
void context_start(struct decoder *dec, const struct datagram *dgram, struct session *session,
		   uint32_t seq, uint64_t exported_ms);

/* `ctx` is of another domain now: the text that its lines begin with. */
void context_head(struct context *ctx);

/* The id of `ctx`. Lines are numbered anew in each message and each held set of a datagram: `salt`
 * sets them apart. context_start() takes 0; a held set takes its offset * 2 + 1, a message that is
 * not the first its offset * 2. */
void context_id(struct context *ctx, uint32_t salt);

/* Has the sink a head with a place for an id? */
bool context_wants_ids(const struct sink *sink);

/* Room for a line of at most `need` bytes, its '\n' included (slack is added here): copies the head
 * and returns where the line starts; NULL when the sink has no room (counted). Every begun line
 * must be ended. */
char *line_begin(struct decoder *dec, struct sink *sink, enum line_kind kind, size_t need);

/* `p` is behind the last byte of the line; writes the '\n'. */
static inline void line_end(struct sink *sink, enum line_kind kind, char *p)
{
	*p++ = '\n';
	sink->cur = p;
	sink->lines[kind]++;
}

/* A flow that ended longer ago has a time of its own that is wrong. */
#define FLOW_AGE_MS (24 * 3600 * 1000)

/* Not after the datagram was received, but for the limit, nor long before. */
static inline bool context_possible_time(const struct decoder *dec, uint64_t ms)
{
	uint64_t limit_ms = dec->settings.clock_skew_ms;
	return dec->ctx.received_ms + limit_ms - ms <= limit_ms + FLOW_AGE_MS;
}

/* The time to write as "@timestamp" for a record that says `ms` (0: it says nothing), by an
 * exporter's clock that may be off;
 * *ret_skewed: it is another one. One that is not possible is replaced by the receive time. */
uint64_t context_moved_time(struct decoder *dec, uint64_t ms, bool *ret_skewed);
static inline uint64_t context_believed_time(struct decoder *dec, uint64_t ms, bool *ret_skewed)
{
	*ret_skewed = false;
	if (__builtin_expect(ms && !dec->ctx.clock_offset_ms && context_possible_time(dec, ms), 1))
		return ms;
	return context_moved_time(dec, ms, ret_skewed);
}

#endif
