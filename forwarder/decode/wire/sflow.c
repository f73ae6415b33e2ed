/* SPDX-License-Identifier: Apache-2.0
 * sFlow 5 datagrams: flow, counter and discarded-packet samples to lines (sflow.org, sFlow version
 * 5).
 *
 * The agent address names the exporter (exporter/agent.h says when it does not) and the sub-agent
 * the domain. A sample or record of unknown format is passed over by its length; a length that lies
 * ends what it is in and nothing else. */
#include "forwarder/decode/wire/sflow.h"

#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/problem.h"
#include "forwarder/decode/core/seen.h"
#include "forwarder/decode/exporter/agent.h"
#include "forwarder/decode/exporter/device.h"
#include "forwarder/decode/exporter/exporter.h"
#include "forwarder/decode/exporter/meter.h"
#include "forwarder/decode/exporter/restart.h"
#include "forwarder/decode/exporter/sequence.h"
#include "forwarder/decode/line/context.h"
#include "forwarder/decode/line/count.h"
#include "forwarder/decode/line/join.h"
#include "forwarder/decode/record/dissect.h"
#include "forwarder/decode/record/sflow_see.h"
#include "forwarder/decode/record/sflow_record.h"
#include "forwarder/decode/wire/sflow_frame.h"
#include "forwarder/decode/wire/sflow_sample.h"

#define RECORDS_MAX 128 /* of one sample; more are counted as malformed */
#define PREFIX_MAX  (FLOW_TEXT_MAX + 64)
/* What a line needs beside its records: prefix, tail, and the numbers of the sample with their
 * keys. */
#define LINE_ROOM (PREFIX_MAX + 768)

/* Formats of samples. */
enum {
	FLOW_SAMPLE = 1,
	COUNTERS_SAMPLE = 2,
	FLOW_SAMPLE_EXPANDED = 3,
	COUNTERS_SAMPLE_EXPANDED = 4,
	DISCARDED_PACKET = 5,
	/* Foundry (enterprise 1991): an access list's flags and group, then an ordinary sample */
	FOUNDRY_ACL_SAMPLE = 1991 << 12 | 1,
};

/* Formats of an interface number (flow_sample_expanded). */
enum { INTERFACE_SINGLE, INTERFACE_DISCARDED, INTERFACE_MULTIPLE };

#define INTERFACE_LOCAL 0x3fffffffu /* of or for the device itself */

/* One datagram at work. */
struct sflow_work {
	struct decoder *dec;
	struct sink *sink;
	char prefix[PREFIX_MAX]; /* `{"@timestamp":"…","flow":{…,"seq":` */
	size_t prefix_len;
	bool malformed;
	const struct meter_flat *flat;
};

static void note_malformed(struct sflow_work *w, uint64_t *counter, const char *reason,
			   const uint8_t *at, uint32_t value)
{
	w->malformed = true;
	problem_at(w->dec, counter, reason, at, value);
}

/* Everything before the values: `{"@timestamp":…,"flow":{…` without the closing brace. */
static char *line_head(struct sflow_work *w, char *p, uint32_t seq, struct sflow_source source)
{
	const struct context *ctx = &w->dec->ctx;

	p = jsonw_u64(jsonw_raw(p, w->prefix, w->prefix_len), seq);
	p = jsonw_raw(p, ctx->tail, ctx->tail_len);
	if (source.class == 0) { /* an interface, as of nearly all */
		p = jsonw_lit(p, ",\"source\":{\"class\":0,\"index\":");
	} else {
		p = jsonw_u64(jsonw_lit(p, ",\"source\":{\"class\":"), source.class);
		p = jsonw_lit(p, ",\"index\":");
	}
	p = jsonw_u64(p, source.index);
	*p++ = '}';
	return p;
}

/* The records of a sample that are known and whole, into `records`; their number. */
static size_t collect_records(struct sflow_work *w, struct cursor *in, uint32_t count,
			      const struct sflow_structure *(*find)(uint32_t tag),
			      struct sample_record *records)
{
	struct decode_counters *counters = &w->dec->counters;
	size_t n = 0;

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *at = in->p;
		uint32_t tag = cursor_u32(in), len = cursor_u32(in);
		bool there = !in->bad;
		const uint8_t *data = cursor_take(in, len);
		const struct sflow_structure *row;

