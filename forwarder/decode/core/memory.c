/* SPDX-License-Identifier: Apache-2.0
 * The ceiling over the memory of all that was learnt, and each exporter's share of it. */
#include "forwarder/decode/core/memory.h"

#define MEMORY_SHARE 8 /* one exporter address may have this part of decode_limits.memory */

bool memory_take(struct decoder *dec, struct exporter *exporter, size_t bytes)
{
	uint64_t all = dec->settings.limits.memory, *his = &exporter->root->memory;
	if (*his + bytes > all / MEMORY_SHARE)
		return false;
	if (__builtin_expect(dec->counters.memory_now + bytes > all, 0) &&
	    !dec->make_room(dec, exporter, bytes))
		return false;
	dec->counters.memory_now += bytes;
	*his += bytes;
	return true;
}

void memory_return(struct decoder *dec, struct exporter *exporter, size_t bytes)
{
	dec->counters.memory_now -= bytes;
	exporter->root->memory -= bytes;
}
