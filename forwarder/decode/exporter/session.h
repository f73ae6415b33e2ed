/* SPDX-License-Identifier: Apache-2.0
 * The sessions of TCP connections (RFC 7011 sections 8.1 and 10.4): what a connection has of its
 * own in each domain that it sends of, from its first message there until it is over. */
#ifndef EF_DECODE_SESSION_H
#define EF_DECODE_SESSION_H

#include "forwarder/decode/core/decoder.h"

/* Find or make. NULL: no memory for it; counted and noted as the datagram's problem. */
struct session *session_get(struct decoder *dec, struct domain *dom, struct stream *stream);
/* Its templates go, the data that waits for some is dropped, and what is missing is lost. */
void session_drop(struct decoder *dec, struct session *session);

#endif