		if (in->bad) {
			note_malformed(w, &counters->malformed_record,
				       there ? "sFlow record is longer than its sample"
					     : "sFlow sample has fewer records than it says",
				       at, there ? len : count);
			break;
		}
		seen_form(w->dec, at, data);
		row = find(tag);
		if (w->dec->settings.seer && row)
			sflow_see(w->dec, row, data, len);
		if (!row) {
			counters->skipped_structures++;
		} else if (n < RECORDS_MAX) {
			records[n++] = (struct sample_record){ row, data, len };
		} else {
			note_malformed(w, &counters->malformed_record,
				       "sFlow sample has too many records", at, count);
			break;
		}
	}
	return n;
}

/* ---- flow samples ---- */

static char *put_interface(char *p, struct sflow_interface in, const char *key, size_t key_len,
			   const char *other, size_t other_len)
{
	if (in.format == INTERFACE_SINGLE && in.value != INTERFACE_LOCAL)
		return jsonw_u64(jsonw_raw(p, key, key_len), in.value);
	if (in.format == INTERFACE_SINGLE)
		return jsonw_lit(jsonw_raw(p, other, other_len), "Local\":true");
	if (in.format == INTERFACE_DISCARDED)
		return jsonw_u64(jsonw_lit(p, ",\"sflow.discardReason\":"), in.value);
	if (in.format == INTERFACE_MULTIPLE)
		return jsonw_u64(jsonw_lit(jsonw_raw(p, other, other_len), "Interfaces\":"),
				 in.value);
	p = jsonw_u64(jsonw_lit(jsonw_raw(p, other, other_len), "Format\":"), in.format);
	return jsonw_u64(jsonw_lit(jsonw_raw(p, other, other_len), "Value\":"), in.value);
}

#define PUT_INTERFACE(p, in, key, other)                                                      \
	put_interface(p, in, ",\"" key "\":", sizeof(",\"" key "\":") - 1, ",\"sflow." other, \
		      sizeof(",\"sflow." other) - 1)

static char *put_sample(char *p, const struct sflow_sample *s, uint32_t length)
{
	if (s->discarded) {
		p = jsonw_lit(p, "\"droppedPacketDeltaCount\":1");
		if (length)
			p = jsonw_u64(jsonw_lit(p, ",\"droppedOctetDeltaCount\":"), length);
	} else if (length) {
		p = jsonw_u64(jsonw_lit(p, "\"packetDeltaCount\":1,\"octetDeltaCount\":"), length);
	} else {
		p = jsonw_lit(p, "\"packetDeltaCount\":1");
	}
	if (s->in.format != INTERFACE_DISCARDED || s->out.format != INTERFACE_DISCARDED)
		p = PUT_INTERFACE(p, s->in, "ingressInterface", "input");
	/* else both name a reason: that of the output is told */
	p = PUT_INTERFACE(p, s->out, "egressInterface", "output");
	if (s->discarded)
		p = jsonw_u64(jsonw_lit(p, ",\"sflow.discardReason\":"), s->reason);
	else
		p = jsonw_u64(jsonw_lit(p, ",\"sflow.samplePool\":"), s->pool);
	if (s->drops)
		p = jsonw_u64(jsonw_lit(p, ",\"sflow.drops\":"), s->drops);
	return p;
}

