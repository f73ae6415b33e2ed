/* SPDX-License-Identifier: Apache-2.0
 * The protocols that are decoded, and what they are called. */
#ifndef EF_DECODE_PROTOCOL_H
#define EF_DECODE_PROTOCOL_H

enum protocol {
	PROTO_NETFLOW1,
	PROTO_NETFLOW5,
	PROTO_NETFLOW6,
	PROTO_NETFLOW7,
	PROTO_NETFLOW9,
	PROTO_IPFIX,
	PROTO_SFLOW5,
	PROTOCOLS
};

/* "netflow5", "ipfix", ...: the text of flow.type. */
const char *protocol_name(enum protocol protocol);

#endif
