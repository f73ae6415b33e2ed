/* SPDX-License-Identifier: Apache-2.0
 * The cluster of efctl keys: connected, and while keys are changed leased and recorded. */
#ifndef EF_IMPORTER_KEYS_RUN_H
#define EF_IMPORTER_KEYS_RUN_H

#include "common/err.h"
#include "importer/client/key.h"
#include "importer/record/record.h"

struct app;
struct es;
struct lease;

struct keys_run {
	struct app *app;
	struct es *es;
	struct lease *lease; /* NULL: nothing is being changed */
	struct record record;
};

/* Connects; EF_USAGE where the cluster makes no API keys. Release it also after an error. */
int keys_open(struct keys_run *run, struct app *app, struct err *err);
void keys_close(struct keys_run *run);

/* Something is going to be changed: takes the lease and reads the record. */
int keys_begin(struct keys_run *run, struct err *err);

/* Where the installation has a record, it remembers the keys that were added and dropped; then the
 * lease is given back. */
int keys_end(struct keys_run *run, struct err *err);

#endif
