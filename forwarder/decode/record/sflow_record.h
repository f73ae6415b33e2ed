/* SPDX-License-Identifier: Apache-2.0
 * One sFlow structure (flow record or counters) to JSON members, driven by its row. */
#ifndef EF_DECODE_SFLOW_RECORD_H
#define EF_DECODE_SFLOW_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forwarder/decode/record/sflow_rows.h"

/* The row of a flow record or of counters, NULL for an unknown format. */
const struct sflow_structure *sflow_flow_row(uint32_t tag);
const struct sflow_structure *sflow_counter_row(uint32_t tag);

/* Octets that a structure of `len` octets on the wire may need in JSON. */
static inline size_t sflow_room(const struct sflow_structure *row, size_t len)
{
	return row->room + SFLOW_SPREAD * len;
}

/* Write the members of a flow record, each with its comma. `used` is the set of IANA keys taken in
 * this sample; `nth` is how often this structure came before in it (0, 1, ...: then
 * "sflow.2.<structure>.<field>"). *ret_cut is set when the record ends inside a field; what is
 * whole was written. */
char *sflow_flow_record(char *p, const struct sflow_structure *row, const uint8_t *data, size_t len,
			unsigned nth, uint64_t *used, bool *ret_cut);

/* Write `,"<structure>":{…}`; counters that the agent does not know (all bits set, sFlow 5 section
 * 5) are left out. */
char *sflow_counters(char *p, const struct sflow_structure *row, const uint8_t *data, size_t len,
		     bool *ret_cut);

#endif
