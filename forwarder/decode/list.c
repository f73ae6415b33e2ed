/* SPDX-License-Identifier: Apache-2.0
 * Lists in records (RFC 6313): basicList, subTemplateList, subTemplateMultiList.
 *
 * A list is walked twice: once to find the largest JSON it can make, once to write it. Both walks are the same code: with
 * `out->p` NULL it only adds up `out->room`. */
#include "forwarder/decode/template.h"

struct out {
	char *p;
	size_t room;
	const struct record_times *times;
	unsigned depth; /* of the list being walked: 1 is a list in a record */
};

static const char *semantic_name(uint8_t semantic)
{
	static const char *const names[] = { "noneOf", "exactlyOneOf", "oneOrMoreOf", "allOf",
					     "ordered" };
	return semantic < sizeof(names) / sizeof(*names) ? names[semantic] : "undefined";
}

static void put(struct out *out, const char *text, size_t len)
{
	out->room += len;
	if (out->p)
		out->p = jsonw_raw(out->p, text, len);
}

#define PUT(out, literal) put((out), "" literal, sizeof(literal) - 1)

static void put_hex(struct out *out, const uint8_t *bytes, size_t len)
{
	out->room += JSONW_HEX_MAX(len);
	if (out->p)
		out->p = jsonw_hex(out->p, bytes, len);
}

static void put_number(struct out *out, uint64_t v)
{
	out->room += JSONW_U64_MAX;
	if (out->p)
		out->p = jsonw_u64(out->p, v);
}

/* ---- basicList ---- */

static void put_element(struct decoder *dec, struct out *out, unsigned type, struct bytes value)
{
	enum converter conv = converter_for(type, value.len);
	out->room += sizeof("null"); /* where it is absent */
	out->room += converter_is_list(conv) ? list_room(dec, conv, value, out->depth + 1)
					     : converter_room(conv, (uint32_t)value.len);
	if (!out->p)
		return;
	char *p = value_write(dec, out->times, out->depth + 1, out->p, conv, value);
	out->p = p ? p : jsonw_lit(out->p, "null");
}

/* The element ids of a list are IPFIX's, with the enterprise bit, in NetFlow 9 too. */
static bool basic_list(struct decoder *dec, struct out *out, struct cursor *c)
{
	uint16_t id = cursor_u16(c), width = cursor_u16(c);
	uint32_t pen = id & 0x8000 ? cursor_u32(c) : 0;
	if (c->bad)
		return false;
	char key[FIELD_KEY_ROOM];
	struct field unknown;
	const struct field *field = fields_find(fields_of(dec, dec->ctx.domain), pen, id & 0x7fff);
	if (!field) {
		field_unknown(pen, id & 0x7fff, key, &unknown);
		field = &unknown;
	}
	put(out, field->key, field->key_len);
	PUT(out, "[");
	for (bool first = true; cursor_left(c) && !c->bad; first = false) {
		size_t len = width;
		if (width == WIDTH_VARIABLE) {
			len = cursor_u8(c);
			if (len == 255)
				len = cursor_u16(c);
		}
		const uint8_t *v = cursor_take(c, len);
		if (!v || width == 0)
			return false;
		if (!first)
			PUT(out, ",");
		put_element(dec, out, field->type, (struct bytes){ v, len });
	}
	PUT(out, "]");
	return !c->bad;
}

/* ---- lists of records ---- */

static void unknown_records(struct out *out, uint16_t id, struct cursor *c, bool *first)
{
	if (!*first)
		PUT(out, ",");
	*first = false;
	PUT(out, "{\"template\":");
	put_number(out, id);
	PUT(out, ",\"data\":");
	put_hex(out, c->p, cursor_left(c));
	PUT(out, "}");
	c->p = c->end;
}

