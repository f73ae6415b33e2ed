/* SPDX-License-Identifier: Apache-2.0
 * The time: of the wall, and monotonic for everything that waits or lasts. */
#include "common/clock.h"

#include <stdio.h>
#include <string.h>

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t clock_now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / 1000000;
}

uint64_t clock_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t clock_boot_ms(void)
{
	return clock_ns(CLOCK_BOOTTIME) / 1000000;
}

uint64_t clock_wall_ms(void)
{
	return clock_ns(CLOCK_REALTIME) / 1000000;
}

struct timespec clock_in(uint64_t ms)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	uint64_t ns = (uint64_t)t.tv_nsec + ms % 1000 * 1000000;
	t.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
	t.tv_nsec = (long)(ns % 1000000000);
	return t;
}

char *clock_text(uint64_t wall_ms, char text[CLOCK_TEXT_MAX])
{
	const time_t at = (time_t)(wall_ms / 1000);
	struct tm tm;
	if (!gmtime_r(&at, &tm) || !strftime(text, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm))
		*text = '\0';
	return text;
}

char *clock_text_ms(uint64_t wall_ms, char text[CLOCK_TEXT_MAX])
{
	size_t n = strlen(clock_text(wall_ms, text));
	if (n) /* in the place of the Z */
		snprintf(text + n - 1, CLOCK_TEXT_MAX - n + 1, ".%03uZ",
			 (unsigned)(wall_ms % 1000));
	return text;
}
