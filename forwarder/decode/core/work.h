/* SPDX-License-Identifier: Apache-2.0
 * What a decoder did for the bytes that it was given, and how much that may be.
 *
 * Whatever an exporter sends, and whatever he sent before, the work for a datagram is at most
 * WORK_FIXED + WORK_A_BYTE for each of its bytes (docs/work.md). Time is not measured: a count is
 * the same on every machine. */
#ifndef EF_DECODE_WORK_H
#define EF_DECODE_WORK_H

#include <stdint.h>

#define WORK_FIXED    150000
#define WORK_A_BYTE   24
#define WORK_TEMPLATE 32 /* of a template that is compiled, beside its elements */

/* All only grow. */
struct decode_work {
	uint64_t compiled; /* templates */
	uint64_t elements; /* of them, bound to their names */
	uint64_t steps;    /* rows of tables that were looked at one after the other, or moved */
	uint64_t written;  /* bytes of lines; line/ceiling.h has their ceiling */
};

static inline uint64_t work_sum(const struct decode_work *work)
{
	return WORK_TEMPLATE * work->compiled + work->elements + work->steps;
}

#endif
