/* SPDX-License-Identifier: Apache-2.0
 * What is added up of flows: the aggregations for it, and the sums of a reply. */
#include "importer/query/figures.h"

#include "importer/core/json.h"

const char *const measure_names[] = { "bytes", "packets", "flows", "peers", "peak", NULL };

uint64_t figures_value(const struct figures *f, enum measure by)
{
	switch (by) {
	case BY_PACKETS:
		return f->packets;
	case BY_FLOWS:
		return f->flows;
	case BY_PEERS:
		return f->peers;
	case BY_PEAK:
		return f->peak;
	case BY_BYTES:
		break;
	}
	return f->bytes;
}

static void sum_ask(json_t *aggs, const char *name, const char *kind, const char *field)
{
	if (field)
		json_object_set_new(aggs, name, json_pack("{s:{s:s}}", kind, "field", field));
}

void figures_ask(const struct subject *s, size_t side, json_t *aggs)
{
	const struct subject_side *at = &s->side[side];
	if (s->whole) {
		sum_ask(aggs, "bytes", "sum", "network.bytes");
		sum_ask(aggs, "packets", "sum", "network.packets");
	} else {
		sum_ask(aggs, "packets_sent", "sum", at->packets_sent);
		sum_ask(aggs, "packets_received", "sum", at->packets_received);
	}
	sum_ask(aggs, "sent", "sum", at->sent);
	sum_ask(aggs, "received", "sum", at->received);
	sum_ask(aggs, "rate", "max", "flow.sampling.rate");
}

static uint64_t value_at(const json_t *bucket, const char *path)
{
	long long v = json_int_at(bucket, path);
	return v > 0 ? (uint64_t)v : 0;
}

/* Sums of a cluster are no higher than 2^63; two of them have room. */
static uint64_t plus(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

void figures_plus(struct figures *f, const struct figures *more)
{
	f->bytes = plus(f->bytes, more->bytes);
	f->packets = plus(f->packets, more->packets);
	f->flows = plus(f->flows, more->flows);
	f->sent = plus(f->sent, more->sent);
	f->received = plus(f->received, more->received);
	f->peers = plus(f->peers, more->peers);
	f->rate = more->rate > f->rate ? more->rate : f->rate;
	f->peak = more->peak > f->peak ? more->peak : f->peak;
}

static void minus(uint64_t *a, uint64_t b)
{
	*a = *a > b ? *a - b : 0;
}

void figures_minus(struct figures *f, const struct figures *less)
{
	minus(&f->bytes, less->bytes);
	minus(&f->packets, less->packets);
	minus(&f->flows, less->flows);
	minus(&f->sent, less->sent);
	minus(&f->received, less->received);
}

void figures_add(const struct subject *s, const json_t *bucket, struct figures *f)
{
	struct figures more = {
		.flows = value_at(bucket, "doc_count"),
		.sent = value_at(bucket, "sent.value"),
		.received = value_at(bucket, "received.value"),
		.rate = value_at(bucket, "rate.value"),
		.peers = value_at(bucket, "peers.value"),
	};
	more.bytes = s->whole ? value_at(bucket, "bytes.value") : plus(more.sent, more.received);
	more.packets = s->whole ? value_at(bucket, "packets.value")
				: plus(value_at(bucket, "packets_sent.value"),
				       value_at(bucket, "packets_received.value"));
	figures_plus(f, &more);
}

json_t *figures_repeats(void)
{
	return json_pack("{s:{s:[{s:{s:s}}],s:[{s:{s:s}},{s:{s:s}}]}}", "bool", "filter", "exists",
			 "field", "flow.duplicate.reason", "must_not", "exists", "field",
			 "network.bytes", "exists", "field", "network.packets");
}

json_t *figures_counted(const struct subject *s, const json_t *query)
{
	if (!s->whole)
		return json_deep_copy(query);
	return json_pack("{s:{s:[O],s:[o]}}", "bool", "filter", query, "must_not",
			 figures_repeats());
}

uint64_t figures_rate(uint64_t bytes, uint64_t ms)
{
	return ms ? (uint64_t)((double)bytes * 8000 / (double)ms) : 0;
}
