/* SPDX-License-Identifier: Apache-2.0
 * Elements that hold the start of a packet: their headers become members beside the element's hex
 * text. */
#ifndef EF_DECODE_FRAME_H
#define EF_DECODE_FRAME_H

#include "forwarder/decode/record/record.h"

/* How much less than DISSECT_MAX the members of this frame need. */
size_t frame_spare(struct decoder *dec, enum converter conv, struct bytes frame);

/* Writes the value at `p`, then a member for each header field that the template has no element
 * for. */
char *frame_write(struct record_writer *out, const struct template *t, enum converter conv,
		  struct bytes frame, char *p);
/* Tells what stands where in it (core/seen.h). */
void frame_see(struct decoder *dec, enum converter conv, struct bytes frame);

#endif
