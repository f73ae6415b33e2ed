/* SPDX-License-Identifier: Apache-2.0
 * Moves all times of a raw line by the same amount: how `efctl replay --now` makes an old capture new. */
#ifndef EF_IMPORTER_TIMESHIFT_H
#define EF_IMPORTER_TIMESHIFT_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

struct time_names;

/* The names of all elements of a dateTime type (from the registry) and of the raw line's own times. */
struct time_names *time_names_new(void);
void time_names_free(struct time_names *names);

/*
 * Appends `line` (docs/raw-line.md, `len` bytes) to `out` with every time moved by `shift_ms`: @timestamp, the header's
 * times, and the values under `ie` whose element is a dateTime. Doing it to the finished line and not to the datagram
 * reaches relative and absolute times alike. Times of zero stay zero. -1 when `out` is full.
 */
BUF_MUST int timeshift_line(const struct time_names *names, const char *line, size_t len,
			    int64_t shift_ms, struct buf *out);

#endif
