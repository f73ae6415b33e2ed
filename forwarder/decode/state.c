/* SPDX-License-Identifier: Apache-2.0
 * Templates and what else was learnt on disk, so that a restart is not blind.
 *
 * The file is a magic text with a version, then entries: a letter, a length of 32 bits, the body;
 * integers are big-endian as on the wire. It ends with an entry of the hash of all before it, which
 * finds damage, not forgery: what the file says is learnt on the same way as what a datagram says,
 * so that it can bring in nothing else. A `D` names a domain, to which the following `T`
 * (template), `U` (template that is suspended), `G` (until when it is, and since when), `O` (names
 * as they were sent) and `R` (rates) belong. An `E` is an element that the exporter described, an
 * `M` an interface that meters, a `C` what was counted of flows; they stand behind the first domain
 * of the exporter. */
#include "forwarder/decode/state.h"

#include "common/hash.h"
#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/decoder.h"
#include "forwarder/decode/exporter/due.h"
#include "forwarder/decode/exporter/element.h"
#include "forwarder/decode/exporter/exporter.h"
#include "forwarder/decode/exporter/learnt.h"
#include "forwarder/decode/exporter/meter.h"
#include "forwarder/decode/exporter/rank.h"
#include "forwarder/decode/exporter/restart.h"
#include "forwarder/decode/exporter/sequence.h"
#include "forwarder/decode/exporter/sums.h"
#include "forwarder/decode/record/record.h"
#include "forwarder/decode/template/template.h"

static const char magic[8] = "EFSTATE3";

#define ENTRY_HEAD 5

#define SUMS_SAVED_MAX (1u << 18) /* flows in a file, 72 octets each; the others are not saved */

/* ---- writing ---- */

struct writer {
	struct buf *out;
	size_t start;  /* of the entry */
	uint32_t sums; /* flows so far */
	const struct decoder *dec;
	bool failed;
};

static void save_bytes(struct writer *w, const void *bytes, size_t n)
{
	w->failed |= buf_add(w->out, bytes, n) != 0;
}

static void save_uint(struct writer *w, uint64_t v, size_t width)
{
	uint64_t big = htobe64(v);
	save_bytes(w, (const uint8_t *)&big + 8 - width, width);
}

static void entry_begin(struct writer *w, char letter)
{
	save_bytes(w, &letter, 1);
	w->start = w->out->len;
	save_uint(w, 0, 4);
}

static void entry_end(struct writer *w)
{
	if (w->failed)
		return;
	uint32_t len = htobe32((uint32_t)(w->out->len - w->start - 4));
	memcpy(w->out->data + w->start, &len, 4);
}

static void save_template(struct writer *w, const struct template *t)
{
	entry_begin(w, t->suspended ? 'U' : 'T');
	save_uint(w, t->used_ms, 8);
	save_uint(w, t->id, 2);
	save_uint(w, t->meta, 1);
	save_uint(w, t->scopes, 2);
	save_uint(w, t->specs_len, 2);
	for (size_t i = 0; i < t->specs_len; i++) {
		save_uint(w, t->specs[i].pen, 4);
		save_uint(w, t->specs[i].id, 2);
		save_uint(w, t->specs[i].width, 2);
	}
	entry_end(w);
}

static void save_learnt(struct writer *w, const struct learnt_entry *e)
{
	entry_begin(w, 'O');
	save_uint(w, e->kind, 1);
	save_uint(w, e->id, 8);
	save_uint(w, e->seen_ms, 8);
	save_uint(w, e->rate, 4);
	for (unsigned i = 0; i < LEARNT_PARTS; i++) {
		struct bytes source = learnt_source(e, i);
		save_uint(w, source.len, 1);
		save_bytes(w, source.p, source.len);
	}
	entry_end(w);
}

/* Only those without a dot are learnt: what stands before it in the name is the vendor's prefix. */
static void save_element(struct writer *w, const struct field *field)
{
	const char *name = strrchr(field->name, '.');
	name = name ? name + 1 : field->name;
	entry_begin(w, 'E');
	save_uint(w, field->pen, 4);
	save_uint(w, field->id, 2);
	save_uint(w, field->type, 1);
	save_bytes(w, name, strlen(name));
	entry_end(w);
}

