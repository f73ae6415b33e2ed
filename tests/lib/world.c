/* SPDX-License-Identifier: Apache-2.0
 * Makes random templates and records, their bytes on the wire, and the JSON that must come of
 * them. */
#include "tests/lib/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLE 65535

void wire_uint(struct wire *w, uint64_t v, size_t width)
{
	for (size_t i = width; i-- > 0;)
		w->data[w->len++] = (uint8_t)(v >> 8 * i);
}

void wire_bytes(struct wire *w, const void *bytes, size_t n)
{
	memcpy(w->data + w->len, bytes, n);
	w->len += n;
}

void wire_set16(struct wire *w, size_t at, size_t v)
{
	w->data[at] = (uint8_t)(v >> 8);
	w->data[at + 1] = (uint8_t)v;
}

void text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (t->len + (size_t)n + 1 > t->room) {
		t->room = 2 * (t->len + (size_t)n + 1);
		t->data = realloc(t->data, t->room);
		if (!t->data)
			abort();
	}
	va_start(ap, fmt);
	vsnprintf(t->data + t->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}

void text_release(struct text *t)
{
	free(t->data);
	*t = (struct text){ 0 };
}

/* ---- templates ---- */

/* Elements whose JSON is not of themselves alone: relative and absolute flow times, pieces of
 * frames, lists, what is a counter only beside another (232). */
static bool special(const struct field *f)
{
	static const uint16_t ids[] = { 21, 22, 104, 152, 153, 158, 159, 160, 232, 313, 315, 316 };
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		if (f->pen == 0 && f->id == ids[i])
			return true;
	return f->type == FIELD_BASIC_LIST || f->type == FIELD_SUB_TEMPLATE_LIST ||
	       f->type == FIELD_SUB_TEMPLATE_MULTI;
}

static void set_name(struct element *e, const char *name)
{
	snprintf(e->name, sizeof(e->name), "%s", name);
}

static void random_element(struct world *w, struct element *e)
{
	struct rng *r = &w->rng;
	*e = (struct element){ 0 };
	if (rng_chance(r, 10)) { /* of nobody */
		e->pen = w->netflow9 ? 0 : 4000000 + rng_below(r, 100);
		e->id = (uint16_t)(w->netflow9 ? 20000 + rng_below(r, 10000) : rng_below(r, 32768));
		e->type = FIELD_OCTET_ARRAY;
		snprintf(e->name, sizeof(e->name), "pen%u.%u", e->pen, e->id);
		if (!w->netflow9 || !fields_find_netflow9(w->fields, e->id))
			return;
	}
	const struct field *f;
	do
		f = fields_row(rng_below(r, (uint32_t)fields_count()));
	while (special(f) || (w->netflow9 && fields_find_netflow9(w->fields, f->id) != f) ||
	       (!w->netflow9 && f->id > 32767));
	e->pen = w->netflow9 ? 0 : f->pen;
	e->id = f->id;
	e->type = f->type;
	set_name(e, f->name);
}

static uint16_t random_width(struct rng *r, unsigned type)
{
	uint8_t natural = field_type_width((enum field_type)type);
	if (type == FIELD_APPLICATION_ID)
		return (uint16_t)(1 + rng_below(r, 14));
	if (rng_chance(r, 60) && natural)
		return natural;
	if (type == FIELD_SECONDS)
		return (uint16_t)rng_below(r, 5);
	return (uint16_t)(natural ? rng_below(r, 13) : rng_below(r, 41));
}

static void random_shape(struct world *w, struct shape *s)
{
	struct rng *r = &w->rng;
	s->len = 1 + rng_below(r, 30);
	/* First four bytes that are always there: so no record looks like padding. */
	s->elements[0] = (struct element){ .id = 8, .width = 4, .type = FIELD_IPV4_ADDRESS };
	set_name(&s->elements[0], "sourceIPv4Address");
	for (size_t i = 1; i < s->len; i++) {
		struct element *e = &s->elements[i];
		if (rng_chance(r, 15)) {
			*e = s->elements[rng_below(r, (uint32_t)i)];
			if (e->id == 22 || e->id == 21)
				continue;
		} else {
			random_element(w, e);
		}
		bool text = e->type == FIELD_STRING || e->type == FIELD_OCTET_ARRAY;
		e->width = rng_chance(r, text ? 50 : 5) ? VARIABLE : random_width(r, e->type);
	}
}

