/* SPDX-License-Identifier: Apache-2.0
 * Template sets of NetFlow 9 (RFC 3954 section 5.2) and IPFIX (RFC 7011 section 3.4), meta
 * templates (6.1 and 3.4.2, options templates there) included. */
#include "forwarder/decode/wire/template_set.h"

#include "element_ids.h"
#include "forwarder/decode/core/problem.h"
#include "forwarder/decode/core/seen.h"
#include "forwarder/decode/exporter/device.h"
#include "forwarder/decode/exporter/exporter.h"
#include "forwarder/decode/line/context.h"
#include "forwarder/decode/line/set.h"
#include "forwarder/decode/record/record.h"
#include "forwarder/decode/template/template.h"

/* NetFlow 9 scopes have numbers of their own. Where an element says the same, it stands for the
 * scope. */
static void netflow9_scope(struct spec *spec)
{
	switch (spec->id) {
	case 2:
		spec->id = IE_ingressInterface;
		break;
	case 3:
		spec->id = IE_lineCardId;
		break;
	case 5:
		spec->id = IE_templateId;
		break;
	case 1:
	case 4:
		spec->pen = PEN_SCOPE;
		break;
	default: /* an element after all: some exporters do so */
		break;
	}
}

/* Field specifiers (RFC 7011 section 3.2). The highest bit of the id announces an enterprise number
 * in IPFIX only. */
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
	struct session *session = dec->ctx.session;
	if (id == 2 || id == 3) /* all (meta) templates: RFC 7011 section 8.1 */
		template_remove_all(dec, session, id == 3);
	else if (template_remove(dec, session, id))
		dec->counters.templates_withdrawn++;
}

/* NetFlow 9 says lengths of meta templates in bytes; not all exporters keep to multiples of
 * four. Returns the number of elements. */
static size_t netflow9_lengths(struct cursor *c, size_t *ret_scopes, size_t *ret_stray)
{
	size_t scope_bytes = cursor_u16(c), bytes = scope_bytes + cursor_u16(c);
	*ret_scopes = scope_bytes / 4;
	*ret_stray = bytes % 4;
	return bytes / 4;
}

/* What a device defines is the address's, too, for ports that define nothing. */
static void template_pool(struct decoder *dec, struct sink *sink, uint16_t id, size_t len,
			  size_t scopes, bool meta)
{
	struct domain *base = domain_base(dec, dec->ctx.domain);
	bool is_new;
	if (base &&
	    template_add(dec, &base->own, id, dec->scratch->specs, len, scopes, meta, &is_new) &&
	    is_new)
		data_waited(dec, sink, &base->own, id);
}

static void take_template(struct decoder *dec, struct sink *sink, uint16_t id, size_t len,
			  size_t scopes, bool meta)
{
	bool is_new;
	if (device_prove(dec, id))
		context_head(&dec->ctx);
	if (template_add(dec, dec->ctx.session, id, dec->scratch->specs, len, scopes, meta,
			 &is_new) &&
	    is_new)
		data_waited(dec, sink, dec->ctx.session, id);
	template_pool(dec, sink, id, len, scopes, meta);
}

/* One template; false when the rest of the set cannot be read. */
static bool one_template(struct decoder *dec, struct sink *sink, struct cursor *c, bool meta)
{
	bool netflow9 = dec->ctx.domain->protocol == PROTO_NETFLOW9;
	const uint8_t *start = c->p;
	uint16_t id = cursor_u16(c);
	size_t len, scopes = 0, stray = 0;
	if (meta && netflow9) {
		len = netflow9_lengths(c, &scopes, &stray);
	} else {
		len = cursor_u16(c);
		if (len == 0 && !netflow9 && !c->bad) {
			seen_form(dec, start, c->p);
			withdraw(dec, id);
			return true;
		}
		if (meta)
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
		template_remove(dec, dec->ctx.session, id); /* what was there is out of date */
		return false;
	}
	seen_form(dec, start, c->p);
	cursor_skip(c, stray);
	take_template(dec, sink, id, len, scopes, meta);
	return true;
}

void template_set(struct decoder *dec, struct sink *sink, struct cursor set, bool meta)
{
	if (device_defines(dec))
		context_head(&dec->ctx);
	size_t least = meta && dec->ctx.domain->protocol == PROTO_NETFLOW9 ? 6 : 4;
	while (cursor_left(&set) >= least) {
		if (set.p[0] == 0 && set.p[1] == 0 && cursor_all_zero(&set)) /* padding */
			return;
		if (!one_template(dec, sink, &set, meta))
			return;
	}
}
