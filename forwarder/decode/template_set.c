/* SPDX-License-Identifier: Apache-2.0
 * Template sets and options template sets of NetFlow 9 (RFC 3954 sections 5.2, 6.1) and IPFIX (RFC 7011 section 3.4). */
#include "forwarder/decode/template.h"

/* NetFlow 9 scopes have numbers of their own. Where an element says the same, it stands for the scope. */
static void netflow9_scope(struct spec *spec)
{
	switch (spec->id) {
	case 2:
		spec->id = 10; /* ingressInterface */
		break;
	case 3:
		spec->id = 141; /* lineCardId */
		break;
	case 5:
		spec->id = 145; /* templateId */
		break;
	case 1:
	case 4:
		spec->pen = PEN_SCOPE;
		break;
	default: /* an element after all: some exporters do so */
		break;
	}
}

/* Field specifiers (RFC 7011 section 3.2). The highest bit of the id announces an enterprise number in IPFIX only. */
static bool read_specs(struct decoder *dec, struct cursor *c, size_t len, size_t scopes)
{
	bool netflow9 = dec->ctx.domain->protocol == PROTO_NETFLOW9;
	struct spec *specs = dec->scratch->specs;
	for (size_t i = 0; i < len; i++) {
		struct spec spec = { .id = cursor_u16(c), .width = cursor_u16(c) };
		if (!netflow9 && spec.id & 0x8000) {
			spec.id &= 0x7fff;
			spec.pen = cursor_u32(c);
		}
		if (netflow9 && i < scopes)
			netflow9_scope(&spec);
		if (c->bad)
			return false;
		specs[i] = spec;
	}
	return true;
}

static void withdraw(struct decoder *dec, uint16_t id)
{
	struct domain *dom = dec->ctx.domain;
	if (id == 2 || id == 3) /* all (options) templates: RFC 7011 section 8.1 */
		template_remove_all(dec, dom, id == 3);
	else if (template_remove(dec, dom, id))
		dec->counters.templates_withdrawn++;
}

/* NetFlow 9 says lengths of options templates in bytes; not all exporters keep to multiples of four. Returns the number of
 * elements. */
static size_t netflow9_lengths(struct cursor *c, size_t *ret_scopes, size_t *ret_stray)
{
	size_t scope_bytes = cursor_u16(c), bytes = scope_bytes + cursor_u16(c);
	*ret_scopes = scope_bytes / 4;
	*ret_stray = bytes % 4;
	return bytes / 4;
}

/* One template; false when the rest of the set cannot be read. */
static bool one_template(struct decoder *dec, struct sink *sink, struct cursor *c, bool options)
{
	bool netflow9 = dec->ctx.domain->protocol == PROTO_NETFLOW9;
	const uint8_t *start = c->p;
	uint16_t id = cursor_u16(c);
	size_t len, scopes = 0, stray = 0;
	if (options && netflow9) {
		len = netflow9_lengths(c, &scopes, &stray);
	} else {
		len = cursor_u16(c);
		if (len == 0 && !netflow9 && !c->bad) {
			withdraw(dec, id);
			return true;
		}
		if (options)
			scopes = cursor_u16(c);
	}
	if (id < 256 || c->bad) {
		problem_at(dec, &dec->counters.malformed_template, "template id below 256", start,
			   id);
		return false;
	}
	if (len > SPECS_MAX || scopes > len || !read_specs(dec, c, len, scopes)) {
		problem_at(dec, &dec->counters.malformed_template,
			   len > SPECS_MAX ? "template has more than 1024 elements"
					   : "template does not fit in its set",
			   start, id);
		template_remove(dec, dec->ctx.domain, id); /* what was there is out of date */
		return false;
	}
	cursor_skip(c, stray);
	bool is_new;
	if (template_add(dec, dec->ctx.domain, id, dec->scratch->specs, len, scopes, options,
			 &is_new) &&
	    is_new)
		held_release(dec, sink, id);
	return true;
}

void template_set(struct decoder *dec, struct sink *sink, struct cursor set, bool options)
{
	size_t least = options && dec->ctx.domain->protocol == PROTO_NETFLOW9 ? 6 : 4;
	while (cursor_left(&set) >= least) {
		if (set.p[0] == 0 && set.p[1] == 0 && cursor_all_zero(&set)) /* padding */
			return;
		if (!one_template(dec, sink, &set, options))
			return;
	}
}
