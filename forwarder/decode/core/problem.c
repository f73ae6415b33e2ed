/* SPDX-License-Identifier: Apache-2.0
 * What is wrong with a datagram, counted and the first one noted; what a person should hear of. */
#include "forwarder/decode/core/problem.h"

void problem_at(struct decoder *dec, uint64_t *counter, const char *reason, const uint8_t *at,
		uint32_t value)
{
	++*counter;
	if (dec->ctx.domain)
		dec->ctx.domain->now.decode_errors++;
	if (!dec->report || dec->report->problem.reason)
		return;
	struct decode_problem *problem = &dec->report->problem;
	problem->reason = reason;
	problem->value = value;
	/* The bytes of a held set are no longer part of a datagram. */
	if (dec->ctx.dgram && at >= dec->ctx.dgram->data &&
	    at <= dec->ctx.dgram->data + dec->ctx.dgram->len)
		problem->offset = (size_t)(at - dec->ctx.dgram->data);
}

void notice_of(struct decoder *dec, const char *text, const struct ip *who)
{
	if (dec->report)
		dec->report->notice = (struct decode_notice){ text, *who };
}

enum decode_result problem_result(const struct decoder *dec)
{
	return dec->report->problem.reason ? DECODE_MALFORMED : DECODE_OK;
}
