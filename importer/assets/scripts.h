/* SPDX-License-Identifier: Apache-2.0
 * The scripts of a pipeline: merged, finished and measured (docs/pipelines.md, steps 6 to 9). */
#ifndef EF_IMPORTER_SCRIPTS_H
#define EF_IMPORTER_SCRIPTS_H

#include <jansson.h>
#include <stdio.h>

#include "common/err.h"

struct rendering;

/* EF_USAGE for a script below `tree` with more than one "//@run"; `path` is the file that it stands
 * in. */
int scripts_check(struct rendering *r, const char *path, json_t *tree, struct err *err);

/*
 * Makes one of scripts that are neighbours and may be merged, and begins another where it would be
 * longer than PAINLESS_MAX. EF_USAGE when two of them give a parameter of one name two values.
 */
int scripts_merge(struct rendering *r, const char *path, json_t *pipeline, struct err *err);

/* Libraries and stripping for every script below `tree`; EF_USAGE for one that is too long then. */
int scripts_finish(struct rendering *r, const char *path, json_t *tree, struct err *err);

/* Refuses a pipeline above PIPELINE_MAX (EF_USAGE, names its largest table), and notes in r->room
 * what another one leaves. */
int scripts_measure(struct rendering *r, const char *path, const json_t *pipeline, struct err *err);

/*
 * Two lines for people about r->room: the pipelines that have less than seven eighths of their
 * bytes left, the scripts that have less than half of theirs, and any pipeline of several merged
 * scripts.
 */
void scripts_print_room(FILE *out, const json_t *room);

#endif
