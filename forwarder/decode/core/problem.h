/* SPDX-License-Identifier: Apache-2.0
 * What is wrong with a datagram: counted, and the first one noted. */
#ifndef EF_DECODE_PROBLEM_H
#define EF_DECODE_PROBLEM_H

#include "forwarder/decode/core/decoder.h"

/* Note what is wrong with the datagram; the first note stays. `counter` is one of dec->counters. */
void problem_at(struct decoder *dec, uint64_t *counter, const char *reason, const uint8_t *at,
		uint32_t value);

#endif
