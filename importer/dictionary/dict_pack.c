/* SPDX-License-Identifier: Apache-2.0
 * Records to the strings and rows of a table, and the reading of them: the layout in
 * docs/dictionaries.md. */
#include "importer/dictionary/dict_pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "importer/core/memory.h"
#include "importer/dictionary/dict_table.h"

#define INDEX_FROM    1000 /* records; below, the index would be larger than what it saves */
#define INDEX_BUCKETS (85U * 85U)
#define TABLE_MAX     (256U << 20)

static char digit(unsigned value)
{
	return (char)(value < 57 ? value + 35 : value + 36);
}

static unsigned digit_value(char c)
{
	return (unsigned char)c > 92 ? (unsigned char)c - 36U : (unsigned char)c - 35U;
}

void dict_digits(char *out, unsigned count, dict_address value)
{
	for (unsigned i = count; i-- > 0; value /= 85)
		out[i] = digit((unsigned)(value % 85));
}

uint32_t dict_value(const char *text, size_t at, unsigned count)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < count; i++)
		value = value * 85 + digit_value(text[at + i]);
	return value;
}

void dict_key(enum dict_family family, dict_address address, char *ret_key)
{
	unsigned digits = dict_families[family].digits;

	if (family == DICT_V6)
		for (unsigned i = 0; i < 4; i++)
			dict_digits(ret_key + 5 * i, 5, (uint32_t)(address >> (96 - 32 * i)));
	else
		dict_digits(ret_key, digits, address);
	ret_key[digits] = '\0';
}

/* The rows of a table while it is made: each different value once, those of exact records first. */
struct value {
	char *text; /* its JSON, after 'e' or 'r' for exact or not */
	json_t *value;
	uint32_t number;
	json_t *
	    profile; /* owned; the value without the table's `own` member, NULL where it has none */
	uint32_t profile_number;
	UT_hash_handle hh;
};

/* The number of a value by identity: most records share few values, so their text is made once. */
struct known {
	struct {
		const json_t *value;
		bool exact;
	} is;
	struct value *to;
	UT_hash_handle hh;
};

struct packed_rows {
	struct value *value;
	struct known *known;
	uint32_t exact, ranges;
};

static void rows_release(struct packed_rows *rows)
{
	struct value *v = rows->value, *v2;
	struct known *k = rows->known, *k2;

	HASH_CLEAR(hh, rows->known);
	for (; k; k = k2) {
		k2 = k->hh.next;
		free(k);
	}
	HASH_CLEAR(hh, rows->value);
	for (; v; v = v2) {
		v2 = v->hh.next;
		json_decref(v->profile);
		free(v->text);
		free(v);
	}
}

static struct value *rows_value(struct packed_rows *rows, json_t *value, bool exact)
{
	CLEANUP_FREE char *dump = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
	CLEANUP_FREE char *text = NULL;
	struct value *v = NULL;

	if (!dump || asprintf(&text, "%c%s", exact ? 'e' : 'r', dump) < 0)
		return NULL;
	HASH_FIND_STR(rows->value, text, v);
	if (v)
		return v;
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	v->text = steal_ptr(text);
	v->value = value;
	v->number = exact ? rows->exact++ : rows->ranges++;
	HASH_ADD_KEYPTR(hh, rows->value, v->text, strlen(v->text), v);
	return v;
}

static int rows_add(struct packed_rows *rows, json_t *value, bool exact, struct err *err)
{
	struct known *k = NULL, probe;

	memset(&probe, 0, sizeof(probe)); /* padding is part of the key */
	probe.is.value = value;
	probe.is.exact = exact;
	HASH_FIND(hh, rows->known, &probe.is, sizeof(probe.is), k);
	if (k)
		return 0;
	k = calloc(1, sizeof(*k));
	if (!k)
		return err_set(err, EF_FAILED, "out of memory");
	k->is.value = value;
	k->is.exact = exact;
	k->to = rows_value(rows, value, exact);
	if (!k->to) {
		free(k);
		return err_set(err, EF_FAILED, "out of memory");
	}
	HASH_ADD(hh, rows->known, is, sizeof(k->is), k);
	return 0;
}

