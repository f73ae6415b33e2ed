/* SPDX-License-Identifier: Apache-2.0
 * Who runs efctl: for people, and for another efctl that wants to know whether this one still runs.
 */
#ifndef EF_IMPORTER_OWNER_H
#define EF_IMPORTER_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#define OWNER_NAME_MAX    330
#define OWNER_HOST_MAX    256
#define OWNER_PROCESS_MAX 160

/* "alice@fw1"; where it was root by sudo, who called it. Returns `text`. */
const char *owner_name(char text[OWNER_NAME_MAX]);

/* This host's name. */
const char *owner_host(char text[OWNER_HOST_MAX]);

/* This process: which boot of a kernel, which of its process spaces, number and start time. ""
 * where /proc does not say. */
const char *owner_process(char text[OWNER_PROCESS_MAX]);

/* Whether the process that `text` names, by owner_process(), is certain not to run any more. False
 * for those of other hosts. */
bool owner_is_dead(const char *text);

#endif