static void save_meter(enum packet_kind kind, uint32_t interface, unsigned ways, void *arg)
{
	struct writer *w = arg;
	entry_begin(w, 'M');
	save_uint(w, kind, 1);
	save_uint(w, interface, 4);
	save_uint(w, ways, 1);
	entry_end(w);
}

static void save_sum(const struct sum_row *row, void *arg)
{
	struct writer *w = arg;
	if (w->sums++ >= SUMS_SAVED_MAX)
		return;
	save_uint(w, row->key, 8);
	save_uint(w, row->start, 8);
	save_uint(w, row->seen_ms, 8);
	save_uint(w, row->end_ms, 8);
	for (unsigned i = 0; i < SUM_PARTS; i++)
		save_uint(w, row->counted[i], 8);
	save_uint(w, row->keep_s, 4);
	save_uint(w, row->state, 4);
}

static void save_sums(struct writer *w, const struct exporter *exporter)
{
	if (!exporter->sums)
		return;
	entry_begin(w, 'C');
	save_uint(w, sums_seed(w->dec, exporter), 8);
	sums_each(exporter->sums, w->dec->ctx.received_ms, save_sum, w);
	entry_end(w);
}

/* What the exporter described stands behind the first domain of his that is saved. */
static bool first_saved(const struct domain *dom)
{
	const struct domain *first = dom->exporter->domains;
	while (first->stream)
		first = first->sibling;
	return dom == first;
}

/* What came over TCP ends with the connection: the next one brings its own. */
static int save_domain(struct domain *dom, void *arg)
{
	struct writer *w = arg;
	if (dom->stream)
		return 0;
	entry_begin(w, 'D');
	save_bytes(w, dom->exporter->address.b, 16);
	save_uint(w, dom->protocol, 1);
	save_uint(w, dom->id, 4);
	save_uint(w, dom->last_seen_ms, 8);
	save_uint(w, dom->own.sequence.last_seq, 4);
	save_uint(w, dom->own.sequence.uptime_ms, 4);
	save_uint(w, dom->own.sequence.exported_ms, 8);
	save_uint(w, dom->exporter->port, 2);
	save_uint(w, dom->rank_of, 1);
	entry_end(w);
	const struct field *field;
	bool first = first_saved(dom);
	for (size_t i = 0; first && (field = fields_own(dom->exporter->fields, i)); i++)
		save_element(w, field);
	if (first) {
		meter_each(dom->exporter, save_meter, w);
		save_sums(w, dom->exporter);
	}
	const struct template_store *templates = dom->own.templates;
	for (uint32_t i = 0; templates && i < templates->len; i++)
		save_template(w, templates->rows[i]);
	if (dom->born_ms) {
		entry_begin(w, 'G');
		save_uint(w, dom->grace_ms, 8);
		save_uint(w, dom->born_ms, 8);
		entry_end(w);
	}
	const struct learnt_store *learnt = dom->learnt;
	for (uint32_t i = 0; learnt && i < learnt->room; i++)
		if (learnt->slots[i])
			save_learnt(w, learnt->slots[i]);
	if (learnt && (learnt->rate || learnt->init_ms)) {
		entry_begin(w, 'R');
		save_uint(w, learnt->rate, 4);
		save_uint(w, learnt->rate_seen_ms, 8);
		save_uint(w, learnt->init_ms, 8);
		entry_end(w);
	}
	return w->failed;
}

int decoder_save(const struct decoder *dec, struct buf *out, struct err *err)
{
	struct writer w = { .out = out, .dec = dec };
	size_t from = out->len;
	save_bytes(&w, magic, sizeof(magic));
	exporter_each(dec, save_domain, &w);
	if (!w.failed) {
		uint64_t h = hash_bytes(0, out->data + from, out->len - from);
		entry_begin(&w, 'H');
		save_uint(&w, h, 8);
		entry_end(&w);
	}
	if (w.failed)
		return err_set(err, EF_FAILED,
			       "no memory to save templates and options (%zu bytes so far)",
			       out->len);
	return 0;
}

/* ---- reading ---- */

struct state_reader {
	struct decoder *dec;
	struct domain *dom; /* to which entries belong; NULL: it was refused */
	uint64_t now_ms;
	const struct decode_part *part; /* NULL: all exporters */
};

