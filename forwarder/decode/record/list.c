/* SPDX-License-Identifier: Apache-2.0
 * Lists in records (RFC 6313): basicList, subTemplateList, subTemplateMultiList.
 *
 * A list is walked twice: once to find the largest JSON it can make, once to write it. Both walks
 * are the same code: with `p` NULL it only adds up `room`. */
#include "forwarder/decode/record/list.h"

#include "forwarder/decode/core/seen.h"
#include "forwarder/decode/template/template.h"

struct list_walk {
	struct record_writer *out;
	char *p; /* NULL: measured only */
	size_t room;
	const struct seer *seer; /* who is told; then only measured */
	unsigned depth;          /* of the list being walked: 1 is a list in a record */
};

static const char *semantic_name(uint8_t semantic)
{
	static const char *const names[] = { "noneOf", "exactlyOneOf", "oneOrMoreOf", "allOf",
					     "ordered" };
	return semantic < sizeof(names) / sizeof(*names) ? names[semantic] : "undefined";
}

static void list_put(struct list_walk *w, const char *text, size_t len)
{
	w->room += len;
	if (w->p)
		w->p = jsonw_raw(w->p, text, len);
}

#define PUT(w, literal) list_put((w), "" literal, sizeof(literal) - 1)

static void list_put_hex(struct list_walk *w, const uint8_t *bytes, size_t len)
{
	w->room += JSONW_HEX_MAX(len);
	if (w->p)
		w->p = jsonw_hex(w->p, bytes, len);
}

static void list_put_number(struct list_walk *w, uint64_t v)
{
	w->room += JSONW_U64_MAX;
	if (w->p)
		w->p = jsonw_u64(w->p, v);
}

/* From `start` to the cursor. */
static void list_note_form(const struct list_walk *w, const uint8_t *start, const struct cursor *c)
{
	if (w->seer)
		seer_tell(w->seer, SEEN_FORM, start, (size_t)(c->p - start));
}

/* ---- basicList ---- */

static void list_put_element(struct list_walk *w, unsigned type, struct bytes value)
{
	enum converter conv = converter_for(type, value.len);
	w->room += sizeof("null"); /* where it is absent */
	w->room += converter_is_list(conv) ? list_room(w->out, conv, value, w->depth + 1)
					   : converter_room(conv, (uint32_t)value.len);
	if (w->seer)
		value_see(w->out, conv, value, w->depth + 1);
	if (!w->p)
		return;
	char *p = record_value(w->out, w->depth + 1, w->p, conv, value);
	w->p = p ? p : jsonw_lit(w->p, "null");
}

/* The element ids of a list are IPFIX's, with the enterprise bit, in NetFlow 9 too. */
static bool basic_list(struct list_walk *w, struct cursor *c)
{
	const uint8_t *start = c->p;
	uint16_t id = cursor_u16(c), width = cursor_u16(c);
	uint32_t pen = id & 0x8000 ? cursor_u32(c) : 0;
	if (c->bad)
		return false;
	list_note_form(w, start, c);
	const struct decoder *dec = w->out->dec;
	char key[FIELD_KEY_ROOM];
	struct field unknown;
	const struct field *field = fields_find(fields_of(dec, dec->ctx.domain), pen, id & 0x7fff);
	if (!field) {
		field_unknown(pen, id & 0x7fff, key, &unknown);
		field = &unknown;
	}
	list_put(w, field->key, field->key_len);
	PUT(w, "[");
	for (bool first = true; cursor_left(c) && !c->bad; first = false) {
		size_t len = width;
		start = c->p;
		if (width == WIDTH_VARIABLE) {
			len = cursor_u8(c);
			if (len == 255)
				len = cursor_u16(c);
		}
		list_note_form(w, start, c);
		const uint8_t *v = cursor_take(c, len);
		if (!v || width == 0)
			return false;
		if (!first)
			PUT(w, ",");
		list_put_element(w, field->type, (struct bytes){ v, len });
	}
	PUT(w, "]");
	return !c->bad;
}

/* ---- lists of records ---- */

static void unknown_records(struct list_walk *w, uint16_t id, struct cursor *c, bool *first)
{
	if (!*first)
		PUT(w, ",");
	*first = false;
	PUT(w, "{\"template\":");
	list_put_number(w, id);
	PUT(w, ",\"data\":");
	list_put_hex(w, c->p, cursor_left(c));
	PUT(w, "}");
	c->p = c->end;
}