static void add_element(struct shape *s, uint16_t id, uint16_t width, unsigned type,
			const char *name)
{
	s->elements[s->len] = (struct element){ .id = id, .width = width, .type = type };
	set_name(&s->elements[s->len++], name);
}

void world_make(struct world *w, struct fields *fields, bool netflow9, uint64_t seed)
{
	*w = (struct world){ .rng = { seed }, .fields = fields, .netflow9 = netflow9 };
	w->exported_ms = 1000 * (1600000000 + (uint64_t)rng_below(&w->rng, 200000000));
	w->uptime_ms = (uint32_t)rng_next(&w->rng);
	for (size_t i = 0; i < TEMPLATES; i++) {
		struct shape *s = &w->shapes[i];
		s->id = (uint16_t)(256 + 7 * i);
		random_shape(w, s);
		if (netflow9 && rng_chance(&w->rng, 50)) {
			add_element(s, 22, 4, FIELD_TYPE_COUNT, "flowStartMilliseconds");
			add_element(s, 21, 4, FIELD_TYPE_COUNT, "flowEndMilliseconds");
		}
		if (!netflow9 && i == TEMPLATES - 1) {
			add_element(s, 291, VARIABLE, FIELD_BASIC_LIST, "basicList");
			add_element(s, 292, VARIABLE, FIELD_SUB_TEMPLATE_LIST, "subTemplateList");
			add_element(s, 293, VARIABLE, FIELD_SUB_TEMPLATE_MULTI,
				    "subTemplateMultiList");
		}
	}
}

void world_template(const struct world *w, const struct shape *s, struct wire *out)
{
	wire_uint(out, s->id, 2);
	wire_uint(out, s->len, 2);
	for (size_t i = 0; i < s->len; i++) {
		const struct element *e = &s->elements[i];
		bool enterprise = !w->netflow9 && e->pen;
		wire_uint(out, e->id | (enterprise ? 0x8000u : 0), 2);
		wire_uint(out, e->width, 2);
		if (enterprise)
			wire_uint(out, e->pen, 4);
	}
}

/* ---- records ---- */

static void wire_length(struct rng *r, size_t len, struct wire *out)
{
	if (len >= 255 || rng_chance(r, 20)) {
		wire_uint(out, 255, 1);
		wire_uint(out, len, 2);
	} else {
		wire_uint(out, len, 1);
	}
}

static const char *semantic(struct rng *r, struct wire *out)
{
	static const char *const names[] = { "noneOf", "exactlyOneOf", "oneOrMoreOf",
					     "allOf",  "ordered",      "undefined" };
	uint32_t i = rng_below(r, 6);
	wire_uint(out, i == 5 ? 255 : i, 1);
	return names[i];
}

static void list_records(struct world *w, struct wire *out, struct text *json, bool *first,
			 uint32_t template, unsigned depth)
{
	for (uint32_t n = rng_below(&w->rng, 4); n > 0; n--) {
		text_add(json, "%s", *first ? "" : ",");
		*first = false;
		world_record(w, &w->shapes[template], out, json, depth + 1);
	}
}

static void basic_list(struct world *w, struct wire *out, struct text *json)
{
	struct rng *r = &w->rng;
	text_add(json, "{\"semantic\":\"%s\"", semantic(r, out));
	struct element e;
	random_element(w, &e);
	do
		e.width = random_width(r, e.type);
	while (e.width == 0);
	wire_uint(out, e.id | (e.pen ? 0x8000u : 0), 2);
	wire_uint(out, e.width, 2);
	if (e.pen)
		wire_uint(out, e.pen, 4);
	text_add(json, ",\"%s\":[", e.name);
	for (uint32_t n = rng_below(r, 5), i = 0; i < n; i++) {
		text_add(json, "%s", i ? "," : "");
		if (!value_make(r, e.type, e.width, out, json))
			text_add(json, "null");
	}
	text_add(json, "]}");
}

