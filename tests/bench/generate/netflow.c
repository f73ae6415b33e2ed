/* SPDX-License-Identifier: Apache-2.0
 * The generator's NetFlow 5, NetFlow 9 and IPFIX. */
#include "tests/bench/generate/generate.h"

#define FIRST_TEMPLATE_ID 256
#define IPFIX_VARLEN      65535
#define PEN_NTOP          35632

unsigned encode_nf5(struct ctx *c, struct exporter *e, struct buf *b, unsigned want)
{
	unsigned n = want;
	if (n > 30)
		n = 30;
	uint8_t *head = b->p;
	put_zero(b, 24);
	for (unsigned i = 0; i < n; i++) {
		struct flow f;
		next_flow(&c->model, &f, false);
		put_bytes(b, f.src, 4);
		put_bytes(b, f.dst, 4);
		put_bytes(b, f.nexthop, 4);
		put16(b, f.in_if);
		put16(b, f.out_if);
		put32(b, f.packets);
		put32(b, f.bytes);
		put32(b, uptime(c, f.start_ms));
		put32(b, uptime(c, f.end_ms));
		put16(b, f.src_port);
		put16(b, f.dst_port);
		put8(b, 0);
		put8(b, f.tcp_flags);
		put8(b, f.proto);
		put8(b, f.tos);
		put16(b, f.src_as);
		put16(b, f.dst_as);
		put8(b, f.src_mask);
		put8(b, f.dst_mask);
		put16(b, 0);
	}
	struct buf h = { head, head + 24 };
	uint64_t t = c->model.now_ms;
	put16(&h, 5);
	put16(&h, n);
	put32(&h, uptime(c, t));
	put32(&h, t / 1000);
	put32(&h, t % 1000 * 1000000);
	put32(&h, e->flow_seq);
	put8(&h, 0);
	put8(&h, 1);
	put16(&h, 0);
	e->flow_seq += n;
	return n;
}

/* ---- NetFlow v9 and IPFIX ----------------------------------------------- */

enum what {
	SRC,
	DST,
	NEXTHOP,
	IN_IF,
	OUT_IF,
	PKTS,
	BYTES,
	FIRST_UP,
	LAST_UP,
	START_MS,
	END_MS,
	SPORT,
	DPORT,
	FLAGS,
	PROTO,
	TOS,
	SAS,
	DAS,
	SMASK,
	DMASK,
	SAMPLER,
	DIR,
	LABEL,
	APP_PEN,
	APP_NAME
};

struct element {
	uint16_t id, len;
	uint8_t what;
	uint32_t pen;
};

/* NetFlow v9 as routers send it, with 32-bit counters; IPFIX with 64-bit ones. */

static const struct element nf9_v4[] = {
	{ 8, 4, SRC, 0 },      { 12, 4, DST, 0 },   { 15, 4, NEXTHOP, 0 }, { 10, 4, IN_IF, 0 },
	{ 14, 4, OUT_IF, 0 },  { 2, 4, PKTS, 0 },   { 1, 4, BYTES, 0 },    { 22, 4, FIRST_UP, 0 },
	{ 21, 4, LAST_UP, 0 }, { 7, 2, SPORT, 0 },  { 11, 2, DPORT, 0 },   { 6, 1, FLAGS, 0 },
	{ 4, 1, PROTO, 0 },    { 5, 1, TOS, 0 },    { 16, 4, SAS, 0 },     { 17, 4, DAS, 0 },
	{ 9, 1, SMASK, 0 },    { 13, 1, DMASK, 0 }, { 48, 1, SAMPLER, 0 }, { 61, 1, DIR, 0 },
};
static const struct element nf9_v6[] = {
	{ 27, 16, SRC, 0 },    { 28, 16, DST, 0 },  { 62, 16, NEXTHOP, 0 }, { 10, 4, IN_IF, 0 },
	{ 14, 4, OUT_IF, 0 },  { 2, 4, PKTS, 0 },   { 1, 4, BYTES, 0 },     { 22, 4, FIRST_UP, 0 },
	{ 21, 4, LAST_UP, 0 }, { 7, 2, SPORT, 0 },  { 11, 2, DPORT, 0 },    { 6, 1, FLAGS, 0 },
	{ 4, 1, PROTO, 0 },    { 5, 1, TOS, 0 },    { 16, 4, SAS, 0 },      { 17, 4, DAS, 0 },
	{ 29, 1, SMASK, 0 },   { 30, 1, DMASK, 0 }, { 31, 3, LABEL, 0 },    { 61, 1, DIR, 0 },
};
/* It takes the macros for blocks. */
/* clang-format off */
/* What both families have, in front of the prefix lengths and behind them. */
#define IPFIX_COUNTED                                                                          \
	{ 10, 4, IN_IF, 0 }, { 14, 4, OUT_IF, 0 }, { 2, 8, PKTS, 0 }, { 1, 8, BYTES, 0 },      \
	    { 152, 8, START_MS, 0 }, { 153, 8, END_MS, 0 }, { 7, 2, SPORT, 0 },                \
	    { 11, 2, DPORT, 0 }, { 6, 1, FLAGS, 0 }, { 4, 1, PROTO, 0 }, { 5, 1, TOS, 0 },     \
	    { 16, 4, SAS, 0 }, { 17, 4, DAS, 0 }
