/* SPDX-License-Identifier: Apache-2.0
 * What the parts of the traffic generator share: options, exporters, datagrams made so far. */
#ifndef EF_BENCH_GENERATE_H
#define EF_BENCH_GENERATE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/bench/generate/traffic.h"

#define MAX_BATCH          64
#define MAX_TEMPLATES      512
#define UPTIME_AT_START_MS (10u * 86400u * 1000u)

/* ---- byte writer ---- */

struct buf {
	uint8_t *p, *end; /* next byte, one past the last allowed */
};

static inline bool room(const struct buf *b, size_t n)
{
	return (size_t)(b->end - b->p) >= n;
}

static inline void put_bytes(struct buf *b, const void *src, size_t n)
{
	memcpy(b->p, src, n);
	b->p += n;
}

static inline void put_zero(struct buf *b, size_t n)
{
	memset(b->p, 0, n);
	b->p += n;
}

static inline void put_uint(struct buf *b, uint64_t v, unsigned n) /* big endian, n bytes */
{
	for (unsigned i = n; i-- > 0;)
		*b->p++ = (uint8_t)(v >> (8 * i));
}

#define put8(b, v)  put_uint(b, (uint64_t)(v), 1)
#define put16(b, v) put_uint(b, (uint64_t)(v), 2)
#define put32(b, v) put_uint(b, (uint64_t)(v), 4)

static inline void patch16(uint8_t *at, size_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

/* ---- options, exporters, datagrams ---- */

enum proto { NF5, NF9, IPFIX, SFLOW };

struct options {
	enum proto proto;
	uint64_t records;
	unsigned per_packet; /* 0: as many as fit, at most 30 (sFlow: 6) */
	unsigned exporters, templates, template_every, v6_percent, mtu;
	uint64_t seed;
	double record_rate; /* virtual records a second */
	bool now;
	const char *pcap, *udp;
	double pps;
	unsigned batch, pause_ms;
	in_addr_t first_exporter;
	uint16_t src_port;
};

struct exporter {
	uint32_t packets, flow_seq, sample_seq;
	unsigned next_template;
	in_addr_t addr; /* host order */
};

struct datagram {
	size_t offset;
	uint32_t len, exporter, records;
	uint64_t time_ms;
};

struct output {
	uint8_t *bytes;
	size_t used, size;
	struct datagram *list;
	size_t count, allocated;
	size_t templates_first; /* datagrams of the opening template burst */
	uint64_t records;
};

struct ctx {
	struct options opt;
	struct model model;
	struct exporter *exp;
	struct output out;
	uint64_t start_ms;
};

static inline uint32_t uptime(const struct ctx *c, uint64_t t_ms)
{
	return (uint32_t)(UPTIME_AT_START_MS + (t_ms - c->start_ms));
}

void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void *xrealloc(void *p, size_t n);
uint16_t ip_checksum(const uint8_t *p, size_t n);

/* Each writes one datagram of at most `want` records; how many it has. */
unsigned encode_nf5(struct ctx *c, struct exporter *e, struct buf *b, unsigned want);
unsigned encode_data(struct ctx *c, struct exporter *e, struct buf *b, unsigned want);
unsigned encode_sflow(struct ctx *c, struct exporter *e, struct buf *b, unsigned want);

/* NetFlow 9 and IPFIX: templates an exporter has, and one datagram of them from *next on. */
unsigned template_count(const struct options *o);
void encode_templates(struct ctx *c, struct exporter *e, struct buf *b, unsigned *next);

void write_pcap(const struct ctx *c);
double send_udp(const struct ctx *c); /* seconds it took */

#endif
