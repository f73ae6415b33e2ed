/* SPDX-License-Identifier: Apache-2.0
 * Moves all times of a raw line by the same amount: how `efctl replay --now` makes an old capture
 * new. */
#ifndef EF_IMPORTER_TIMESHIFT_H
#define EF_IMPORTER_TIMESHIFT_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

struct timeshift;

/*
 * Moves times by nothing at first; an @timestamp that would end up after `limit_ms` becomes
 * `limit_ms` (0: no limit). NULL when memory is short.
 */
struct timeshift *timeshift_new(int64_t limit_ms);
/* The lines that follow are moved by `shift_ms`. */
void timeshift_by(struct timeshift *t, int64_t shift_ms);
void timeshift_free(struct timeshift *t);

/*
 * Appends `line` (docs/raw-line.md, `len` bytes) to `out` with every time moved: @timestamp, the
 * header's times, and the values under `ie` whose element is a dateTime in the registry. Doing it
 * to the finished line and not to the datagram reaches relative and absolute times alike. Times of
 * zero stay zero. -1 when `out` is full.
 */
BUF_MUST int timeshift_line(const struct timeshift *t, const char *line, size_t len,
			    struct buf *out);

#endif
