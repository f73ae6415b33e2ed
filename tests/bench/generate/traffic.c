/* SPDX-License-Identifier: Apache-2.0
 * A model of traffic: skewed addresses and services, Pareto sizes; everything follows from the
 * seed. */
#include "tests/bench/generate/traffic.h"

#include <math.h>
#include <string.h>

uint64_t mix64(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t rnd(struct rng *r)
{
	return mix64(r->state += 0x9e3779b97f4a7c15u);
}

uint32_t rnd_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(((rnd(r) >> 32) * n) >> 32);
}

static double rnd_unit(struct rng *r) /* (0, 1] */
{
	return (double)((rnd(r) >> 11) + 1) / 9007199254740992.0;
}

static const struct service {
	uint16_t weight, port;
	uint8_t proto;
	uint16_t app_id;
	const char *app;
} services[] = {
	{ 42, 443, 6, 91, "https" },
	{ 14, 443, 17, 188, "quic" },
	{ 10, 53, 17, 5, "dns" },
	{ 8, 80, 6, 7, "http" },
	{ 4, 22, 6, 92, "ssh" },
	{ 3, 445, 6, 41, "microsoft-ds" },
	{ 3, 123, 17, 9, "ntp" },
	{ 3, 0, 1, 81, "icmp" },
	{ 2, 25, 6, 3, "smtp" },
	{ 2, 3389, 6, 88, "ms-wbt-server" },
	{ 2, 5060, 17, 100, "sip" },
	{ 2, 993, 6, 51, "imaps" },
	{ 2, 8080, 6, 7, "http-alternative-proxy" },
	{ 1, 161, 17, 14, "snmp" },
	{ 1, 3306, 6, 20, "mysql" },
	{ 1, 1194, 17, 159, "openvpn" },
};

static const struct service *pick_service(struct rng *r)
{
	uint32_t total = 0, n = sizeof services / sizeof *services;
	for (uint32_t i = 0; i < n; i++)
		total += services[i].weight;
	uint32_t x = rnd_below(r, total);
	for (uint32_t i = 0; i < n; i++) {
		if (x < services[i].weight)
			return &services[i];
		x -= services[i].weight;
	}
	return &services[0];
}

/* A skewed draw from [0, n): a few indexes are very popular, the tail is long. */
static uint32_t pick_skewed(struct rng *r, uint32_t n)
{
	double u = rnd_unit(r);
	uint32_t i = (uint32_t)(u * u * u * n);
	return i < n ? i : n - 1;
}

static void address(uint8_t out[16], uint32_t index, bool inside, bool v6)
{
	uint64_t h = mix64(index + (inside ? 0x1000000000u : 0x2000000000u));
	memset(out, 0, 16);
	if (v6) {
		static const uint8_t in_prefix[4] = { 0x20, 0x01, 0x0d, 0xb8 };
		memcpy(out, in_prefix, 4);
		if (!inside) {
			out[0] = 0x2a;
			out[1] = (uint8_t)(h >> 56) & 0x0f;
			out[2] = (uint8_t)(h >> 48);
			out[3] = (uint8_t)(h >> 40);
		}
		out[5] = (uint8_t)(h >> 32) & 0x1f;
		if (index & 1) /* privacy address, else a short, compressible one */
			memcpy(out + 8, &h, 8);
		else
			out[15] = (uint8_t)(h | 1);
	} else if (inside) {
		out[0] = 10;
		out[1] = (uint8_t)(h >> 8) & 0x1f;
		out[2] = (uint8_t)(h >> 16);
		out[3] = (uint8_t)(h >> 24);
	} else {
		static const uint8_t avoid[] = { 0, 10, 127 };
		out[0] = (uint8_t)(1 + (h & 0xff) % 222);
		for (size_t i = 0; i < sizeof avoid; i++)
			if (out[0] == avoid[i])
				out[0] = 45;
		out[1] = (uint8_t)(h >> 8);
		out[2] = (uint8_t)(h >> 16);
		out[3] = (uint8_t)(h >> 24);
	}
}

static void ports(struct rng *r, struct flow *f, const struct service *s, bool from_server,
		  uint16_t client_port)
{
	f->proto = s->proto == 1 && f->v6 ? 58 : s->proto;
	f->app = s->app;
	f->app_id = s->app_id;
	if (s->proto == 1) {
		f->dst_port = (uint16_t)((rnd(r) & 1 ? 8 : 0) << 8); /* type, code */
	} else {
		f->src_port = from_server ? s->port : client_port;
		f->dst_port = from_server ? client_port : s->port;
	}
}

/* Pareto packet counts (most flows are small, some are huge), and how long it took. */
static void sizes(struct model *m, struct flow *f, bool from_server)
{
	struct rng *r = &m->rng;
	double p = pow(rnd_unit(r), -1.0 / 1.1);
	uint32_t mean_size;
	uint64_t duration;

	f->packets = p > 2e6 ? 2000000 : (uint64_t)p;
	mean_size = from_server ? 200 + rnd_below(r, 1260) : 40 + rnd_below(r, 300);
	f->bytes = f->packets * mean_size;
	duration = f->packets > 1 ? (uint64_t)(-log(rnd_unit(r)) * 8000) : 0;
	if (duration > 60000)
		duration = 60000;
	m->ms_carry += m->ms_per_record;
	m->now_ms += (uint64_t)m->ms_carry;
	m->ms_carry -= floor(m->ms_carry);
	f->end_ms = m->now_ms - rnd_below(r, 1000);
	f->start_ms = f->end_ms - duration;
}

static void routing(struct flow *f, bool inbound, uint32_t outside)
{
	uint64_t h = mix64(outside);

	f->src_as = inbound ? 1 + (uint32_t)(h % 64000) : 64512;
	f->dst_as = inbound ? 64512 : 1 + (uint32_t)(h % 64000);
	f->src_mask = (uint8_t)(f->v6 ? 32 + (h & 15) : 8 + h % 17);
	f->dst_mask = (uint8_t)(f->v6 ? 48 : 24);
}

void next_flow(struct model *m, struct flow *f, bool v6)
{
	struct rng *r = &m->rng;
	const struct service *s = pick_service(r);
	uint32_t inside = pick_skewed(r, m->inside_hosts);
	uint32_t outside = pick_skewed(r, m->outside_hosts);
	bool inbound = rnd(r) & 1;     /* which side is the source */
	bool from_server = rnd(r) & 1; /* which end has the service port */
	uint16_t client_port =
	    (uint16_t)(rnd_below(r, 10) ? 32768 + rnd_below(r, 28232) : 1024 + rnd_below(r, 64512));

	memset(f, 0, sizeof *f);
	f->v6 = v6;
	address(f->src, inbound ? outside : inside, !inbound, v6);
	address(f->dst, inbound ? inside : outside, inbound, v6);
	address(f->nexthop, rnd_below(r, 16), true, v6);
	f->in_if = 1 + rnd_below(r, 48);
	f->out_if = 1 + rnd_below(r, 48);
	ports(r, f, s, from_server, client_port);
	sizes(m, f, from_server);
	f->tos = (uint8_t)(rnd_below(r, 5) ? 0 : (rnd_below(r, 64) << 2));
	if (f->proto == 6)
		f->tcp_flags = f->packets == 1 ? 0x02 : rnd_below(r, 8) ? 0x1b : 0x16;
	f->direction = !inbound;
	routing(f, inbound, outside);
	f->sampler = 1;
	f->flow_label = rnd_below(r, 1 << 20);
}
