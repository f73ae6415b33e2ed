/* SPDX-License-Identifier: Apache-2.0
 * Commands that efctl tells people to type: with what they have to name so that they mean the same
 * cluster and installation. */
#ifndef EF_IMPORTER_ADVICE_H
#define EF_IMPORTER_ADVICE_H

#include "importer/client/app.h"

#define ADVICE_MAX 400 /* bytes of a command */

/*
 * "`efctl REST`" with what the command line of this run named (cluster, prefix, namespace, files,
 * and where it is the same command all its flags) between its words and its own flags, quoted for a
 * shell, in `ret_text`, which is returned. What the environment and the settings files say holds
 * for the next command as it does for this one. Without those words where there is no room for all
 * of them.
 */
const char *advice_command(const struct app *app, const char *rest, char ret_text[ADVICE_MAX]);

/* `word` as a shell takes it, in `ret_text`, which is returned; cut where it does not fit. */
const char *advice_word(const char *word, char ret_text[ADVICE_MAX]);

/* The same for the length of the enclosing block. */
#define ADVICE(app, rest) advice_command(app, rest, (char[ADVICE_MAX]){ 0 })

#endif
