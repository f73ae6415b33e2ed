/* SPDX-License-Identifier: Apache-2.0
 * The source ports of a domain, and how numbers and boot times go on by them.
 *
 * The last PORTS_MAX ports are remembered, from the second one on; each has a bit by which
 * templates know who defined them (struct template, owners). */
#ifndef EF_DECODE_PORTS_H
#define EF_DECODE_PORTS_H

#include "forwarder/decode/core/decoder.h"

#define PORTS_MAX 64

/* A datagram came from that port: sets ctx.port_bit. True: not the first one. */
bool ports_see(struct decoder *dec, struct domain *base, uint16_t port);
/* The bit of a port; 0: it is not remembered. */
uint64_t ports_bit(const struct domain *base, uint16_t port);
/* The port at hand defines templates. */
void ports_note_definition(struct domain *base);
/* Has the port sent flows? */
bool ports_sends_flows(const struct domain *base, uint16_t port);

/* How the number and the boot time of the datagram at hand go on, for a domain of several ports;
 * uptime_ms 0: not known. */
void ports_note(struct decoder *dec, struct domain *base, uint32_t seq, uint32_t records,
		uint32_t own, uint32_t uptime_ms);
/* Does the datagram at hand go on where its own port was, whatever others sent in between? Before
 * ports_note(). */
bool ports_goes_on(const struct decoder *dec, const struct domain *base, uint32_t seq,
		   uint32_t uptime_ms);
/* Do numbers or boot times go on by port, or in one row? Neither, before there is enough to
 * tell. */
bool ports_prove_several(const struct domain *base);
bool ports_prove_one(const struct domain *base);

void ports_free(struct decoder *dec, struct domain *dom);

#endif
