/* SPDX-License-Identifier: Apache-2.0
 * Decoder state on disk: one file a worker, replaced as a whole. */
#ifndef EF_STATE_H
#define EF_STATE_H

#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

#define STATE_FILE_MAX (512u << 20)

/* With how many workers the newest file was written, since exporters land on other workers when
 * their number changes; 0: there is none. */
uint32_t state_workers(const char *dir);
/* The state of a worker of so many. An absent file gives an empty buffer. */
int state_read(const char *dir, uint32_t worker, uint32_t workers, struct buf *ret_state,
	       struct err *err);
/* Whether that can be read, if it is there: a FIFO, a link, a folder is none. */
int state_check(const char *dir, uint32_t worker, uint32_t workers, struct err *err);
/* Written under another name, synced, renamed. */
int state_write(const char *dir, uint32_t worker, uint32_t workers, const struct buf *state,
		struct err *err);
/* Makes the directory where it is missing. */
int state_prepare(const char *dir, struct err *err);

#endif
