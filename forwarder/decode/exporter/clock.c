/* SPDX-License-Identifier: Apache-2.0
 * How far an exporter's clock is off: the median of export less receive time over its last
 * datagrams. */
#include "forwarder/decode/exporter/clock.h"

#include <stdbool.h>

static uint64_t size_of(int64_t off_ms)
{
	return off_ms < 0 ? 0 - (uint64_t)off_ms : (uint64_t)off_ms;
}

static int64_t median(const struct clock *clock)
{
	int64_t sorted[CLOCK_RECENT] = { 0 };
	for (unsigned n = 0; n < clock->len; n++) {
		unsigned at = n;
		for (; at > 0 && sorted[at - 1] > clock->recent[n]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = clock->recent[n];
	}
	return sorted[clock->len / 2];
}

static void clock_learn(struct clock *clock, int64_t off_ms, uint64_t limit_ms)
{
	bool far = size_of(off_ms) > limit_ms;
	if (clock->len < CLOCK_RECENT) {
		clock->len++;
	} else if (size_of(clock->recent[clock->at]) > limit_ms) {
		clock->far--;
	}
	clock->recent[clock->at] = off_ms;
	clock->at = (uint8_t)((clock->at + 1) % CLOCK_RECENT);
	clock->far = (uint8_t)(clock->far + far);
	if (!clock->offset_ms && clock->far * 2 < clock->len) /* the usual case */
		return;
	int64_t middle = median(clock);
	if (!clock->offset_ms)
		clock->offset_ms = size_of(middle) > limit_ms ? middle : 0;
	else if (size_of(middle) < limit_ms / 2)
		clock->offset_ms = 0;
	else if (size_of(middle - clock->offset_ms) > limit_ms / 5)
		clock->offset_ms = middle;
}

int64_t clock_note(struct clock *clock, int64_t off_ms, uint64_t limit_ms)
{
	if (clock->len == CLOCK_RECENT && !clock->far && !clock->offset_ms &&
	    size_of(off_ms) <= limit_ms) /* what is near need not be known better */
		return 0;
	clock_learn(clock, off_ms, limit_ms);
	if (clock->offset_ms && size_of(off_ms) <= limit_ms &&
	    size_of(off_ms - clock->offset_ms) > limit_ms)
		return 0;
	return clock->offset_ms;
}
