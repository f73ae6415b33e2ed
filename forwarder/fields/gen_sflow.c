/* SPDX-License-Identifier: Apache-2.0
 * Build-time: fields/sflow.csv to constant rows of sFlow's structures.
 *
 * A field is `name:type` or, in flow records, `name:type=element` or `name:type=element|element`
 * (IPv4 and IPv6). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"
#include "common/jsonw.h"
#include "forwarder/decode/record/sflow_rows.h"
#include "forwarder/fields/gen.h"

#define FIELDS_MAX     2048
#define STRUCTURES_MAX 128 /* below 256: sflow_flow_direct has their numbers */
#define ELEMENTS_MAX   64  /* one bit each */
#define KEYS_ROOM      (1 << 18)

struct structure {
	char name[40];
	bool counter;
	unsigned long tag;
	size_t first, fields, room;
	size_t key;
};

struct member {
	enum sflow_type type;
	size_t key, key_len;
	int elements;
	int element[2];
};

static const struct {
	const char *name;
	size_t size, room;
} types[] = {
#define SFLOW_ROW_(type_name, constant, type_size, type_room) \
	[constant] = { .name = type_name, .size = type_size, .room = type_room },
	SFLOW_TYPES(SFLOW_ROW_)
#undef SFLOW_ROW_
};

static struct structure structures[STRUCTURES_MAX];
static size_t structure_count, counter_count;
static struct member fields[FIELDS_MAX];
static size_t field_count;
static char elements[ELEMENTS_MAX][64];
static size_t element_key[ELEMENTS_MAX];
static int element_count;
static char keys[KEYS_ROOM];
static size_t keys_len;
static size_t keys_end; /* where the padding of all of them ends */

/* Keep `,"<a><b><c>":` among the keys; where it starts. */
static size_t add_key(const char *a, const char *b, const char *c, size_t *ret_len)
{
	size_t at = keys_len;
	int n = snprintf(keys + at, KEYS_ROOM - at, ",\"%s%s%s\":", a, b, c);

	if (n < 0 || (size_t)n >= KEYS_ROOM - at - 128) {
		fprintf(stderr, "gen: more keys than %d octets; raise KEYS_ROOM\n", KEYS_ROOM);
		exit(EF_FAILED);
	}
	keys_len += (size_t)n;
	if (at + JSONW_PADDED((size_t)n) > keys_end)
		keys_end = at + JSONW_PADDED((size_t)n);
	*ret_len = (size_t)n;
	return at;
}

/* The number of an element among those used, -1 when there are too many. */
static int add_element(const char *name)
{
	size_t len;

	for (int i = 0; i < element_count; i++)
		if (!strcmp(elements[i], name))
			return i;
	if (element_count == ELEMENTS_MAX)
		return -1;
	snprintf(elements[element_count], sizeof(elements[0]), "%s", name);
	element_key[element_count] = add_key("", name, "", &len);
	return element_count++;
}

static int find_type(const char *name)
{
	for (int i = 0; i < SFLOW_TYPE_COUNT; i++)
		if (!strcmp(types[i].name, name))
			return i;
	return -1;
}

/* One field of a structure, cut in place. */
static int read_field(const struct csv *c, struct structure *s, char *text,
		      bool (*is_element)(const char *name), struct err *err)
{
	struct member *f = &fields[field_count];
	char *type = strchr(text, ':'), *element, *next;
	size_t widest;
	int found;

	if (!type || field_count == FIELDS_MAX)
		return csv_error(c, err, "\"%s\" is not name:type", text);
	*type++ = '\0';
	element = strchr(type, '=');
	if (element)
		*element++ = '\0';
	found = find_type(type);
	if (found < 0)
		return csv_error(c, err, "unknown type \"%s\" of \"%s\"", type, text);
	f->type = (enum sflow_type)found;
	if (s->counter) {
		f->key = add_key("", text, "", &f->key_len);
	} else {
		char prefix[64];

		snprintf(prefix, sizeof(prefix), "sflow.%s.", s->name);
		f->key = add_key(prefix, text, "", &f->key_len);
	}
	widest = f->key_len + 4; /* "128." of a structure that comes so often */
	for (; element; element = next) {
		next = strchr(element, '|');
		if (next)
			*next++ = '\0';
		found = s->counter || f->elements == 2 || !is_element(element)
			    ? -1
			    : add_element(element);
		if (found < 0)
			return csv_error(c, err, "\"%s\" cannot be an element here", element);
		f->element[f->elements++] = found;
		widest += strlen(element) + 4;
	}
	s->room += widest + types[f->type].room;
	field_count++;
	return 0;
}

static int read_structure(const struct csv *c, bool (*is_element)(const char *name),
			  struct err *err)
{
	struct structure *s = &structures[structure_count];
	struct structure *before = structure_count ? s - 1 : NULL;
	unsigned long enterprise, format;
	char *at;
	size_t len;