/* sampled_header: protocol, frame length, stripped octets, then the header with its length. */
static char *put_header(struct sflow_work *w, char *p, const struct sample_record *record,
			bool *ret_truncated)
{
	struct cursor in = cursor_over(record->data, record->len);
	uint32_t protocol = cursor_u32(&in), stripped, len;

	(void)cursor_u32(&in);
	stripped = cursor_u32(&in);
	len = cursor_u32(&in);
	if (in.bad || len > cursor_left(&in)) {
		note_malformed(w, &w->dec->counters.malformed_record,
			       "sampled header is longer than its record", record->data, len);
		len = (uint32_t)cursor_left(&in);
	}
	if (stripped)
		p = jsonw_u64(jsonw_lit(p, ",\"sflow.stripped\":"), stripped);
	if (protocol != DISSECT_ETHERNET)
		p = jsonw_u64(jsonw_lit(p, ",\"sflow.headerProtocol\":"), protocol);
	if (dissect_knows(protocol))
		return dissect(p, protocol, in.p, len, ret_truncated);
	return jsonw_hex(jsonw_lit(p, ",\"dataLinkFrameSection\":"), in.p, len);
}

/* How many of the records before the i-th have its structure. */
static unsigned came_before(const struct sample_record *records, size_t i)
{
	unsigned n = 0;

	for (size_t k = 0; k < i; k++)
		n += records[k].row == records[i].row;
	return n;
}

static char *put_records(struct sflow_work *w, char *p, const struct sample_record *records,
			 size_t n, bool *ret_truncated)
{
	const struct sample_record *header = NULL;
	uint64_t used = 0;

	for (size_t i = 0; i < n && !header; i++)
		if (records[i].row->tag == SAMPLED_HEADER)
			header = &records[i];
	if (header) {
		used = sflow_header_keys;
		p = put_header(w, p, header, ret_truncated);
	}
	for (size_t i = 0; i < n; i++) {
		const struct sample_record *r = &records[i];
		bool cut = false;

		if (r == header)
			continue;
		p = sflow_flow_record(p, r->row, r->data, r->len, came_before(records, i), &used,
				      &cut);
		if (cut)
			note_malformed(w, &w->dec->counters.malformed_record,
				       "sFlow record ends inside a field", r->data, r->row->tag);
	}
	return p;
}

/* The interface that sampled it: the packet came in by it, or went out by it; where it did both
 * (routed between two VLANs of a port) the source says neither. Of a VLAN, or an aggregate that is
 * not the port itself, nothing is known. */
static unsigned sample_metered(struct sflow_work *w, const struct sflow_sample *s)
{
	uint32_t in =
	    s->in.format == INTERFACE_SINGLE && s->in.value != INTERFACE_LOCAL ? s->in.value : 0;
	uint32_t out =
	    s->out.format == INTERFACE_SINGLE && s->out.value != INTERFACE_LOCAL ? s->out.value : 0;
	enum meter_way way = METERED_UNKNOWN;

	if (s->source.class == 0 && s->source.index == in)
		way = METERED_IN;
	else if (s->source.class == 0 && s->source.index == out)
		way = METERED_OUT;
	if (way == METERED_IN && in == out)
		return meter_judge_hairpin(w->dec->ctx.domain->exporter, KIND_SAMPLED, in,
					   s->seq % 2 == 0);
	const struct meter_flat *flat = way == METERED_UNKNOWN ? NULL : w->flat;
	unsigned verdict = flat ? meter_look(flat, way, in, out) : METER_SLOW;
	if (verdict != METER_SLOW)
		return verdict;
	return meter_judge(w->dec, w->dec->ctx.domain->exporter, way, KIND_SAMPLED, in, out);
}

