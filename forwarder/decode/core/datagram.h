/* SPDX-License-Identifier: Apache-2.0
 * A datagram, as the decoder gets it. */
#ifndef EF_DECODE_DATAGRAM_H
#define EF_DECODE_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ip.h"

struct datagram {
	const uint8_t *data;
	size_t len;
	struct ip src;
	uint16_t port;        /* source port; 0: from a file */
	bool stream;          /* a message that came over TCP */
	uint64_t received_ms; /* since the epoch */
};

#endif
