/* SPDX-License-Identifier: Apache-2.0
 * The Bloom filter in front of a large dictionary; lib/filter.painless is the reader. */
#include "importer/dictionary/dict_filter.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/dictionary/dict_pack.h"

#define HASHES   3
#define BITS_MIN 4 /* for each block; with fewer, half of all addresses would pass */

/* What the filter knows is blocks of neighbours: the first four digits of an IPv4 key, the first 32
 * bits of IPv6. */
static uint64_t block_of(enum dict_family family, dict_address address)
{
	return family == DICT_V4 ? (uint64_t)(address / 85) : (uint64_t)(address >> 96);
}

static void bits_of(uint64_t block, uint64_t bits, uint64_t ret_bit[HASHES])
{
	uint64_t hash = block * 0x9e3779b97f4a7c15u;

	ret_bit[0] = (hash >> 33) % bits;
	ret_bit[1] = (hash & 0x7fffffff) % bits;
	ret_bit[2] = (hash >> 16 & 0x7fffffff) % bits;
}

/* The blocks of record `i`: from `*ret_first` to `*ret_last`; false when it holds nothing. */
static bool blocks(const struct dict_records *records, size_t i, uint64_t *ret_first,
		   uint64_t *ret_last)
{
	const struct dict_record *r = &records->record[i];
	dict_address last = r->first;

	if (!r->value)
		return false;
	if (!r->exact && i + 1 < records->n && r[1].family == r->family)
		last = r[1].first - 1;
	else if (!r->exact)
		last = r->family == DICT_V4 ? 0xffffffffu : ~(dict_address)0;
	*ret_first = block_of(r->family, r->first);
	*ret_last = block_of(r->family, last);
	return true;
}

int dict_filter(const struct dict_records *records, size_t from, size_t to, size_t ceiling,
		json_t **ret_filter, struct err *err)
{
	CLEANUP_FREE char *text = NULL;
	uint64_t count = 0, first, last, bit[HASHES];
	size_t len;

	for (size_t i = from; i < to; i++) {
		if (records->record[i].family == DICT_MAC48) {
			count = UINT64_MAX; /* every record has MACs that are known */
			break;
		}
		count += blocks(records, i, &first, &last) ? last - first + 1 : 0;
	}
	len = count < ceiling * 6 / BITS_MIN ? (size_t)(count * FILTER_BITS / 6 + 1) : 0;
	len = len < ceiling ? len : ceiling;
	text = calloc(1, len + 1);
	if (!text)
		return err_set(err, EF_FAILED, "out of memory");
	for (size_t i = from; len && i < to; i++) {
		if (!blocks(records, i, &first, &last))
			continue;
		for (uint64_t block = first; block <= last; block++) {
			bits_of(block, 6 * (uint64_t)len, bit);
			for (int k = 0; k < HASHES; k++)
				text[bit[k] / 6] |= (char)(1 << bit[k] % 6);
		}
	}
	for (size_t i = 0; i < len; i++)
		dict_digits(text + i, 1, (unsigned char)text[i]);
	*ret_filter = json_stringn(text, len);
	return *ret_filter ? 0 : err_set(err, EF_FAILED, "out of memory");
}

bool dict_filter_has(const char *filter, enum dict_family family, dict_address address)
{
	uint64_t bit[HASHES];

	bits_of(block_of(family, address), 6 * (uint64_t)strlen(filter), bit);
	for (int k = 0; k < HASHES; k++) {
		unsigned char c = (unsigned char)filter[bit[k] / 6];
		unsigned value = c > 92 ? c - 36U : c - 35U;
		if (!(value >> bit[k] % 6 & 1))
			return false;
	}
	return true;
}
