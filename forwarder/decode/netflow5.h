/* SPDX-License-Identifier: Apache-2.0
 * NetFlow 1, 5, 6 and 7: fixed records, decoded as constant templates of IANA elements. */
#ifndef EF_DECODE_NETFLOW5_H
#define EF_DECODE_NETFLOW5_H

#include "forwarder/decode/decode_internal.h"

/* Compiles the constant templates with `fields`, in place of those that are there; -1: no memory, nothing changed.
 * decoder_free() frees them. */
int netflow5_bind(struct decoder *dec, const struct fields *fields);

#endif
