/* SPDX-License-Identifier: Apache-2.0
 * NetFlow 1, 5, 6 and 7: fixed records, decoded as constant templates of IANA elements. */
#ifndef EF_DECODE_NETFLOW5_H
#define EF_DECODE_NETFLOW5_H

#include "forwarder/decode/core/decoder.h"

struct sink;

/* Compiles the constant templates with `fields`, in place of those that are there; -1: no memory,
 * nothing changed. decoder_free() frees them. */
int netflow5_bind(struct decoder *dec, const struct fields *fields);

/* For a datagram of version 1, 5, 6 or 7. */
enum decode_result netflow5_datagram(struct decoder *dec, const struct datagram *dgram,
				     struct sink *sink);

#endif
