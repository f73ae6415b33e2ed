/* SPDX-License-Identifier: Apache-2.0
 * What flow lines get from options: the sampling rate, and the names of interfaces, applications, VRFs and samplers. */
#include "forwarder/decode/options.h"

/* Which element is looked up in which table. */
static const struct {
	uint8_t ref, kind;
} join_rows[] = {
	{ REF_INGRESS, OPTION_INTERFACE },
	{ REF_EGRESS, OPTION_INTERFACE },
	{ REF_APPLICATION, OPTION_APPLICATION },
	{ REF_VRF_IN, OPTION_VRF },
	{ REF_VRF_OUT, OPTION_VRF },
	{ REF_SAMPLER, OPTION_SAMPLER },
};

static const struct option_entry *find(const struct join *join, enum option_kind kind, uint64_t id)
{
	const struct option_entry *e = option_find(join->own, kind, id);
	return e ? e : option_find(join->lent[kind], kind, id);
}

static void prepare_sampling(const struct domain *dom, const struct template *tmpl,
			     struct join *join)
{
	bool header;
	join->rate = options_rate(dom, &header);
	join->origin = header ? RATE_HEADER : RATE_EXPORTER;
	if (options_lends_rates(dom, OPTION_INTERFACE))
		join->lent_interface_rates = join->lent[OPTION_INTERFACE];
	const struct options_store *own = join->own, *samplers = join->lent[OPTION_SAMPLER],
				   *interfaces = join->lent_interface_rates;
	bool by_sampler = (own && own->samplers) || (samplers && samplers->samplers);
	bool by_interface =
	    (own && own->interface_rates) || (interfaces && interfaces->interface_rates);
	join->sampling_per_record =
	    (tmpl->refs_set & REFS_OF_RATE) || (by_sampler && tmpl->refs_set >> REF_SAMPLER & 1) ||
	    (by_interface && tmpl->refs_set & (1u << REF_INGRESS | 1u << REF_EGRESS));
}

void join_prepare(struct decoder *dec, const struct domain *dom, const struct template *tmpl,
		  struct join *ret)
{
	*ret = (struct join){ .own = dom->options };
	for (int kind = 0; kind < OPTION_KINDS; kind++)
		ret->lent[kind] = options_lender(dom, (enum option_kind)kind);
	prepare_sampling(dom, tmpl, ret);
	if (dec->options.no_options_join)
		return;
	for (size_t i = 0; i < sizeof(join_rows) / sizeof(*join_rows); i++) {
		unsigned ref = join_rows[i].ref, kind = join_rows[i].kind;
		const struct options_store *own = ret->own, *lent = ret->lent[kind];
		bool has = (own && own->kinds[kind]) || (lent && lent->kinds[kind]);
		if (!has || !(tmpl->refs_set >> ref & 1))
			continue;
		uint32_t most = own ? own->max_text : 0;
		if (lent && lent->max_text > most)
			most = lent->max_text;
		ret->joins |= 1u << ref;
		ret->room += most + 64;
	}
}

/* ---- sampling ---- */

char *sampling_write(char *p, uint32_t rate, enum rate_origin origin)
{
	static const struct {
		uint8_t len;
		char text[32];
	} tails[] = {
#define TAIL(name) { sizeof(",\"origin\":\"" name "\"}") - 1, ",\"origin\":\"" name "\"}" }
		[RATE_NONE] = { 0, "" },
		[RATE_RECORD] = TAIL("record"),
		[RATE_SAMPLER] = TAIL("sampler"),
		[RATE_INTERFACE] = TAIL("interface"),
		[RATE_EXPORTER] = TAIL("exporter"),
		[RATE_HEADER] = TAIL("header"),
#undef TAIL
	};
	if (!rate)
		return p;
	p = jsonw_lit(p, ",\"sampling\":{\"rate\":");
	p = jsonw_u64(p, rate);
	memcpy(p, tails[origin].text, 32);
	return p + tails[origin].len;
}

static uint32_t clamp(uint64_t rate)
{
	return rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate;
}

uint32_t record_rate(const struct record *rec)
{
	uint64_t rate = record_uint(rec, REF_RATE);
	if (!rate)
		rate = record_uint(rec, REF_RATE_OLD);
	if (rate)
		return clamp(rate);
	uint64_t interval = record_uint(rec, REF_INTERVAL), space = record_uint(rec, REF_SPACE);
	if (interval) /* RFC 5477 section 8.2: so many packets are taken, so many are passed over */
		return clamp((interval + space + interval / 2) / interval);
	uint64_t size = record_uint(rec, REF_SIZE), population = record_uint(rec, REF_POPULATION);
	if (size && population)
		return clamp((population + size / 2) / size);
	struct bytes b = record_ref(rec, REF_PROBABILITY);
	double probability = 0;
	if (b.len == 8) {
		uint64_t bits = be64(b.p);
		memcpy(&probability, &bits, sizeof(bits));
	} else if (b.len == 4) {
		uint32_t bits = be32(b.p);
		float single;
		memcpy(&single, &bits, sizeof(bits));
		probability = (double)single;
	}
	if (probability > 0 && probability <= 1)
		return clamp(1 / probability < 4e9 ? (uint64_t)(1 / probability + 0.5)
						   : UINT32_MAX);
	return 0;
}

