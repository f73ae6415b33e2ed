/* SPDX-License-Identifier: Apache-2.0
 * The time: of the wall, and monotonic for everything that waits or lasts. */
#ifndef EF_COMMON_CLOCK_H
#define EF_COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

uint64_t clock_now_ms(void); /* monotonic */
uint64_t clock_now_ns(void);
uint64_t clock_boot_ms(void); /* the same, and it goes on while this machine sleeps */
uint64_t clock_wall_ms(void); /* since the epoch */

/* The monotonic time in `ms`, for pthread_cond_timedwait(). */
struct timespec clock_in(uint64_t ms);

/* A time in milliseconds since the epoch as "2026-01-31T12:00:00Z", and with the milliseconds as
 * "2026-01-31T12:00:00.000Z"; "" for years that have no such form. Return `text`. */
#define CLOCK_TEXT_MAX 32
char *clock_text(uint64_t wall_ms, char text[CLOCK_TEXT_MAX]);
char *clock_text_ms(uint64_t wall_ms, char text[CLOCK_TEXT_MAX]);

#endif