static uint64_t read_time(const struct state_reader *r, struct cursor *c)
{
	uint64_t ms = cursor_u64(c);
	return ms < r->now_ms ? ms : r->now_ms;
}

static struct template *read_template(const struct state_reader *r, struct cursor *c)
{
	struct decoder *dec = r->dec;
	struct domain *dom = r->dom;
	dec->ctx.received_ms = read_time(r, c);
	uint16_t id = cursor_u16(c);
	bool meta = cursor_u8(c);
	uint16_t scopes = cursor_u16(c), len = cursor_u16(c);
	if (id < 256 || len == 0 || len > SPECS_MAX || scopes > len ||
	    (dom->protocol != PROTO_NETFLOW9 && dom->protocol != PROTO_IPFIX))
		return NULL;
	for (size_t i = 0; i < len; i++) {
		dec->scratch->specs[i].pen = cursor_u32(c);
		dec->scratch->specs[i].id = cursor_u16(c);
		dec->scratch->specs[i].width = cursor_u16(c);
	}
	bool is_new;
	return c->bad ? NULL
		      : template_add(dec, &dom->own, id, dec->scratch->specs, len, scopes, meta,
				     &is_new);
}

static void load_template(const struct state_reader *r, struct cursor *c)
{
	read_template(r, c);
}

static void load_suspended(const struct state_reader *r, struct cursor *c)
{
	struct template *t = read_template(r, c);
	if (t)
		t->suspended = true;
}

static void load_grace(const struct state_reader *r, struct cursor *c)
{
	uint64_t grace_ms = cursor_u64(c), born_ms = cursor_u64(c);
	if (c->bad)
		return;
	bool later = grace_ms > r->now_ms && grace_ms - r->now_ms > RESTART_GRACE_MS;
	r->dom->grace_ms = later ? r->now_ms + RESTART_GRACE_MS : grace_ms;
	r->dom->born_ms = born_ms;
	due_set(r->dec, r->dom);
}

static void load_sums(const struct state_reader *r, struct cursor *c)
{
	uint64_t seed = cursor_u64(c);
	while (cursor_left(c) && !c->bad) {
		struct sum_row row;
		row.key = cursor_u64(c);
		row.start = cursor_u64(c);
		row.seen_ms = read_time(r, c);
		row.end_ms = cursor_u64(c);
		for (unsigned i = 0; i < SUM_PARTS; i++)
			row.counted[i] = cursor_u64(c);
		row.keep_s = cursor_u32(c);
		row.state = cursor_u32(c);
		r->dec->ctx.received_ms = r->now_ms;
		if (!c->bad)
			sums_restore(r->dec, r->dom->exporter, seed, &row);
	}
}

static void load_learnt(const struct state_reader *r, struct cursor *c)
{
	struct decoder *dec = r->dec;
	struct domain *dom = r->dom;
	uint8_t kind = cursor_u8(c);
	uint64_t id = cursor_u64(c);
	dec->ctx.received_ms = read_time(r, c);
	uint32_t rate = cursor_u32(c);
	if (c->bad || kind >= LEARNT_KINDS)
		return;
	if (rate)
		learnt_set_rate(dec, dom, (enum learnt_kind)kind, id, rate);
	for (unsigned part = 0; part < LEARNT_PARTS; part++) {
		size_t len = cursor_u8(c);
		const uint8_t *name = cursor_take(c, len);
		if (!c->bad && len)
			learnt_set_name(dec, dom, (enum learnt_kind)kind, id, part,
					(struct bytes){ name, len });
	}
}

static void load_rates(const struct state_reader *r, struct cursor *c)
{
	struct decoder *dec = r->dec;
	struct domain *dom = r->dom;
	uint32_t rate = cursor_u32(c);
	dec->ctx.received_ms = read_time(r, c);
	uint64_t init_ms = cursor_u64(c);
	if (c->bad)
		return;
	learnt_set_exporter_rate(dec, dom, rate);
	if (init_ms <= r->now_ms)
		learnt_set_init(dec, dom, init_ms);
}

