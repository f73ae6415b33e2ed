/* SPDX-License-Identifier: Apache-2.0
 * The ways out of a record that is damaged or of a later form. */
#ifndef EF_IMPORTER_UNFIT_H
#define EF_IMPORTER_UNFIT_H

#include "importer/client/advice.h"
#include "importer/record/record.h"

#define UNFIT_MAX (ADVICE_MAX + 200)

/* A sentence, in `ret_text`, which is returned; "" for a record that is not unfit. */
const char *unfit_ways(const struct app *app, const struct record *r, char ret_text[UNFIT_MAX]);

/* record_must_be_known(), with the ways out. */
int unfit_refuse(const struct app *app, const struct record *r, struct err *err);

#endif
