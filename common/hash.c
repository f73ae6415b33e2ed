/* SPDX-License-Identifier: Apache-2.0
 * The hash of tables, document ids and checks of files. */
#include "common/hash.h"

#include <endian.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"

/* A cheaper step, for the many words inside: the turn brings the top bits, which a multiplication
 * leaves at the top, down. */
static inline uint64_t turn(uint64_t h, uint64_t v)
{
	h ^= v;
	return (h << 29 | h >> 35) * 0x9e3779b97f4a7c15u;
}

static inline uint64_t hash_word(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* Four lanes, so that a multiplication need not wait for the one before. */
uint64_t hash_bytes(uint64_t h, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint64_t a = h, b = h + 1, c = h + 2, d = h + 3, rest = 0;
	for (; len >= 32; p += 32, len -= 32) {
		a = turn(a, hash_word(p));
		b = turn(b, hash_word(p + 8));
		c = turn(c, hash_word(p + 16));
		d = turn(d, hash_word(p + 24));
	}
	for (; len >= 8; p += 8, len -= 8)
		a = turn(a, hash_word(p));
	memcpy(&rest, p, len);
	a = hash_mix(a, le64toh(rest) ^ (uint64_t)len << 56);
	return hash_mix(hash_mix(hash_mix(a, b), c), d);
}

uint64_t hash_seed(void)
{
	uint64_t seed = 0;
	if (getrandom(&seed, sizeof(seed), 0) == sizeof(seed))
		return seed;
	return hash_mix(clock_wall_ms(), clock_now_ns()); /* better than none */
}
