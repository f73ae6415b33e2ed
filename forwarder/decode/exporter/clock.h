/* SPDX-License-Identifier: Apache-2.0
 * How far an exporter's clock is off: the median of export less receive time over its last
 * datagrams. */
#ifndef EF_DECODE_CLOCK_H
#define EF_DECODE_CLOCK_H

#include <stdint.h>

#include "forwarder/decode/core/domain.h"

/* Account for a datagram, and return what is to be taken off its times: the offset in force, unless
 * this one is right without it and wrong with it. The clock is believed again below half of
 * `limit_ms`, and an offset that is in force changes only when the median has moved by a fifth of
 * it: so times do not go back and forth. */
int64_t clock_note(struct clock *clock, int64_t off_ms, uint64_t limit_ms);

#endif
