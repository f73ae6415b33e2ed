/* SPDX-License-Identifier: Apache-2.0
 * The command that brings an installation to what it should be, as it has to be typed here and
 * now. */
#ifndef EF_IMPORTER_MEND_H
#define EF_IMPORTER_MEND_H

#include "importer/client/advice.h"

struct install;

#define MEND_MAX (ADVICE_MAX + 200)

/*
 * "`efctl setup`" with `flags` (" --force", " --rollover", …, or "") and with what else it takes to
 * get through: --yes where nobody can be asked and something of the user's goes or is recorded,
 * --force-version for a record that cannot be used, --reset for a value in it that this efctl does
 * not know, the directory of the user's tables where no record tells of them. In words where this
 * efctl is too old for what is installed. The plan has to be made. Returns `ret_text`.
 */
const char *mend_command(const struct install *in, const struct app *app, const char *flags,
			 char ret_text[MEND_MAX]);

/* The same for the length of the enclosing block. */
#define MEND(in, app, flags) mend_command(in, app, flags, (char[MEND_MAX]){ 0 })

#endif
