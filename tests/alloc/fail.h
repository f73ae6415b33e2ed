/* SPDX-License-Identifier: Apache-2.0
 * Allocations that fail: malloc, calloc, realloc and aligned_alloc of a whole program, its
 * libraries included, where fail.c is linked in (glibc; not beside a sanitizer, which has functions
 * of its own). Single-threaded programs only.
 *
 * ALLOC_FAIL=n          the n-th call from the start on fails, and no other
 * ALLOC_PLACES=file none fails; at exit the number of each call that comes from a new place (by its
 * callers) goes there */
#ifndef EF_TESTS_ALLOC_FAIL_H
#define EF_TESTS_ALLOC_FAIL_H

#include <stdbool.h>
#include <stdint.h>

/* Count from here on; the n-th call fails, none where n is 0. */
void alloc_fail_at(uint64_t n);
/* Whether it came to that, since alloc_fail_at(). */
bool alloc_failed(void);

#endif
