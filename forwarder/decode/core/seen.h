/* SPDX-License-Identifier: Apache-2.0
 * What stands where in a datagram, told while it is decoded: for whoever changes its values and
 * nothing else.
 *
 * Each byte that the decoder understands is told as what it is. Nobody is told of bytes of unknown
 * elements and structures, of opaque ones, of padding, and of what a sampled packet carries.
 * A place may be told more than once: what is told last holds. */
#ifndef EF_DECODE_SEEN_H
#define EF_DECODE_SEEN_H

#include <stddef.h>
#include <stdint.h>

#include "forwarder/decode/core/decoder.h"

enum seen {
	SEEN_FORM,   /* headers, lengths, templates: what makes the rest readable */
	SEEN_NUMBER, /* a number, a flag or a time of a known element */
	SEEN_IPV4,   /* 4 bytes */
	SEEN_IPV6,   /* 16 bytes */
	SEEN_MAC,    /* 6 bytes */
	SEEN_TEXT,
	/* A whole header in a sampled frame, of which the checksum was not told yet; what is in it
	 * was. */
	SEEN_IPV4_HEADER,
};

/* Who wants to know. `at` is in the datagram that the decoder has, or in one that it had before:
 * then its data came before their template, and its memory must still be there. */
struct seer {
	void (*see)(void *arg, enum seen what, const uint8_t *at, size_t len);
	void *arg;
	/* The decoder's own: a copy of data that waited, and where it was taken from. */
	const uint8_t *copy, *origin;
	size_t copied;
};

static inline void seer_tell(const struct seer *s, enum seen what, const uint8_t *at, size_t len)
{
	if (s->copy && at >= s->copy && at <= s->copy + s->copied)
		at = s->origin + (at - s->copy);
	if (len)
		s->see(s->arg, what, at, len);
}

/* From `at` to `end` there is form. */
static inline void seen_form(const struct decoder *dec, const uint8_t *at, const uint8_t *end)
{
	if (__builtin_expect(dec->settings.seer != NULL, 0))
		seer_tell(dec->settings.seer, SEEN_FORM, at, (size_t)(end - at));
}

static inline void seer_read_copy(struct seer *s, const uint8_t *copy, size_t len,
				  const uint8_t *origin)
{
	s->copy = copy;
	s->copied = len;
	s->origin = origin;
}

#endif
