/* SPDX-License-Identifier: Apache-2.0
 * The only code that reads wire bytes: big-endian integers, and a cursor that cannot leave its
 * bounds.
 *
 * be16()... read from a pointer whose length was proven before. A cursor proves it itself: reading
 * past the end yields 0 (or NULL) and sets `bad`, which stays set, so that a run of reads needs one
 * check at its end. */
#ifndef EF_DECODE_CURSOR_H
#define EF_DECODE_CURSOR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t be16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static inline uint32_t be24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t be32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline uint64_t be64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

/* An unsigned integer of any width from 0 (value 0) to 8 bytes. */
static inline uint64_t be_uint(const uint8_t *p, size_t width)
{
	uint64_t v = 0;
	for (size_t i = 0; i < width; i++)
		v = v << 8 | p[i];
	return v;
}

/* The same with sign. */
static inline int64_t be_int(const uint8_t *p, size_t width)
{
	if (width == 0)
		return 0;
	unsigned shift = (unsigned)(64 - 8 * width);
	return (int64_t)(be_uint(p, width) << shift) >> shift;
}

/* A value on the wire. */
struct bytes {
	const uint8_t *p;
	size_t len; /* 0: not there */
};

struct cursor {
	const uint8_t *p, *end;
	bool bad;
};

static inline struct cursor cursor_over(const uint8_t *data, size_t len)
{
	return (struct cursor){ data, data + len, false };
}

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

/* The next `n` bytes, or NULL and `bad`. */
static inline const uint8_t *cursor_take(struct cursor *c, size_t n)
{
	if (n > cursor_left(c)) {
		c->bad = true;
		c->p = c->end;
		return NULL;
	}
	const uint8_t *p = c->p;
	c->p += n;
	return p;
}

/* Go on by `n` bytes, or by what there is. */
static inline void cursor_skip(struct cursor *c, size_t n)
{
	c->p += n < cursor_left(c) ? n : cursor_left(c);
}

/* Is nothing left but zeros? */
static inline bool cursor_all_zero(const struct cursor *c)
{
	for (const uint8_t *p = c->p; p < c->end; p++)
		if (*p)
			return false;
	return true;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 1);
	return p ? *p : 0;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);
	return p ? be16(p) : 0;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);
	return p ? be32(p) : 0;
}

static inline uint64_t cursor_u64(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 8);
	return p ? be64(p) : 0;
}

/* A cursor over the next `n` bytes; when there are fewer, over what is left, and `bad` is set in
 * `c`. */
static inline struct cursor cursor_sub(struct cursor *c, size_t n)
{
	size_t left = cursor_left(c);
	struct cursor sub = cursor_over(c->p, n < left ? n : left);
	if (n > left)
		c->bad = true;
	c->p = sub.end;
	return sub;
}

#endif
