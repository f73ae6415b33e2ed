/* SPDX-License-Identifier: Apache-2.0
 * The shortest step of a course over time, by what the installation remembers of its exporters. */
#ifndef EF_IMPORTER_STEPS_H
#define EF_IMPORTER_STEPS_H

#include <stdint.h>

#include "importer/client/app.h"

/* setup.active_timeout, in milliseconds: a flow's bytes stand where it ends. The default where the
 * record does not say, or may not be read. */
int steps_least(struct app *app, struct es *es, uint64_t *ret_ms, struct err *err);

#endif
