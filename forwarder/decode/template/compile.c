/* SPDX-License-Identifier: Apache-2.0
 * Templates to programs: which element becomes which JSON member, resolved once. */
#include "forwarder/decode/template/compile.h"

#include <stdlib.h>
#include <string.h>

#include "element_ids.h"
#include "common/jsonw.h"
#include "forwarder/decode/template/counts.h"
#include "forwarder/decode/template/roles.h"

/* ---- elements the decoder needs itself ---- */

static const struct {
	uint16_t id;
	uint8_t kind;
} ref_rows[] = {
	{ IE_ingressInterface, REF_INGRESS },
	{ IE_egressInterface, REF_EGRESS },
	{ IE_applicationId, REF_APPLICATION },
	{ IE_ingressVRFID, REF_VRF_IN },
	{ IE_egressVRFID, REF_VRF_OUT },
	{ IE_samplerId, REF_SAMPLER },
	{ IE_selectorId, REF_SAMPLER },
	{ IE_flowDirection, REF_DIRECTION },
	{ IE_samplerRandomInterval, REF_RATE },
	{ IE_samplingInterval, REF_RATE_OLD },
	{ IE_samplingPacketInterval, REF_INTERVAL },
	{ IE_samplingPacketSpace, REF_SPACE },
	{ IE_samplingSize, REF_SIZE },
	{ IE_samplingPopulation, REF_POPULATION },
	{ IE_samplingProbability, REF_PROBABILITY },
	{ IE_selectorAlgorithm, REF_ALGORITHM },
	{ IE_systemInitTimeMilliseconds, REF_INIT },
	{ IE_flowEndSysUpTime, REF_UPTIME_END },
};

/* Times of a record, the best first. */
static const struct {
	uint16_t id;
	uint8_t conv;
	enum { TIME_END, TIME_START, TIME_OBSERVED } role;
} time_rows[] = {
	{ IE_flowEndNanoseconds, CONV_NTP_NANO, TIME_END },
	{ IE_flowEndMicroseconds, CONV_NTP_MICRO, TIME_END },
	{ IE_flowEndMilliseconds, CONV_UINT, TIME_END },
	{ IE_flowEndSeconds, CONV_SECONDS, TIME_END },
	{ IE_flowEndSysUpTime, CONV_UPTIME_END, TIME_END },
	{ IE_flowEndDeltaMicroseconds, CONV_DELTA, TIME_END },
	{ IE_flowStartNanoseconds, CONV_NTP_NANO, TIME_START },
	{ IE_flowStartMicroseconds, CONV_NTP_MICRO, TIME_START },
	{ IE_flowStartMilliseconds, CONV_UINT, TIME_START },
	{ IE_flowStartSeconds, CONV_SECONDS, TIME_START },
	{ IE_flowStartSysUpTime, CONV_UPTIME_START, TIME_START },
	{ IE_flowStartDeltaMicroseconds, CONV_DELTA, TIME_START },
	{ IE_observationTimeNanoseconds, CONV_NTP_NANO, TIME_OBSERVED },
	{ IE_observationTimeMicroseconds, CONV_NTP_MICRO, TIME_OBSERVED },
	{ IE_observationTimeMilliseconds, CONV_UINT, TIME_OBSERVED },
	{ IE_observationTimeSeconds, CONV_SECONDS, TIME_OBSERVED },
};

/* Times that are written as another element; of two with the same one the first goes before. */
static const struct {
	uint16_t id, absolute;
} relative_rows[] = {
	{ IE_flowStartSysUpTime, IE_flowStartMilliseconds },
	{ IE_flowStartDeltaMicroseconds, IE_flowStartMilliseconds },
	{ IE_flowEndSysUpTime, IE_flowEndMilliseconds },
	{ IE_flowEndDeltaMicroseconds, IE_flowEndMilliseconds },
};

#define LEN(array) (sizeof(array) / sizeof(*(array)))

#define FIRST_IDS 512 /* above all ids that are asked for by number here */

/* For sorting specs by key, and by place where keys are the same. */
struct keyed {
	const char *key;
	uint16_t key_len, spec;
};