static void flow_sample_line(struct sflow_work *w, const struct sflow_sample *s, struct cursor *in,
			     uint32_t count)
{
	struct sample_record records[RECORDS_MAX];
	size_t n = collect_records(w, in, count, sflow_flow_row, records);
	size_t need = LINE_ROOM + DISSECT_MAX;
	struct domain *domain = w->dec->ctx.domain;
	bool truncated = false;
	unsigned verdict;
	uint32_t length, wrong_length;
	char *p;

	for (size_t i = 0; i < n; i++)
		need += sflow_room(records[i].row, records[i].len);
	p = line_begin(w->dec, w->sink, LINE_FLOW, need);
	if (!p)
		return;
	p = line_head(w, p, s->seq, s->source);
	if (s->rate) {
		domain->header_rate = s->rate;
		p = sampling_write(p, s->rate, RATE_RECORD);
	}
	p = jsonw_lit(p, "},\"ie\":{");
	length = frame_length(records, n, &wrong_length);
	p = put_sample(p, s, length);
	if (wrong_length)
		p = jsonw_u64(jsonw_lit(p, ",\"sflow.frameLength\":"), wrong_length);
	p = put_records(w, p, records, n, &truncated);
	*p++ = '}';
	verdict = s->discarded ? 0 : sample_metered(w, s);
	if (verdict)
		p = jsonw_padded(p, count_texts[verdict].text, count_texts[verdict].len);
	if (truncated || wrong_length) {
		p = jsonw_lit(p, ",\"tags\":[");
		if (truncated)
			p = jsonw_lit(p, "\"truncated\",");
		if (wrong_length)
			p = jsonw_lit(p, "\"implausible\",");
		p[-1] = ']';
	}
	*p++ = '}';
	line_end(w->sink, LINE_FLOW, p);
	w->dec->counters.records[PROTO_SFLOW5]++;
	domain->now.records++;
}

/* ---- counter samples ---- */

/* Lines of records `from` and on, until one repeats a structure of its line; the number of the
 * first that is left. */
static size_t counter_line(struct sflow_work *w, uint32_t seq, struct sflow_source source,
			   const struct sample_record *records, size_t from, size_t n)
{
	size_t need = LINE_ROOM, to = from;
	uint64_t there = 0;
	char *p;

	for (; to < n; to++) {
		uint64_t bit = 1ull << (records[to].row - sflow_counter_rows);

		if (there & bit)
			break;
		there |= bit;
		need += sflow_room(records[to].row, records[to].len);
	}
	p = line_begin(w->dec, w->sink, LINE_COUNTERS, need);
	if (!p)
		return to;
	p = jsonw_lit(line_head(w, p, seq, source), "},\"counters\":");
	for (const struct sample_record *r = records + from; r < records + to; r++) {
		char *member = p;
		bool cut = false;

		p = sflow_counters(p, r->row, r->data, r->len, &cut);
		if (r == records + from)
			*member = '{';
		if (cut)
			note_malformed(w, &w->dec->counters.malformed_record,
				       "sFlow counters end inside a field", r->data, r->row->tag);
	}
	p = jsonw_lit(p, "}}");
	line_end(w->sink, LINE_COUNTERS, p);
	return to;
}

static void counters_sample(struct sflow_work *w, struct cursor *in, bool expanded)
{
	struct sample_record records[RECORDS_MAX];
	const uint8_t *at = in->p;
	uint32_t seq = cursor_u32(in), count;
	struct sflow_source source;
	size_t n, next = 0;

	if (expanded) {
		source.class = cursor_u32(in);
		source.index = cursor_u32(in);
	} else {
		source = sflow_source_id(cursor_u32(in));
	}
	count = cursor_u32(in);
	if (in->bad) {
		note_malformed(w, &w->dec->counters.malformed_sample, "sFlow counter sample is cut",
			       in->end, 0);
		return;
	}
	w->dec->counters.counter_samples++;
	seen_form(w->dec, at, in->p);
	n = collect_records(w, in, count, sflow_counter_row, records);
	while (next < n)
		next = counter_line(w, seq, source, records, next, n);
}

/* ---- datagrams ---- */

static void one_sample(struct sflow_work *w, uint32_t tag, struct cursor *in)
{
	struct sflow_sample s = { 0 };
	const uint8_t *at = in->p;
	bool whole;

	switch (tag) {
	case FLOW_SAMPLE:
		whole = sflow_read_sample(in, &s);
		break;
	case FLOW_SAMPLE_EXPANDED:
		whole = sflow_read_sample_expanded(in, &s);
		break;
	case DISCARDED_PACKET:
		whole = sflow_read_discarded(in, &s);
		break;
	case COUNTERS_SAMPLE:
	case COUNTERS_SAMPLE_EXPANDED:
		counters_sample(w, in, tag == COUNTERS_SAMPLE_EXPANDED);
		return;
	default:
		w->dec->counters.skipped_structures++;
		return;
	}
	uint32_t count = cursor_u32(in);
	if (!whole || in->bad) {
		note_malformed(w, &w->dec->counters.malformed_sample, "sFlow flow sample is cut",
			       at, tag);
		return;
	}
	seen_form(w->dec, at, in->p);
	flow_sample_line(w, &s, in, count);
}

