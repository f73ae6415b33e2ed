/* SPDX-License-Identifier: Apache-2.0
 * One sFlow structure (flow record or counters) to JSON members, driven by its row. */
#include "forwarder/decode/record/sflow_record.h"

#include <math.h>

#include "common/jsonw.h"
#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/sorted.h"

/* What one structure is written with. */
struct structure_writer {
	struct cursor in;
	uint64_t *used; /* NULL in counters */
	unsigned nth;
	unsigned family; /* of the last address: 0 IPv4, 1 IPv6 */
};

static const uint8_t type_size[SFLOW_TYPE_COUNT] = {
#define SFLOW_SIZE_(name, constant, size, room) [constant] = (size),
	SFLOW_TYPES(SFLOW_SIZE_)
#undef SFLOW_SIZE_
};

static uint64_t tag_of(const void *row)
{
	return ((const struct sflow_structure *)row)->tag;
}

const struct sflow_structure *sflow_flow_row(uint32_t tag)
{
	if (tag < SFLOW_DIRECT)
		return sflow_flow_direct[tag] ? &sflow_flow_rows[sflow_flow_direct[tag] - 1] : NULL;
	return sorted_find(sflow_flow_rows, sflow_flow_rows_count, sizeof(*sflow_flow_rows), tag,
			   tag_of);
}

const struct sflow_structure *sflow_counter_row(uint32_t tag)
{
	return sorted_find(sflow_counter_rows, sflow_counter_rows_count,
			   sizeof(*sflow_counter_rows), tag, tag_of);
}

/* The key of a field: the element's while it is free, else the structure's own. */
static char *flow_key(char *p, struct structure_writer *w, const struct sflow_field *f,
		      unsigned which)
{
	const size_t prefix = sizeof(",\"sflow.") - 1;
	uint64_t bit = 1ull << f->iana_bit[which];

	if (!w->used)
		return jsonw_padded(p, f->key, f->key_len);
	if (f->iana_len[which] && !(*w->used & bit)) {
		*w->used |= bit;
		return jsonw_padded(p, f->iana[which], f->iana_len[which]);
	}
	if (!w->nth)
		return jsonw_padded(p, f->key, f->key_len);
	p = jsonw_u64(jsonw_lit(p, ",\"sflow."), w->nth + 1);
	*p++ = '.';
	return jsonw_raw(p, f->key + prefix, f->key_len - prefix);
}

/* A field of known width. */
static char *fixed_field(char *p, struct structure_writer *w, const struct sflow_field *f,
			 const uint8_t *data)
{
	/* fields that come in one form for each family follow the address before them */
	unsigned which = f->iana_len[1] ? w->family : 0;
	size_t len;
	float real;
	uint32_t bits;

	switch (f->type) {
	case SFLOW_U32:
		if (!w->used && be32(data) == UINT32_MAX)
			return p;
		return jsonw_u64(flow_key(p, w, f, which), be32(data));
	case SFLOW_U64:
		if (!w->used && be64(data) == UINT64_MAX)
			return p;
		return jsonw_u64(flow_key(p, w, f, 0), be64(data));
	case SFLOW_I32:
		return jsonw_i64(flow_key(p, w, f, 0), (int32_t)be32(data));
	case SFLOW_F32:
		bits = be32(data);
		memcpy(&real, &bits, sizeof(real));
		return isfinite(real) ? jsonw_float(flow_key(p, w, f, 0), real) : p;
	case SFLOW_MAC:
		return jsonw_mac(flow_key(p, w, f, 0), data);
	case SFLOW_IPV4:
		return jsonw_ipv4(flow_key(p, w, f, 0), data);
	case SFLOW_IPV6:
		return jsonw_ipv6(flow_key(p, w, f, 0), data);
	case SFLOW_OPAQUE4:
	case SFLOW_OPAQUE16:
		return jsonw_hex(flow_key(p, w, f, 0), data, type_size[f->type]);
	default: /* SFLOW_STRING16 */
		for (len = 16; len && !data[len - 1];)
			len--;
		return jsonw_string(flow_key(p, w, f, 0), data, len);
	}
}

