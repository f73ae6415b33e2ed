/* SPDX-License-Identifier: Apache-2.0
 * Whom an sFlow datagram is of: the agent that it names, or its sender.
 *
 * The agent's address is what the datagram says: some devices are delivered with 127.0.0.1 or
 * 0.0.0.0, and anybody can name somebody else. So a loopback or unspecified agent is replaced by
 * the sender, and an agent is bound to the sender that named it first: to itself, when it sends
 * itself. Another sender that names it is an exporter of its own, until the agent has not been
 * heard of for an hour. */
#ifndef EF_DECODE_AGENT_H
#define EF_DECODE_AGENT_H

#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/decoder.h"

/* Can an agent of that address be told from others? */
bool agent_can_be(const struct decoder *dec, const struct ip *agent);
/* The exporter of a datagram that names `agent`: that, or the sender. One that is bound to another
 * sender is counted and noted. */
const struct ip *agent_exporter(struct decoder *dec, const struct datagram *dgram,
				const struct ip *agent);

/* An sFlow datagram was found to be of that exporter. */
void agent_bind(struct exporter *exporter, const struct datagram *dgram);

/* The agent's address; the sender's where the agent has none. *ret_type: of the address, above 2
 * when it is unknown. */
struct ip agent_read(struct cursor *in, const struct ip *sender, uint32_t *ret_type);

#endif
