/* SPDX-License-Identifier: Apache-2.0
 * The hash of tables, document ids and checks of files.
 *
 * A step multiplies to 128 bits and folds them. Tables whose keys others choose start with a secret
 * seed, so that nobody outside can aim at one bucket; ids and files start with 0 and are the same
 * in every process. Not for cryptography. */
#ifndef EF_COMMON_HASH_H
#define EF_COMMON_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The hash `h` so far, with 64 more bits. */
static inline uint64_t hash_mix(uint64_t h, uint64_t v)
{
	unsigned __int128 product = (unsigned __int128)(h ^ v) * 0x9e3779b97f4a7c15u;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* With `len` bytes, and their number. The same on every machine. */
uint64_t hash_bytes(uint64_t h, const void *bytes, size_t len);

/* A secret to start with, another one in every call. */
uint64_t hash_seed(void);

#endif
