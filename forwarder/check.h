/* SPDX-License-Identifier: Apache-2.0
 * What a start or a reload would find wrong, found without one: files, folders and addresses of
 * this host, and what answers as the output. */
#ifndef EF_CHECK_H
#define EF_CHECK_H

#include "common/err.h"
#include "forwarder/settings.h"

/* Says in the log what would be odd, and no reason not to start. */
void check_doubts(const struct settings *settings);

/* What the settings' own text does not tell (settings_load() has judged that): the files and
 * folders that they name, and whether this host has the addresses. An address that is in use may be
 * used by the efd that runs, and is no mistake. Changes nothing, makes nothing. A start asks it,
 * too, so that it refuses what is refused here. */
int check_settings(const struct settings *settings, struct err *err);

/* Asks the output, once: a line on standard output for each endpoint. Returns the exit code of the
 * first that is not well (shipper_look()); for a file whether it can be opened. */
int check_output(const struct settings *settings);

#endif