static void load_element(const struct state_reader *r, struct cursor *c)
{
	uint32_t pen = cursor_u32(c);
	uint16_t id = cursor_u16(c);
	uint8_t type = cursor_u8(c);
	if (!c->bad)
		element_learn(r->dec, r->dom->exporter, pen, id, type,
			      (struct bytes){ c->p, cursor_left(c) });
}

static void load_meter(const struct state_reader *r, struct cursor *c)
{
	uint8_t kind = cursor_u8(c);
	uint32_t interface = cursor_u32(c);
	unsigned ways = cursor_u8(c);
	if (!c->bad && kind <= PACKET_KINDS)
		meter_restore(r->dec, r->dom->exporter, (enum packet_kind)kind, interface, ways);
}

static struct domain *load_domain(const struct state_reader *r, struct cursor *c)
{
	struct ip address = { { 0 } };
	const uint8_t *bytes = cursor_take(c, 16);
	uint8_t protocol = cursor_u8(c);
	uint32_t id = cursor_u32(c);
	uint64_t last_seen_ms = read_time(r, c);
	if (c->bad || protocol >= PROTOCOLS)
		return NULL;
	memcpy(address.b, bytes, 16);
	if (r->part && (protocol == PROTO_SFLOW5 || !r->part->holds(&address, r->part->arg)))
		return NULL; /* sFlow keeps nothing, and its address is not the sender's */
	uint32_t seq = cursor_u32(c), uptime_ms = cursor_u32(c);
	uint64_t exported_ms = cursor_u64(c);
	uint16_t port = cursor_u16(c);
	struct domain_key key = { .sender = &address, .exporter = &address, .agent = &address };
	key.protocol = (enum protocol)protocol;
	key.id = id;
	struct domain *dom = domain_get(r->dec, &key); /* of the address: devices have one, too */
	if (dom && port) {
		key.port = port;
		dom->last_seen_ms = last_seen_ms;
		dom = domain_get(r->dec, &key);
	}
	if (!dom)
		return NULL;
	dom->last_seen_ms = dom->made_ms = last_seen_ms;
	if (!c->bad) /* files of earlier versions end here, … */
		sequence_recall(&dom->own, seq, uptime_ms, exported_ms);
	uint8_t rank = cursor_u8(c);
	rank_restore(r->dec, dom, c->bad ? RANK_KNOWN : (enum rank)rank); /* … or here */
	return dom;
}

static void load_entry(struct state_reader *r, uint8_t letter, struct cursor body)
{
	static void (*const load[])(const struct state_reader *, struct cursor *) = {
		['C' - 'A'] = load_sums,     ['E' - 'A'] = load_element,   ['G' - 'A'] = load_grace,
		['M' - 'A'] = load_meter,    ['O' - 'A'] = load_learnt,    ['R' - 'A'] = load_rates,
		['T' - 'A'] = load_template, ['U' - 'A'] = load_suspended,
	};
	unsigned at = letter - 'A';
	if (letter == 'D')
		r->dom = load_domain(r, &body);
	else if (r->dom && at < sizeof(load) / sizeof(*load) && load[at])
		load[at](r, &body);
}

int decoder_load(struct decoder *dec, const void *data, size_t len, uint64_t now_ms,
		 const struct decode_part *part, struct err *err)
{
	const size_t hash_len = ENTRY_HEAD + 8;
	const uint8_t *bytes = data;
	if (len < sizeof(magic) + hash_len || memcmp(bytes, magic, sizeof(magic)) != 0)
		return err_set(err, EF_FAILED,
			       "not a state file of this version; delete it, exporters send again");
	size_t end = len - hash_len;
	if (bytes[end] != 'H' || be32(bytes + end + 1) != 8 ||
	    be64(bytes + end + ENTRY_HEAD) != hash_bytes(0, bytes, end))
		return err_set(err, EF_FAILED,
			       "the state file is damaged; delete it, exporters send again");

	struct state_reader r = { .dec = dec, .now_ms = now_ms, .part = part };
	struct cursor c = cursor_over(bytes + sizeof(magic), end - sizeof(magic));
	while (cursor_left(&c) && !c.bad) {
		uint8_t letter = cursor_u8(&c);
		uint32_t n = cursor_u32(&c);
		struct cursor body = cursor_sub(&c, n);
		if (!c.bad)
			load_entry(&r, letter, body);
	}
	return 0;
}
