/* SPDX-License-Identifier: Apache-2.0
 * NetFlow 9 (RFC 3954) and IPFIX (RFC 7011): headers and the walk over their sets. */
#include "forwarder/decode/wire/netflow9.h"

#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/problem.h"
#include "forwarder/decode/core/seen.h"
#include "forwarder/decode/exporter/device.h"
#include "forwarder/decode/exporter/exporter.h"
#include "forwarder/decode/exporter/restart.h"
#include "forwarder/decode/exporter/sequence.h"
#include "forwarder/decode/line/context.h"
#include "forwarder/decode/line/set.h"
#include "forwarder/decode/wire/template_set.h"

/* Sets of the two protocols. */
struct set_ids {
	uint16_t templates, meta_templates;
};

/* One set; `c` is behind it afterwards. False: the rest cannot be read. */
static bool one_set(struct decoder *dec, struct sink *sink, struct cursor *c,
		    const struct set_ids *ids)
{
	const uint8_t *start = c->p;
	uint16_t id = cursor_u16(c), len = cursor_u16(c);
	if (len < 4) {
		c->p = start;
		if (!cursor_all_zero(c)) /* some fill the datagram up with zeros */
			problem_at(dec, &dec->counters.malformed_set,
				   "set is shorter than its header", start, len);
		return false;
	}
	seen_form(dec, start, c->p);
	struct cursor set = cursor_sub(c, len - 4u);
	if (c->bad) /* what is there is decoded */
		problem_at(dec, &dec->counters.malformed_set, "set is longer than the datagram",
			   start, len);
	if (id == ids->templates)
		template_set(dec, sink, set, false);
	else if (id == ids->meta_templates)
		template_set(dec, sink, set, true);
	else if (id >= 256)
		data_set(dec, sink, id, set);
	else
		problem_at(dec, &dec->counters.reserved_set, "set id is reserved", start, id);
	return !c->bad;
}

/* The sets from `c` up to `end`. A set may begin before `end` and go on behind it: some message
 * lengths are too short. */
static void walk_sets(struct decoder *dec, struct sink *sink, struct cursor *c, const uint8_t *end,
		      const struct set_ids *ids)
{
	while (c->p < end && cursor_left(c) >= 4 && one_set(dec, sink, c, ids))
		;
}

static enum decode_result too_short(struct decoder *dec, const struct datagram *dgram)
{
	problem_at(dec, &dec->counters.short_datagram, "shorter than its header", dgram->data,
		   (uint32_t)dgram->len);
	return DECODE_SHORT;
}

/* The header's count is wrong in a quarter of all exporters: the sets are walked by their
 * lengths. */
enum decode_result netflow9_datagram(struct decoder *dec, const struct datagram *dgram,
				     struct sink *sink)
{
	static const struct set_ids ids = { 0, 1 };
	struct cursor c = cursor_over(dgram->data, dgram->len);
	cursor_u32(&c); /* version, count */
	uint32_t uptime_ms = cursor_u32(&c), seconds = cursor_u32(&c), seq = cursor_u32(&c);
	uint32_t id = cursor_u32(&c);
	if (c.bad)
		return too_short(dec, dgram);
	struct session *session = device_session(dec, dgram, PROTO_NETFLOW9, id);
	if (!session)
		return DECODE_REFUSED;

	struct domain *dom = session->domain;
	uint64_t unknown = dec->counters.unknown_template;
	seen_form(dec, dgram->data, c.p);
	context_start(dec, dgram, session, seq, seconds * 1000ull);
	dec->ctx.uptime_ms = uptime_ms;
	dec->ctx.has_uptime = true;
	restart_check(dec, dom, seq, uptime_ms);
	data_due(dec, sink, dom, dgram->received_ms);
	walk_sets(dec, sink, &c, c.end, &ids);
	sequence_note(dec, dec->ctx.session, seq, dec->ctx.records, dec->ctx.meta_records,
		      unknown == dec->counters.unknown_template, uptime_ms);
	return problem_result(dec);
}

/* One message; `c` is behind it afterwards. False: there is nothing behind it. */
static bool ipfix_message(struct decoder *dec, const struct datagram *dgram, struct sink *sink,
			  struct cursor *c, enum decode_result *ret)
{
	static const struct set_ids ids = { 2, 3 };
	const uint8_t *start = c->p;
	size_t left = cursor_left(c);
	cursor_u16(c); /* version */
	size_t len = cursor_u16(c);
	uint32_t seconds = cursor_u32(c), seq = cursor_u32(c), id = cursor_u32(c);
	struct session *session = device_session(dec, dgram, PROTO_IPFIX, id);
	if (!session) {
		*ret = DECODE_REFUSED;
		return false;
	}
	struct domain *dom = session->domain;
	uint64_t unknown = dec->counters.unknown_template;
	seen_form(dec, start, c->p);
	context_start(dec, dgram, session, seq, seconds * 1000ull);
	if (dec->ctx.with_id && start != dgram->data)
		context_id(&dec->ctx, (uint32_t)(start - dgram->data) << 1);
	if (len < 16 || len > left) {
		problem_at(dec, &dec->counters.malformed_header,
			   "message length does not fit the datagram", start + 2, (uint32_t)len);
		len = left;
	}
	const uint8_t *end = start + len;
	restart_check(dec, dom, seq, 0);
	data_due(dec, sink, dom, dgram->received_ms);
	walk_sets(dec, sink, c, end, &ids);
	sequence_note(dec, dec->ctx.session, seq, dec->ctx.records, dec->ctx.meta_records,
		      unknown == dec->counters.unknown_template, 0);
	*ret = problem_result(dec);
	/* Another message may be glued to it; anything else is no part of IPFIX. */
	if (end > c->p)
		c->p = end;
	return !c->bad && cursor_left(c) >= 16 && be16(c->p) == 10 && be16(c->p + 2) >= 16 &&
	       be16(c->p + 2) <= cursor_left(c);
}

enum decode_result ipfix_datagram(struct decoder *dec, const struct datagram *dgram,
				  struct sink *sink)
{
	struct cursor c = cursor_over(dgram->data, dgram->len);
	enum decode_result result = DECODE_OK;
	if (dgram->len < 16)
		return too_short(dec, dgram);
	while (ipfix_message(dec, dgram, sink, &c, &result))
		;
	return result;
}