	if (csv_number(c, 1, 0xfffff, &enterprise, err) || csv_number(c, 2, 0xfff, &format, err))
		return -1;
	if (structure_count == STRUCTURES_MAX || strlen(c->cell[3]) >= sizeof(s->name))
		return csv_error(c, err, "too many structures, or too long a name");
	s->counter = !strcmp(c->cell[0], "counter");
	s->tag = enterprise << 12 | format;
	snprintf(s->name, sizeof(s->name), "%s", c->cell[3]);
	s->first = field_count;
	s->key = add_key("", s->name, "", &len);
	s->room = len + 2;
	if (before && before->counter == s->counter && before->tag >= s->tag)
		return csv_error(c, err, "enterprise and format are not above those before");
	for (char *text = strtok_r(c->cell[4], " ", &at); text; text = strtok_r(NULL, " ", &at))
		if (read_field(c, s, text, is_element, err))
			return -1;
	s->fields = field_count - s->first;
	structure_count++;
	counter_count += s->counter;
	if (counter_count > 64)
		return csv_error(c, err,
				 "more than 64 counter structures: a line has one bit each");
	return 0;
}

static void write_keys(void)
{
	printf("/* Made by forwarder/fields/gen.c from forwarder/fields/sflow.csv. */\n"
	       "#include \"forwarder/decode/record/sflow_rows.h\"\n\nstatic const char keys[] "
	       "=\n\t\"");
	for (size_t i = 0; i < keys_len; i++) {
		if (keys[i] == ',' && i)
			printf("\"\n\t\"");
		printf(keys[i] == '"' ? "\\%c" : "%c", keys[i]);
	}
	printf("%*s\";\n", (int)(keys_end > keys_len ? keys_end - keys_len - 1 : 0),
	       ""); /* and the NUL */
}

static void write_fields(void)
{
	printf("\nconst struct sflow_field sflow_fields[] = {\n");
	for (size_t i = 0; i < field_count; i++) {
		const struct member *f = &fields[i];

		printf("\t{ .type = %d, .key = keys + %zu, .key_len = %zu", (int)f->type, f->key,
		       f->key_len);
		for (int e = 0; e < f->elements; e++)
			printf(", .iana[%d] = keys + %zu, .iana_len[%d] = %zu, .iana_bit[%d] = %d",
			       e, element_key[f->element[e]], e,
			       strlen(elements[f->element[e]]) + 4, e, f->element[e]);
		printf(" },\n");
	}
	printf("};\n");
}

static void write_structures(bool counter, const char *name)
{
	printf("\nconst struct sflow_structure %s[] = {\n", name);
	for (size_t i = 0; i < structure_count; i++) {
		const struct structure *s = &structures[i];

		if (s->counter == counter)
			printf("\t{ .tag = %luu, .first = %zu, .fields = %zu, .room = %zu, "
			       ".key = keys + %zu, .key_len = %zu },\n",
			       s->tag, s->first, s->fields, s->room, s->key, strlen(s->name) + 4);
	}
	printf("};\nconst size_t %s_count = sizeof(%s) / sizeof(%s[0]);\n", name, name, name);
}

/* The rows of the first tags by number. The rows of flow records come in the order of the tags. */
static void write_direct(void)
{
	size_t row = 0;

	printf("\nconst uint8_t sflow_flow_direct[SFLOW_DIRECT] = {\n");
	for (size_t i = 0; i < structure_count; i++) {
		const struct structure *s = &structures[i];

		if (!s->counter && s->tag < SFLOW_DIRECT)
			printf("\t[%lu] = %zu,\n", s->tag, row + 1);
		row += !s->counter;
	}
	printf("};\n");
}

static void write_header_keys(void)
{
	unsigned long long mask = 0;

	for (size_t i = 0; i < structure_count; i++) {
		const struct structure *s = &structures[i];

		if (s->counter || s->tag < 2 || s->tag > 4)
			continue;
		for (size_t f = s->first; f < s->first + s->fields; f++)
			for (int e = 0; e < fields[f].elements; e++)
				mask |= 1ull << fields[f].element[e];
	}
	printf("\nconst uint64_t sflow_header_keys = 0x%llx;\n", mask);
}

int write_sflow(const char *folder, bool (*is_element)(const char *name), struct err *err)
{
	char path[PATH_ROOM];
	struct csv c;
	int rc;

	snprintf(path, sizeof(path), "%s/sflow.csv", folder);
	rc = csv_open(&c, path, "kind,enterprise,format,name,fields", err);
	while (!rc && (rc = csv_next(&c, err)) > 0)
		/* the layout of samples is written in C, in sflow.c */
		rc = strcmp(c.cell[0], "sample") ? read_structure(&c, is_element, err) : 0;
	csv_close(&c);
	if (rc)
		return rc;
	write_keys();
	write_fields();
	write_structures(false, "sflow_flow_rows");
	write_direct();
	write_structures(true, "sflow_counter_rows");
	write_header_keys();
	return 0;
}
