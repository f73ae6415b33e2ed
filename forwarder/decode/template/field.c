/* SPDX-License-Identifier: Apache-2.0
 * The registry of information elements: (enterprise, id) to name, abstract type and ready-made JSON
 * key. */
#include "forwarder/decode/template/field.h"

#include <stdlib.h>
#include <string.h>

#include "common/csv.h"
#include "common/hash.h"
#include "common/jsonw.h"
#include "forwarder/decode/template/field_rows.h"
#include "forwarder/decode/core/sorted.h"

#define USER_MAX 16384 /* elements that a user's tables may define */

/* An element that is not compiled in, with the storage of its key and name. */
struct own_field {
	struct field field;
	char key[FIELD_KEY_ROOM + JSONW_GUARD];
	char name[FIELD_NAME_MAX];
	size_t line; /* of the table that is being read; 0: of an earlier one, or of an exporter */
};

struct fields {
	struct own_field **slot; /* open addressing, by pen and id; NULL = free */
	size_t slots;            /* a power of two, at least twice what may be in it */
	struct own_field **own;  /* those of the user, or those that an exporter described */
	size_t own_count;
	const struct fields *below; /* NULL: the compiled rows */
	uint64_t seed;              /* of the hash of `slot` */
};

static uint64_t pen_of(const void *row)
{
	return ((const struct field_vendor *)row)->pen;
}

const char *fields_vendor(uint32_t pen)
{
	const struct field_vendor *vendor =
	    sorted_find(field_vendors, field_vendors_count, sizeof(*field_vendors), pen, pen_of);

	return vendor ? vendor->key : NULL;
}

/* Letters, digits, '_', '-' and '.', starting with a letter: what may stand in a key without
 * escapes. */
static bool is_identifier(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool other = (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';

		if (!letter && (i == 0 || !other))
			return false;
	}
	return len > 0;
}

/* Append `n` octets at `*at`; false when they do not fit before `end`. */
static bool append_octets(char **at, const char *end, const char *bytes, size_t n)
{
	if ((size_t)(end - *at) < n)
		return false;
	memcpy(*at, bytes, n);
	*at += n;
	return true;
}

static char *decimal(char *at, uint32_t number)
{
	char digit[10];
	int n = 0;

	do
		digit[n++] = (char)('0' + number % 10);
	while (number /= 10);
	while (n)
		*at++ = digit[--n];
	return at;
}

/* Fill `key` with `,"name":`; its length. */
static uint8_t make_key(char key[FIELD_KEY_ROOM], const char *name)
{
	size_t len = strlen(name);

	memset(key, 0, FIELD_KEY_ROOM);
	memcpy(key, ",\"", 2);
	memcpy(key + 2, name, len);
	memcpy(key + 2 + len, "\":", 2);
	return (uint8_t)(len + 4);
}

void field_unknown(uint32_t pen, uint16_t id, char key[FIELD_KEY_ROOM], struct field *ret)
{
	char name[FIELD_NAME_MAX] = "pen", *at = name + 3;

	at = decimal(at, pen);
	*at++ = '.';
	at = decimal(at, id);
	*at = '\0';
	*ret = (struct field){
		.pen = pen,
		.id = id,
		.type = FIELD_OCTET_ARRAY,
		.key_len = make_key(key, name),
		.key = key,
	};
	/* The name stands behind the key in the same storage: 21 + 4 octets, padded. */
	ret->name = memcpy(key + FIELD_KEY_ROOM / 2, name, (size_t)(at - name) + 1);
}

/* Write the full name of an element: a name without a dot gets the prefix of its vendor, "pen<N>."
 * when that has none. False when it is too long. */
static bool full_name(char out[FIELD_NAME_MAX], uint32_t pen, const char *name, size_t len)
{
	char *at = out, *end = out + FIELD_NAME_MAX - 1;
	const char *vendor = fields_vendor(pen);
	char number[16] = "pen";
	bool fits = true;

	if (pen && !memchr(name, '.', len)) {
		if (!vendor) {
			*decimal(number + 3, pen) = '\0';
			vendor = number;
		}
		fits = append_octets(&at, end, vendor, strlen(vendor)) &&
		       append_octets(&at, end, ".", 1);
	}
	if (!fits || !append_octets(&at, end, name, len))
		return false;
	*at = '\0';
	return true;
}

/* Fill `own`; false when the name is too long. */
static bool own_set(struct own_field *own, uint32_t pen, uint16_t id, const char *name, size_t len,
		    enum field_type type)
{
	if (!full_name(own->name, pen, name, len))
		return false;
	jsonw_unguard(own->key,
		      sizeof(own->key)); /* a row of a later table may be of the same element */
	own->field = (struct field){
		.pen = pen,
		.id = id,
		.type = (uint8_t)type,
		.width = field_type_width(type),
		.key_len = make_key(own->key, own->name),
		.name = own->name,
		.key = own->key,
	};
	jsonw_guard(own->key, own->field.key_len, sizeof(own->key));
	return true;
}

