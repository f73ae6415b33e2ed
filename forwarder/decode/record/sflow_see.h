/* SPDX-License-Identifier: Apache-2.0
 * What stands where in an sFlow structure (core/seen.h), by the row that it is decoded with. */
#ifndef EF_DECODE_SFLOW_SEE_H
#define EF_DECODE_SFLOW_SEE_H

#include "forwarder/decode/core/decoder.h"
#include "forwarder/decode/record/sflow_rows.h"

/* Of a flow record or counters, told to the decoder's seer, which is there; what is behind a field
 * that cannot be read is not told. */
void sflow_see(struct decoder *dec, const struct sflow_structure *row, const uint8_t *data,
	       size_t len);

#endif
