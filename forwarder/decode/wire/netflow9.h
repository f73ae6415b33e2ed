/* SPDX-License-Identifier: Apache-2.0
 * NetFlow 9 (RFC 3954) and IPFIX (RFC 7011): headers and the walk over their sets. */
#ifndef EF_DECODE_NETFLOW9_H
#define EF_DECODE_NETFLOW9_H

#include "forwarder/decode/core/decoder.h"

struct sink;

/* For a datagram of version 9, or 10. */
enum decode_result netflow9_datagram(struct decoder *dec, const struct datagram *dgram,
				     struct sink *sink);
enum decode_result ipfix_datagram(struct decoder *dec, const struct datagram *dgram,
				  struct sink *sink);

#endif
