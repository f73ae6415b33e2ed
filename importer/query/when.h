/* SPDX-License-Identifier: Apache-2.0
 * Times as people write them, and the range of time that a question is about. */
#ifndef EF_IMPORTER_WHEN_H
#define EF_IMPORTER_WHEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/* What a command line says of it; NULL, or 0, where it says nothing. */
struct when_words {
	const char *from, *to, *around;
	int64_t since_ms;  /* the last so many milliseconds */
	int64_t window_ms; /* of `around`: on either side; 0: WHEN_WINDOW_MS */
};
#define WHEN_WINDOW_MS (15 * 60 * 1000)

/* From `from_ms` (in it) to `to_ms` (not in it), milliseconds since the epoch. */
struct when {
	bool has_from, has_to;
	uint64_t from_ms, to_ms;
};

/*
 * A time, in the zone of this process (TZ) unless it names one:
 *
 *   now, today, yesterday, tomorrow, monday … sunday (the last one), each with HH:MM or not
 *   2026-11-01, 2026-11, 2026-11-01 14:00, 2026-11-01T14:00:00.250Z,
 *   2026-11-01T14:00+02:00, 2026/11/01.14:00:00
 *   14:00, 14:00:30 (today)
 *   -15m, 15m ago, -1h30m, -2d, -1w
 *   @1793530800, @1793530800250 (seconds or milliseconds since the epoch)
 *
 * `ret_until_ms`, which may be NULL, gets the end of what is named: of the day where no hour is, of
 * the month, else the time itself. EF_USAGE: it is none, or one that the zone leaves out when
 * summer time begins. `where` starts the message.
 */
int when_parse(const char *where, const char *text, uint64_t now_ms, uint64_t *ret_ms,
	       uint64_t *ret_until_ms, struct err *err);

/* EF_USAGE where they do not go together, or the range is empty. `--to` of a day has the day in
 * it. */
int when_read(const struct when_words *words, uint64_t now_ms, struct when *ret_when,
	      struct err *err);

/* A clause of query DSL for @timestamp, the caller's; match_all where there is no range. */
json_t *when_query(const struct when *when);

/* "2026-11-01 00:00:00 +01:00 to 2026-11-02 00:00:00 +01:00 (CET)", in `text`, which is
 * returned. */
#define WHEN_SAY_MAX 160
const char *when_say(const struct when *when, char text[WHEN_SAY_MAX]);

#endif
