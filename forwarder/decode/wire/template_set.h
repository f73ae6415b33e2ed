/* SPDX-License-Identifier: Apache-2.0
 * Template sets of NetFlow 9 (RFC 3954 section 5.2) and IPFIX (RFC 7011 section 3.4), meta
 * templates (6.1 and 3.4.2, options templates there) included. */
#ifndef EF_DECODE_TEMPLATE_SET_H
#define EF_DECODE_TEMPLATE_SET_H

#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/decoder.h"

struct sink;

/* All templates of a set. Data that waited for a template is decoded
 * as soon as it is there. */
void template_set(struct decoder *dec, struct sink *sink, struct cursor set, bool meta);

#endif
