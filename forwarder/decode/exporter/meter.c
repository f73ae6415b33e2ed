/* SPDX-License-Identifier: Apache-2.0
 * Which interfaces of a device meter packets that come in and which those that go out, learnt from
 * its records. */
#include "forwarder/decode/exporter/meter.h"

#include <stdlib.h>

#include "forwarder/decode/core/memory.h"

#define ROWS_FIRST 64
#define PROBES     8   /* places of a row */
#define LEAST_S    300 /* no interface stops to count as metered on ingress before */

struct meter_row {
	uint64_t key;     /* interface and kind, 0: free */
	uint32_t since_s; /* since when egress records alone have named it, 0: they have not, … */
	uint32_t last_s;  /* … and when the last one did */
	uint32_t ways;    /* METER_INGRESS, METER_EGRESS */
};

struct meter {
	struct meter_row *rows;
	uint32_t room, shift; /* room is a power of two: 2^(64 - shift) */
	uint32_t len;
	uint32_t now_64s; /* the 64 seconds that the flags of flat are of */
	/* by kind: interfaces that are named, those metered on ingress, on egress */
	uint32_t named[PACKET_KINDS], ingress[PACKET_KINDS], egress[PACKET_KINDS];
	struct meter_flat *flat[PACKET_KINDS];
	bool stale[PACKET_KINDS]; /* the verdicts of flat are of other numbers of interfaces */
};

/* Flags of an interface: METER_INGRESS, METER_EGRESS, and */
enum {
	KNOWN = 4,
	NAMED_NOW = 8, /* egress records have named it as input in these 64 seconds, … */
	SEEN_NOW = 16, /* … and ingress records came from it after that */
	NAMING = 32,   /* since when egress records name it is known */
	NO_INTERFACE = METER_INGRESS, /* without KNOWN: 0 */
};

static uint64_t key_of(enum packet_kind kind, uint32_t interface)
{
	return (uint64_t)interface << 8 | (kind + 1u);
}

static inline uint32_t place_of(const struct meter *m, uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15u >> m->shift);
}

/* The row, or the free place where it would be, or NULL. */
static inline struct meter_row *row_find(const struct meter *m, uint64_t key)
{
	uint32_t at = place_of(m, key);
	for (uint32_t i = 0; i < PROBES; i++) {
		struct meter_row *row = &m->rows[(at + i) & (m->room - 1)];
		if (row->key == key || row->key == 0)
			return row;
	}
	return NULL;
}

/* A row that found no place any more. */
static void forget(struct meter *m, const struct meter_row *row)
{
	unsigned kind = (unsigned)(row->key & 0xff) - 1;
	m->len--;
	m->named[kind]--;
	m->ingress[kind] -= row->ways & METER_INGRESS ? 1 : 0;
	m->egress[kind] -= row->ways & METER_EGRESS ? 1 : 0;
}

static bool rows_take(struct decoder *dec, struct exporter *exporter, struct meter *m,
		      uint32_t room)
{
	if (room > METER_ROWS_MAX || !memory_take(dec, exporter, room * sizeof(*m->rows)))
		return false;
	struct meter_row *rows = calloc(room, sizeof(*rows)), *old = m->rows;
	if (!rows) {
		memory_return(dec, exporter, room * sizeof(*rows));
		return false;
	}
	uint32_t old_room = m->room;
	m->rows = rows;
	m->room = room;
	m->shift = 64;
	for (uint32_t r = room; r > 1; r /= 2)
		m->shift--;
	for (uint32_t i = 0; i < old_room; i++) {
		struct meter_row *to = old[i].key ? row_find(m, old[i].key) : NULL;
		if (to)
			*to = old[i];
		else if (old[i].key)
			forget(m, &old[i]);
	}
	if (old_room)
		memory_return(dec, exporter, old_room * sizeof(*rows));
	free(old);
	return true;
}