/* Address of a type that is told; an unknown type ends the record. */
static char *address(char *p, struct structure_writer *w, const struct sflow_field *f)
{
	uint32_t type = cursor_u32(&w->in);
	const uint8_t *data;

	if (type == 0 || w->in.bad)
		return p;
	data = type > 2 ? NULL : cursor_take(&w->in, type == 1 ? 4 : 16);
	if (!data) {
		w->in.bad = true;
		return p;
	}
	w->family = type - 1;
	p = flow_key(p, w, f, w->family);
	return type == 1 ? jsonw_ipv4(p, data) : jsonw_ipv6(p, data);
}

/* Octets with their length before and padding to a multiple of four behind. */
static char *octets(char *p, struct structure_writer *w, const struct sflow_field *f)
{
	uint32_t len = cursor_u32(&w->in), text;
	const uint8_t *data = cursor_take(&w->in, len);
	size_t padding = -len & 3u;

	if (!data)
		return p;
	(void)cursor_take(&w->in, padding < cursor_left(&w->in) ? padding : cursor_left(&w->in));
	p = flow_key(p, w, f, 0);
	if (f->type == SFLOW_OPAQUE)
		return jsonw_hex(p, data, len);
	for (text = len; text && !data[text - 1];)
		text--;
	return jsonw_string(p, data, text);
}

/* The number of items of a list whose items have at least `size` octets; too large a number is
 * cut. */
static uint32_t list_count(struct cursor *in, size_t size)
{
	uint32_t count = cursor_u32(in);

	if (count > cursor_left(in) / size) {
		in->bad = true;
		return (uint32_t)(cursor_left(in) / size);
	}
	return count;
}

static char *end_list(char *p, char close)
{
	if (p[-1] == ',')
		p--;
	*p++ = close;
	return p;
}

static char *numbers(char *p, struct cursor *in, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		p = jsonw_u64(p, cursor_u32(in));
		*p++ = ',';
	}
	return p;
}

static char *number_list(char *p, struct structure_writer *w, const struct sflow_field *f)
{
	uint32_t count = list_count(&w->in, 4);

	p = flow_key(p, w, f, 0);
	*p++ = '[';
	return end_list(numbers(p, &w->in, count), ']');
}

/* An AS of the path under its element's name, while that is free. */
static char *path_end(char *p, struct structure_writer *w, const struct sflow_field *f,
		      unsigned which, uint32_t number)
{
	uint64_t bit = 1ull << f->iana_bit[which];

	if (!number || (*w->used & bit))
		return p;
	*w->used |= bit;
	return jsonw_u64(jsonw_padded(p, f->iana[which], f->iana_len[which]), number);
}

/* The path as an array in which a set is an array of its own; its first and last AS again as
 * elements. */
static char *as_path(char *p, struct structure_writer *w, const struct sflow_field *f)
{
	struct sflow_field own = *f;
	uint32_t segments = cursor_u32(&w->in), first = 0, last = 0;

	own.iana_len[0] = 0;
	p = flow_key(p, w, &own, 0);
	*p++ = '[';
	for (uint32_t i = 0; i < segments && !w->in.bad; i++) {
		bool set;
		uint32_t count;

		if (cursor_left(&w->in) < 8) {
			w->in.bad = true;
			break;
		}
		set = cursor_u32(&w->in) == 1;
		count = list_count(&w->in, 4);
		if (count) {
			first = first ? first : be32(w->in.p);
			last = be32(w->in.p + 4 * ((size_t)count - 1));
		}
		if (set)
			*p++ = '[';
		p = numbers(p, &w->in, count);
		if (set) {
			p = end_list(p, ']');
			*p++ = ',';
		}
	}
	p = end_list(p, ']');
	p = path_end(p, w, f, 0, first);
	return w->in.bad ? p : path_end(p, w, f, 1, last);
}

