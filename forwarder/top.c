/* SPDX-License-Identifier: Apache-2.0
 * The exporters with the most records, found in a table that may be large. */
#include "forwarder/top.h"

#include "forwarder/decode/decode.h"

#define EVERY     5    /* calls at least from list to list */
#define PART_SIZE 4096 /* exporters */

static int add_to_top(const struct exporter_info *e, void *arg)
{
	struct top *top = arg;
	size_t at = top->n < WORKER_TOP ? top->n : WORKER_TOP - 1;
	if (top->n == WORKER_TOP && e->counts.records <= top->list[at].counts.records)
		return 0;
	for (; at > 0 && top->list[at - 1].counts.records < e->counts.records; at--)
		top->list[at] = top->list[at - 1];
	top->list[at] = *e;
	if (top->n < WORKER_TOP)
		top->n++;
	return 0;
}

bool top_continue(struct top *top, const struct decoder *decoder)
{
	if (top->rest) {
		top->rest--;
		return false;
	}
	if (top->part == top->parts) {
		uint64_t n = decoder_counters(decoder)->exporters_now;
		top->part = 0;
		top->parts = 1 + (uint32_t)(n / PART_SIZE);
		top->n = 0;
	}
	decoder_exporters_of(decoder, top->part, top->parts, add_to_top, top);
	if (++top->part < top->parts)
		return false;
	top->rest = top->parts < EVERY ? EVERY - top->parts : 0;
	return true;
}

void top_all(struct top *top, const struct decoder *decoder)
{
	*top = (struct top){ 0 };
	decoder_exporters(decoder, add_to_top, top);
}
