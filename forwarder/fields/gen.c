/* SPDX-License-Identifier: Apache-2.0
 * Build-time program: the tables in this folder to constant rows of information elements and sFlow
 * structures.
 *
 * Usage: gen FOLDER fields|sflow > rows.c. Checks what it reads (order, duplicates, types,
 * references) and fails with file:line. */
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"
#include "common/jsonw.h"
#include "forwarder/decode/template/field.h"
#include "forwarder/fields/gen.h"

#define ROWS_MAX    8192
#define VENDORS_MAX 512

struct gen_row {
	uint32_t pen;
	uint16_t id;
	enum field_type type;
	char name[FIELD_NAME_MAX];
};

struct vendor {
	uint32_t pen, elements_of;
	char key[32];
};

static struct gen_row rows[ROWS_MAX];
static size_t row_count;
static struct vendor vendors[VENDORS_MAX];
static size_t vendor_count;

/* RFC 5103 section 6.1: elements without a reverse direction. */
static bool reversible(unsigned long id)
{
	static const uint16_t no_reverse[] = { 137, 145, 148, 149, 173, 210, 239 };

	for (size_t i = 0; i < sizeof(no_reverse) / sizeof(no_reverse[0]); i++)
		if (no_reverse[i] == id)
			return false;
	return true;
}

static void add_row(uint32_t pen, unsigned long id, int type, const char *prefix, const char *name)
{
	struct gen_row *row = &rows[row_count++];

	if (row_count == ROWS_MAX) {
		fprintf(stderr, "gen: more than %d elements; raise ROWS_MAX\n", ROWS_MAX);
		exit(EF_FAILED);
	}
	row->pen = pen;
	row->id = (uint16_t)id;
	row->type = (enum field_type)type;
	snprintf(row->name, sizeof(row->name), "%s%s", prefix, name);
}

/* Id, name and type of a table's row; the ids must ascend. */
static int read_element(const struct csv *c, unsigned long *last, int *ret_type, struct err *err)
{
	unsigned long id;
	const char *name = c->cell[1];

	if (csv_number(c, 0, UINT16_MAX, &id, err))
		return -1;
	if (id < *last || (id == *last && row_count && rows[row_count - 1].id == id && id))
		return csv_error(c, err, "id %lu is not above the one before", id);
	*ret_type = field_type_find(c->cell[2]);
	if (*ret_type < 0)
		return csv_error(c, err, "unknown type \"%s\"", c->cell[2]);
	if (!*name ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") !=
		strlen(name))
		return csv_error(c, err, "\"%s\" is no element name", name);
	if (strlen(name) > 64)
		return csv_error(c, err, "the name is longer than 64 octets");
	*last = id;
	return 0;
}

static int read_iana(const char *folder, struct err *err)
{
	char path[PATH_ROOM], reverse[FIELD_NAME_MAX];
	unsigned long id = 0;
	struct csv c;
	int rc, type = 0;

	snprintf(path, sizeof(path), "%s/iana.csv", folder);
	rc = csv_open(&c, path, "id,name,type,semantics,units", err);
	while (!rc && (rc = csv_next(&c, err)) > 0) {
		rc = read_element(&c, &id, &type, err);
		if (rc)
			break;
		add_row(FIELD_PEN_IANA, id, type, "", c.cell[1]);
	}
	csv_close(&c);
	for (size_t i = 0, n = row_count; !rc && i < n; i++) {
		if (!reversible(rows[i].id))
			continue;
		snprintf(reverse, sizeof(reverse), "%s", rows[i].name);
		if (reverse[0] >= 'a' && reverse[0] <= 'z')
			reverse[0] = (char)(reverse[0] - 'a' + 'A');
		add_row(FIELD_PEN_REVERSE, rows[i].id, rows[i].type, "reverse", reverse);
	}
	return rc;
}

