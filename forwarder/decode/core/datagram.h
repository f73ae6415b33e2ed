/* SPDX-License-Identifier: Apache-2.0
 * A datagram, as the decoder gets it. */
#ifndef EF_DECODE_DATAGRAM_H
#define EF_DECODE_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ip.h"

struct session;

/* What a decoder keeps of a TCP connection. Its owner clears it, gives it with every message, and
 * to decoder_stream_end() when the connection is over; the decoder may be freed before that. */
struct stream {
	struct session *sessions; /* one in each domain that it sends of */
	struct session *last;     /* the one found last */
	bool forgotten;           /* templates had to make room, and do not come again: close it */
};

struct datagram {
	const uint8_t *data;
	size_t len;
	struct ip src;
	uint16_t port;         /* source port; 0: from a file */
	struct stream *stream; /* the TCP connection that brought the message; NULL: UDP */
	uint64_t received_ms;  /* since the epoch */
};

#endif
