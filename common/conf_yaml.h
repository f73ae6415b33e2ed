/* SPDX-License-Identifier: Apache-2.0
 * Settings from a YAML file: a walk over libyaml's document against the option tables. */
#ifndef EF_COMMON_CONF_YAML_H
#define EF_COMMON_CONF_YAML_H

#include "common/conf.h"

/* A file of settings. */
struct conf_file {
	const char *path;
	const struct opt_table *
	    only; /* its options are taken, all others passed over; NULL: another one is an error */
};

/* Read one file over the settings of the tables, which are as they are or zero. */
int conf_read(const struct opt_table *tables, size_t n_tables, const struct conf_file *file,
	      struct err *err);

#endif
