/* SPDX-License-Identifier: Apache-2.0
 * Puts IP fragments and TCP segments of a capture together again. */
#ifndef EF_IMPORTER_REASSEMBLY_H
#define EF_IMPORTER_REASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ip.h"

/*
 * Two bounded stores for reading captures. Times are capture times in nanoseconds. Memory never
 * grows past the ceilings below: the oldest entry makes room, and is counted.
 */
#define FRAGMENT_SLOTS 32U            /* datagrams that can be incomplete at the same time */
#define FRAGMENT_MAX   65535U         /* bytes of the largest IP payload */
#define FRAGMENT_AGE   30000000000ULL /* RFC 791 and RFC 8200 §4.5: half a minute to a minute */
#define STREAM_SLOTS   256U           /* TCP connections followed at the same time */
#define STREAM_MAX     131072U        /* bytes a connection may hold back: two largest messages */

/* Which IP packet a fragment belongs to. Compare with memcmp: zero it before filling it. */
struct fragment_key {
	struct ip src, dst;
	uint32_t id;
	uint8_t version, protocol;
};

struct fragments;

/* A new store, or NULL when memory is short. */
struct fragments *fragments_new(void);
void fragments_free(struct fragments *f);

enum fragment {
	FRAGMENT_HELD,  /* kept until the others come */
	FRAGMENT_WHOLE, /* the last one that was missing */
	/* empty, too long, not in units of eight bytes, or beyond an end that was given before */
	FRAGMENT_BAD,
};

/*
 * Adds one fragment: `offset` in bytes, `more` = the more-fragments bit. When it completes its
 * packet, *ret_data / *ret_len are the whole payload, valid until the next call.
 */
enum fragment fragments_add(struct fragments *f, const struct fragment_key *key, uint64_t time_ns,
			    size_t offset, bool more, const uint8_t *data, size_t len,
			    const uint8_t **ret_data, size_t *ret_len);

/* Packets given up because they stayed incomplete, or still incomplete now. */
uint64_t fragments_lost(const struct fragments *f);

/* One direction of one TCP connection. Zero it before filling it. */
struct stream_key {
	struct ip src, dst;
	uint16_t src_port, dst_port;
};

struct streams;

struct streams *streams_new(void);
void streams_free(struct streams *s);

/*
 * Adds a TCP segment and looks for IPFIX messages (RFC 7011 §10.4: no framing but the message's own
 * length). Segments must come in order, as they do in nearly every capture: what was sent twice is
 * skipped, a gap drops the bytes held and starts anew at the next segment that begins with a
 * message. A SYN begins another connection, a FIN or RST (`last`) ends one.
 */
void streams_add(struct streams *s, const struct stream_key *key, uint32_t seq, bool syn, bool last,
		 const uint8_t *data, size_t len);

struct stream_message {
	uint64_t connection; /* its number, from 1 on */
	uint32_t place;      /* below STREAM_SLOTS; another number there: the one before is over */
	const uint8_t *data;
	size_t len;
};

/* The next whole message of the segments added so far: valid until the next call to streams_*. */
bool streams_next(struct streams *s, struct stream_message *ret);

/* Gaps met, and connections dropped to make room. */
uint64_t streams_lost(const struct streams *s);

#endif