/* The state of a compilation. Its arrays are filled as far as they are used. */
struct compiler {
	const struct fields *fields;
	struct template draft; /* put together at the end */
	struct template *t;    /* the draft */
	size_t ops_len, unknown_len;
	const struct field *field[SPECS_MAX]; /* by spec */
	struct place place[SPECS_MAX];        /* by spec */
	unsigned wide_times;           /* bit per row of relative_rows: one is not a number */
	uint16_t first[FIRST_IDS];     /* by IANA id: 1 + the first spec that has it, 0: none */
	uint16_t next_same[SPECS_MAX]; /* by spec: the next one with the same key, 0: none */
	bool leads[SPECS_MAX];         /* by spec: it is the first one with its key */
	struct op ops[2 * SPECS_MAX];  /* an array of n is n + 2 steps, of n >= 2 */
	struct bound bound[SPECS_MAX];
	struct counts counts;
	bool counted; /* counts is to be kept */
	struct field unknown[SPECS_MAX];
	uint16_t part_len[SPECS_MAX + 1];
	char keys[SPECS_MAX][TEMPLATE_KEY_ROOM];
	struct keyed sorted[SPECS_MAX];
};

struct compiler *compiler_new(void)
{
	return calloc(1, sizeof(struct compiler));
}

void compiler_free(struct compiler *c)
{
	free(c);
}

/* The first spec of the IANA element, one of those below FIRST_IDS; -1: none. */
static int find_spec(const struct compiler *c, uint16_t id)
{
	return id < FIRST_IDS ? c->first[id] - 1 : -1;
}

static void set_ref(struct compiler *c, enum ref_kind kind, int spec)
{
	struct template *t = c->t;
	if (t->refs_set >> kind & 1 || t->specs[spec].width == 0)
		return;
	t->refs[kind] = c->place[spec];
	t->refs_set |= 1u << kind;
}

/* RFC 7012 lets 155, 157 be of 8 bytes only and a wrong width is no time at all. */
static bool time_usable(const struct template *t, int spec, enum converter conv)
{
	uint16_t width = t->specs[spec].width;
	if (width == WIDTH_VARIABLE || width == 0 || width > 8)
		return false;
	return (conv != CONV_NTP_MICRO && conv != CONV_NTP_NANO) || width == 8;
}

static void find_times(struct compiler *c)
{
	struct template *t = c->t;
	int duration = find_spec(c, IE_flowDurationMilliseconds);
	t->duration_micro = duration < 0;
	if (duration < 0)
		duration = find_spec(c, IE_flowDurationMicroseconds);
	for (size_t i = 0; i < LEN(time_rows) && t->times_len < TIMES_MAX; i++) {
		int spec = find_spec(c, time_rows[i].id);
		bool start = time_rows[i].role == TIME_START;
		if (spec < 0 || !time_usable(t, spec, (enum converter)time_rows[i].conv) ||
		    (start && duration < 0))
			continue;
		if (start)
			set_ref(c, REF_DURATION, duration);
		t->times[t->times_len++] =
		    (struct time_source){ c->place[spec], time_rows[i].conv, start };
	}
}

static void find_refs(struct compiler *c)
{
	for (size_t i = 0; i < LEN(ref_rows); i++) {
		int spec = find_spec(c, ref_rows[i].id);
		if (spec >= 0)
			set_ref(c, (enum ref_kind)ref_rows[i].kind, spec);
	}
	find_times(c);
}

/* ---- keys ---- */

static const char scope_system_key[JSONW_STEP] = ",\"netflow9Scope.system\":",
		  scope_cache_key[JSONW_STEP] = ",\"netflow9Scope.cache\":";
static const struct field scope_system = {
	.pen = PEN_SCOPE, .id = 1, .type = FIELD_OCTET_ARRAY, .key_len = 24, .key = scope_system_key
};
static const struct field scope_cache = {
	.pen = PEN_SCOPE, .id = 4, .type = FIELD_OCTET_ARRAY, .key_len = 23, .key = scope_cache_key
};

/* Huawei's NetStream has something of its own in NetFlow 9 type 232: what no initiator's octets go
 * with are none of a responder. A name that the user gives it stays. */
