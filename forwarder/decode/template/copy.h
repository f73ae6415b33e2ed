/* SPDX-License-Identifier: Apache-2.0
 * A second one of a compiled template: cheaper than compiling it again. */
#ifndef EF_DECODE_COPY_H
#define EF_DECODE_COPY_H

#include "forwarder/decode/template/compile.h"

/* A copy with the program of `t`; NULL: no memory. */
struct template *template_copy(const struct template *t);

#endif
