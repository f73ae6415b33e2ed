/* SPDX-License-Identifier: Apache-2.0
 * What flow lines get from what was learnt: the sampling rate, and the names of interfaces,
 * applications, VRFs and samplers. */
#include "forwarder/decode/line/join.h"

#include "forwarder/decode/exporter/known.h"

/* Which element is looked up in which table. */
static const struct {
	uint8_t ref, kind;
} join_rows[] = {
	{ REF_INGRESS, LEARNT_INTERFACE },
	{ REF_EGRESS, LEARNT_INTERFACE },
	{ REF_APPLICATION, LEARNT_APPLICATION },
	{ REF_VRF_IN, LEARNT_VRF },
	{ REF_VRF_OUT, LEARNT_VRF },
	{ REF_SAMPLER, LEARNT_SAMPLER },
};

static const struct learnt_entry *join_find(const struct join *join, enum learnt_kind kind,
					    uint64_t id)
{
	const struct learnt_entry *e = learnt_find(join->own, kind, id);
	return e ? e : learnt_find(join->lent[kind], kind, id);
}

/* The samplers that records of `dom` can be of; NULL: none has a rate. */
static const struct learnt_store *samplers_of(const struct join *join)
{
	const struct learnt_store *own = join->own, *lent = join->lent[LEARNT_SAMPLER];
	if (own && own->samplers)
		return own;
	return lent && lent->samplers ? lent : NULL;
}

static bool rates_by_interface(const struct join *join)
{
	const struct learnt_store *own = join->own, *lent = join->lent_interface_rates;
	return (own && own->interface_rates) || (lent && lent->interface_rates);
}

static void prepare_sampling(const struct session *session, const struct template *tmpl,
			     struct join *join)
{
	bool header, named = tmpl->refs_set >> REF_SAMPLER & 1;
	join->rate = known_rate(session, &header);
	join->origin = header ? RATE_HEADER : RATE_EXPORTER;
	if (known_lends_rates(session, LEARNT_INTERFACE))
		join->lent_interface_rates = join->lent[LEARNT_INTERFACE];
	const struct learnt_store *samplers = samplers_of(join);
	join->samplers = samplers;
	if (!join->rate && samplers && !named) {
		/* they are of the only one, unless other templates do name theirs */
		if (!session->domain->exporter->names_samplers) {
			join->rate = known_only_sampler(samplers);
			if (samplers->samplers == 1 && samplers->sampled)
				join->scoped = samplers;
		}
		join->origin = join->rate ? RATE_ONLY_SAMPLER : RATE_UNKNOWN;
	}
	join->sampling_per_record = (tmpl->refs_set & REFS_OF_RATE) || (samplers && named) ||
				    ((rates_by_interface(join) || join->scoped) &&
				     tmpl->refs_set & (1u << REF_INGRESS | 1u << REF_EGRESS));
}

