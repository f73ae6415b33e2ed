/* SPDX-License-Identifier: Apache-2.0
 * What the second counters of an exporter's records (OUT_BYTES, OUT_PKTS: IE_postOctetDeltaCount
 * and IE_postPacketDeltaCount) count: the same packets behind the router, or those of the other
 * direction. */
#ifndef EF_DECODE_OUTS_H
#define EF_DECODE_OUTS_H

#include "forwarder/decode/core/decoder.h"

enum outs_verdict {
	OUTS_NONE,    /* there is only one pair that counts */
	OUTS_REVERSE, /* the other direction */
	OUTS_COPY,    /* the same packets */
	OUTS_UNKNOWN, /* not decided */
};

/* Learn from a record and judge it. `known`: COUNT_REVERSES, COUNT_FORTINET or 0
 * (template/counts.h). `icmp`: an echo and its answer are of one size, so that it says nothing. */
enum outs_verdict outs_judge(struct outs *outs, unsigned known, bool icmp, uint64_t first,
			     uint64_t second);

#endif