static void list_value(struct world *w, unsigned type, struct wire *out, struct text *json,
		       unsigned depth)
{
	struct rng *r = &w->rng;
	bool first = true;
	if (type == FIELD_BASIC_LIST) {
		basic_list(w, out, json);
		return;
	}
	text_add(json, "{\"semantic\":\"%s\",\"list\":[", semantic(r, out));
	/* The last template has lists itself; those end at a depth of two. */
	uint32_t choice = depth < 2 ? TEMPLATES : TEMPLATES - 1;
	if (type == FIELD_SUB_TEMPLATE_LIST) {
		uint32_t template = rng_below(r, choice);
		wire_uint(out, w->shapes[template].id, 2);
		list_records(w, out, json, &first, template, depth);
	}
	for (uint32_t n = type == FIELD_SUB_TEMPLATE_MULTI ? rng_below(r, 3) : 0; n > 0; n--) {
		uint32_t template = rng_below(r, choice);
		size_t start = out->len;
		wire_uint(out, w->shapes[template].id, 2);
		wire_uint(out, 0, 2);
		list_records(w, out, json, &first, template, depth);
		wire_set16(out, start + 2, out->len - start);
	}
	text_add(json, "]}");
}

static bool element_value(struct world *w, const struct element *e, struct wire *out,
			  struct text *json, unsigned depth)
{
	struct rng *r = &w->rng;
	if (e->type == FIELD_TYPE_COUNT) { /* uptime: up to an hour ago */
		uint32_t ago = rng_below(r, 3600000);
		wire_uint(out, (uint32_t)(w->uptime_ms - ago), 4);
		text_add(json, "%" PRIu64, w->exported_ms - ago);
		return true;
	}
	if (e->width != VARIABLE)
		return value_make(r, e->type, e->width, out, json);
	struct wire *value = calloc(1, sizeof(*value));
	if (!value)
		abort();
	bool there = true;
	if (e->type == FIELD_BASIC_LIST || e->type == FIELD_SUB_TEMPLATE_LIST ||
	    e->type == FIELD_SUB_TEMPLATE_MULTI)
		list_value(w, e->type, value, json, depth);
	else
		there = value_make(r, e->type, rng_chance(r, 3) ? 300 : random_width(r, e->type),
				   value, json);
	wire_length(r, value->len, out);
	wire_bytes(out, value->data, value->len);
	free(value);
	return there;
}

static bool never_there(const struct element *e)
{
	return e->width ==
	       0; /* a value of variable length may be empty, one of no width is absent */
}

/* The elements from `i` on that have its name and are not left out by the template, into `same`;
 * marks them done. */
static size_t same_name(const struct shape *s, size_t i, bool *done, size_t *same)
{
	size_t n = 0;
	for (size_t k = i; k < s->len && !(k == i && done[i]); k++) {
		if (strcmp(s->elements[k].name, s->elements[i].name) != 0)
			continue;
		done[k] = true;
		if (!never_there(&s->elements[k]))
			same[n++] = k;
	}
	return n;
}

/* The values come in wire order, the members by the first element of their name: so values are kept
 * first. */
void world_record(struct world *w, const struct shape *s, struct wire *out, struct text *json,
		  unsigned depth)
{
	struct text values[ELEMENTS_MAX] = { 0 };
	bool there[ELEMENTS_MAX], done[ELEMENTS_MAX] = { false };
	for (size_t i = 0; i < s->len; i++)
		there[i] = element_value(w, &s->elements[i], out, &values[i], depth);
	const char *comma = "{";
	for (size_t i = 0; i < s->len; i++) {
		size_t same[ELEMENTS_MAX], n = same_name(s, i, done, same);
		if (n == 0 || (n == 1 && !there[same[0]]))
			continue;
		text_add(json, "%s\"%s\":%s", comma, s->elements[i].name, n > 1 ? "[" : "");
		for (size_t k = 0; k < n; k++)
			text_add(json, "%s%s", k ? "," : "",
				 there[same[k]] ? values[same[k]].data : "null");
		text_add(json, "%s", n > 1 ? "]" : "");
		comma = ",";
	}
	text_add(json, "%s}", comma[0] == '{' ? "{" : "");
	for (size_t i = 0; i < s->len; i++)
		text_release(&values[i]);
}