static bool one_record(struct decoder *dec, struct out *out, const struct template *t,
		       struct cursor *c, bool *first)
{
	struct record rec = { .tmpl = t, .data = c->p, .len = t->min_len };
	uint32_t room = t->room;
	if (t->varying) {
		struct part *parts = dec->scratch->parts[out->depth];
		rec.len = record_locate(t, c->p, cursor_left(c), parts, &room);
		rec.parts = parts;
		if (rec.len == 0)
			return false;
	}
	if (!out->p) {
		room += (uint32_t)record_lists_room(dec, &rec, out->depth + 1);
		room -= (uint32_t)record_frames_spare(dec, &rec);
	}
	cursor_take(c, rec.len);
	if (!*first)
		PUT(out, ",");
	*first = false;
	out->room += room + 2;
	if (out->p) {
		char *open = out->p;
		*open = '{';
		char *p = record_members(dec, &rec, out->times, out->depth + 1, open);
		if (p == open) /* nothing in it */
			p++;
		*open = '{'; /* over the comma of the first member */
		*p++ = '}';
		out->p = p;
	}
	return true;
}

static bool records(struct decoder *dec, struct out *out, uint16_t id, struct cursor *c,
		    bool *first)
{
	const struct template *t = template_find(dec->ctx.domain, id);
	if (!t || t->min_len == 0 || t->min_len == WIDTH_VARIABLE) {
		if (cursor_left(c))
			unknown_records(out, id, c, first);
		return true;
	}
	while (cursor_left(c)) {
		if (cursor_left(c) < t->min_len || !one_record(dec, out, t, c, first))
			return false;
		if (!out->p && out->room > RECORD_ROOM_MAX)
			return false;
	}
	return true;
}

static bool multi_list(struct decoder *dec, struct out *out, struct cursor *c, bool *first)
{
	while (cursor_left(c)) {
		uint16_t id = cursor_u16(c), len = cursor_u16(c);
		if (c->bad || len < 4)
			return false;
		struct cursor body = cursor_sub(c, len - 4u);
		if (c->bad || !records(dec, out, id, &body, first))
			return false;
	}
	return true;
}

/* ---- the list ---- */

static bool walk(struct decoder *dec, struct out *out, enum converter conv, struct bytes list)
{
	struct cursor c = cursor_over(list.p, list.len);
	const char *semantic = semantic_name(cursor_u8(&c));
	bool first = true, good;
	if (c.bad || out->depth > LIST_DEPTH_MAX)
		return false;
	PUT(out, "{\"semantic\":\"");
	put(out, semantic, strlen(semantic));
	PUT(out, "\"");
	if (conv == CONV_BASIC_LIST) {
		good = basic_list(dec, out, &c);
	} else {
		PUT(out, ",\"list\":[");
		if (conv == CONV_MULTI_LIST) {
			good = multi_list(dec, out, &c, &first);
		} else {
			uint16_t id = cursor_u16(&c);
			good = !c.bad && records(dec, out, id, &c, &first);
		}
		PUT(out, "]");
	}
	PUT(out, "}");
	return good && (out->p || out->room <= RECORD_ROOM_MAX);
}

size_t list_room(struct decoder *dec, enum converter conv, struct bytes list, unsigned depth)
{
	struct out out = { .depth = depth };
	size_t fallback = JSONW_HEX_MAX(list.len) + 64;
	if ((depth == 1 && dec->lists_as_hex) || !walk(dec, &out, conv, list))
		return fallback;
	return out.room > fallback ? out.room : fallback;
}

char *list_write(struct decoder *dec, enum converter conv, struct bytes list,
		 const struct record_times *times, unsigned depth, char *p)
{
	struct out measure = { .depth = depth };
	bool as_hex = depth == 1 && dec->lists_as_hex;
	if (!as_hex && walk(dec, &measure, conv, list)) {
		struct out out = { .p = p, .times = times, .depth = depth };
		walk(dec, &out, conv, list);
		return out.p;
	}
	if (list.len)
		dec->counters.malformed_list++;
	p = jsonw_lit(p, "{\"data\":");
	p = jsonw_hex(p, list.p, list.len);
	*p++ = '}';
	return p;
}