static uint32_t interface_rate(const struct record *rec, const struct join *join, enum ref_kind ref)
{
	if (!record_has(rec, ref))
		return 0;
	uint64_t id = record_uint(rec, ref);
	const struct option_entry *e = option_find(join->own, OPTION_INTERFACE, id);
	if (!e || !e->rate)
		e = option_find(join->lent_interface_rates, OPTION_INTERFACE, id);
	return e ? e->rate : 0;
}

/* The nearest source wins: docs/raw-line.md, flow.sampling.origin. */
char *join_sampling(const struct record *rec, const struct join *join, char *p)
{
	uint32_t rate = record_rate(rec);
	enum rate_origin origin = RATE_RECORD;
	if (!rate && record_has(rec, REF_SAMPLER)) {
		const struct option_entry *e =
		    find(join, OPTION_SAMPLER, record_uint(rec, REF_SAMPLER));
		rate = e ? e->rate : 0;
		origin = RATE_SAMPLER;
	}
	if (!rate) {
		/* RFC 5102 section 5.11.6: the flow was seen at the egress interface */
		bool egress = record_uint(rec, REF_DIRECTION) == 1;
		rate = interface_rate(rec, join, egress ? REF_EGRESS : REF_INGRESS);
		if (!rate)
			rate = interface_rate(rec, join, egress ? REF_INGRESS : REF_EGRESS);
		origin = RATE_INTERFACE;
	}
	if (!rate) {
		rate = join->rate;
		origin = join->origin;
	}
	p = sampling_write(p, rate, origin);
	return jsonw_lit(p, "},\"ie\":");
}

/* ---- names ---- */

uint64_t application_key(struct bytes b)
{
	if (b.len == 0)
		return 0;
	uint64_t selector = 0;
	for (size_t i = 1; i < b.len; i++)
		selector = selector << 8 | b.p[i];
	return (uint64_t)b.p[0] << 56 ^ selector;
}

static char *copy_text(char *p, const struct option_entry *e)
{
	for (size_t done = 0; done < e->text_len; done += 32)
		memcpy(p + done, e->text + done, 32);
	return p + e->text_len;
}

static const struct option_entry *lookup(const struct record *rec, const struct join *join,
					 enum ref_kind ref, enum option_kind kind)
{
	if (!(join->joins >> ref & 1))
		return NULL;
	uint64_t id = kind == OPTION_APPLICATION ? application_key(record_ref(rec, ref))
						 : record_uint(rec, ref);
	const struct option_entry *e = find(join, kind, id);
	return e && e->text_len ? e : NULL;
}

/* `{"name":"text"}` of a VRF without its wrapping. */
static char *vrf_name(char *p, const struct option_entry *e)
{
	size_t wrap = sizeof("{\"name\":") - 1;
	return jsonw_raw(p, e->text + wrap, e->text_len - wrap - 1);
}

static char *vrf_write(const struct record *rec, const struct join *join, char *p)
{
	const struct option_entry *in = lookup(rec, join, REF_VRF_IN, OPTION_VRF);
	const struct option_entry *out = lookup(rec, join, REF_VRF_OUT, OPTION_VRF);
	if (!in && !out)
		return p;
	p = jsonw_lit(p, ",\"vrf\":");
	char *open = p;
	if (in) {
		p = jsonw_lit(p, ",\"ingress\":");
		p = vrf_name(p, in);
	}
	if (out) {
		p = jsonw_lit(p, ",\"egress\":");
		p = vrf_name(p, out);
	}
	*open = '{';
	*p++ = '}';
	return p;
}

char *join_write(const struct record *rec, const struct join *join, char *p)
{
	char *start = p;
	p = jsonw_lit(p, ",\"options\":");
	char *open = p;
	const struct option_entry *e = lookup(rec, join, REF_INGRESS, OPTION_INTERFACE);
	if (e)
		p = copy_text(jsonw_lit(p, ",\"ingress\":"), e);
	e = lookup(rec, join, REF_EGRESS, OPTION_INTERFACE);
	if (e)
		p = copy_text(jsonw_lit(p, ",\"egress\":"), e);
	e = lookup(rec, join, REF_APPLICATION, OPTION_APPLICATION);
	if (e)
		p = copy_text(jsonw_lit(p, ",\"application\":"), e);
	p = vrf_write(rec, join, p);
	e = lookup(rec, join, REF_SAMPLER, OPTION_SAMPLER);
	if (e)
		p = copy_text(jsonw_lit(p, ",\"sampler\":"), e);
	if (p == open)
		return start;
	*open = '{';
	*p++ = '}';
	return p;
}
