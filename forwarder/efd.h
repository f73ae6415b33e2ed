/* SPDX-License-Identifier: Apache-2.0
 * The running daemon: its parts, the order in which they start and stop, and what a reload
 * changes. */
#ifndef EF_EFD_H
#define EF_EFD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "forwarder/key_file.h"
#include "forwarder/output.h"
#include "forwarder/settings.h"
#include "forwarder/ship/shipper.h"
#include "forwarder/worker.h"

struct efd {
	const struct settings *settings; /* what it was started with */
	uint64_t started_ms;             /* monotonic */
	_Atomic bool settings_refused;   /* by the last reload */
	_Atomic uint64_t taken_s; /* since 1970: the start, or the last reload that went well */
	struct key_file key_file; /* of the API key in force */
	struct shipper *shipper;  /* either this */
	struct output *output;    /* or that */
	struct tee *tee;          /* NULL: none */
	struct tcp *tcp;          /* NULL: none */
	struct metrics *metrics;  /* NULL: none */
	struct worker *workers[WORKERS_MAX];
	uint32_t workers_n;
	struct line_head heads[LINE_KINDS];
};

/* Opens everything and starts the threads. `settings` is borrowed. On failure everything is closed
 * again. */
int efd_start(struct efd *e, const struct settings *settings, struct err *err);

/* Reads what the sockets hold, ships or spools it, saves state, and frees everything. Returns the
 * number of records lost. A signal that can be read from `signals` (a signalfd; -1: none) meanwhile
 * cuts the sending short: the rest is spooled. */
uint64_t efd_stop(struct efd *e, int signals);

/* Takes over what can change while running from `fresh`, which must stay until the next reload went
 * well or the daemon ends; those of the start always. On failure nothing changes. */
int efd_reload(struct efd *e, const struct settings *fresh, struct err *err);

/* Regular work, every second or so: writes the workers' snapshots to the state directory, takes
 * another API key out of its file. */
void efd_tick(struct efd *e);

#endif
