/* SPDX-License-Identifier: Apache-2.0
 * sFlow 5 datagrams: flow, counter and discarded-packet samples to lines (sflow.org, sFlow version
 * 5). */
#ifndef EF_DECODE_SFLOW_H
#define EF_DECODE_SFLOW_H

#include "forwarder/decode/core/decoder.h"

struct sink;

/* For a datagram of version 5. */
enum decode_result sflow_datagram(struct decoder *dec, const struct datagram *dgram,
				  struct sink *sink);

/* The address that a datagram of version 5 names as its agent; false: none, or it is cut. */
bool sflow_agent(const struct datagram *dgram, struct ip *ret_agent);

#endif
