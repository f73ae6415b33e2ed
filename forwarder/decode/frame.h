/* SPDX-License-Identifier: Apache-2.0
 * Elements that hold the start of a packet: their headers become members beside the element's hex text. */
#ifndef EF_DECODE_FRAME_H
#define EF_DECODE_FRAME_H

#include "forwarder/decode/record.h"

/* What the element starts with: an enum dissect_link, -1 for "IPv4 or IPv6, look at it"; 0: no such element. */
int frame_link(const struct spec *spec);

/* Writes the value of `op` at `p`, then a member for each header field that the template has no element for. */
char *frame_write(struct decoder *dec, const struct template *t, const struct op *op,
		  struct bytes frame, char *p);

#endif
