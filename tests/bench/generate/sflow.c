/* SPDX-License-Identifier: Apache-2.0
 * The generator's sFlow 5: flow samples with a sampled header and switch data. */
#include "tests/bench/generate/generate.h"

#define SAMPLED_HEADER_LEN 128

/* The first 128 bytes of an Ethernet frame of frame_len bytes. */
static void put_sampled_header(struct model *m, struct buf *b, const struct flow *f,
			       uint32_t frame_len)
{
	uint8_t *start = b->p;
	uint64_t mac = mix64(f->in_if);
	put_uint(b, 0x020000000000u | (mac & 0xffffffffff), 6);
	put_uint(b, 0x020000000000u | (mix64(f->out_if) & 0xffffffffff), 6);
	put16(b, f->v6 ? 0x86dd : 0x0800);
	uint32_t ip_len = frame_len - 18; /* 14 header + 4 FCS */
	if (f->v6) {
		put32(b, 0x60000000u | (uint32_t)f->tos << 20 | f->flow_label);
		put16(b, ip_len - 40);
		put8(b, f->proto);
		put8(b, 60);
		put_bytes(b, f->src, 16);
		put_bytes(b, f->dst, 16);
	} else {
		uint8_t *ip = b->p;
		put8(b, 0x45);
		put8(b, f->tos);
		put16(b, ip_len);
		put16(b, rnd(&m->rng) & 0xffff);
		put16(b, 0x4000);
		put8(b, 60);
		put8(b, f->proto);
		put16(b, 0);
		put_bytes(b, f->src, 4);
		put_bytes(b, f->dst, 4);
		patch16(ip + 10, ip_checksum(ip, 20));
	}
	put16(b, f->src_port);
	put16(b, f->dst_port);
	if (f->proto == 6) {
		put32(b, rnd(&m->rng));
		put32(b, rnd(&m->rng));
		put8(b, 0x50);
		put8(b, f->tcp_flags ? f->tcp_flags : 0x10);
		put16(b, 64240);
		put32(b, 0);
	} else { /* UDP; ICMP is not drawn for sFlow */
		put16(b, ip_len - (f->v6 ? 40 : 20));
		put16(b, rnd(&m->rng) & 0xffff);
	}
	while (b->p < start + SAMPLED_HEADER_LEN)
		put8(b, rnd(&m->rng));
}

static void put_flow_sample(struct ctx *c, struct exporter *e, struct buf *b)
{
	static const uint32_t frame_sizes[] = { 128, 146, 590, 1392, 1518, 1518 };
	struct model *m = &c->model;
	const uint32_t rate = 2048;
	bool v6 = rnd_below(&m->rng, 100) < c->opt.v6_percent;
	struct flow f;
	do /* the headers asked for: IPv4/TCP and IPv6/UDP */
		next_flow(m, &f, v6);
	while (f.proto != (v6 ? 17 : 6));
	uint32_t frame_len = frame_sizes[rnd_below(&m->rng, 6)];

	put32(b, 1); /* enterprise 0, format 1: flow sample */
	put32(b, 8 * 4 + (8 + 16 + SAMPLED_HEADER_LEN) + (8 + 16));
	put32(b, ++e->sample_seq);
	put32(b, f.in_if); /* source id: ifIndex */
	put32(b, rate);
	put32(b, e->sample_seq * rate);
	put32(b, 0);
	put32(b, f.in_if);
	put32(b, f.out_if);
	put32(b, 2);

	put32(b, 1); /* raw packet header */
	put32(b, 16 + SAMPLED_HEADER_LEN);
	put32(b, 1); /* Ethernet */
	put32(b, frame_len);
	put32(b, 4);
	put32(b, SAMPLED_HEADER_LEN);
	put_sampled_header(m, b, &f, frame_len);

	put32(b, 1001); /* extended switch */
	put32(b, 16);
	put32(b, 1 + f.in_if % 100);
	put32(b, 0);
	put32(b, 1 + f.out_if % 100);
	put32(b, 0);
}

unsigned encode_sflow(struct ctx *c, struct exporter *e, struct buf *b, unsigned want)
{
	unsigned n = 0;
	put32(b, 5);
	put32(b, 1);
	put32(b, e->addr);
	put32(b, 0);
	put32(b, e->packets);
	put32(b, uptime(c, c->model.now_ms));
	uint8_t *count = b->p;
	put32(b, 0);
	for (; n < want && room(b, 216); n++)
		put_flow_sample(c, e, b);
	patch16(count + 2, n);
	return n;
}