/* A new interface. NULL: no room. */
static __attribute__((noinline)) struct meter_row *
row_add(struct decoder *dec, struct exporter *exporter, enum packet_kind kind, uint64_t key)
{
	struct meter *m = exporter->meter;
	struct meter_row *row = row_find(m, key);
	while ((!row || m->len >= m->room / 2) && rows_take(dec, exporter, m, m->room * 2))
		row = row_find(m, key);
	if (!row || m->len >= m->room / 2) {
		dec->counters.meters_refused++;
		return NULL;
	}
	row->key = key;
	m->len++;
	m->named[kind]++;
	m->stale[kind] = true;
	return row;
}

static struct meter *meter_new(struct decoder *dec, struct exporter *exporter)
{
	if (!memory_take(dec, exporter, sizeof(struct meter)))
		return NULL;
	struct meter *m = calloc(1, sizeof(*m));
	if (!m || !rows_take(dec, exporter, m, ROWS_FIRST)) {
		memory_return(dec, exporter, sizeof(*m));
		free(m);
		return NULL;
	}
	return exporter->meter = m;
}

/* The row of an interface; NULL for interface 0 and where there is no room. */
static inline struct meter_row *row_get(struct decoder *dec, struct exporter *exporter,
					enum packet_kind kind, uint32_t interface)
{
	if (!interface)
		return NULL;
	uint64_t key = key_of(kind, interface);
	struct meter_row *row = row_find(exporter->meter, key);
	return __builtin_expect(row && row->key, 1) ? row : row_add(dec, exporter, kind, key);
}

static void learn(uint32_t *count, bool *stale, struct meter_row *row, unsigned way)
{
	if (!row || row->ways & way)
		return;
	row->ways |= way;
	++*count;
	*stale = true;
}

/* Egress records name it as input. It no longer counts as metered on ingress when they alone have
 * done so for two active timeouts; when both are silent nothing is known. */
static void row_named(const struct exporter *exporter, enum packet_kind kind, struct meter_row *row,
		      uint32_t now_s)
{
	struct meter *m = exporter->meter;
	uint32_t timeouts = 2 * exporter->longest_s;
	uint32_t limit = timeouts > LEAST_S ? timeouts : LEAST_S;
	if (!row->since_s || now_s < row->last_s || now_s - row->last_s > limit / 2)
		row->since_s = now_s;
	row->last_s = now_s;
	if (now_s - row->since_s < limit)
		return;
	row->ways &= ~(unsigned)METER_INGRESS;
	row->since_s = 0;
	m->ingress[kind]--;
	m->stale[kind] = true;
}

/* Is this interface one of those that do not meter so, and the only one? Then the others have all
 * of its packets. */
static bool elsewhere(uint32_t named, uint32_t metered, bool this_one)
{
	return named - metered <= !this_one;
}

/* `a`, `b`: flags of the input and the output interface, of which all is known that a record
 * metered `way` can teach. */
static unsigned verdict_of(const struct meter *m, enum packet_kind kind, enum meter_way way,
			   unsigned a, unsigned b)
{
	unsigned verdict = 0;
	if (way == METERED_IN) {
		if (b & KNOWN && b & METER_EGRESS)
			verdict |= METER_NOT_OUT;
		else if (b & KNOWN &&
			 !elsewhere(m->named[kind], m->ingress[kind], b & METER_INGRESS))
			verdict |= METER_PART_OUT;
	} else if (way == METERED_OUT) {
		if (a & KNOWN && a & METER_INGRESS)
			verdict |= METER_DUPLICATE | METER_NOT_IN;
		else if (a & KNOWN && !elsewhere(m->named[kind], m->egress[kind], a & METER_EGRESS))
			verdict |= METER_PART_IN;
	} else {
		verdict |= a & KNOWN && a & METER_INGRESS ? METER_NOT_IN : 0u;
		verdict |= b & KNOWN && b & METER_EGRESS ? METER_NOT_OUT : 0u;
	}
	return verdict;
}

