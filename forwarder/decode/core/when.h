/* SPDX-License-Identifier: Apache-2.0
 * Whether a time on the wall clock has come, though that clock may be set back.
 *
 * The decoder has no other clock: its times are those of datagrams, which a capture has, too. */
#ifndef EF_DECODE_WHEN_H
#define EF_DECODE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#define WHEN_SLACK_MS 1000 /* a clock that is slewed is not set back */

/* `at_ms` was set as `span_ms` after the time of then. Where more is left than that, the clock went
 * back, and nobody knows how long it has been: it has come. */
static inline bool when_has_come(uint64_t at_ms, uint64_t span_ms, uint64_t now_ms)
{
	return at_ms <= now_ms || at_ms - now_ms > span_ms + WHEN_SLACK_MS;
}

/* The same for what is over `span_ms` after `began_ms`. */
static inline bool when_is_over(uint64_t began_ms, uint64_t span_ms, uint64_t now_ms)
{
	return (began_ms < now_ms ? now_ms - began_ms : began_ms - now_ms) > span_ms;
}

#endif