/* 1 + the number of the row, 0 for nothing. */
static uint32_t rows_code(const struct packed_rows *rows, const struct dict_record *r)
{
	struct known *k = NULL, probe;

	if (!r->value)
		return 0;
	memset(&probe, 0, sizeof(probe));
	probe.is.value = r->value;
	probe.is.exact = r->exact;
	HASH_FIND(hh, rows->known, &probe.is, sizeof(probe.is), k);
	return k ? 1 + k->to->number + (r->exact ? 0 : rows->exact) : 0;
}

/* The profile of a value: what is left without `own`, and its number in the order in which profiles
 * were first seen. */
static int split_own(struct value *v, json_t *numbers, const char *own, struct err *err)
{
	CLEANUP_FREE char *text = NULL;
	json_t *number;

	v->profile = json_copy(v->value);
	json_object_del(v->profile, own);
	text = json_dumps(v->profile, JSON_COMPACT | JSON_SORT_KEYS);
	if (!text)
		return err_set(err, EF_FAILED, "out of memory");
	number = json_object_get(numbers, text);
	if (!number) {
		number = json_integer((json_int_t)json_object_size(numbers));
		if (json_object_set_new(numbers, text, number))
			return err_set(err, EF_FAILED, "out of memory");
	}
	v->profile_number = (uint32_t)json_integer_value(number);
	return 0;
}

static int by_profile(const struct value *a, const struct value *b)
{
	return (a->profile_number > b->profile_number) - (a->profile_number < b->profile_number);
}

/* Rows of one profile get numbers in a row, so that the profile is written once and not its number
 * in each of them. */
static int sort_rows(struct packed_rows *rows, const char *own, struct err *err)
{
	CLEANUP_JSON json_t *numbers = json_object();
	uint32_t exact = 0, ranges = 0;

	for (struct value *v = rows->value; v; v = v->hh.next)
		if (split_own(v, numbers, own, err))
			return -1;
	HASH_SORT(rows->value, by_profile);
	for (struct value *v = rows->value; v; v = v->hh.next)
		v->number = *v->text == 'e' ? exact++ : ranges++;
	return 0;
}

/* Appends the rows of a class ('e' or 'r'); with `own` its column alone, and where each profile
 * starts. */
static int add_class(json_t *table, const struct packed_rows *rows, char class, const char *own)
{
	json_t *list = json_object_get(table, "rows");
	const struct value *before = NULL;
	int bad = 0;

	for (const struct value *v = rows->value; v && !bad; v = v->hh.next) {
		if (*v->text != class)
			continue;
		if (own && (!before || before->profile_number != v->profile_number)) {
			bad |=
			    json_array_append_new(json_object_get(table, "starts"),
						  json_integer((json_int_t)json_array_size(list)));
			bad |= json_array_append(json_object_get(table, "profiles"), v->profile);
		}
		if (own) {
			json_t *name = json_object_get(v->value, own);
			bad |= json_array_append(list, name ? name : json_null());
		} else {
			bad |= json_array_append(list, v->value);
		}
		before = v;
	}
	return bad;
}

static int add_rows(json_t *table, struct packed_rows *rows, const char *own, struct err *err)
{
	if (own && sort_rows(rows, own, err))
		return -1;
	json_object_set_new(table, "rows", json_array());
	if (own) {
		json_object_set_new(table, "own", json_string(own));
		json_object_set_new(table, "profiles", json_array());
		json_object_set_new(table, "starts", json_array());
	}
	if (add_class(table, rows, 'e', own) || add_class(table, rows, 'r', own))
		return err_set(err, EF_FAILED, "out of memory");
	return 0;
}

