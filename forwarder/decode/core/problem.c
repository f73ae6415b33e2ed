/* SPDX-License-Identifier: Apache-2.0
 * What is wrong with a datagram: counted, and the first one noted. */
#include "forwarder/decode/core/problem.h"

void problem_at(struct decoder *dec, uint64_t *counter, const char *reason, const uint8_t *at,
		uint32_t value)
{
	++*counter;
	if (dec->ctx.domain)
		dec->ctx.domain->now.decode_errors++;
	if (dec->problem.reason)
		return;
	dec->problem.reason = reason;
	dec->problem.value = value;
	/* The bytes of a held set are no longer part of a datagram. */
	if (dec->ctx.dgram && at >= dec->ctx.dgram->data &&
	    at <= dec->ctx.dgram->data + dec->ctx.dgram->len)
		dec->problem.offset = (size_t)(at - dec->ctx.dgram->data);
}
