/* SPDX-License-Identifier: Apache-2.0
 * The heads of sFlow's samples: compact, expanded and discarded-packet form to one. */
#ifndef EF_DECODE_SFLOW_SAMPLE_H
#define EF_DECODE_SFLOW_SAMPLE_H

#include "forwarder/decode/core/cursor.h"

struct sflow_source {
	uint32_t class, index;
};

struct sflow_interface {
	uint32_t format, value;
};

struct sflow_sample {
	uint32_t seq, rate, pool, drops, reason;
	struct sflow_source source;
	struct sflow_interface in, out;
	bool discarded;
};

/* The source of the compact form: eight bits of class, then the index. */
static inline struct sflow_source sflow_source_id(uint32_t packed)
{
	return (struct sflow_source){ packed >> 24, packed & 0xffffff };
}

/* Compact form: two bits of format, then the value. */
static inline struct sflow_interface sflow_interface_of(uint32_t packed)
{
	return (struct sflow_interface){ packed >> 30, packed & 0x3fffffff };
}

/* What stands before the records of a sample of each format, inline for every sample; false: it is
 * cut. */
static inline bool sflow_read_sample(struct cursor *in, struct sflow_sample *s)
{
	s->seq = cursor_u32(in);
	s->source = sflow_source_id(cursor_u32(in));
	s->rate = cursor_u32(in);
	s->pool = cursor_u32(in);
	s->drops = cursor_u32(in);
	s->in = sflow_interface_of(cursor_u32(in));
	s->out = sflow_interface_of(cursor_u32(in));
	return !in->bad;
}

static inline bool sflow_read_sample_expanded(struct cursor *in, struct sflow_sample *s)
{
	s->seq = cursor_u32(in);
	s->source.class = cursor_u32(in);
	s->source.index = cursor_u32(in);
	s->rate = cursor_u32(in);
	s->pool = cursor_u32(in);
	s->drops = cursor_u32(in);
	s->in.format = cursor_u32(in);
	s->in.value = cursor_u32(in);
	s->out.format = cursor_u32(in);
	s->out.value = cursor_u32(in);
	return !in->bad;
}

static inline bool sflow_read_discarded(struct cursor *in, struct sflow_sample *s)
{
	s->seq = cursor_u32(in);
	s->source.class = cursor_u32(in);
	s->source.index = cursor_u32(in);
	s->drops = cursor_u32(in);
	s->in.value = cursor_u32(in);
	s->out.value = cursor_u32(in);
	s->reason = cursor_u32(in);
	s->discarded = true;
	return !in->bad;
}

#endif
