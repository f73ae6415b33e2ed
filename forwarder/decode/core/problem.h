/* SPDX-License-Identifier: Apache-2.0
 * What is wrong with a datagram, counted and the first one noted; what a person should hear of. */
#ifndef EF_DECODE_PROBLEM_H
#define EF_DECODE_PROBLEM_H

#include "forwarder/decode/core/decoder.h"

/* Count what is wrong, and note it in the report of the datagram at hand, where the first note
 * stays; without one (held sets of a tick, the state on disk) it is counted alone. `counter` is one
 * of dec->counters. */
void problem_at(struct decoder *dec, uint64_t *counter, const char *reason, const uint8_t *at,
		uint32_t value);
/* Note in the same report what a person should hear of: static text, and whom it is about. */
void notice_of(struct decoder *dec, const char *text, const struct ip *who);
/* What came of the datagram at hand, by its problem so far. */
enum decode_result problem_result(const struct decoder *dec);

#endif
