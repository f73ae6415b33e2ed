/* SPDX-License-Identifier: Apache-2.0
 * Tables of random nested prefixes against a search of all prefixes: longest match, slices,
 * filters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/dictionary/dict_filter.h"
#include "importer/dictionary/dict_pack.h"
#include "importer/dictionary/dict_shard.h"
#include "importer/dictionary/dict_table.h"

#define ENTRIES 3000
#define PROBES  6000

static uint64_t state_;

static uint64_t rnd(void)
{
	state_ ^= state_ << 13;
	state_ ^= state_ >> 7;
	state_ ^= state_ << 17;
	return state_;
}

static dict_address rnd_address(enum dict_family family)
{
	unsigned bits = dict_families[family].bits;
	dict_address a = (dict_address)rnd() << 64 | rnd();

	if (rnd() % 3 == 0) /* crowd them, so that prefixes nest */
		a = (dict_address)0x2a << (bits - 8) | (a & 0xffff);
	return bits == 128 ? a : a & (((dict_address)1 << bits) - 1);
}

static dict_address mask(enum dict_family family, unsigned bits)
{
	unsigned free_bits = dict_families[family].bits - bits;

	return free_bits == 128 ? 0 : ~(((dict_address)1 << free_bits) - 1);
}

/* Random prefixes; every value tells family, length and a random class, so that some are shared. */
static void fill(struct dict_items *items, unsigned shortest)
{
	struct err err = ERR_NONE;

	for (int i = 0; i < ENTRIES; i++) {
		enum dict_family family = (enum dict_family)(rnd() % DICT_FAMILIES);
		unsigned most = dict_families[family].bits;
		unsigned bits =
		    rnd() % 2 ? most : shortest + (unsigned)(rnd() % (most - shortest + 1));
		dict_address first = rnd_address(family) & mask(family, bits);
		bool never = rnd() % 20 == 0;
		bool twice = false;

		for (size_t k = 0; k < items->n; k++)
			twice |= items->item[k].family == family && items->item[k].first == first &&
				 items->item[k].bits == bits;
		if (twice)
			continue;
		assert_int_equal(
		    dict_items_add(items, family, first, bits,
				   never ? NULL
					 : json_pack("{s:i,s:i}", "class", (int)(rnd() % 300),
						     "bits", (int)bits),
				   false, &err),
		    0);
	}
}

/* The value of the longest prefix, by looking at all of them. */
static json_t *by_force(const struct dict_items *items, enum dict_family family, dict_address a)
{
	const struct dict_item *best = NULL;

	for (size_t i = 0; i < items->n; i++) {
		const struct dict_item *item = &items->item[i];
		if (item->family == family && ((a ^ item->first) & mask(family, item->bits)) == 0 &&
		    (!best || item->bits > best->bits))
			best = item;
	}
	return best ? best->value : NULL;
}

static dict_address probe(const struct dict_items *items, enum dict_family *ret_family)
{
	const struct dict_item *item = &items->item[rnd() % items->n];
	dict_address last = item->first | ~mask(item->family, item->bits);
	unsigned bits = dict_families[item->family].bits;
	dict_address a = 0;

	switch (rnd() % 5) {
	case 0:
		a = item->first;
		break;
	case 1:
		a = last;
		break;
	case 2:
		a = last + 1;
		break;
	case 3:
		a = item->first - 1;
		break;
	default:
		a = rnd_address(item->family);
	}
	*ret_family = item->family;
	return bits == 128 ? a : a & (((dict_address)1 << bits) - 1);
}

static void same(json_t *got, json_t *wanted)
{
	assert_int_equal(got != NULL, wanted != NULL);
	if (wanted)
		assert_true(json_equal(got, wanted));
	json_decref(got);
}

static void against_force(unsigned shortest, const char *own)
{
	struct dict_items items = { 0 };
	struct dict_records records;
	CLEANUP_JSON json_t *table = NULL;
	struct err err = ERR_NONE;

	fill(&items, shortest);
	assert_int_equal(dict_items_flatten(&items, NULL, &records, &err), 0);
	assert_int_equal(dict_records_table(&records, 0, records.n, own, &table, &err), 0);
	for (int i = 0; i < PROBES; i++) {
		enum dict_family family;
		dict_address a = probe(&items, &family);
		same(dict_table_row(table, family, a), by_force(&items, family, a));
	}
	dict_records_release(&records);
	dict_items_release(&items);
}

static void longest_match(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		state_ = seed * 0x9e3779b97f4a7c15u;
		print_message("seed %d\n", (int)seed);
		against_force(seed % 2 ? 0 : 12, seed > 2 ? "class" : NULL);
	}
}

