/* SPDX-License-Identifier: Apache-2.0
 * What status and doctor say of the record of an installation.
 */
#ifndef EF_IMPORTER_TELL_H
#define EF_IMPORTER_TELL_H

#include <jansson.h>

struct app;
struct install;

/* Appends what doctor says of it to `findings` (finding.h). `in` has its plan. */
void tell_record(const struct install *in, const struct app *app, json_t *findings);

/* "retention 7d, shards 3": what the record remembers, or "none"; a new JSON text. */
json_t *tell_options(const struct install *in);

#endif
