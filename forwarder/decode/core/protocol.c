/* SPDX-License-Identifier: Apache-2.0
 * The protocols that are decoded, and what they are called. */
#include "forwarder/decode/core/protocol.h"

const char *protocol_name(enum protocol protocol)
{
	static const char *const names[PROTOCOLS] = {
		[PROTO_NETFLOW1] = "netflow1", [PROTO_NETFLOW5] = "netflow5",
		[PROTO_NETFLOW6] = "netflow6", [PROTO_NETFLOW7] = "netflow7",
		[PROTO_NETFLOW9] = "netflow9", [PROTO_IPFIX] = "ipfix",
		[PROTO_SFLOW5] = "sflow5",
	};
	return names[protocol];
}
