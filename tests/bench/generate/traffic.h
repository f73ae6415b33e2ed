/* SPDX-License-Identifier: Apache-2.0
 * A model of traffic: skewed addresses and services, Pareto sizes; everything follows from the
 * seed. */
#ifndef EF_BENCH_TRAFFIC_H
#define EF_BENCH_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

uint64_t mix64(uint64_t z); /* splitmix64's finish */
uint64_t rnd(struct rng *r);
uint32_t rnd_below(struct rng *r, uint32_t n);

struct flow {
	bool v6;
	uint8_t src[16], dst[16], nexthop[16]; /* IPv4: the first 4 bytes */
	uint32_t in_if, out_if;
	uint64_t packets, bytes;
	uint64_t start_ms, end_ms; /* since the epoch */
	uint16_t src_port, dst_port;
	uint8_t proto, tos, tcp_flags, direction;
	uint32_t src_as, dst_as, flow_label;
	uint8_t src_mask, dst_mask;
	uint8_t sampler;
	uint16_t app_id;
	const char *app;
};

struct model {
	struct rng rng;
	uint32_t inside_hosts, outside_hosts;
	uint64_t now_ms; /* virtual clock */
	double ms_per_record;
	double ms_carry;
};

void next_flow(struct model *m, struct flow *f, bool v6);

#endif
