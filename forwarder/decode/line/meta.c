/* SPDX-License-Identifier: Apache-2.0
 * Meta records: what they say is learnt, and measurements go out as lines of the exporter. */
#include "forwarder/decode/line/meta.h"

#include "common/hash.h"
#include "forwarder/decode/exporter/element.h"
#include "forwarder/decode/exporter/learnt.h"
#include "forwarder/decode/exporter/stated.h"
#include "forwarder/decode/line/context.h"
#include "forwarder/decode/line/join.h"
#include "forwarder/decode/template/roles.h"

/* What a record holds, by role: the first that is not all zero. */
struct meta_found {
	uint32_t roles;            /* bit per enum role */
	uint32_t told, parts_told; /* the same of those whose value is not all zero, of parts */
	bool delta;                /* counts that the next record does not have again */
	struct bytes value[ROLES];
	struct bytes part[LEARNT_PARTS]; /* of an application */
};

static bool nonzero(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.p[i])
			return true;
	return false;
}

static void find_roles(const struct data_record *rec, struct meta_found *found)
{
	*found = (struct meta_found){ 0 };
	for (size_t i = 0; i < rec->tmpl->bound_len; i++) {
		const struct bound *bound = &rec->tmpl->bound[i];
		bool part = bound->role == ROLE_APPLICATION_PART;
		struct bytes *to = part ? &found->part[bound->arg] : &found->value[bound->role];
		uint32_t *told = part ? &found->parts_told : &found->told;
		uint32_t bit = 1u << (part ? bound->arg : bound->role);
		found->roles |= 1u << bound->role;
		found->delta |= bound->role == ROLE_MEASURED && bound->arg;
		if (*told & bit)
			continue;
		*to = record_bytes(rec, bound->place);
		*told |= nonzero(*to) ? bit : 0;
	}
}

static bool found_role(const struct meta_found *found, unsigned role)
{
	return found->roles >> role & 1;
}

static uint64_t found_number(struct bytes b)
{
	return b.len > 8 ? 0 : be_uint(b.p, b.len);
}

static bool learn_element(struct decoder *dec, const struct meta_found *found)
{
	if (!found_role(found, ROLE_ELEMENT_ID) || !found_role(found, ROLE_ELEMENT_NAME))
		return false;
	element_learn(dec, dec->ctx.domain->exporter,
		      (uint32_t)found_number(found->value[ROLE_ELEMENT_PEN]),
		      (uint16_t)found_number(found->value[ROLE_ELEMENT_ID]) & 0x7fff,
		      (uint8_t)found_number(found->value[ROLE_ELEMENT_TYPE]),
		      found->value[ROLE_ELEMENT_NAME]);
	return true;
}

