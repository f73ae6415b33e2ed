/* SPDX-License-Identifier: Apache-2.0
 * What is asked again after an interval, by a timer that comes once an hour
 * (packaging/systemd/efd-feeds.timer, efd-inventory.timer). */
#ifndef EF_IMPORTER_HOURLY_H
#define EF_IMPORTER_HOURLY_H

#include <stdbool.h>
#include <stdint.h>

#define HOURLY_MS       3600000
#define HOURLY_EARLY_MS 300000 /* an hour after the start of a run is less after its end */

/* Whether what was asked `age_ms` ago is due. From an hour on a little early, or what is due hourly
 * would come with each second run of the timer. */
static inline bool hourly_is_due(int64_t age_ms, int64_t interval_ms)
{
	return age_ms >= (interval_ms < HOURLY_MS ? interval_ms : interval_ms - HOURLY_EARLY_MS);
}

/* The age from which on it is stale: three intervals have passed, an hour at least each. */
static inline int64_t hourly_stale_ms(int64_t interval_ms)
{
	return 3 * (interval_ms > HOURLY_MS ? interval_ms : HOURLY_MS);
}

#endif
