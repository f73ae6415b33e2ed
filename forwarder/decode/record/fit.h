/* SPDX-License-Identifier: Apache-2.0
 * Whether a set can be of a template: by its length, and by the times in its records. */
#ifndef EF_DECODE_FIT_H
#define EF_DECODE_FIT_H

#include "forwarder/decode/record/record.h"

/* Nothing but whole records and less than four octets of padding, and every time that a record has
 * lies between `from_ms` and the export. */
bool record_set_fits(struct decoder *dec, const struct template *tmpl, struct cursor set,
		     const struct record_times *times, uint64_t from_ms);

#endif
