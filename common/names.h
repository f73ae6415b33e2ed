/* SPDX-License-Identifier: Apache-2.0
 * What an installation calls its things in the cluster. One without a prefix has the names of our
 * files; one with `--prefix acme` has its own beside it: acme.flow-roles,
 * logs-acme.flow-default. */
#ifndef EF_COMMON_NAMES_H
#define EF_COMMON_NAMES_H

#include <stdbool.h>

#include "common/err.h"

#define NAME_ROOM       200 /* bytes of a name with its prefix */
#define NAME_PREFIX_MAX 32

/*
 * `bare` ("flow-roles", "flow@custom", "logs-flow.failed", "ti_flow.feeds", also with a namespace
 * or '*' at its end) as the installation `prefix` calls it, in `name`, which is returned. The
 * prefix stands behind "logs-" or "metrics-", else in front; a pattern that begins with '*' holds
 * for all. NULL or "" is no prefix.
 */
const char *name_of(char name[NAME_ROOM], const char *prefix, const char *bare);

/* The same for the length of the enclosing block. */
#define NAME(prefix, bare) name_of((char[NAME_ROOM]){ 0 }, prefix, bare)

/* The way back: the part of `name`, a name without a type of data stream, that follows the
 * prefix. */
const char *name_bare(const char *prefix, const char *name);

/* Whether `name` is one that this installation may have, and none of another prefix's. */
bool name_is_of(const char *prefix, const char *name);

/* Lower-case letters, digits and '_', a letter first; a word of ours would make two installations
 * one. EF_USAGE. */
int name_check_prefix(const char *prefix, struct err *err);

#endif