/* The elements of one vendor from vendor/<key>.csv; a vendor without a file has none. */
static int read_vendor(const char *folder, const struct vendor *vendor, struct err *err)
{
	char path[PATH_ROOM], prefix[40];
	unsigned long id = 0;
	struct csv c;
	FILE *there;
	int rc, type = 0;

	snprintf(path, sizeof(path), "%s/vendor/%s.csv", folder, vendor->key);
	snprintf(prefix, sizeof(prefix), "%s.", vendor->key);
	there = fopen(path, "re");
	if (!there)
		return 0;
	fclose(there);
	rc = csv_open(&c, path, "id,name,type,units", err);
	while (!rc && (rc = csv_next(&c, err)) > 0) {
		rc = read_element(&c, &id, &type, err);
		if (!rc)
			add_row(vendor->pen, id, type, prefix, c.cell[1]);
	}
	csv_close(&c);
	return rc;
}

static int read_vendors(const char *folder, struct err *err)
{
	char path[PATH_ROOM];
	unsigned long pen = 0, last, elements_of;
	struct csv c;
	int rc;

	snprintf(path, sizeof(path), "%s/vendors.csv", folder);
	rc = csv_open(&c, path, "pen,key,elements_of,organisation", err);
	while (!rc && (rc = csv_next(&c, err)) > 0) {
		struct vendor *v = &vendors[vendor_count++];

		last = pen;
		elements_of = 0;
		rc = csv_number(&c, 0, UINT32_MAX, &pen, err);
		if (!rc && *c.cell[2])
			rc = csv_number(&c, 2, UINT32_MAX, &elements_of, err);
		if (!rc && (pen <= last || vendor_count == VENDORS_MAX))
			rc = csv_error(&c, err, "pen %lu is not above the one before", pen);
		if (!rc && (!*c.cell[1] || strlen(c.cell[1]) > 16))
			rc = csv_error(&c, err, "the key must have 1 to 16 letters");
		v->pen = (uint32_t)pen;
		v->elements_of = (uint32_t)elements_of;
		snprintf(v->key, sizeof(v->key), "%s", c.cell[1]);
	}
	csv_close(&c);
	for (size_t i = 0; !rc && i < vendor_count; i++)
		rc = vendors[i].elements_of ? 0 : read_vendor(folder, &vendors[i], err);
	return rc;
}

static void write_netflow9_row(const struct csv *c)
{
	printf("\t{ %s, %s, %s, %s },\n", c->cell[0], c->cell[1], c->cell[2], c->cell[3]);
}

static int write_netflow9(const char *folder, struct err *err)
{
	char path[PATH_ROOM];
	unsigned long first = 0, last, pen, element, before;
	struct csv c;
	int rc;

	snprintf(path, sizeof(path), "%s/netflow9.csv", folder);
	printf("\nconst struct field_netflow9 field_netflow9[] = {\n");
	rc = csv_open(&c, path, "first,last,pen,element,note", err);
	while (!rc && (rc = csv_next(&c, err)) > 0) {
		before = first;
		if (csv_number(&c, 0, UINT16_MAX, &first, err) ||
		    csv_number(&c, 1, UINT16_MAX, &last, err) ||
		    csv_number(&c, 2, UINT32_MAX, &pen, err) ||
		    csv_number(&c, 3, UINT16_MAX, &element, err))
			rc = -1;
		else if (first < before || last < first)
			rc = csv_error(&c, err, "the ranges do not ascend");
		else
			rc = 0;
		if (!rc)
			write_netflow9_row(&c);
	}
	csv_close(&c);
	printf("};\nconst size_t field_netflow9_count = sizeof(field_netflow9) / "
	       "sizeof(field_netflow9[0]);\n");
	return rc;
}

