/* SPDX-License-Identifier: Apache-2.0
 * How long a sampled frame was, as far as the records of its sample say so and can be believed. */
#ifndef EF_DECODE_SFLOW_FRAME_H
#define EF_DECODE_SFLOW_FRAME_H

#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/record/sflow_record.h"

enum { SAMPLED_HEADER = 1, SAMPLED_ETHERNET, SAMPLED_IPV4, SAMPLED_IPV6 }; /* flow records */

/* No frame is longer: Linux joins segments to at most 512 KiB before they are sampled. */
#define FRAME_MAX (1u << 20)

struct sample_record {
	const struct sflow_structure *row;
	const uint8_t *data;
	uint32_t len;
};

/* Could a frame of that length have the header that was taken of it? Of the other structures: the
 * shortest Ethernet header has 14 octets, that of IPv4 20 and of IPv6 40. */
static inline bool frame_is_possible(const struct sample_record *record, uint32_t length)
{
	static const uint8_t least[] = { 0, 0, 14, 20, 40 };
	uint32_t header = least[record->row->tag];

	if (record->row->tag == SAMPLED_HEADER && record->len >= 16) {
		header = be32(record->data + 12);
		if (header > record->len - 16) /* it lies, or was cut */
			header = record->len - 16;
	}
	return length >= header && length <= FRAME_MAX;
}

/* Where the frame's length stands: the first is the best. 0: nowhere, or *ret_wrong, if that is
 * none, is no length of such a frame. */
static inline uint32_t frame_length(const struct sample_record *records, size_t n,
				    uint32_t *ret_wrong)
{
	const struct sample_record *from = NULL;
	uint32_t length = 0, best = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		uint32_t tag = records[i].row->tag;
		size_t at = tag == SAMPLED_HEADER ? 4 : 0;

		if (tag > SAMPLED_IPV6 || tag >= best || records[i].len < at + 4)
			continue;
		best = tag;
		from = &records[i];
		length = be32(records[i].data + at);
	}
	*ret_wrong = length && !frame_is_possible(from, length) ? length : 0;
	return *ret_wrong ? 0 : length;
}

#endif