static uint64_t pen_and_id(uint32_t pen, uint16_t id)
{
	return (uint64_t)pen << 16 | id;
}

/* The slot of (pen, id), or the free one where it belongs. */
static struct own_field **field_slot(const struct fields *f, uint32_t pen, uint16_t id)
{
	size_t i = (size_t)hash_mix(f->seed, pen_and_id(pen, id)) & (f->slots - 1);

	while (f->slot[i] && (f->slot[i]->field.pen != pen || f->slot[i]->field.id != id))
		i = (i + 1) & (f->slots - 1);
	return &f->slot[i];
}

struct fields *fields_new(void)
{
	struct fields *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->slots = 16;
	f->slot = calloc(f->slots, sizeof(struct own_field *));
	if (!f->slot) {
		fields_free(f);
		return NULL;
	}
	return f;
}

void fields_free(struct fields *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->own_count; i++)
		free(f->own[i]);
	free(f->own);
	free(f->slot);
	free(f);
}

static uint64_t pen_and_id_of(const void *row)
{
	const struct field *field = row;

	return pen_and_id(field->pen, field->id);
}

/* The compiled row of (pen, id), or NULL. */
static const struct field *find_row(uint32_t pen, uint16_t id)
{
	return sorted_find(field_rows, field_rows_count, sizeof(*field_rows), pen_and_id(pen, id),
			   pen_and_id_of);
}

struct fields *fields_layer(const struct fields *below, uint64_t seed)
{
	struct fields *f = fields_new();

	if (f) {
		f->below = below;
		f->seed = seed;
	}
	return f;
}

/* The element in one of the layers, or NULL. The lowest wins: what an exporter describes replaces
 * nothing that the user says, even when the user says it later. */
static const struct field *find_own(const struct fields *f, uint32_t pen, uint16_t id)
{
	const struct field *found = NULL;

	for (; f; f = f->below)
		if (*field_slot(f, pen, id))
			found = &(*field_slot(f, pen, id))->field;
	return found;
}

const struct field *fields_find(const struct fields *f, uint32_t pen, uint16_t id)
{
	const struct field *own = find_own(f, pen, id);

	if (own)
		return own;
	if (pen == FIELD_PEN_NETFLOW9)
		return fields_find_netflow9(f, id | 0x8000);
	return find_row(pen, id);
}

const struct field *fields_find_netflow9(const struct fields *f, uint16_t id)
{
	const struct field *own = find_own(f, FIELD_PEN_IANA, id);

	if (own)
		return own;
	/* Narrower ranges stand behind wider ones, so the last that leads to a known element is the
	 * best. */
	for (size_t i = field_netflow9_count; i-- > 0;) {
		const struct field_netflow9 *map = &field_netflow9[i];
		const struct field *field;

		if (id < map->first || id > map->last)
			continue;
		field = fields_find(f, map->pen, (uint16_t)(map->element + (id - map->first)));
		if (field)
			return field;
	}
	return find_row(FIELD_PEN_IANA, id);
}

const struct field *fields_find_name(const struct fields *f, const char *name)
{
	for (size_t i = 0; i < f->slots; i++)
		if (f->slot[i] && !strcmp(f->slot[i]->name, name))
			return &f->slot[i]->field;
	for (size_t i = 0; i < field_rows_count; i++)
		if (!strcmp(field_rows[i].name, name))
			return &field_rows[i];
	return NULL;
}

const struct field *fields_own(const struct fields *f, size_t i)
{
	return f && i < f->own_count ? &f->own[i]->field : NULL;
}

size_t fields_count(void)
{
	return field_rows_count;
}

const struct field *fields_row(size_t i)
{
	return &field_rows[i];
}

/* Make room for one more element: the slots are at least twice those in use; false without
 * memory. */
static bool fields_make_room(struct fields *f)
{
	size_t slots = f->slots, old_slots = f->slots;
	struct own_field **old = f->slot, **own;

	own = realloc(f->own, (f->own_count + 1) * sizeof(struct own_field *));
	if (!own)
		return false;
	f->own = own;
	while (slots < 2 * (f->own_count + 1))
		slots *= 2;
	if (slots == f->slots)
		return true;
	f->slot = calloc(slots, sizeof(struct own_field *));
	if (!f->slot) {
		f->slot = old;
		return false;
	}
	f->slots = slots;
	for (size_t i = 0; i < old_slots; i++)
		if (old[i])
			*field_slot(f, old[i]->field.pen, old[i]->field.id) = old[i];
	free(old);
	return true;
}