/* Would a record of the kind change what is known? */
static bool teaches(enum meter_way way, unsigned a, unsigned b)
{
	bool none_a = (a & 7) == NO_INTERFACE, none_b = (b & 7) == NO_INTERFACE;
	if ((!(a & KNOWN) && !none_a) || (!(b & KNOWN) && !none_b))
		return true;
	if (way == METERED_IN)
		return !none_a && (!(a & METER_INGRESS) || (a & NAMING && !(a & SEEN_NOW)));
	return (!none_b && !(b & METER_EGRESS)) ||
	       (!none_a && a & METER_INGRESS && !(a & (NAMED_NOW | SEEN_NOW)));
}

static void verdicts_make(const struct meter *m, enum packet_kind kind)
{
	struct meter_flat *flat = m->flat[kind];
	for (unsigned way = METERED_IN; flat && way <= METERED_OUT; way++)
		for (unsigned a = 0; a < 64; a++)
			for (unsigned b = 0; b < 8; b++)
				flat->verdict[way][a][b] =
				    teaches((enum meter_way)way, a, b)
					? METER_SLOW
					: (uint8_t)verdict_of(m, kind, (enum meter_way)way, a, b);
}

static void window_begin(struct meter *m, enum packet_kind kind)
{
	struct meter_flat *flat = m->flat[kind];
	for (unsigned i = 0; flat && i < METER_FLAT; i++)
		flat->flags[i] &= (uint8_t) ~(NAMED_NOW | SEEN_NOW);
	if (m->stale[kind]) /* what they say of parts waits that long; of duplicates nothing */
		verdicts_make(m, kind);
	m->stale[kind] = false;
}

const struct meter_flat *meter_flat(struct decoder *dec, struct exporter *exporter,
				    enum packet_kind kind)
{
	struct meter *m = exporter->meter;
	uint32_t now_64s = (uint32_t)(dec->ctx.received_ms / 64000);
	if (!m)
		return NULL;
	if (m->now_64s != now_64s) {
		m->now_64s = now_64s;
		for (unsigned k = 0; k < PACKET_KINDS; k++)
			window_begin(m, (enum packet_kind)k);
	}
	if (m->flat[kind] || !memory_take(dec, exporter, sizeof(struct meter_flat)))
		return m->flat[kind];
	struct meter_flat *flat = calloc(1, sizeof(*flat));
	if (!flat) {
		memory_return(dec, exporter, sizeof(*flat));
		return NULL;
	}
	flat->flags[0] = NO_INTERFACE;
	m->flat[kind] = flat;
	verdicts_make(m, kind);
	return flat;
}

static unsigned flags_of(const struct meter_row *row)
{
	return row ? KNOWN | row->ways : NO_INTERFACE;
}

/* `now`: NAMED_NOW, SEEN_NOW or 0, which leaves them. */
static void flags_put(const struct meter *m, enum packet_kind kind, uint32_t interface,
		      const struct meter_row *row, unsigned now)
{
	struct meter_flat *flat = m->flat[kind];
	if (!flat || !row || interface >= METER_FLAT)
		return;
	unsigned old = flat->flags[interface] & (NAMED_NOW | SEEN_NOW);
	flat->flags[interface] =
	    (uint8_t)(flags_of(row) | (row->since_s ? NAMING : 0u) | (now ? now : old));
}

/* What the record teaches; returns NAMED_NOW or SEEN_NOW. */
static unsigned learn_from(const struct decoder *dec, const struct exporter *exporter,
			   enum meter_way way, enum packet_kind kind, struct meter_row *from,
			   struct meter_row *to)
{
	struct meter *m = exporter->meter;
	if (way == METERED_IN) {
		learn(&m->ingress[kind], &m->stale[kind], from, METER_INGRESS);
		if (from)
			from->since_s = 0;
		return SEEN_NOW;
	}
	if (way == METERED_OUT) {
		learn(&m->egress[kind], &m->stale[kind], to, METER_EGRESS);
		if (from && from->ways & METER_INGRESS)
			row_named(exporter, kind, from, (uint32_t)(dec->ctx.received_ms / 1000));
		return NAMED_NOW;
	}
	return 0;
}

