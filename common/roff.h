/* SPDX-License-Identifier: Apache-2.0
 * Manual pages in roff, man(7): the few forms that ours are made of. */
#ifndef EF_COMMON_ROFF_H
#define EF_COMMON_ROFF_H

#include <stdio.h>

/* TEXT (UTF-8) as lines of at most 78 bytes where its words allow it; nothing in it is taken for a
 * request or an escape. */
void roff_text(FILE *out, const char *text);

/* Begins a tagged paragraph: -LETTER (0: none), --FLAG and the name of its argument ("": none), in
 * brackets where BARE (it may be left out). */
void roff_option(FILE *out, char letter, const char *flag, const char *arg, int bare);

#endif
