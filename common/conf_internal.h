/* SPDX-License-Identifier: Apache-2.0
 * What the three readers of settings (file, environment, command line) share; nobody else includes this. */
#ifndef EF_COMMON_CONF_INTERNAL_H
#define EF_COMMON_CONF_INTERNAL_H

#include "common/conf.h"

#define CONF_NAME_MAX       96
#define CONF_FILE_OF_SECRET "_file"

int conf_set_defaults(const struct opt_table *tables, size_t n_tables, struct err *err);
/* Set a secret to the first line of the file at `path`. */
int conf_set_secret_file(const struct opt *opt, void *settings, const char *path, const char *where,
			 struct err *err);
int conf_read_yaml(const struct opt_table *tables, size_t n_tables, const char *path,
		   struct err *err);

/* Find an option by its YAML path; "x_file" finds the secret "x" and sets `ret_is_file`. NULL when there is none. */
const struct opt *conf_find(const struct opt_table *tables, size_t n_tables, const char *name,
			    void **ret_settings, bool *ret_is_file);
/* Write its long flag (without dashes) or its environment variable into `text` (CONF_NAME_MAX bytes). */
void conf_flag_name(const struct opt *opt, char *text);
void conf_env_name(const struct opt *opt, char *text);

#endif