static bool one_record(struct list_walk *w, const struct template *t, struct cursor *c, bool *first)
{
	struct data_record rec = { .tmpl = t, .data = c->p, .len = t->min_len };
	uint32_t room = t->room;
	if (t->varying) {
		struct part *parts = w->out->dec->scratch->parts[w->depth];
		rec.len = record_locate(t, c->p, cursor_left(c), parts, &room);
		rec.parts = parts;
		if (rec.len == 0)
			return false;
	}
	if (!w->p) {
		room += (uint32_t)record_lists_room(w->out, &rec, w->depth + 1);
		room -= (uint32_t)record_frames_spare(w->out->dec, &rec);
	}
	if (w->seer)
		record_see(w->out, &rec, w->depth + 1);
	cursor_take(c, rec.len);
	if (!*first)
		PUT(w, ",");
	*first = false;
	w->room += room + 2;
	if (w->p) {
		char *open = w->p;
		*open = '{';
		struct record_times own;
		const struct record_times *times = w->out->times;
		w->out->times = record_times_own(w->out->dec, &rec, times, &own);
		char *p = record_members(w->out, &rec, w->depth + 1, open);
		w->out->times = times;
		if (p == open) /* nothing in it */
			p++;
		*open = '{'; /* over the comma of the first member */
		*p++ = '}';
		w->p = p;
	}
	return true;
}

static bool records(struct list_walk *w, uint16_t id, struct cursor *c, bool *first)
{
	const struct template *t = template_find(w->out->dec->ctx.session, id);
	if (!t || t->min_len == 0 || t->min_len == WIDTH_VARIABLE) {
		if (cursor_left(c))
			unknown_records(w, id, c, first);
		return true;
	}
	while (cursor_left(c)) {
		if (cursor_left(c) < t->min_len || !one_record(w, t, c, first))
			return false;
		if (!w->p && w->room > RECORD_ROOM_MAX)
			return false;
	}
	return true;
}

static bool multi_list(struct list_walk *w, struct cursor *c, bool *first)
{
	while (cursor_left(c)) {
		const uint8_t *start = c->p;
		uint16_t id = cursor_u16(c), len = cursor_u16(c);
		if (c->bad || len < 4)
			return false;
		list_note_form(w, start, c);
		struct cursor body = cursor_sub(c, len - 4u);
		if (c->bad || !records(w, id, &body, first))
			return false;
	}
	return true;
}

/* ---- the list ---- */

static bool list_walk(struct list_walk *w, enum converter conv, struct bytes list)
{
	struct cursor c = cursor_over(list.p, list.len);
	const char *semantic = semantic_name(cursor_u8(&c));
	bool first = true, good;
	if (c.bad || w->depth > LIST_DEPTH_MAX)
		return false;
	list_note_form(w, list.p, &c);
	PUT(w, "{\"semantic\":\"");
	list_put(w, semantic, strlen(semantic));
	PUT(w, "\"");
	if (conv == CONV_BASIC_LIST) {
		good = basic_list(w, &c);
	} else {
		PUT(w, ",\"list\":[");
		if (conv == CONV_MULTI_LIST) {
			good = multi_list(w, &c, &first);
		} else {
			const uint8_t *start = c.p;
			uint16_t id = cursor_u16(&c);
			list_note_form(w, start, &c);
			good = !c.bad && records(w, id, &c, &first);
		}
		PUT(w, "]");
	}
	PUT(w, "}");
	return good && (w->p || w->room <= RECORD_ROOM_MAX);
}

size_t list_room(struct record_writer *out, enum converter conv, struct bytes list, unsigned depth)
{
	struct list_walk w = { .out = out, .depth = depth };
	size_t fallback = JSONW_HEX_MAX(list.len) + 64;
	if ((depth == 1 && out->lists_as_hex) || !list_walk(&w, conv, list))
		return fallback;
	return w.room > fallback ? w.room : fallback;
}

char *list_write(struct record_writer *out, enum converter conv, struct bytes list, unsigned depth,
		 char *p)
{
	struct list_walk measure = { .out = out, .depth = depth };
	bool as_hex = depth == 1 && out->lists_as_hex;
	if (!as_hex && list_walk(&measure, conv, list)) {
		struct list_walk w = { .out = out, .p = p, .depth = depth };
		list_walk(&w, conv, list);
		return w.p;
	}
	if (list.len)
		out->dec->counters.malformed_list++;
	p = jsonw_lit(p, "{\"data\":");
	p = jsonw_hex(p, list.p, list.len);
	*p++ = '}';
	return p;
}

void list_see(struct record_writer *out, enum converter conv, struct bytes list, unsigned depth)
{
	struct list_walk w = { .out = out, .depth = depth, .seer = out->dec->settings.seer };
	list_walk(&w, conv, list);
}