static bool is_huaweis(const struct compiler *c, const struct spec *spec, const struct field *found)
{
	return spec->id == IE_responderOctets && found &&
	       strcmp(found->name, "responderOctets") == 0 && find_spec(c, IE_initiatorOctets) < 0;
}

static const struct field *find_field(const struct compiler *c, const struct spec *spec)
{
	if (c->t->netflow9 && spec->pen == PEN_SCOPE)
		return spec->id == 1 ? &scope_system : &scope_cache;
	if (c->t->netflow9 && spec->pen == 0) {
		const struct field *found = fields_find_netflow9(c->fields, spec->id);
		return is_huaweis(c, spec, found) ? NULL : found;
	}
	return fields_find(c->fields, spec->pen, spec->id);
}

/* 22 and 158 are written as 152, 21 and 159 as 153: once, and only when the template lacks the
 * absolute time itself. */
static uint16_t absolute_of(const struct compiler *c, size_t i)
{
	const struct spec *spec = &c->t->specs[i];
	for (size_t k = 0; spec->pen == 0 && k < LEN(relative_rows); k++) {
		if (relative_rows[k].id != spec->id)
			continue;
		/* Where a width makes hex text of one of them all stay under their own name, or
		 * that name could come twice. */
		bool taken = c->wide_times >> k & 1 || find_spec(c, relative_rows[k].absolute) >= 0;
		if (k % 2 == 1) /* uptime goes before delta */
			taken |= find_spec(c, relative_rows[k - 1].id) >= 0;
		return taken ? 0 : relative_rows[k].absolute;
	}
	return 0;
}

static void add_op(struct compiler *c, const char *key, size_t key_len, enum converter conv,
		   size_t spec)
{
	struct op *op = &c->ops[c->ops_len++];
	op->key = key;
	op->key_len = (uint8_t)key_len;
	op->conv = (uint8_t)conv;
	op->place = c->place[spec];
	c->t->room += (uint32_t)key_len + converter_room(conv, op->place.width);
}

/* A value: directly behind `key`. */
static void add_value(struct compiler *c, const char *key, size_t key_len, size_t spec)
{
	uint16_t id = c->t->specs[spec].id, width = c->t->specs[spec].width;
	unsigned type = c->field[spec]->type;
	enum converter conv = converter_for(type, width);
	if (absolute_of(c, spec))
		conv = id == IE_flowEndSysUpTime     ? CONV_UPTIME_END
		       : id == IE_flowStartSysUpTime ? CONV_UPTIME_START
						     : CONV_DELTA;
	if (converter_for_frame(c->t->specs[spec].pen, id) && !c->t->frame && key_len > 1 &&
	    width) {
		conv = converter_for_frame(c->t->specs[spec].pen, id);
		c->t->frame = true;
	}
	if (width == WIDTH_VARIABLE && !converter_is_list(conv) && !converter_is_frame(conv))
		conv = (enum converter)(CONV_VARYING + type);
	add_op(c, key, key_len, conv, spec);
}

static bool writes_nothing(const struct compiler *c, size_t spec)
{
	uint16_t width = c->t->specs[spec].width;
	/* no width, no value: a thousand of them in a record of one byte must not become a thousand
	 * members */
	return width == 0 || converter_for(c->field[spec]->type, width) == CONV_ABSENT;
}

/* All elements with the key of `first`, as one member: a value, or an array in wire order. */
static void add_member(struct compiler *c, size_t first)
{
	const struct field *field = c->field[first];
	static const char open[JSONW_STEP] = "[", comma[JSONW_STEP] = ",", close[JSONW_STEP] = "]";
	size_t n = 0, i = first;
	do {
		n += !writes_nothing(c, i);
	} while ((i = c->next_same[i]) != 0);
	if (n == 0)
		return;
	if (n > 1)
		add_op(c, field->key, field->key_len, CONV_NONE, first);
	const char *lead = n > 1 ? open : field->key;
	size_t lead_len = n > 1 ? 1 : field->key_len;
	i = first;
	do {
		if (writes_nothing(c, i))
			continue;
		add_value(c, lead, lead_len, i);
		lead = comma;
	} while ((i = c->next_same[i]) != 0);
	if (n > 1)
		add_op(c, close, 1, CONV_NONE, first);
}

