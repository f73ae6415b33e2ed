/* SPDX-License-Identifier: Apache-2.0
 * Decoder state on disk: one file a worker, replaced as a whole. */
#ifndef EF_STATE_H
#define EF_STATE_H

#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

#define STATE_FILE_MAX (512u << 20)

/* The file carries the number of workers: with another one, exporters land elsewhere, and the state is left unused.
 * An absent file gives an empty buffer. */
int state_read(const char *dir, uint32_t worker, uint32_t workers, struct buf *ret_state,
	       struct err *err);
/* Written under another name, synced, renamed. */
int state_write(const char *dir, uint32_t worker, uint32_t workers, const struct buf *state,
		struct err *err);
/* Makes the directory where it is missing. */
int state_prepare(const char *dir, struct err *err);

#endif