static void all_samples(struct sflow_work *w, struct cursor *in, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *at = in->p;
		uint32_t tag = cursor_u32(in), len = cursor_u32(in);
		struct cursor body;

		if (in->bad) {
			note_malformed(w, &w->dec->counters.malformed_sample,
				       "sFlow datagram has fewer samples than it says", at, count);
			return;
		}
		if (tag == FOUNDRY_ACL_SAMPLE) {
			cursor_skip(in, 8);
			seen_form(w->dec, at, in->p);
			count++; /* the sample behind it is not counted */
			continue;
		}
		seen_form(w->dec, at, in->p);
		body = cursor_sub(in, len);
		if (in->bad)
			note_malformed(w, &w->dec->counters.malformed_sample,
				       "sFlow sample is longer than the datagram", at, len);
		one_sample(w, tag, &body);
		if (in->bad)
			return;
	}
}

bool sflow_agent(const struct datagram *dgram, struct ip *ret_agent)
{
	struct cursor in = cursor_over(dgram->data, dgram->len);
	uint32_t type;

	cursor_skip(&in, 4); /* version */
	*ret_agent = agent_read(&in, &dgram->src, &type);
	return !in.bad && (type == 1 || type == 2);
}

enum decode_result sflow_datagram(struct decoder *dec, const struct datagram *dgram,
				  struct sink *sink)
{
	struct sflow_work w = { .dec = dec, .sink = sink };
	struct cursor in = cursor_over(dgram->data, dgram->len);
	uint32_t type, sub_agent, seq, uptime_ms, count;
	struct domain *domain;
	struct domain_key key = { .protocol = PROTO_SFLOW5, .stream = dgram->stream != NULL };
	struct ip agent;
	char *p;

	(void)cursor_u32(&in); /* version */
	agent = agent_read(&in, &dgram->src, &type);
	sub_agent = cursor_u32(&in);
	seq = cursor_u32(&in);
	uptime_ms = cursor_u32(&in);
	count = cursor_u32(&in);
	if (type > 2) {
		problem_at(dec, &dec->counters.malformed_header,
			   "sFlow agent address has unknown type", dgram->data + 4, type);
		return DECODE_MALFORMED;
	}
	if (in.bad) {
		problem_at(dec, &dec->counters.short_datagram, "sFlow header is cut", dgram->data,
			   (uint32_t)dgram->len);
		return DECODE_SHORT;
	}
	seen_form(dec, dgram->data, in.p);
	if (dec->settings.seer && (type == 1 || type == 2))
		seer_tell(dec->settings.seer, type == 1 ? SEEN_IPV4 : SEEN_IPV6, dgram->data + 8,
			  type == 1 ? 4 : 16);
	key.id = sub_agent;
	key.sender = &dgram->src;
	key.agent = &agent;
	key.exporter = agent_exporter(dec, dgram, &agent);
	domain = domain_get(dec, &key);
	if (!domain)
		return DECODE_REFUSED;
	agent_bind(domain->exporter, dgram);
	domain = device_route(dec, domain, dgram);
	context_start(dec, dgram, &domain->own, seq, dgram->received_ms);
	restart_check(dec, domain, seq, uptime_ms);
	sequence_note(dec, &domain->own, seq, 1, 0, true, uptime_ms);
	p = jsonw_time_ms(jsonw_lit(w.prefix, "{\"@timestamp\":"), dgram->received_ms);
	*p++ = ',';
	p = jsonw_raw(p, dec->ctx.head, dec->ctx.head_len);
	w.prefix_len = (size_t)(p - w.prefix);
	w.flat = meter_flat(dec, domain->exporter, KIND_SAMPLED);
	all_samples(&w, &in, count);
	return w.malformed ? DECODE_MALFORMED : DECODE_OK;
}
