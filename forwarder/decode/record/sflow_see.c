/* SPDX-License-Identifier: Apache-2.0
 * What stands where in an sFlow structure (core/seen.h), by the row that it is decoded with. */
#include "forwarder/decode/record/sflow_see.h"

#include "forwarder/decode/core/seen.h"
#include "forwarder/decode/record/record.h"
#include "forwarder/decode/record/sflow_record.h"

#define SAMPLED_HEADER 1 /* the tag of a flow record */

/* A structure on its way. */
struct structure_seen {
	struct decoder *dec;
	struct cursor in;
};

static const uint8_t seen_size[SFLOW_TYPE_COUNT] = {
#define SFLOW_SIZE_(name, constant, size, room) [constant] = (size),
	SFLOW_TYPES(SFLOW_SIZE_)
#undef SFLOW_SIZE_
};

static void tell_place(const struct structure_seen *w, enum seen what, const uint8_t *at,
		       size_t len)
{
	if (at)
		seer_tell(w->dec->settings.seer, what, at, len);
}

static uint32_t take_number(struct structure_seen *w, enum seen what)
{
	const uint8_t *at = cursor_take(&w->in, 4);
	tell_place(w, what, at, 4);
	return at ? be32(at) : 0;
}

/* `n` numbers, or as many as there are. */
static void take_numbers(struct structure_seen *w, uint64_t n)
{
	size_t there = cursor_left(&w->in) / 4 * 4, len = n * 4 < there ? (size_t)n * 4 : there;
	tell_place(w, SEEN_NUMBER, cursor_take(&w->in, len), len);
}

static void see_fixed(struct structure_seen *w, unsigned type)
{
	const uint8_t *at = cursor_take(&w->in, seen_size[type]);
	switch (type) {
	case SFLOW_MAC:
		tell_place(w, SEEN_MAC, at, 6);
		break;
	case SFLOW_IPV4:
		tell_place(w, SEEN_IPV4, at, 4);
		break;
	case SFLOW_IPV6:
		tell_place(w, SEEN_IPV6, at, 16);
		break;
	case SFLOW_STRING16:
		tell_place(w, SEEN_TEXT, at, 16);
		break;
	case SFLOW_OPAQUE4:
	case SFLOW_OPAQUE16:
		break;
	default:
		tell_place(w, SEEN_NUMBER, at, seen_size[type]);
	}
}

static void see_address(struct structure_seen *w)
{
	uint32_t type = take_number(w, SEEN_FORM);
	size_t len = type == 1 ? 4 : 16;
	if (type == 1 || type == 2)
		tell_place(w, type == 1 ? SEEN_IPV4 : SEEN_IPV6, cursor_take(&w->in, len), len);
	else if (type)
		w->in.bad = true;
}

/* Text, or octets that mean nothing here, behind their length. */
static void see_octets(struct structure_seen *w, unsigned type)
{
	uint32_t len = take_number(w, SEEN_FORM);
	const uint8_t *at = cursor_take(&w->in, len);
	if (type == SFLOW_STRING)
		tell_place(w, SEEN_TEXT, at, len);
	cursor_skip(&w->in, -len & 3u);
}

static void see_adapters(struct structure_seen *w)
{
	uint32_t adapters = take_number(w, SEEN_FORM);
	for (uint32_t i = 0; i < adapters && cursor_left(&w->in) >= 8; i++) {
		take_number(w, SEEN_NUMBER);
		uint32_t macs = take_number(w, SEEN_FORM);
		for (uint32_t m = 0; m < macs && cursor_left(&w->in) >= 8; m++)
			see_fixed(w, SFLOW_MAC);
	}
}

static void see_varying(struct structure_seen *w, unsigned type)
{
	uint32_t segments;
	switch (type) {
	case SFLOW_ADDRESS:
		see_address(w);
		break;
	case SFLOW_U32_LIST:
		take_numbers(w, take_number(w, SEEN_FORM));
		break;
	case SFLOW_AS_PATH:
		segments = take_number(w, SEEN_FORM);
		for (uint32_t i = 0; i < segments && cursor_left(&w->in) >= 8; i++) {
			take_number(w, SEEN_FORM);
			take_numbers(w, take_number(w, SEEN_FORM));
		}
		break;
	case SFLOW_LANES:
		take_numbers(w, take_number(w, SEEN_FORM) * 10ull);
		break;
	case SFLOW_ADAPTERS:
		see_adapters(w);
		break;
	case SFLOW_PDUS:
		take_number(w, SEEN_FORM);
		w->in.p = w->in.end;
		break;
	default:
		see_octets(w, type);
	}
}

/* Link layer, length of the frame, octets stripped, then its start. */
static void see_frame(struct structure_seen *w)
{
	uint32_t protocol = take_number(w, SEEN_FORM);
	take_numbers(w, 2);
	uint32_t len = take_number(w, SEEN_FORM);
	size_t left = cursor_left(&w->in);
	if (dissect_knows(protocol))
		dissect_see(w->dec->scratch->members, protocol, w->in.p, len < left ? len : left,
			    w->dec->settings.seer);
}

void sflow_see(struct decoder *dec, const struct sflow_structure *row, const uint8_t *data,
	       size_t len)
{
	struct structure_seen w = { dec, cursor_over(data, len) };
	const struct sflow_field *f = sflow_fields + row->first, *end = f + row->fields;
	if (row->tag == SAMPLED_HEADER && row == sflow_flow_row(SAMPLED_HEADER)) {
		see_frame(&w);
		return;
	}
	for (; f < end && cursor_left(&w.in) && !w.in.bad; f++) {
		if (seen_size[f->type])
			see_fixed(&w, f->type);
		else
			see_varying(&w, f->type);
	}
}