/* Exactly one slice answers for an address, and it answers what the whole table does. */
static void slices_share_the_work(void **state)
{
	struct dict_items items = { 0 };
	struct dict_records records;
	json_t *slice[5];
	struct err err = ERR_NONE;

	(void)state;
	state_ = 77;
	fill(&items, 0);
	assert_int_equal(dict_items_flatten(&items, NULL, &records, &err), 0);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(dict_records_table(&records, records.n * i / 5,
						    records.n * (i + 1) / 5, NULL, &slice[i], &err),
				 0);
	for (int i = 0; i < PROBES; i++) {
		enum dict_family family;
		dict_address a = probe(&items, &family);
		json_t *found = NULL;

		for (size_t k = 0; k < 5; k++) {
			json_t *row = dict_table_row(slice[k], family, a);
			assert_true(!found || !row);
			found = found ? found : row;
		}
		same(found, by_force(&items, family, a));
	}
	for (size_t i = 0; i < 5; i++)
		json_decref(slice[i]);
	dict_records_release(&records);
	dict_items_release(&items);
}

static void filter_knows_every_entry(void **state)
{
	struct dict_items items = { 0 };
	struct dict_records records;
	CLEANUP_JSON json_t *filter = NULL;
	size_t passed = 0, strangers = 0;
	struct err err = ERR_NONE;
	const char *text;

	(void)state;
	state_ = 99;
	for (int i = 0; i < 20000; i++) {
		bool v4 = i % 4 != 0;
		unsigned bits = v4 ? (i % 10 ? 32 : 14 + (unsigned)i % 15) : (i % 3 ? 128 : 36);
		enum dict_family family = v4 ? DICT_V4 : DICT_V6;
		dict_address a = ((dict_address)rnd() << 64 | rnd()) & mask(family, bits);
		if (v4)
			a &= 0xffffffffu;
		assert_int_equal(
		    dict_items_add(&items, family, a, bits, json_integer(i), false, &err), 0);
	}
	assert_int_equal(dict_items_flatten(&items, NULL, &records, &err), 0);
	assert_int_equal(dict_filter(&records, 0, records.n, FILTER_MAX * 20UL, &filter, &err), 0);
	text = json_string_value(filter);
	assert_true(*text);
	for (size_t i = 0; i < items.n; i++) {
		const struct dict_item *item = &items.item[i];
		dict_address last =
		    item->first | (~mask(item->family, item->bits) &
				   (item->family == DICT_V4 ? 0xffffffffu : ~(dict_address)0));
		assert_true(dict_filter_has(text, item->family, item->first));
		assert_true(dict_filter_has(text, item->family, last));
	}
	for (int i = 0; i < 20000; i++) {
		dict_address a = (dict_address)rnd() << 64 | rnd();
		if (by_force(&items, DICT_V6, a))
			continue;
		strangers++;
		passed += dict_filter_has(text, DICT_V6, a);
	}
	/* 16 bits a block and three hashes: half a percent; the blocks themselves are rare among
	 * random addresses. */
	assert_in_range(passed, 0, strangers / 50);
	dict_records_release(&records);
	dict_items_release(&items);
}

static void no_filter_for_half_the_world(void **state)
{
	struct dict_items items = { 0 };
	struct dict_records records;
	CLEANUP_JSON json_t *filter = NULL;
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(dict_items_add(&items, DICT_V4, 0, 1, json_true(), false, &err), 0);
	assert_int_equal(dict_items_flatten(&items, NULL, &records, &err), 0);
	assert_int_equal(dict_filter(&records, 0, records.n, FILTER_MAX, &filter, &err), 0);
	assert_string_equal(json_string_value(filter), "");
	dict_records_release(&records);
	dict_items_release(&items);
}

/* A prefix that ends where all addresses end has no record behind it. */
static void filter_knows_the_last_prefix(void **state)
{
	static const struct {
		enum dict_family family;
		dict_address end;
		unsigned bits;
	} rows[] = {
		{ DICT_V4, 0xffffffffu, 20 },
		{ DICT_V6, ~(dict_address)0, 24 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dict_items items = { 0 };
		struct dict_records records;
		CLEANUP_JSON json_t *filter = NULL;
		struct err err = ERR_NONE;
		dict_address first = rows[i].end & mask(rows[i].family, rows[i].bits);

		assert_int_equal(dict_items_add(&items, rows[i].family, first, rows[i].bits,
						json_true(), false, &err),
				 0);
		assert_int_equal(dict_items_flatten(&items, NULL, &records, &err), 0);
		assert_int_equal(dict_filter(&records, 0, records.n, FILTER_MAX, &filter, &err), 0);
		assert_true(
		    dict_filter_has(json_string_value(filter), rows[i].family, rows[i].end));
		dict_records_release(&records);
		dict_items_release(&items);
	}
}

static void keys_sort_as_addresses(void **state)
{
	char before[32], after[32];

	(void)state;
	state_ = 5;
	for (int i = 0; i < 5000; i++) {
		enum dict_family family = (enum dict_family)(rnd() % DICT_FAMILIES);
		dict_address a = rnd_address(family), b = rnd_address(family);
		dict_key(family, a, before);
		dict_key(family, b, after);
		assert_int_equal(strlen(before), dict_families[family].digits);
		assert_int_equal(a < b, strcmp(before, after) < 0);
		assert_null(strpbrk(before, "\\\""));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_match),
		cmocka_unit_test(slices_share_the_work),
		cmocka_unit_test(filter_knows_every_entry),
		cmocka_unit_test(no_filter_for_half_the_world),
		cmocka_unit_test(filter_knows_the_last_prefix),
		cmocka_unit_test(keys_sort_as_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
