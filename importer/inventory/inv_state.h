/* SPDX-License-Identifier: Apache-2.0
 * What is remembered of a source beside its tables: when it was asked, how that went, and since
 * when it fails. discovered/SOURCE/state.json, for anybody to read. */
#ifndef EF_IMPORTER_INV_STATE_H
#define EF_IMPORTER_INV_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define INV_STATE_FILE "state.json"
#define INV_WHY_MAX    512

struct inv_state {
	int64_t asked_ms;   /* since the epoch: when it was asked last; 0: never */
	int64_t good_ms;    /* when it answered last */
	int64_t failing_ms; /* since when it fails; 0: it does not */
	int64_t interval_ms;
	char why[INV_WHY_MAX]; /* it fails; "" */
};

/* Of a source that was never asked, or whose file is damaged, all is 0. */
void inv_state_read(const char *dir, const char *source, struct inv_state *ret);

/* As text, for the file; the caller's, NULL without memory. */
char *inv_state_text(const struct inv_state *state);
int inv_state_write(const char *dir, const char *source, const struct inv_state *state,
		    struct err *err);

/* Whether it is time to ask again: one that fails is asked whenever somebody comes. */
bool inv_state_is_due(const struct inv_state *state, int64_t interval_ms, int64_t now_ms);

/* Whether it answered so long ago that its rows are old: three intervals, an hour at least. */
bool inv_state_is_stale(const struct inv_state *state, int64_t now_ms);

#endif
