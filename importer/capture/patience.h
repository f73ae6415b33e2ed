/* SPDX-License-Identifier: Apache-2.0
 * The patience of a replay that ships: when nothing was settled for too long, it is given up. */
#ifndef EF_IMPORTER_PATIENCE_H
#define EF_IMPORTER_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "forwarder/ship/shipper.h"

struct patience;

/* Starts a thread. The shipper is borrowed; after `patience_ms` in which something was to be
 * settled and nothing was, it is hurried (shipper_hurry()): whoever writes to it waits no more. */
struct patience *patience_new(struct shipper *shipper, uint64_t patience_ms, struct err *err);
/* Ends the thread; to be called before the shipper goes. */
void patience_free(struct patience *w);

/* NULL: it was not given up; else what kept the data from going out by then, for people. */
const char *patience_gave_up(const struct patience *w);

#endif