static unsigned bucket_of(const char *key)
{
	return digit_value(key[0]) * 85 + digit_value(key[1]);
}

static json_t *text_json(struct buf *b)
{
	json_t *json = json_stringn(b->len ? b->data : "", b->len);

	buf_clear(b);
	return json;
}

/* Whether a slice of a family must be closed by a record of nothing: its last range goes on in the
 * next slice. */
static bool is_open(const struct dict_records *records, size_t to)
{
	const struct dict_record *last = &records->record[to - 1];

	return to < records->n && last[1].family == last->family && last->value && !last->exact;
}

/* The index: for each bucket the number of its first record, from the number of records in each. */
static int add_index(json_t *part, uint32_t *count, struct buf *text)
{
	char digits[3];
	uint32_t start = 0;

	for (unsigned i = 0; i <= INDEX_BUCKETS; i++) {
		dict_digits(digits, 3, start);
		start += count[i];
		if (buf_add(text, digits, 3))
			return -1;
	}
	return json_object_set_new(part, "index", text_json(text));
}

/* One family: records `from` up to `to`, which are all of it that the table has. */
static int add_family(json_t *table, const struct dict_records *records, size_t from, size_t to,
		      const struct packed_rows *rows, unsigned width, struct err *err)
{
	const struct dict_record *r = records->record;
	const struct dict_family_facts *facts = &dict_families[r[from].family];
	size_t n = to - from + is_open(records, to);
	unsigned skip = n >= INDEX_FROM ? 2 : 0;
	CLEANUP_FREE uint32_t *count = calloc(INDEX_BUCKETS + 1, sizeof(*count));
	CLEANUP_BUF struct buf text;
	json_t *part = json_object();
	char key[32] = "";
	int bad = count ? 0 : -1;

	buf_init(&text, TABLE_MAX);
	bad |= json_object_set_new(table, facts->name, part);
	for (size_t i = from; !bad && i < from + n; i++) {
		dict_key(r[i].family, r[i].first, key);
		count[bucket_of(key)]++;
		dict_digits(key + facts->digits, width, i < to ? rows_code(rows, &r[i]) : 0);
		bad = buf_add(&text, key + skip, facts->digits + width - skip);
	}
	bad |= bad ? 0 : json_object_set_new(part, "records", text_json(&text));
	if (!bad && skip)
		bad = add_index(part, count, &text);
	return bad ? err_set(err, EF_FAILED, "a table of %zu records: out of memory", n) : 0;
}

static int add_families(json_t *table, const struct dict_records *records, size_t from, size_t to,
			const struct packed_rows *rows, unsigned width, struct err *err)
{
	while (from < to) {
		size_t end = from;

		while (end < to && records->record[end].family == records->record[from].family)
			end++;
		if (add_family(table, records, from, end, rows, width, err))
			return -1;
		from = end;
	}
	return 0;
}

int dict_records_table(const struct dict_records *records, size_t from, size_t to, const char *own,
		       json_t **ret_table, struct err *err)
{
	CLEANUP_JSON json_t *table = json_object();
	struct packed_rows rows = { 0 };
	unsigned width = 1;
	uint64_t room = 85;
	int rc = table ? 0 : err_set(err, EF_FAILED, "out of memory");

	for (size_t i = from; rc == 0 && i < to; i++)
		if (records->record[i].value)
			rc = rows_add(&rows, records->record[i].value, records->record[i].exact,
				      err);
	for (; room <= (uint64_t)rows.exact + rows.ranges; room *= 85)
		width++;
	json_object_set_new(table, "width", json_integer(width));
	json_object_set_new(table, "exact", json_integer(rows.exact));
	if (rc == 0)
		rc = add_rows(table, &rows, own, err);
	if (rc == 0)
		rc = add_families(table, records, from, to, &rows, width, err);
	rows_release(&rows);
	if (rc == 0)
		*ret_table = steal_ptr(table);
	return rc;
}