static bool learn_names(struct decoder *dec, const struct meta_found *found)
{
	struct domain *dom = dec->ctx.domain;
	bool used = false;
	static const struct {
		uint8_t id, name, kind, part;
	} rows[] = {
		{ ROLE_INTERFACE, ROLE_INTERFACE_NAME, LEARNT_INTERFACE, 0 },
		{ ROLE_INTERFACE, ROLE_INTERFACE_TEXT, LEARNT_INTERFACE, 1 },
		{ ROLE_VRF, ROLE_VRF_NAME, LEARNT_VRF, 0 },
		{ ROLE_SAMPLER, ROLE_SAMPLER_NAME, LEARNT_SAMPLER, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (found_role(found, rows[i].id) && found_role(found, rows[i].name))
			used |= learnt_set_name(dec, dom, (enum learnt_kind)rows[i].kind,
						found_number(found->value[rows[i].id]),
						rows[i].part, found->value[rows[i].name]);
	if (found_role(found, ROLE_APPLICATION) && found_role(found, ROLE_APPLICATION_PART)) {
		uint64_t id = application_key(found->value[ROLE_APPLICATION]);
		for (unsigned part = 0; part < LEARNT_PARTS; part++)
			if (found->part[part].len)
				used |= learnt_set_name(dec, dom, LEARNT_APPLICATION, id, part,
							found->part[part]);
	}
	return used;
}

/* A rate is of the sampler that the record names, else of the interface, else of the exporter. One
 * of 0 is that sampling has ended. */
static bool learn_rate(struct decoder *dec, const struct data_record *rec,
		       const struct meta_found *found)
{
	struct domain *dom = dec->ctx.domain;
	if (!(rec->tmpl->refs_set & REFS_OF_RATE))
		return false;
	uint32_t rate = record_rate(rec);
	uint64_t interface = found_number(found->value[ROLE_INTERFACE]);
	if (found_role(found, ROLE_SAMPLER)) {
		bool used = learnt_set_rate(dec, dom, LEARNT_SAMPLER,
					    found_number(found->value[ROLE_SAMPLER]), rate);
		if (interface)
			used |= learnt_set_rate(dec, dom, LEARNT_SAMPLED, interface, rate);
		return used;
	}
	if (interface)
		return learnt_set_rate(dec, dom, LEARNT_INTERFACE, interface, rate);
	learnt_set_exporter_rate(dec, dom, rate);
	return true;
}

/* What the record is about: its template and scope; all of it where there is none. */
static uint64_t subject_of(const struct decoder *dec, const struct data_record *rec)
{
	const struct template *tmpl = rec->tmpl;
	uint64_t name = hash_mix(dec->settings.hash_seed, tmpl->id);
	if (tmpl->scopes == 0)
		return hash_bytes(name, rec->data, rec->len);
	struct place place = { 0 };
	for (size_t i = 0; i < tmpl->scopes; i++) {
		place.width = tmpl->specs[i].width;
		struct bytes value = record_bytes(rec, place);
		name = hash_bytes(name, value.p, value.len);
		bool ends = place.width == WIDTH_VARIABLE;
		place.part += ends;
		place.at = ends ? 0 : (uint16_t)(place.at + place.width);
	}
	return name;
}

/* Totals that were stated within a minute are in the next record, too. */
static bool is_repeated(struct decoder *dec, const struct data_record *rec,
			const struct meta_found *found)
{
	if (found->delta || !stated_lately(dec, dec->ctx.domain, subject_of(dec, rec)))
		return false;
	dec->counters.options_repeated++;
	return true;
}

static void measurement_line(struct record_writer *out, struct sink *sink,
			     const struct data_record *rec, size_t room)
{
	struct decoder *dec = out->dec;
	char *p = line_begin(dec, sink, LINE_EXPORTER, room + 512);
	if (!p)
		return;
	bool skewed;
	const struct domain *dom = dec->ctx.domain;
	struct record_times own;
	const struct record_times *times = out->times;
	out->times = record_times_own(dec, rec, times, &own);
	p = jsonw_lit(p, "{\"@timestamp\":");
	p = jsonw_time_ms(p, context_believed_time(dec, record_time(rec, out->times), &skewed));
	p = jsonw_lit(p, ",");
	p = jsonw_raw(p, dom->head, dom->head_len);
	p = jsonw_lit(p, ",\"domain\":");
	p = jsonw_u64(p, dom->id);
	p = jsonw_lit(p, "},\"reliability\":");
	char *members = p;
	p = record_members(out, rec, 1, p);
	out->times = times;
	if (p == members)
		p++;
	*members = '{';
	p = jsonw_lit(p, "}}");
	line_end(sink, LINE_EXPORTER, p);
}

bool meta_record(struct record_writer *out, struct sink *sink, const struct data_record *rec,
		 size_t room)
{
	struct decoder *dec = out->dec;
	struct meta_found found;
	find_roles(rec, &found);
	bool used = learn_names(dec, &found);
	used |= learn_rate(dec, rec, &found);
	if (found_role(&found, ROLE_INIT)) {
		learnt_set_init(dec, dec->ctx.domain, found_number(found.value[ROLE_INIT]));
		used = true;
	}
	if (found_role(&found, ROLE_MEASURED)) {
		if (!is_repeated(dec, rec, &found))
			measurement_line(out, sink, rec, room);
		used = true;
	}
	/* Last: the template of the record may be compiled anew by it. */
	used |= learn_element(dec, &found);
	return used;
}
