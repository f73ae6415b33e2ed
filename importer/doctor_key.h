/* SPDX-License-Identifier: Apache-2.0
 * What doctor finds of the API key that efd's file holds: whether it works, when it ends, and
 * whether efd uses it. */
#ifndef EF_IMPORTER_DOCTOR_KEY_H
#define EF_IMPORTER_DOCTOR_KEY_H

#include <jansson.h>
#include <stdint.h>

#include "common/err.h"

struct app;
struct install;

/* Appends to `findings`. `metrics` is what efd says, NULL where none answers. */
int doctor_key(const struct app *app, struct install *in, const char *metrics, json_t *findings,
	       struct err *err);

/* Of the end of a key that works: nothing while it is far away. */
void doctor_key_end(const struct app *app, uint64_t expires_ms, uint64_t now_ms, json_t *findings);

#endif