static int by_pen_and_id(const void *a, const void *b)
{
	const struct gen_row *x = a, *y = b;

	if (x->pen != y->pen)
		return x->pen < y->pen ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void write_rows(void)
{
	size_t at = 0;

	/* One array holds all keys, so that a copy of one with its padding meets the next; behind
	 * the last there is padding, of which the NUL is the last octet, and nothing more. */
	size_t len = 0, end = 0;
	for (size_t i = 0; i < row_count; i++) {
		size_t key_len = strlen(rows[i].name) + 4, here = len + JSONW_PADDED(key_len);
		end = here > end ? here : end;
		len += key_len;
	}
	printf("static const char keys[] =\n");
	for (size_t i = 0; i < row_count; i++)
		printf("\t\",\\\"%s\\\":\"\n", rows[i].name);
	printf("\t\"%*s\";\n", (int)(end > len ? end - len - 1 : 0), "");
	printf("\nconst struct field field_rows[] = {\n");
	for (size_t i = 0; i < row_count; i++) {
		const struct gen_row *r = &rows[i];
		size_t key_len = strlen(r->name) + 4;

		printf("\t{ %u, %u, %d, %u, %zu, \"%s\", keys + %zu },\n", r->pen, r->id,
		       (int)r->type, field_type_width(r->type), key_len, r->name, at);
		at += key_len;
	}
	printf("};\nconst size_t field_rows_count = sizeof(field_rows) / sizeof(field_rows[0]);\n");
}

static void write_vendors(void)
{
	printf("\nconst struct field_vendor field_vendors[] = {\n");
	for (size_t i = 0; i < vendor_count; i++)
		printf("\t{ %u, \"%s\" },\n", vendors[i].pen, vendors[i].key);
	printf("};\nconst size_t field_vendors_count = sizeof(field_vendors) / "
	       "sizeof(field_vendors[0]);\n");
}

/* Vendors that use another one's elements under their own number. */
static void copy_elements(void)
{
	size_t n = row_count;

	for (size_t v = 0; v < vendor_count; v++)
		for (size_t i = 0; vendors[v].elements_of && i < n; i++)
			if (rows[i].pen == vendors[v].elements_of)
				add_row(vendors[v].pen, rows[i].id, (int)rows[i].type, "",
					rows[i].name);
}

static bool is_element(const char *name)
{
	for (size_t i = 0; i < row_count; i++)
		if (rows[i].pen == FIELD_PEN_IANA && !strcmp(rows[i].name, name))
			return true;
	return false;
}

static int write_elements(const char *folder, struct err *err)
{
	if (read_vendors(folder, err))
		return -1;
	copy_elements();
	qsort(rows, row_count, sizeof(rows[0]), by_pen_and_id);
	printf("/* Made by forwarder/fields/gen.c from the tables in forwarder/fields. */\n"
	       "#include \"forwarder/decode/template/field_rows.h\"\n\n");
	write_rows();
	write_vendors();
	return write_netflow9(folder, err);
}

/* The ids by name, for C that means one of them. */
static void write_ids(void)
{
	printf("/* Made by forwarder/fields/gen.c from forwarder/fields/iana.csv. */\n"
	       "#ifndef EF_ELEMENT_IDS_H\n#define EF_ELEMENT_IDS_H\n\n"
	       "/* Ids of IANA's information elements. */\nenum element_id {\n");
	for (size_t i = 0; i < row_count; i++)
		if (rows[i].pen == FIELD_PEN_IANA)
			printf("\tIE_%s = %u,\n", rows[i].name, rows[i].id);
	printf("};\n\n#endif\n");
}

int main(int argc, char **argv)
{
	struct err err = ERR_NONE;
	int rc;

	if (argc != 3 ||
	    (strcmp(argv[2], "fields") && strcmp(argv[2], "sflow") && strcmp(argv[2], "ids"))) {
		fprintf(stderr,
			"usage: gen FOLDER fields|sflow > rows.c; gen FOLDER ids > ids.h\n");
		return EF_USAGE;
	}
	rc = read_iana(argv[1], &err);
	if (!rc && !strcmp(argv[2], "fields"))
		rc = write_elements(argv[1], &err);
	else if (!rc && !strcmp(argv[2], "ids"))
		write_ids();
	else if (!rc)
		rc = write_sflow(argv[1], is_element, &err);
	if (rc) {
		fprintf(stderr, "gen: %s\n", err.msg);
		return err.code;
	}
	return fflush(stdout) ? EF_FAILED : EF_DONE;
}