/* Optical lanes of a module (sFlow optics structures). */
static char *lanes(char *p, struct structure_writer *w, const struct sflow_field *f)
{
	static const char *const names[] = {
		"{\"index\":",         ",\"tx_bias_current\":", ",\"tx_power\":",
		",\"tx_power_min\":",  ",\"tx_power_max\":",    ",\"tx_wavelength\":",
		",\"rx_power\":",      ",\"rx_power_min\":",    ",\"rx_power_max\":",
		",\"rx_wavelength\":",
	};
	uint32_t count = list_count(&w->in, 40);

	p = flow_key(p, w, f, 0);
	*p++ = '[';
	for (uint32_t i = 0; i < count; i++) {
		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
			p = jsonw_raw(p, names[n], strlen(names[n]));
			p = jsonw_u64(p, cursor_u32(&w->in));
		}
		p = jsonw_lit(p, "},");
	}
	return end_list(p, ']');
}

/* Network adapters of a host and their MAC addresses. */
static char *adapters(char *p, struct structure_writer *w, const struct sflow_field *f)
{
	uint32_t count = list_count(&w->in, 8);

	p = flow_key(p, w, f, 0);
	*p++ = '[';
	for (uint32_t i = 0; i < count && !w->in.bad; i++) {
		uint32_t macs;

		if (cursor_left(&w->in) < 8) {
			w->in.bad = true;
			break;
		}
		p = jsonw_u64(jsonw_lit(p, "{\"ifIndex\":"), cursor_u32(&w->in));
		p = jsonw_lit(p, ",\"mac_addresses\":[");
		macs = list_count(&w->in, 8);
		for (uint32_t m = 0; m < macs; m++) {
			p = jsonw_mac(p, cursor_take(&w->in, 8));
			*p++ = ',';
		}
		p = end_list(p, ']');
		p = jsonw_lit(p, "},");
	}
	return end_list(p, ']');
}

static char *variable_field(char *p, struct structure_writer *w, const struct sflow_field *f)
{
	if (cursor_left(&w->in) < 4) { /* all begin with a type, length or count */
		w->in.bad = true;
		return p;
	}
	switch (f->type) {
	case SFLOW_ADDRESS:
		return address(p, w, f);
	case SFLOW_U32_LIST:
		return number_list(p, w, f);
	case SFLOW_AS_PATH:
		return as_path(p, w, f);
	case SFLOW_LANES:
		return lanes(p, w, f);
	case SFLOW_ADAPTERS:
		return adapters(p, w, f);
	case SFLOW_PDUS: {
		uint32_t count = cursor_u32(&w->in);

		w->in.p = w->in.end;
		return jsonw_u64(flow_key(p, w, f, 0), count);
	}
	default:
		return octets(p, w, f);
	}
}

/* All fields that are there; older and newer versions of a structure have fewer and more. */
static char *members(char *p, struct structure_writer *w, const struct sflow_structure *row,
		     bool *ret_cut)
{
	const struct sflow_field *f = sflow_fields + row->first, *end = f + row->fields;

	for (; f < end && cursor_left(&w->in) && !w->in.bad; f++) {
		size_t size = type_size[f->type];
		const uint8_t *data;

		if (!size) {
			p = variable_field(p, w, f);
			continue;
		}
		data = cursor_take(&w->in, size);
		if (data)
			p = fixed_field(p, w, f, data);
	}
	if (w->in.bad)
		*ret_cut = true;
	return p;
}

char *sflow_flow_record(char *p, const struct sflow_structure *row, const uint8_t *data, size_t len,
			unsigned nth, uint64_t *used, bool *ret_cut)
{
	struct structure_writer w = { .in = cursor_over(data, len), .used = used, .nth = nth };

	return members(p, &w, row, ret_cut);
}

char *sflow_counters(char *p, const struct sflow_structure *row, const uint8_t *data, size_t len,
		     bool *ret_cut)
{
	struct structure_writer w = { .in = cursor_over(data, len) };
	char *start = p = jsonw_padded(p, row->key, row->key_len);

	p = members(p, &w, row, ret_cut);
	if (p == start)
		*p++ = '{';
	*start = '{'; /* over the comma of the first member */
	*p++ = '}';
	return p;
}