#define IPFIX_TAIL \
	{ 61, 1, DIR, 0 }, { 118, 2, APP_PEN, PEN_NTOP }, { 96, IPFIX_VARLEN, APP_NAME, 0 }
static const struct element ipfix_v4[] = {
	{ 8, 4, SRC, 0 },   { 12, 4, DST, 0 },   { 15, 4, NEXTHOP, 0 }, IPFIX_COUNTED,
	{ 9, 1, SMASK, 0 }, { 13, 1, DMASK, 0 }, IPFIX_TAIL,
};
static const struct element ipfix_v6[] = {
	{ 27, 16, SRC, 0 },  { 28, 16, DST, 0 },  { 62, 16, NEXTHOP, 0 }, IPFIX_COUNTED,
	{ 29, 1, SMASK, 0 }, { 30, 1, DMASK, 0 }, IPFIX_TAIL,
};
/* clang-format on */

struct template
{
	const struct element *el;
	unsigned n, rotate; /* element i of the wire order is el[(i + rotate) % n] */
};

/*
 * Templates 0 .. T-1 are IPv4, T .. 2T-1 their IPv6 twins.  They differ in the
 * order of their elements, so none can be taken for another.
 */
static struct template get_template(const struct options *o, unsigned index)
{
	bool v6 = index >= o->templates;
	struct template t = { 0 };
	if (o->proto == NF9) {
		t.el = v6 ? nf9_v6 : nf9_v4;
		t.n = sizeof nf9_v4 / sizeof *nf9_v4;
	} else {
		t.el = v6 ? ipfix_v6 : ipfix_v4;
		t.n = sizeof ipfix_v4 / sizeof *ipfix_v4;
	}
	t.rotate = index % o->templates % t.n;
	return t;
}

unsigned template_count(const struct options *o)
{
	return o->v6_percent ? 2 * o->templates : o->templates;
}

static uint8_t *put_message_header(struct ctx *c, struct exporter *e, struct buf *b)
{
	uint8_t *head = b->p;
	uint64_t t = c->model.now_ms;
	uint32_t domain = 1;
	if (c->opt.proto == NF9) {
		put16(b, 9);
		put16(b, 0); /* count: patched by finish_message */
		put32(b, uptime(c, t));
		put32(b, t / 1000);
		put32(b, e->packets);
		put32(b, domain);
	} else {
		put16(b, 10);
		put16(b, 0); /* length: patched by finish_message */
		put32(b, t / 1000);
		put32(b, e->flow_seq);
		put32(b, domain);
	}
	return head;
}

static void finish_message(const struct ctx *c, uint8_t *head, const struct buf *b, unsigned count)
{
	patch16(head + 2, c->opt.proto == NF9 ? count : (size_t)(b->p - head));
}

/* One datagram of templates from *next on; moves *next past those that fitted. */
void encode_templates(struct ctx *c, struct exporter *e, struct buf *b, unsigned *next)
{
	uint8_t *head = put_message_header(c, e, b), *set = b->p;
	unsigned total = template_count(&c->opt), count = 0;
	put16(b, c->opt.proto == NF9 ? 0 : 2);
	put16(b, 0);
	for (; *next < total; ++*next, ++count) {
		struct template t = get_template(&c->opt, *next);
		if (!room(b, 4 + t.n * 8))
			break;
		put16(b, FIRST_TEMPLATE_ID + *next);
		put16(b, t.n);
		for (unsigned i = 0; i < t.n; i++) {
			const struct element *el = &t.el[(i + t.rotate) % t.n];
			put16(b, el->id | (el->pen ? 0x8000 : 0));
			put16(b, el->len);
			if (el->pen)
				put32(b, el->pen);
		}
	}
	patch16(set + 2, (size_t)(b->p - set));
	finish_message(c, head, b, count);
}

