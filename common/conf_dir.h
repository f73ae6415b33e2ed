/* SPDX-License-Identifier: Apache-2.0
 * The folder of the settings files, and which of them efd reads in which order. */
#ifndef EF_COMMON_CONF_DIR_H
#define EF_COMMON_CONF_DIR_H

#include "common/conf.h"

#define CONF_DIR       "/etc/efd"
#define CONF_FILES_MAX 256 /* in conf.d */

#define EFD_CONFIG        "efd.yml"                  /* a person's */
#define CONNECTION_CONFIG "conf.d/elasticsearch.yml" /* written by efctl setup */

/* CONF_DIR, or what the environment variable EF_CONFIG_DIR names. */
const char *conf_dir(void);

/* `name` below it; the caller's to free. NULL: no memory. */
char *conf_dir_path(const char *name);

/* A link that leads nowhere is there: what somebody wanted to say must not go unheard. */
bool conf_is_there(const char *path);

/* Appends the files of its conf.d that end in .yml and do not start with a dot, by name, and then
 * `last` below the folder. */
int conf_dir_list(const char *last, struct strlist *ret_paths, struct err *err);

#endif