long dict_table_find(const json_t *table, enum dict_family family, dict_address address)
{
	const json_t *part = json_object_get(table, dict_families[family].name);
	const char *records = json_string_value(json_object_get(part, "records"));
	const char *index = json_string_value(json_object_get(part, "index"));
	unsigned width = (unsigned)json_integer_value(json_object_get(table, "width"));
	unsigned skip = index ? 2 : 0, digits = dict_families[family].digits - skip;
	size_t size = digits + width;
	long low = 0, high, row;
	bool equal = false;
	char key[24] = "";

	if (!records)
		return -1;
	dict_key(family, address, key);
	high = (long)(json_string_length(json_object_get(part, "records")) / size) - 1;
	if (index) {
		low = (long)dict_value(index, 3UL * bucket_of(key), 3);
		high = (long)dict_value(index, 3UL * bucket_of(key) + 3, 3) - 1;
	}
	while (low <= high && !equal) {
		long middle = low + (high - low) / 2;
		int order = memcmp(records + (size_t)middle * size, key + skip, digits);

		equal = order == 0;
		if (order == 0)
			high = middle;
		else if (order < 0)
			low = middle + 1;
		else
			high = middle - 1;
	}
	if (high < 0)
		return -1;
	row = (long)dict_value(records, (size_t)high * size + digits, width) - 1;
	return equal || row >= json_integer_value(json_object_get(table, "exact")) ? row : -1;
}

/* A new reference; NULL when there is none of that number. */
static json_t *row_at(const json_t *table, long number)
{
	json_t *row =
	    number < 0 ? NULL : json_array_get(json_object_get(table, "rows"), (size_t)number);
	const json_t *starts = json_object_get(table, "starts");
	size_t profile = 0;
	json_t *whole;

	if (!row || !starts)
		return json_incref(row);
	while (profile + 1 < json_array_size(starts) &&
	       json_integer_value(json_array_get(starts, profile + 1)) <= number)
		profile++;
	whole = json_copy(json_array_get(json_object_get(table, "profiles"), profile));
	if (!json_is_null(row))
		json_object_set(whole, json_string_value(json_object_get(table, "own")), row);
	return whole;
}

json_t *dict_table_row(const json_t *table, enum dict_family family, dict_address address)
{
	return row_at(table, dict_table_find(table, family, address));
}

static void each_of_family(const json_t *table, const struct dict_family_facts *facts,
			   dict_row_fn *each, void *arg)
{
	const json_t *part = json_object_get(table, facts->name);
	const json_t *text = json_object_get(part, "records");
	const char *records = json_string_value(text);
	const char *index = json_string_value(json_object_get(part, "index"));
	json_int_t width = json_integer_value(json_object_get(table, "width"));
	unsigned skip = index ? 2 : 0, digits = facts->digits - skip, bucket = 0;
	char key[40];

	if (!records || width < 1 || width > 5 ||
	    (index && strlen(index) != 3UL * (INDEX_BUCKETS + 1)))
		return;
	size_t size = digits + (size_t)width, n = json_string_length(text) / size;
	for (size_t i = 0; i < n; i++) {
		while (index && bucket + 1 < INDEX_BUCKETS &&
		       dict_value(index, 3UL * (bucket + 1), 3) <= i)
			bucket++;
		char lead[3] = "";
		if (index)
			dict_digits(lead, 2, bucket);
		snprintf(key, sizeof(key), "%s %s%.*s", facts->name, lead, (int)digits,
			 records + i * size);
		CLEANUP_JSON json_t *row = row_at(
		    table, (long)dict_value(records, i * size + digits, (unsigned)width) - 1);
		if (row)
			each(arg, key, row);
	}
}

void dict_table_each(const json_t *table, dict_row_fn *each, void *arg)
{
	for (size_t f = 0; f < DICT_FAMILIES; f++)
		each_of_family(table, &dict_families[f], each, arg);
}