static int compare_keys(const struct keyed *a, const struct keyed *b)
{
	if (a->key_len != b->key_len)
		return a->key_len - b->key_len;
	return a->key == b->key ? 0 : memcmp(a->key, b->key, a->key_len);
}

static int compare_keyed(const void *left, const void *right)
{
	const struct keyed *a = left, *b = right;
	int order = compare_keys(a, b);
	return order ? order : a->spec - b->spec;
}

/* Two elements may have one name: in the tables, or because the user or the exporter said so. */
static void chain_same_keys(struct compiler *c)
{
	struct keyed *sorted = c->sorted;
	size_t n = c->t->specs_len;
	for (size_t i = 0; i < n; i++)
		sorted[i] = (struct keyed){ c->field[i]->key, c->field[i]->key_len, (uint16_t)i };
	qsort(sorted, n, sizeof(*sorted), compare_keyed);
	for (size_t i = 0; i < n; i++) {
		const struct keyed *a = &sorted[i], *before = i ? a - 1 : NULL;
		bool same = before && compare_keys(before, a) == 0;
		c->leads[a->spec] = !same;
		c->next_same[a->spec] = 0;
		if (same)
			c->next_same[before->spec] = a->spec;
	}
}

/* A field for an element that nobody knows; the key is of the compiler. */
static const struct field *unknown_field(struct compiler *c, const struct spec *spec)
{
	char key[FIELD_KEY_ROOM];
	struct field *field = &c->unknown[c->unknown_len];
	field_unknown(spec->pen, spec->id, key, field);
	memcpy(c->keys[c->unknown_len], key, TEMPLATE_KEY_ROOM - JSONW_GUARD);
	field->key = c->keys[c->unknown_len++];
	field->name = NULL; /* it was behind the key */
	return field;
}

static void bind_fields(struct compiler *c)
{
	struct template *t = c->t;
	for (size_t i = 0; i < t->specs_len; i++) {
		uint16_t absolute = absolute_of(c, i);
		c->field[i] =
		    absolute ? fields_find(c->fields, 0, absolute) : find_field(c, &t->specs[i]);
		if (!c->field[i])
			c->field[i] = unknown_field(c, &t->specs[i]);
	}
}

/* ---- memory and layout ---- */

/* Wider than a number, WIDTH_VARIABLE included. */
static void note_wide(struct compiler *c, const struct spec *spec)
{
	for (size_t k = 0; spec->pen == 0 && k < LEN(relative_rows); k++)
		if (relative_rows[k].id == spec->id)
			c->wide_times |= 1u << k;
}

/* Where the elements are; lengths of the records and of their parts. False: longer than a set can
 * be. */
static bool measure_record(struct compiler *c)
{
	struct template *t = c->t;
	size_t len = 0;
	c->wide_times = 0;
	memset(c->first, 0, sizeof(c->first));
	memset(c->part_len, 0, (t->specs_len + 1u) * sizeof(*c->part_len));
	for (size_t i = 0; i < t->specs_len && len < WIDTH_VARIABLE; i++) {
		const struct spec *spec = &t->specs[i];
		const struct field *field = find_field(c, spec);
		t->lists |= field && converter_is_list(converter_for(field->type, 8));
		if (spec->pen == 0 && spec->id < FIRST_IDS && !c->first[spec->id])
			c->first[spec->id] = (uint16_t)(i + 1);
		if (spec->width > 8)
			note_wide(c, spec);
		uint16_t *part_len = &c->part_len[t->parts_len];
		c->place[i] = (struct place){ *part_len, spec->width, t->parts_len };
		if (spec->width == WIDTH_VARIABLE) {
			c->place[i].at = 0;
			t->parts_len++;
			len++;
		} else {
			*part_len = (uint16_t)(*part_len + spec->width);
			len += spec->width;
		}
	}
	t->varying = t->parts_len > 0;
	t->min_len = len < WIDTH_VARIABLE ? (uint16_t)len : WIDTH_VARIABLE;
	return len < WIDTH_VARIABLE;
}