/* One row of a user's table. */
static int add_user_row(struct fields *f, const struct csv *csv, struct err *err)
{
	unsigned long pen, id;
	const char *name = csv->cell[2];
	int type = field_type_find(csv->cell[3]);
	struct own_field **slot, *own, made;

	if (csv_number(csv, 0, UINT32_MAX, &pen, err) || csv_number(csv, 1, UINT16_MAX, &id, err))
		return -1;
	if (!is_identifier(name, strlen(name)))
		return csv_error(
		    csv, err, "\"%s\" is no name: letters, digits, '_', '-' and '.' after a letter",
		    name);
	if (type < 0)
		return csv_error(csv, err, "unknown type \"%s\" (unsigned64, string, ...)",
				 csv->cell[3]);
	if (!full_name(made.name, (uint32_t)pen, name, strlen(name)))
		return csv_error(csv, err, "the name is longer than %d octets", FIELD_NAME_MAX - 1);
	slot = field_slot(f, (uint32_t)pen, (uint16_t)id);
	own = *slot;
	if (!own) {
		if (f->own_count == USER_MAX)
			return csv_error(csv, err, "more than %d elements", USER_MAX);
		own = malloc(sizeof(*own));
		if (!own || !fields_make_room(f)) {
			free(own);
			return csv_error(csv, err, "out of memory");
		}
		f->own[f->own_count++] = own;
		slot = field_slot(f, (uint32_t)pen, (uint16_t)id);
	}
	own_set(own, (uint32_t)pen, (uint16_t)id, name, strlen(name), (enum field_type)type);
	own->line = csv->line;
	*slot = own;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct own_field *x = *(struct own_field *const *)a,
			       *y = *(struct own_field *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* A record would have two members of one name, and nobody could tell which is which. Rows of
 * earlier tables may be meant to be replaced. */
static int check_names(struct fields *f, const char *path, struct err *err)
{
	struct own_field **sorted = malloc((f->own_count + 1) * sizeof(struct own_field *));
	size_t n = 0;
	int rc = 0;

	if (!sorted)
		return err_set(err, EF_FAILED, "%s: out of memory", path);
	for (size_t i = 0; i < f->own_count; i++)
		if (f->own[i]->line)
			sorted[n++] = f->own[i];
	qsort(sorted, n, sizeof(struct own_field *), by_name);
	for (size_t i = 1; i < n && !rc; i++)
		if (!strcmp(sorted[i - 1]->name, sorted[i]->name))
			rc = err_set(err, EF_USAGE, "%s:%zu: \"%s\" is the name of line %zu, too",
				     path, sorted[i]->line, sorted[i]->name, sorted[i - 1]->line);
	for (size_t i = 0; i < n; i++)
		sorted[i]->line = 0;
	free(sorted);
	return rc;
}

int fields_load_csv(struct fields *f, const char *path, struct err *err)
{
	struct csv csv;
	int rc = csv_open(&csv, path, "pen,id,name,type", err);

	while (!rc) {
		rc = csv_next(&csv, err);
		if (rc <= 0)
			break;
		rc = add_user_row(f, &csv, err);
	}
	csv_close(&csv);
	return rc ? rc : check_names(f, path, err);
}

struct fields *fields_open(char *const *paths, size_t n, struct err *err)
{
	struct fields *f = fields_new();

	if (!f) {
		err_set(err, EF_FAILED, "no memory for the elements");
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		if (fields_load_csv(f, paths[i], err)) {
			fields_free(f);
			return NULL;
		}
	}
	return f;
}

void fields_swap(struct fields *a, struct fields *b)
{
	struct fields was = *a;

	*a = *b;
	*b = was;
}

enum fields_learn fields_learn(struct fields *f, uint32_t pen, uint16_t id, const uint8_t *name,
			       size_t name_len, uint8_t type)
{
	struct own_field *own;

	while (name_len && !name[name_len - 1])
		name_len--;
	if (pen == FIELD_PEN_IANA || pen == FIELD_PEN_REVERSE || type > FIELD_UNSIGNED256 ||
	    !is_identifier((const char *)name, name_len) || memchr(name, '.', name_len))
		return FIELDS_REFUSED;
	if (fields_find(f, pen, id))
		return FIELDS_KNOWN;
	if (f->own_count == FIELDS_LEARN_MAX || !fields_make_room(f))
		return FIELDS_FULL;
	own = malloc(sizeof(*own));
	if (!own)
		return FIELDS_FULL;
	if (!own_set(own, pen, id, (const char *)name, name_len, (enum field_type)type)) {
		free(own);
		return FIELDS_REFUSED;
	}
	f->own[f->own_count++] = own;
	*field_slot(f, pen, id) = own;
	return FIELDS_LEARNT;
}
