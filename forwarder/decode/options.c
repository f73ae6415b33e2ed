/* SPDX-License-Identifier: Apache-2.0
 * Options records: what they say is learnt, and measurements go out as lines of the exporter. */
#include "forwarder/decode/options.h"
#include "forwarder/decode/template.h"

/* What the elements of an options record mean. */
enum role {
	ROLE_NONE,
	ROLE_INTERFACE,      /* which interface */
	ROLE_SAMPLER,        /* which sampler */
	ROLE_APPLICATION,    /* which application */
	ROLE_VRF,            /* which VRF */
	ROLE_INTERFACE_NAME, /* part 0 of an interface, ... */
	ROLE_INTERFACE_TEXT,
	ROLE_SAMPLER_NAME,
	ROLE_VRF_NAME,
	ROLE_APPLICATION_PART, /* part `arg` of an application */
	ROLE_INIT,
	ROLE_ELEMENT_PEN, /* RFC 5610: description of an element */
	ROLE_ELEMENT_ID,
	ROLE_ELEMENT_TYPE,
	ROLE_ELEMENT_NAME,
	ROLE_MEASURED, /* a count of the exporter itself */
	ROLES
};

static const struct {
	uint8_t role, arg;
} role_of[] = {
	/* clang-format off */
	[10] = { ROLE_INTERFACE, 0 }, [14] = { ROLE_INTERFACE, 0 },
	[252] = { ROLE_INTERFACE, 0 }, [253] = { ROLE_INTERFACE, 0 },
	[82] = { ROLE_INTERFACE_NAME, 0 }, [83] = { ROLE_INTERFACE_TEXT, 0 },
	[48] = { ROLE_SAMPLER, 0 }, [302] = { ROLE_SAMPLER, 0 },
	[84] = { ROLE_SAMPLER_NAME, 0 }, [335] = { ROLE_SAMPLER_NAME, 0 },
	[234] = { ROLE_VRF, 0 }, [235] = { ROLE_VRF, 0 }, [236] = { ROLE_VRF_NAME, 0 },
	[95] = { ROLE_APPLICATION, 0 },
	[96] = { ROLE_APPLICATION_PART, 0 }, [94] = { ROLE_APPLICATION_PART, 1 },
	[372] = { ROLE_APPLICATION_PART, 2 }, [373] = { ROLE_APPLICATION_PART, 3 },
	[374] = { ROLE_APPLICATION_PART, 4 }, [288] = { ROLE_APPLICATION_PART, 5 },
	[289] = { ROLE_APPLICATION_PART, 6 }, [290] = { ROLE_APPLICATION_PART, 7 },
	[160] = { ROLE_INIT, 0 },
	[346] = { ROLE_ELEMENT_PEN, 0 }, [303] = { ROLE_ELEMENT_ID, 0 },
	[339] = { ROLE_ELEMENT_TYPE, 0 }, [341] = { ROLE_ELEMENT_NAME, 0 },
	/* RFC 7011 section 4, RFC 5476 section 6.5, RFC 5982: reliability, selector and process statistics */
	[40] = { ROLE_MEASURED, 0 }, [41] = { ROLE_MEASURED, 0 }, [42] = { ROLE_MEASURED, 0 },
	[85] = { ROLE_MEASURED, 0 }, [86] = { ROLE_MEASURED, 0 },
	[133] = { ROLE_MEASURED, 0 }, [134] = { ROLE_MEASURED, 0 }, [135] = { ROLE_MEASURED, 0 },
	[163] = { ROLE_MEASURED, 0 }, [164] = { ROLE_MEASURED, 0 }, [165] = { ROLE_MEASURED, 0 },
	[166] = { ROLE_MEASURED, 0 }, [167] = { ROLE_MEASURED, 0 }, [168] = { ROLE_MEASURED, 0 },
	[318] = { ROLE_MEASURED, 0 }, [319] = { ROLE_MEASURED, 0 }, [320] = { ROLE_MEASURED, 0 },
	/* clang-format on */
};

size_t options_bind(const struct spec *specs, size_t specs_len, struct bound *ret)
{
	struct place place = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < specs_len; i++) {
		uint16_t id = specs[i].id;
		place.width = specs[i].width;
		if (specs[i].pen == 0 && place.width && id < sizeof(role_of) / sizeof(*role_of) &&
		    role_of[id].role != ROLE_NONE)
			ret[n++] = (struct bound){ place, role_of[id].role, role_of[id].arg };
		bool ends = place.width == WIDTH_VARIABLE;
		place.part += ends;
		place.at = ends ? 0 : (uint16_t)(place.at + place.width);
	}
	return n;
}

/* What a record holds, by role: the first that is not all zero. */
struct found {
	uint32_t roles; /* bit per enum role */
	struct bytes value[ROLES];
	struct bytes part[OPTION_PARTS]; /* of an application */
};

static bool nonzero(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.p[i])
			return true;
	return false;
}

static void find_roles(const struct record *rec, struct found *found)
{
	*found = (struct found){ 0 };
	for (size_t i = 0; i < rec->tmpl->bound_len; i++) {
		const struct bound *bound = &rec->tmpl->bound[i];
		struct bytes *to = bound->role == ROLE_APPLICATION_PART
				       ? &found->part[bound->arg]
				       : &found->value[bound->role];
		if (!nonzero(*to))
			*to = record_bytes(rec, bound->place);
		found->roles |= 1u << bound->role;
	}
}