#define MEMBER(m)                                                       \
	{                                                               \
		offsetof(struct flow, m), sizeof(((struct flow *)0)->m) \
	}
/* Where the numbers of a flow are. */
static const struct {
	size_t offset, size;
} members[] = {
	[IN_IF] = MEMBER(in_if),       [OUT_IF] = MEMBER(out_if),     [PKTS] = MEMBER(packets),
	[BYTES] = MEMBER(bytes),       [FIRST_UP] = MEMBER(start_ms), [LAST_UP] = MEMBER(end_ms),
	[START_MS] = MEMBER(start_ms), [END_MS] = MEMBER(end_ms),     [SPORT] = MEMBER(src_port),
	[DPORT] = MEMBER(dst_port),    [FLAGS] = MEMBER(tcp_flags),   [PROTO] = MEMBER(proto),
	[TOS] = MEMBER(tos),           [SAS] = MEMBER(src_as),        [DAS] = MEMBER(dst_as),
	[SMASK] = MEMBER(src_mask),    [DMASK] = MEMBER(dst_mask),    [SAMPLER] = MEMBER(sampler),
	[DIR] = MEMBER(direction),     [LABEL] = MEMBER(flow_label),  [APP_PEN] = MEMBER(app_id),
};

static uint64_t member(const struct flow *f, unsigned what)
{
	const uint8_t *at = (const uint8_t *)f + members[what].offset;
	uint64_t wide;
	uint32_t middle;
	uint16_t narrow;

	switch (members[what].size) {
	case 8:
		memcpy(&wide, at, 8);
		return wide;
	case 4:
		memcpy(&middle, at, 4);
		return middle;
	case 2:
		memcpy(&narrow, at, 2);
		return narrow;
	default:
		return *at;
	}
}

static void put_element(const struct ctx *c, struct buf *b, const struct element *el,
			const struct flow *f)
{
	switch (el->what) {
	case SRC:
		put_bytes(b, f->src, el->len);
		break;
	case DST:
		put_bytes(b, f->dst, el->len);
		break;
	case NEXTHOP:
		put_bytes(b, f->nexthop, el->len);
		break;
	case APP_NAME:
		put8(b, strlen(f->app));
		put_bytes(b, f->app, strlen(f->app));
		break;
	case FIRST_UP:
	case LAST_UP:
		put_uint(b, uptime(c, member(f, el->what)), el->len);
		break;
	default:
		put_uint(b, member(f, el->what), el->len);
	}
}

static size_t max_record_size(const struct template *t)
{
	size_t n = 0;
	for (unsigned i = 0; i < t->n; i++)
		n += t->el[i].len == IPFIX_VARLEN ? 32 : t->el[i].len;
	return n;
}

unsigned encode_data(struct ctx *c, struct exporter *e, struct buf *b, unsigned want)
{
	bool v6 = rnd_below(&c->model.rng, 100) < c->opt.v6_percent;
	unsigned index = e->next_template++ % c->opt.templates + (v6 ? c->opt.templates : 0);
	struct template t = get_template(&c->opt, index);
	size_t worst = max_record_size(&t);
	uint8_t *head = put_message_header(c, e, b), *set = b->p;
	unsigned n = 0;
	put16(b, FIRST_TEMPLATE_ID + index);
	put16(b, 0);
	for (; n < want && room(b, worst + 3); n++) {
		struct flow f;
		next_flow(&c->model, &f, v6);
		for (unsigned i = 0; i < t.n; i++)
			put_element(c, b, &t.el[(i + t.rotate) % t.n], &f);
	}
	if (c->opt.proto == NF9)
		put_zero(b, -(size_t)(b->p - set) & 3);
	patch16(set + 2, (size_t)(b->p - set));
	finish_message(c, head, b, n);
	e->flow_seq += n;
	return n;
}