void join_prepare(struct decoder *dec, const struct session *session, const struct template *tmpl,
		  struct join *ret)
{
	*ret = (struct join){ .own = known_own(session) };
	for (int kind = 0; kind < LEARNT_KINDS; kind++)
		ret->lent[kind] = known_lent(session, (enum learnt_kind)kind);
	prepare_sampling(session, tmpl, ret);
	if (dec->settings.no_options_join)
		return;
	for (size_t i = 0; i < sizeof(join_rows) / sizeof(*join_rows); i++) {
		unsigned ref = join_rows[i].ref, kind = join_rows[i].kind;
		const struct learnt_store *own = ret->own, *lent = ret->lent[kind];
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

uint32_t rate_believed(uint32_t rate)
{
	uint32_t turned = __builtin_bswap32(rate);
	if (rate <= RATE_MAX)
		return rate;
	return turned <= RATE_MAX ? turned : 0;
}

char *sampling_write(char *p, uint32_t rate, enum rate_origin origin)
{
	static const struct {
		uint8_t len;
		char text[JSONW_STEP];
	} tails[] = {
#define TAIL(name) { sizeof(",\"origin\":\"" name "\"}") - 1, ",\"origin\":\"" name "\"}" }
		[RATE_NONE] = { 0, "" },
		[RATE_RECORD] = TAIL("record"),
		[RATE_SAMPLER] = TAIL("sampler"),
		[RATE_INTERFACE] = TAIL("interface"),
		[RATE_EXPORTER] = TAIL("exporter"),
		[RATE_HEADER] = TAIL("header"),
		[RATE_ONLY_SAMPLER] = TAIL("only-sampler"),
		[RATE_UNKNOWN] = TAIL("unknown"),
#undef TAIL
	};
	if (!rate && origin != RATE_UNKNOWN)
		return p;
	p = jsonw_lit(p, ",\"sampling\":");
	char *open = p;
	uint32_t believed = rate_believed(rate);
	if (believed)
		p = jsonw_u64(jsonw_lit(p, ",\"rate\":"), believed);
	if (believed != rate)
		p = jsonw_u64(jsonw_lit(p, ",\"said\":"), rate);
	p = jsonw_padded(p, tails[origin].text, tails[origin].len);
	*open = '{';
	return p;
}

static uint32_t clamp(uint64_t rate)
{
	return rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate;
}

/* RFC 5477 section 8.2: the algorithm decides which elements make the rate. */
enum { SELECT_COUNT_BASED = 1, SELECT_RANDOM = 3, SELECT_PROBABILISTIC = 4 };

/* A number of packets that no device takes at once is turned round, and then so is what stands
 * beside it. */
static void turn_both(uint64_t *taken, uint64_t *beside)
{
	if (*taken <= RATE_MAX || *taken > UINT32_MAX || *beside > UINT32_MAX)
		return;
	*taken = __builtin_bswap32((uint32_t)*taken);
	*beside = __builtin_bswap32((uint32_t)*beside);
}

/* So many packets are taken, so many are passed over. Who does not say how many are passed over
 * means one in `interval`. */
static uint32_t rate_of_interval(const struct data_record *rec)
{
	uint64_t interval = record_uint(rec, REF_INTERVAL), space = record_uint(rec, REF_SPACE);
	if (!interval)
		return 0;
	if (!record_has(rec, REF_SPACE))
		return clamp(interval);
	turn_both(&interval, &space);
	return clamp((interval + space + interval / 2) / interval);
}

/* n out of N. */
static uint32_t rate_of_population(const struct data_record *rec)
{
	uint64_t size = record_uint(rec, REF_SIZE), population = record_uint(rec, REF_POPULATION);
	turn_both(&size, &population);
	return size && population ? clamp((population + size / 2) / size) : 0;
}

static uint32_t rate_of_probability(const struct data_record *rec)
{
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

uint32_t record_rate(const struct data_record *rec)
{
	uint64_t rate = record_uint(rec, REF_RATE);
	if (!rate)
		rate = record_uint(rec, REF_RATE_OLD);
	if (rate)
		return clamp(rate);
	switch (record_uint(rec, REF_ALGORITHM)) {
	case SELECT_COUNT_BASED:
		return rate_of_interval(rec);
	case SELECT_RANDOM:
		return rate_of_population(rec);
	case SELECT_PROBABILISTIC:
		return rate_of_probability(rec);
	case 0:
		break;
	default: /* by time or by content: nothing says how many packets it passes over */
		return 0;
	}
	rate = rate_of_population(rec);
	if (!rate)
		rate = rate_of_interval(rec);
	return rate ? (uint32_t)rate : rate_of_probability(rec);
}

static uint32_t interface_rate(const struct data_record *rec, const struct join *join,
			       enum ref_kind ref)
{
	if (!record_has(rec, ref))
		return 0;
	uint64_t id = record_uint(rec, ref);
	const struct learnt_entry *e = learnt_find(join->own, LEARNT_INTERFACE, id);
	if (!e || !e->rate)
		e = learnt_find(join->lent_interface_rates, LEARNT_INTERFACE, id);
	return e ? e->rate : 0;
}

/* The rate of the only sampler, which takes some interfaces, where the record was metered by one of
 * them. */
static uint32_t scoped_rate(const struct data_record *rec, const struct join *join)
{
	enum ref_kind ref = record_uint(rec, REF_DIRECTION) == 1 ? REF_EGRESS : REF_INGRESS;
	if (!join->scoped || !record_has(rec, ref))
		return 0;
	const struct learnt_entry *e =
	    learnt_find(join->scoped, LEARNT_SAMPLED, record_uint(rec, ref));
	return e ? e->rate : 0;
}

/* The nearest source wins: docs/raw-line.md, flow.sampling.origin. */
char *join_sampling(const struct data_record *rec, const struct join *join, char *p)
{
	uint32_t rate = record_rate(rec);
	enum rate_origin origin = RATE_RECORD;
	if (!rate && record_has(rec, REF_SAMPLER)) {
		const struct learnt_entry *e =
		    join_find(join, LEARNT_SAMPLER, record_uint(rec, REF_SAMPLER));
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
		rate = scoped_rate(rec, join);
		origin = RATE_ONLY_SAMPLER;
	}
	if (!rate) {
		rate = join->rate;
		origin = join->origin;
	}
	if (!rate && join->samplers && record_has(rec, REF_SAMPLER) &&
	    !record_uint(rec, REF_SAMPLER)) {
		rate = 1; /* of a record that no sampler took */
		origin = RATE_SAMPLER;
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

static const struct learnt_entry *join_lookup(const struct data_record *rec,
					      const struct join *join, enum ref_kind ref,
					      enum learnt_kind kind)
{
	if (!(join->joins >> ref & 1))
		return NULL;
	uint64_t id = kind == LEARNT_APPLICATION ? application_key(record_ref(rec, ref))
						 : record_uint(rec, ref);
	const struct learnt_entry *e = join_find(join, kind, id);
	return e && e->text_len ? e : NULL;
}

/* `{"name":"text"}` of a VRF without its wrapping. */
static char *vrf_name(char *p, const struct learnt_entry *e)
{
	size_t wrap = sizeof("{\"name\":") - 1;
	return jsonw_raw(p, e->text + wrap, e->text_len - wrap - 1);
}

static char *vrf_write(const struct data_record *rec, const struct join *join, char *p)
{
	const struct learnt_entry *in = join_lookup(rec, join, REF_VRF_IN, LEARNT_VRF);
	const struct learnt_entry *out = join_lookup(rec, join, REF_VRF_OUT, LEARNT_VRF);
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

char *join_write(const struct data_record *rec, const struct join *join, char *p)
{
	char *start = p;
	p = jsonw_lit(p, ",\"options\":");
	char *open = p;
	const struct learnt_entry *e = join_lookup(rec, join, REF_INGRESS, LEARNT_INTERFACE);
	if (e)
		p = jsonw_padded(jsonw_lit(p, ",\"ingress\":"), e->text, e->text_len);
	e = join_lookup(rec, join, REF_EGRESS, LEARNT_INTERFACE);
	if (e)
		p = jsonw_padded(jsonw_lit(p, ",\"egress\":"), e->text, e->text_len);
	e = join_lookup(rec, join, REF_APPLICATION, LEARNT_APPLICATION);
	if (e)
		p = jsonw_padded(jsonw_lit(p, ",\"application\":"), e->text, e->text_len);
	p = vrf_write(rec, join, p);
	e = join_lookup(rec, join, REF_SAMPLER, LEARNT_SAMPLER);
	if (e)
		p = jsonw_padded(jsonw_lit(p, ",\"sampler\":"), e->text, e->text_len);
	if (p == open)
		return start;
	*open = '{';
	*p++ = '}';
	return p;
}