static bool has(const struct found *found, unsigned role)
{
	return found->roles >> role & 1;
}

static uint64_t number(struct bytes b)
{
	return b.len > 8 ? 0 : be_uint(b.p, b.len);
}

void element_learn(struct decoder *dec, struct exporter *exporter, uint32_t pen, uint16_t id,
		   uint8_t type, struct bytes name)
{
	enum fields_learn result = FIELDS_FULL;
	if (!exporter->fields)
		exporter->fields = fields_layer(dec->fields, dec->options.hash_seed);
	if (exporter->fields && memory_take(dec, exporter, FIELDS_LEARN_BYTES)) {
		result = fields_learn(exporter->fields, pen, id, name.p, name.len, type);
		if (result != FIELDS_LEARNT)
			memory_return(dec, exporter, FIELDS_LEARN_BYTES);
	}
	exporter->learnt += result == FIELDS_LEARNT;
	dec->counters.options_refused += result == FIELDS_FULL;
}

static bool learn_element(struct decoder *dec, const struct found *found)
{
	if (!has(found, ROLE_ELEMENT_ID) || !has(found, ROLE_ELEMENT_NAME))
		return false;
	element_learn(
	    dec, dec->ctx.domain->exporter, (uint32_t)number(found->value[ROLE_ELEMENT_PEN]),
	    (uint16_t)number(found->value[ROLE_ELEMENT_ID]) & 0x7fff,
	    (uint8_t)number(found->value[ROLE_ELEMENT_TYPE]), found->value[ROLE_ELEMENT_NAME]);
	return true;
}

static bool learn_names(struct decoder *dec, const struct found *found)
{
	struct domain *dom = dec->ctx.domain;
	bool used = false;
	static const struct {
		uint8_t id, name, kind, part;
	} rows[] = {
		{ ROLE_INTERFACE, ROLE_INTERFACE_NAME, OPTION_INTERFACE, 0 },
		{ ROLE_INTERFACE, ROLE_INTERFACE_TEXT, OPTION_INTERFACE, 1 },
		{ ROLE_VRF, ROLE_VRF_NAME, OPTION_VRF, 0 },
		{ ROLE_SAMPLER, ROLE_SAMPLER_NAME, OPTION_SAMPLER, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (has(found, rows[i].id) && has(found, rows[i].name))
			used |= option_set_name(dec, dom, (enum option_kind)rows[i].kind,
						number(found->value[rows[i].id]), rows[i].part,
						found->value[rows[i].name]);
	if (has(found, ROLE_APPLICATION) && has(found, ROLE_APPLICATION_PART)) {
		uint64_t id = application_key(found->value[ROLE_APPLICATION]);
		for (unsigned part = 0; part < OPTION_PARTS; part++)
			if (found->part[part].len)
				used |= option_set_name(dec, dom, OPTION_APPLICATION, id, part,
							found->part[part]);
	}
	return used;
}

/* A rate is of the sampler that the record names, else of the interface, else of the exporter. One of 0 is that sampling
 * has ended. */
static bool learn_rate(struct decoder *dec, const struct record *rec, const struct found *found)
{
	struct domain *dom = dec->ctx.domain;
	if (!(rec->tmpl->refs_set & REFS_OF_RATE))
		return false;
	uint32_t rate = record_rate(rec);
	uint64_t interface = number(found->value[ROLE_INTERFACE]);
	if (has(found, ROLE_SAMPLER))
		return option_set_rate(dec, dom, OPTION_SAMPLER, number(found->value[ROLE_SAMPLER]),
				       rate);
	if (interface)
		return option_set_rate(dec, dom, OPTION_INTERFACE, interface, rate);
	options_set_rate(dec, dom, rate);
	return true;
}

static void measurement_line(struct decoder *dec, struct sink *sink, const struct record *rec,
			     const struct record_times *times, size_t room)
{
	char *p = line_begin(dec, sink, LINE_EXPORTER, room + 512);
	if (!p)
		return;
	bool skewed;
	const struct domain *dom = dec->ctx.domain;
	p = jsonw_lit(p, "{\"@timestamp\":");
	p = jsonw_time_ms(p, believed_time(dec, record_time(dec, rec, times), &skewed));
	p = jsonw_lit(p, ",");
	p = jsonw_raw(p, dom->head, dom->head_len);
	p = jsonw_lit(p, ",\"domain\":");
	p = jsonw_u64(p, dom->id);
	p = jsonw_lit(p, "},\"reliability\":");
	char *members = p;
	p = record_members(dec, rec, times, 1, p);
	if (p == members)
		p++;
	*members = '{';
	p = jsonw_lit(p, "}}");
	line_end(sink, LINE_EXPORTER, p);
}

bool options_record(struct decoder *dec, struct sink *sink, const struct record *rec,
		    const struct record_times *times, size_t room)
{
	struct found found;
	find_roles(rec, &found);
	bool used = learn_names(dec, &found);
	used |= learn_rate(dec, rec, &found);
	if (has(&found, ROLE_INIT)) {
		options_set_init(dec, dec->ctx.domain, number(found.value[ROLE_INIT]));
		used = true;
	}
	if (has(&found, ROLE_MEASURED)) {
		measurement_line(dec, sink, rec, times, room);
		used = true;
	}
	/* Last: the template of the record may be compiled anew by it. */
	used |= learn_element(dec, &found);
	return used;
}