/* The finished template in one piece of memory: head, steps, elements, keys of unknown elements. */
static struct template *assemble(const struct compiler *c)
{
	const struct template *draft = c->t;
	size_t ops_size = c->ops_len * sizeof(struct op);
	size_t bound_size = draft->bound_len * sizeof(struct bound);
	size_t specs_size = draft->specs_len * sizeof(struct spec);
	size_t keys_size = c->unknown_len * TEMPLATE_KEY_ROOM;
	size_t parts_size = (draft->parts_len + 1u) * sizeof(*draft->part_len);
	size_t counts_size = c->counted ? sizeof(c->counts) : 0;
	size_t size = sizeof(*draft) + ops_size + specs_size + counts_size + bound_size +
		      keys_size + parts_size;
	char *memory = malloc(size);
	if (!memory)
		return NULL;
	struct template *t = (struct template *)(void *)memory;
	char *specs = memory + sizeof(*t) + ops_size, *counts = specs + specs_size;
	char *bound = counts + counts_size, *keys = bound + bound_size;
	*t = *draft;
	t->size = (uint32_t)size;
	t->unknown = c->unknown_len > 0;
	t->ops_len = (uint16_t)c->ops_len;
	t->ops = (struct op *)(void *)(memory + sizeof(*t));
	t->specs = (struct spec *)(void *)specs;
	t->bound = (struct bound *)(void *)bound;
	memcpy(t->ops, c->ops, ops_size);
	memcpy(t->specs, draft->specs, specs_size);
	memcpy(t->bound, c->bound, bound_size);
	memcpy(keys, c->keys, keys_size);
	t->counts = c->counted ? memcpy(counts, &c->counts, counts_size) : NULL;
	t->part_len = (uint16_t *)(void *)(keys + keys_size);
	memcpy(t->part_len, c->part_len, parts_size);
	for (size_t i = 0; i < t->ops_len; i++)
		if (t->ops[i].key >= c->keys[0] && t->ops[i].key < *(c->keys + SPECS_MAX))
			t->ops[i].key = keys + (t->ops[i].key - c->keys[0]);
	for (size_t i = 0; i < c->unknown_len; i++)
		jsonw_guard(keys + i * TEMPLATE_KEY_ROOM, c->unknown[i].key_len, TEMPLATE_KEY_ROOM);
	return t;
}

static struct template *compile_draft(struct compiler *c, const struct fields *fields,
				      const struct template *head, const struct spec *specs,
				      bool keep_padding)
{
	c->draft = *head;
	c->fields = fields;
	c->t = &c->draft;
	c->ops_len = c->unknown_len = 0;
	c->counted = false;
	c->t->specs = (struct spec *)(uintptr_t)specs; /* only read */
	if (!measure_record(c))
		return assemble(c);
	find_refs(c);
	if (c->t->meta)
		c->t->bound_len = (uint16_t)roles_bind(specs, c->t->specs_len, c->bound);
	bind_fields(c);
	c->counted =
	    !c->t->meta && counts_bind(specs, c->field, c->place, c->t->specs_len, &c->counts);
	chain_same_keys(c);
	for (size_t i = 0; i < c->t->specs_len; i++) {
		bool padding = specs[i].pen == 0 && specs[i].id == IE_paddingOctets;
		if (c->leads[i] && (keep_padding || !padding))
			add_member(c, i);
	}
	return assemble(c);
}

struct template *template_compile(struct compiler *c, const struct fields *fields, uint16_t id,
				  const struct spec *specs, size_t specs_len, size_t scopes,
				  bool meta, bool netflow9)
{
	struct template head = {
		.id = id,
		.specs_len = (uint16_t)specs_len,
		.scopes = (uint16_t)scopes,
		.meta = meta,
		.netflow9 = netflow9,
	};
	return compile_draft(c, fields, &head, specs, true);
}

struct template *template_compile_constant(struct compiler *c, const struct fields *fields,
					   const struct spec *specs, size_t specs_len)
{
	struct template head = { .specs_len = (uint16_t)specs_len };
	return compile_draft(c, fields, &head, specs, false);
}
