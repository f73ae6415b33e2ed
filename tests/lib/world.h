/* SPDX-License-Identifier: Apache-2.0
 * Makes random templates and records, their bytes on the wire, and the JSON that must come of them.
 *
 * The JSON is written by the simplest code there is (printf, one byte after the other), which
 * shares nothing with the decoder but the table of elements. */
#ifndef EF_TESTS_LIB_WORLD_H
#define EF_TESTS_LIB_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forwarder/decode/decode.h"
#include "forwarder/decode/template/field.h"
#include "tests/lib/rng.h"

#define MESSAGE_MAX  4000
#define ELEMENTS_MAX 40
#define TEMPLATES    6

struct wire {
	uint8_t data[65536];
	size_t len;
};

void wire_uint(struct wire *w, uint64_t v, size_t width);
void wire_bytes(struct wire *w, const void *bytes, size_t n);
void wire_set16(struct wire *w, size_t at, size_t v);

struct text {
	char *data;
	size_t len, room;
};

void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_release(struct text *t);

struct element {
	uint32_t pen;
	uint16_t id, width; /* width 65535: variable */
	unsigned type;      /* enum field_type */
	char name[FIELD_NAME_MAX];
};

struct shape {
	uint16_t id;
	size_t len;
	struct element elements[ELEMENTS_MAX];
};

/* An observation domain with templates, to which random records are made. */
struct world {
	struct rng rng;
	struct fields *fields;
	bool netflow9;
	uint64_t exported_ms;
	uint32_t uptime_ms;
	struct shape shapes[TEMPLATES];
};

void world_make(struct world *w, struct fields *fields, bool netflow9, uint64_t seed);
/* The template as in a template set. */
void world_template(const struct world *w, const struct shape *shape, struct wire *out);
/* A random record: its bytes, and `{"name":value,…}`. */
void world_record(struct world *w, const struct shape *shape, struct wire *out, struct text *json,
		  unsigned depth);

/* world_value.c: a random value of `type` in `width` bytes, and its JSON; false: it is absent. */
bool value_make(struct rng *r, unsigned type, size_t width, struct wire *out, struct text *json);

#endif
