/* SPDX-License-Identifier: Apache-2.0
 * What the second counters of an exporter's records (OUT_BYTES, OUT_PKTS: IE_postOctetDeltaCount
 * and IE_postPacketDeltaCount) count: the same packets behind the router, or those of the other
 * direction. */
#include "forwarder/decode/exporter/outs.h"

#include "forwarder/decode/template/counts.h"

#define ENOUGH  50   /* records to decide by, … */
#define PERCENT 95   /* … of which so many have two counters that are equal */
#define MOST    4096 /* then half of what was seen is forgotten */

static bool copies(const struct outs *outs)
{
	return outs->seen >= ENOUGH && outs->equal * 100u >= outs->seen * (unsigned)PERCENT;
}

enum outs_verdict outs_judge(struct outs *outs, unsigned known, bool icmp, uint64_t first,
			     uint64_t second)
{
	if (!icmp && (first || second)) {
		if (outs->seen >= MOST) {
			outs->seen /= 2;
			outs->equal /= 2;
		}
		outs->seen++;
		outs->equal = (uint16_t)(outs->equal + (first == second));
	}
	if (!second)
		return OUTS_NONE;
	if (copies(outs))
		return OUTS_COPY;
	if (known & COUNT_REVERSES)
		return OUTS_REVERSE;
	/* FortiGates send both: while it is open, a record with two different numbers tells */
	if (known & COUNT_FORTINET && (outs->seen >= ENOUGH || first != second))
		return OUTS_REVERSE;
	return first ? OUTS_UNKNOWN : OUTS_NONE; /* the only counter of the record is its own */
}
