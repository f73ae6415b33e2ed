/* SPDX-License-Identifier: Apache-2.0
 * What is odd around the settings, and no error: secrets that everybody can read, variables that
 * look like options and are none. */
#ifndef EF_COMMON_CONF_DOUBT_H
#define EF_COMMON_CONF_DOUBT_H

#include "common/conf.h"

/* Note that the secret `opt` was read from the file at `path`, where its table wants to know. -1:
 * no memory. */
int conf_note_holder(const struct opt_table *tables, size_t n_tables, const struct opt *opt,
		     const char *path, struct err *err);

#define CONF_DOUBT_MAX 1024
/* Calls `tell` with a line for people for each file of `holders` that everybody on this machine can
 * read. */
void conf_doubt_files(const struct strlist *holders, void (*tell)(const char *text));

/* The same for each of `variables` (environ(7)) that begins with EF_, is no option of these tables
 * and is near one: of one of their groups, or hardly another word. What belongs to the other
 * program is none of them. */
void conf_doubt_environment(const struct opt_table *tables, size_t n_tables, char **variables,
			    void (*tell)(const char *text));

#endif
