/* SPDX-License-Identifier: Apache-2.0
 * Where replayed lines go: a file, or the shipper; on the way their times may be moved. */
#ifndef EF_IMPORTER_OUTLET_H
#define EF_IMPORTER_OUTLET_H

#include <stdint.h>

#include "common/err.h"
#include "common/options.h"
#include "common/sink.h"
#include "forwarder/ship/options.h"
#include "forwarder/ship/shipper.h"

struct outlet;

/* Bare lines to `path`, "-" is standard output. With `limit_ms` outlet_move() moves times, none
 * later than that. */
int outlet_file(const char *path, int64_t limit_ms, struct outlet **ret_outlet, struct err *err);

/* Documents by _bulk. Both settings are borrowed. Given up when nothing was settled for
 * `patience_ms`. */
int outlet_ship(const struct ship_settings *ship, const struct elastic_settings *elastic,
		int64_t limit_ms, uint64_t patience_ms, struct outlet **ret_outlet,
		struct err *err);
/* What kept the data from going out when it was given up: nothing more is taken. NULL: it was
 * not. */
const char *outlet_gave_up(const struct outlet *o);

/* All times of the lines that follow are moved by `shift_ms` (timeshift.h); nothing where the
 * outlet has no limit. */
void outlet_move(struct outlet *o, int64_t shift_ms);

/* What the decoder writes to. */
struct sink *outlet_sink(struct outlet *o);

/* Sends on what has gathered, for a replay that waits between datagrams. */
void outlet_flush(struct outlet *o);

/* What keeps data from going out, for a progress line; "" when nothing does. */
void outlet_problem(struct outlet *o, char *text, size_t room);

/*
 * Waits until everything is written or settled, or given up; `waiting` (may be NULL) is called now
 * and then meanwhile. `ret` counts records as stored for a file, too.
 */
int outlet_finish(struct outlet *o, void (*waiting)(void *arg, const struct ship_counters *now),
		  void *arg, struct ship_counters *ret, struct err *err);
void outlet_free(struct outlet *o);

#endif
