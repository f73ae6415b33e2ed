/* SPDX-License-Identifier: Apache-2.0
 * How a datagram's lines are begun and ended, their ids, and which times are believed. */
#include "forwarder/decode/line/context.h"

#include "common/hash.h"
#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/exporter/clock.h"
#include "forwarder/decode/line/ceiling.h"

static const char digits[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void base64url(const uint8_t *in, size_t triples, char *out)
{
	for (size_t i = 0; i < triples; i++) {
		uint32_t v = be24(in + 3 * i);
		for (int k = 0; k < 4; k++)
			*out++ = digits[v >> (18 - 6 * k) & 63];
	}
}

/* 14 bytes, for they are a twentieth of what a record takes on disk: receive time (so that ids of
 * one time lie together in the index), 48 bits of a hash of exporter, protocol, domain, sequence
 * number and content, and the place of the line in the datagram, which line_begin() adds. Two
 * datagrams of one millisecond share a hash once in 2.8e14 pairs. */
void context_id(struct context *ctx, uint32_t salt)
{
	const struct domain *dom = ctx->domain;
	uint64_t which = (uint64_t)dom->stream << 40 | (uint64_t)dom->protocol << 32 | dom->id;
	uint64_t h = hash_bytes(which, dom->exporter->address.b, 16);
	h = hash_mix(h, (uint64_t)ctx->dgram->port << 32 | salt);
	h = hash_mix(h, ctx->seq);
	h = hash_mix(h, ctx->content);
	uint8_t raw[12];
	uint64_t parts[2] = { htobe64(ctx->received_ms << 16), htobe64(h) };
	memcpy(raw, &parts[0], 6);
	memcpy(raw + 6, &parts[1], 6);
	base64url(raw, 4, ctx->id);
}

void context_head(struct context *ctx)
{
	const struct domain *domain = ctx->domain;
	char *p = jsonw_raw(ctx->head, domain->head, domain->head_len);
	p = jsonw_lit(p, ",\"port\":");
	p = jsonw_u64(p, ctx->port);
	p = jsonw_lit(p, ",\"domain\":");
	p = jsonw_u64(p, domain->id);
	p = jsonw_lit(p, ",\"seq\":");
	ctx->head_len = (uint16_t)(p - ctx->head);
}

void context_start(struct decoder *dec, const struct datagram *dgram, struct session *session,
		   uint32_t seq, uint64_t exported_ms)
{
	struct context *ctx = &dec->ctx;
	struct domain *domain = session->domain;
	ctx->dgram = dgram;
	ctx->domain = domain;
	ctx->session = session;
	ctx->port = dgram->port;
	ctx->seq = seq;
	ctx->exported_ms = exported_ms;
	ctx->received_ms = dgram->received_ms;
	ctx->has_uptime = false;
	ctx->records = 0;
	ctx->meta_records = 0;
	ctx->index = 0;
	ctx->with_id = dec->with_ids;

	context_head(ctx);
	char *p = jsonw_lit(ctx->tail, ",\"exported\":");
	p = jsonw_u64(p, exported_ms);
	p = jsonw_lit(p, ",\"received\":");
	p = jsonw_u64(p, dgram->received_ms);
	domain->clock_skew_ms = (int64_t)(exported_ms - dgram->received_ms);
	ctx->clock_offset_ms =
	    clock_note(&domain->clock, domain->clock_skew_ms, dec->settings.clock_skew_ms);
	if (ctx->clock_offset_ms)
		p = jsonw_i64(jsonw_lit(p, ",\"clock_offset\":"), ctx->clock_offset_ms);
	ctx->tail_len = (uint16_t)(p - ctx->tail);
	if (ctx->with_id)
		context_id(ctx, 0);

	ceiling_receive(domain->exporter->root, dgram->received_ms, dgram->len);
	domain->now.datagrams++;
	domain->now.bytes += dgram->len;
	domain->last_seen_ms = dgram->received_ms;
	if (!domain->line_due_ms) /* of before efd was started */
		domain->line_due_ms = dgram->received_ms + dec->settings.exporter_line_ms;
	dec->counters.datagrams[domain->protocol]++;
	dec->counters.bytes[domain->protocol] += dgram->len;
}

bool context_wants_ids(const struct sink *sink)
{
	for (int kind = 0; kind < LINE_KINDS; kind++)
		if (sink->head[kind].len && sink->head[kind].id_at >= 0)
			return true;
	return false;
}

char *line_begin(struct decoder *dec, struct sink *sink, enum line_kind kind, size_t need)
{
	const struct line_head *head = &sink->head[kind];
	need += head->len + JSONW_SLACK;
	if (__builtin_expect((size_t)(dec->out_end - sink->cur) < need, 0) &&
	    ceiling_raise(dec, sink, need))
		return NULL;
	char *p = sink->cur;
	jsonw_padded(p, head->text, head->len);
	if (dec->ctx.with_id && head->id_at >= 0 && head->len >= head->id_at + SINK_ID_LEN) {
		char *id = p + head->id_at;
		unsigned index = dec->ctx.index;
		memcpy(id, dec->ctx.id, sizeof(dec->ctx.id));
		id += sizeof(dec->ctx.id); /* 16 bits more: three digits */
		id[0] = digits[index >> 10 & 63];
		id[1] = digits[index >> 4 & 63];
		id[2] = digits[index << 2 & 63];
	}
	dec->ctx.index++;
	return p + head->len;
}

uint64_t context_moved_time(struct decoder *dec, uint64_t ms, bool *ret_skewed)
{
	const struct context *ctx = &dec->ctx;
	ms = (ms ? ms : ctx->exported_ms) - (uint64_t)ctx->clock_offset_ms;
	bool possible = context_possible_time(dec, ms);
	*ret_skewed = ctx->clock_offset_ms || !possible;
	dec->counters.clock_skew += *ret_skewed;
	return possible ? ms : ctx->received_ms;
}
