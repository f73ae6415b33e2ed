/* SPDX-License-Identifier: Apache-2.0
 * Short names for the functions and variables of a stripped Painless script, so that more of it
 * fits under the ceiling. */
#ifndef EF_IMPORTER_SHORTEN_H
#define EF_IMPORTER_SHORTEN_H

#include "common/buf.h"

/* Names of functions and variables that the script defines itself become _0, _1, …, in place:
 * functions where they are defined, called and referred to (this::name), variables and parameters
 * wherever no bracket follows; what stands behind a dot is a member. Words that the script has
 * already are left out. Nothing happens when memory is short. */
void painless_shorten(struct buf *script);

#endif
