/* SPDX-License-Identifier: Apache-2.0
 * The ceiling over what an exporter makes us write, in proportion to what he sends. */
#include "forwarder/decode/line/ceiling.h"

#include "forwarder/decode/core/problem.h"

static struct exporter *root_at_hand(const struct decoder *dec)
{
	return dec->ctx.domain ? dec->ctx.domain->exporter->root : NULL;
}

static void traffic_turn(struct traffic *t, uint64_t ms)
{
	uint64_t window = ms / OUTPUT_SPAN;
	if (t->window == window)
		return;
	bool next = t->window + 1 == window;
	t->in[1] = next ? t->in[0] : 0;
	t->out[1] = next ? t->out[0] : 0;
	t->in[0] = t->out[0] = 0;
	t->window = window;
}

void ceiling_receive(struct exporter *root, uint64_t received_ms, size_t bytes)
{
	traffic_turn(&root->traffic, received_ms);
	root->traffic.in[0] += bytes;
}

void ceiling_receive_held(struct exporter *root, size_t bytes)
{
	root->traffic.in[0] += bytes;
}

/* What was written since dec->out_start. */
static void count_written(struct decoder *dec, const struct sink *sink)
{
	struct exporter *root = root_at_hand(dec);
	uint64_t bytes = (uint64_t)(sink->cur - dec->out_start);
	dec->out_start = sink->cur;
	dec->work.written += bytes;
	if (root && !dec->out_free)
		root->traffic.out[0] += bytes;
}

void ceiling_begin(struct decoder *dec, const struct sink *sink)
{
	dec->out_start = dec->out_end = sink->cur; /* which is settled when a line comes */
}

void ceiling_end(struct decoder *dec, const struct sink *sink)
{
	count_written(dec, sink);
}

/* Bytes that may still be written for the datagram at hand. */
static uint64_t left(const struct decoder *dec)
{
	const struct exporter *root = root_at_hand(dec);
	if (!root || dec->out_free)
		return UINT64_MAX;
	const struct traffic *t = &root->traffic;
	uint64_t received = t->in[0] + t->in[1];
	uint64_t may = dec->settings.limits.output_first + dec->settings.limits.output * received;
	uint64_t written = t->out[0] + t->out[1];
	return may > written ? may - written : 0;
}

static void refuse_line(struct decoder *dec)
{
	dec->counters.output_refused++;
	dec->counters.lost++;
	dec->ctx.domain->now.lost++;
	notice_of(dec,
		  "its records would become far more bytes of lines than it sends: some are left "
		  "out, and count as lost",
		  &dec->ctx.domain->exporter->address);
}

int ceiling_raise(struct decoder *dec, struct sink *sink, size_t need)
{
	count_written(dec, sink);
	uint64_t may = left(dec);
	if (!may) {
		refuse_line(dec);
		return -1;
	}
	if ((size_t)(sink->end - sink->cur) < need && sink->more(sink, need)) {
		dec->out_start = dec->out_end = sink->cur;
		dec->counters.sink_dropped++;
		return -1;
	}
	size_t room = (size_t)(sink->end - sink->cur);
	dec->out_start = sink->cur;
	may = may < need ? need : may; /* the last one may go beyond it */
	dec->out_end = sink->cur + (may < room ? may : room);
	return 0;
}