unsigned meter_judge(struct decoder *dec, struct exporter *exporter, enum meter_way way,
		     enum packet_kind kind, uint32_t in, uint32_t out)
{
	struct meter *m = exporter->meter;
	if (!m && (way == METERED_UNKNOWN || !(m = meter_new(dec, exporter))))
		return 0;
	struct meter_row *from = row_get(dec, exporter, kind, in);
	struct meter_row *to = row_get(dec, exporter, kind, out);
	from = from && to ? row_find(m, key_of(kind, in)) : from; /* the rows may have moved */
	unsigned now = learn_from(dec, exporter, way, kind, from, to);
	flags_put(m, kind, in, from, now);
	flags_put(m, kind, out, to, 0);
	return verdict_of(m, kind, way, flags_of(from), flags_of(to));
}

unsigned meter_judge_hairpin(const struct exporter *exporter, enum packet_kind kind,
			     uint32_t interface, bool even)
{
	const struct meter *m = exporter->meter;
	const struct meter_row *row = m ? row_find(m, key_of(kind, interface)) : NULL;
	if (!row || !row->key || !row->ways)
		return 0;
	bool both = row->ways == (METER_INGRESS | METER_EGRESS);
	enum meter_way way = (both ? even : row->ways == METER_INGRESS) ? METERED_IN : METERED_OUT;
	return verdict_of(m, kind, way, flags_of(row), flags_of(row));
}

void meter_lasted(struct exporter *exporter, uint64_t ms)
{
	uint64_t s = ms / 1000 < METER_LONGEST_S ? ms / 1000 : METER_LONGEST_S;
	if (s > exporter->longest_s)
		exporter->longest_s = (uint32_t)s;
}

void meter_each(const struct exporter *exporter,
		void (*each)(enum packet_kind kind, uint32_t interface, unsigned ways, void *),
		void *arg)
{
	const struct meter *meter = exporter->meter;
	if (exporter->longest_s)
		each(PACKET_KINDS, exporter->longest_s, 0, arg);
	for (uint32_t i = 0; meter && i < meter->room; i++) {
		const struct meter_row *row = &meter->rows[i];
		if (row->key)
			each((enum packet_kind)((row->key & 0xff) - 1), (uint32_t)(row->key >> 8),
			     row->ways, arg);
	}
}

void meter_restore(struct decoder *dec, struct exporter *exporter, enum packet_kind kind,
		   uint32_t interface, unsigned ways)
{
	if (kind == PACKET_KINDS) {
		meter_lasted(exporter, interface * UINT64_C(1000));
		return;
	}
	if (kind >= PACKET_KINDS || (!exporter->meter && !meter_new(dec, exporter)))
		return;
	struct meter *m = exporter->meter;
	struct meter_row *row = row_get(dec, exporter, kind, interface);
	if (ways & METER_INGRESS)
		learn(&m->ingress[kind], &m->stale[kind], row, METER_INGRESS);
	if (ways & METER_EGRESS)
		learn(&m->egress[kind], &m->stale[kind], row, METER_EGRESS);
}

void meter_free(struct decoder *dec, struct exporter *exporter)
{
	struct meter *m = exporter->meter;
	if (!m)
		return;
	memory_return(dec, exporter, sizeof(*m) + m->room * sizeof(*m->rows));
	for (unsigned kind = 0; kind < PACKET_KINDS; kind++) {
		if (m->flat[kind])
			memory_return(dec, exporter, sizeof(*m->flat[kind]));
		free(m->flat[kind]);
	}
	free(m->rows);
	free(m);
	exporter->meter = NULL;
}
