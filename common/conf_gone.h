/* SPDX-License-Identifier: Apache-2.0
 * Options that earlier versions had, and what took their place (docs/compatibility.md). */
#ifndef EF_COMMON_CONF_GONE_H
#define EF_COMMON_CONF_GONE_H

#include <stddef.h>

/* `name` is the option as YAML, the environment (behind EF_) or the command line (behind --) has
 * it, `len` bytes of it. The YAML path of what took its place; NULL: no version had such a one. */
const char *conf_gone(const char *name, size_t len);

#endif
