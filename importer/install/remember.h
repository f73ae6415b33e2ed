/* SPDX-License-Identifier: Apache-2.0
 * Between the settings of a run and the record of the installation: what nobody named is as it was,
 * what somebody named is remembered, and what is reset is forgotten. */
#ifndef EF_IMPORTER_REMEMBER_H
#define EF_IMPORTER_REMEMBER_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"
#include "importer/client/app.h"
#include "importer/record/record.h"

struct es;

#define REMEMBER_TABLES "dictionaries.dir" /* stands for the user's files, not for its path */

/* Whether --reset names options that can be reset and that nothing else names; EF_USAGE lists
 * them. */
int remember_check(const struct app *app, struct err *err);

/*
 * Sets the options of `app` that nobody named to what the record says, and the record's to those
 * that somebody named or reset. Appends {option, from, to} to `ret_changes` for each whose value
 * changes: texts, or null where there is none. With `strict` a recorded value that cannot be used
 * is an error; else it is told in `notes`, and the default counts.
 */
int remember_options(struct app *app, struct record *r, bool strict, json_t *ret_changes,
		     json_t *notes, struct err *err);

/* Sets one option of `app`, and in the record, to `value`, as if somebody had named it. */
int remember_one(struct app *app, struct record *r, const char *option, const char *value,
		 struct err *err);

/* Appends {option, from, to, keep} to `list` for each option of which the installed assets have
 * another value than the record says, by the copied `options`, and that nobody names or resets;
 * `keep` is the flag for the installed one. */
void remember_back(const struct app *app, const struct record *r, const json_t *options,
		   json_t *list);

/* A value of an option as people may see it: a URL with a password is not. */
const char *remember_shown(const char *value);

/* Puts the value that an option of `app` has into the record. */
void remember_value(const struct app *app, struct record *r, const char *option);

#endif
