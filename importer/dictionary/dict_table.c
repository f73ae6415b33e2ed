/* SPDX-License-Identifier: Apache-2.0
 * Tables of prefixes: nested prefixes become sorted, disjoint records, and those the strings that
 * Painless searches. */
#include "importer/dictionary/dict_table.h"

#include <stdlib.h>
#include <string.h>

const struct dict_family_facts dict_families[DICT_FAMILIES] = {
	[DICT_V4] = { .name = "v4", .bits = 32, .digits = 5 },
	[DICT_V6] = { .name = "v6", .bits = 128, .digits = 20 },
	[DICT_MAC48] = { .name = "mac", .bits = 48, .digits = 8 },
};

void dict_items_release(struct dict_items *items)
{
	for (size_t i = 0; i < items->n; i++)
		json_decref(items->item[i].value);
	free(items->item);
	*items = (struct dict_items){ 0 };
}

int dict_items_add(struct dict_items *items, enum dict_family family, dict_address first,
		   unsigned bits, json_t *value_take, bool exclusive, struct err *err)
{
	if (items->n == items->room) {
		size_t room = items->room ? 2 * items->room : 256;
		struct dict_item *more = realloc(items->item, room * sizeof(*more));

		if (!more) {
			json_decref(value_take);
			return err_set(err, EF_FAILED, "out of memory");
		}
		items->item = more;
		items->room = room;
	}
	items->item[items->n++] = (struct dict_item){
		.family = family,
		.first = first,
		.bits = bits,
		.value = value_take,
		.exclusive = exclusive,
	};
	return 0;
}

enum dict_family dict_number(const struct prefix *prefix, dict_address *ret_first,
			     unsigned *ret_bits)
{
	bool v4 = prefix->len >= 96 && ip_is_v4(&prefix->ip);
	dict_address value = 0;

	for (int i = v4 ? 12 : 0; i < 16; i++)
		value = value << 8 | prefix->ip.b[i];
	*ret_first = value;
	*ret_bits = v4 ? prefix->len - 96U : prefix->len;
	return v4 ? DICT_V4 : DICT_V6;
}

static int compare_addresses(const void *a, const void *b)
{
	const struct dict_item *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->bits != y->bits)
		return x->bits < y->bits ? -1 : 1;
	return y->exclusive - x->exclusive;
}

static dict_address last_of(const struct dict_item *item)
{
	unsigned free_bits = dict_families[item->family].bits - item->bits;

	return free_bits == 128 ? ~(dict_address)0
				: item->first + (((dict_address)1 << free_bits) - 1);
}

/* The prefixes around the place that the walk has come to, outermost first. 129 lengths, and an
 * exception may stand on one of them. */
struct around {
	struct {
		dict_address last;
		json_t *value;
		bool exclusive;
	} level[130];
	unsigned n;
};

static json_t *inner_value(const struct around *a)
{
	return a->n ? a->level[a->n - 1].value : NULL;
}

static int record_put(struct dict_records *records, enum dict_family family, dict_address first,
		      json_t *value, bool exact, struct err *err)
{
	struct dict_record *before = records->n ? &records->record[records->n - 1] : NULL;

	if (before && before->family == family && before->first == first) {
		before->value = value;
		before->exact = exact;
		return 0;
	}
	/* Same value on both sides, or nothing behind an exact record: no new record is needed. */
	if (before && before->family == family && !exact &&
	    (before->exact ? !value : before->value == value))
		return 0;
	if (records->n == records->room) {
		size_t room = records->room ? 2 * records->room : 256;
		struct dict_record *more = realloc(records->record, room * sizeof(*more));

		if (!more)
			return err_set(err, EF_FAILED, "out of memory");
		records->record = more;
		records->room = room;
	}
	records->record[records->n++] = (struct dict_record){
		.family = family, .first = first, .value = value, .exact = exact
	};
	return 0;
}

/* Leaves the prefixes that end before `next`; behind each of them holds what encloses it. */
static int leave(struct around *a, struct dict_records *records, enum dict_family family,
		 dict_address next, bool all, struct err *err)
{
	while (a->n && (all || a->level[a->n - 1].last < next)) {
		dict_address last = a->level[--a->n].last;
		unsigned bits = dict_families[family].bits;
		dict_address end = bits == 128 ? ~(dict_address)0 : ((dict_address)1 << bits) - 1;

		if (last < end && record_put(records, family, last + 1, inner_value(a), false, err))
			return -1;
	}
	return 0;
}

static int enter(struct around *a, struct dict_records *records, const struct dict_item *item,
		 json_t *(*merge)(json_t *, json_t *), struct err *err)
{
	json_t *outer = inner_value(a);
	bool exact = item->bits == dict_families[item->family].bits;
	json_t *value =
	    outer && item->value && merge ? merge(outer, item->value) : json_incref(item->value);

	if (a->n && a->level[a->n - 1].exclusive) {
		json_decref(value);
		return 0;
	}
	if (item->value && (!value || json_array_append_new(records->value, value)))
		return err_set(err, EF_FAILED, "out of memory");
	a->level[a->n].last = last_of(item);
	a->level[a->n].value = value;
	a->level[a->n++].exclusive = item->exclusive;
	return record_put(records, item->family, item->first, value, exact && value, err);
}

int dict_items_flatten(struct dict_items *items, json_t *(*merge)(json_t *outer, json_t *inner),
		       struct dict_records *ret_records, struct err *err)
{
	struct dict_records records = { .value = json_array() };
	struct around a = { .n = 0 };
	int rc = records.value ? 0 : err_set(err, EF_FAILED, "out of memory");

	if (items->n)
		qsort(items->item, items->n, sizeof(*items->item), compare_addresses);
	for (size_t i = 0; rc == 0 && i < items->n; i++) {
		const struct dict_item *item = &items->item[i];

		if (i && item[-1].family != item->family)
			rc = leave(&a, &records, item[-1].family, 0, true, err);
		if (rc == 0)
			rc = leave(&a, &records, item->family, item->first, false, err);
		if (rc == 0)
			rc = enter(&a, &records, item, merge, err);
	}
	if (rc == 0 && items->n)
		rc = leave(&a, &records, items->item[items->n - 1].family, 0, true, err);
	if (rc) {
		dict_records_release(&records);
		return -1;
	}
	*ret_records = records;
	return 0;
}

void dict_records_release(struct dict_records *records)
{
	free(records->record);
	json_decref(records->value);
	*records = (struct dict_records){ 0 };
}
