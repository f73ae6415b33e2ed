/* SPDX-License-Identifier: Apache-2.0
 * The binary search over rows that are sorted by a number. */
#ifndef EF_DECODE_SORTED_H
#define EF_DECODE_SORTED_H

#include <stddef.h>
#include <stdint.h>

/* Index of the first of `count` rows of `size` bytes whose number is not below `want`; `count` when
 * all are. Inlined with `number_of`: some ask for each record; bsearch() would compare twice. */
static inline __attribute__((always_inline)) size_t
sorted_at(const void *rows, size_t count, size_t size, uint64_t want,
	  uint64_t (*number_of)(const void *row))
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (number_of((const char *)rows + middle * size) < want)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The row with that number, or NULL. */
static inline __attribute__((always_inline)) const void *
sorted_find(const void *rows, size_t count, size_t size, uint64_t want,
	    uint64_t (*number_of)(const void *row))
{
	size_t at = sorted_at(rows, count, size, want, number_of);
	const char *row = (const char *)rows + at * size;
	return at < count && number_of(row) == want ? row : NULL;
}

#endif
