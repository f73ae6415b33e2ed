/* SPDX-License-Identifier: Apache-2.0
 * What of a template tells whether its octets were counted before: by another meter of the same
 * device, by an earlier record of the flow, or by a second counter of the record. */
#ifndef EF_DECODE_COUNTS_H
#define EF_DECODE_COUNTS_H

#include "forwarder/decode/template/compile.h"

enum count_element {
	COUNT_OCTETS,  /* 1 */
	COUNT_PACKETS, /* 2 */
	/* 23, 24: of the packet behind the router, or of the other direction */
	COUNT_POST_OCTETS,
	COUNT_POST_PACKETS,
	COUNT_PROTOCOL, /* 4 */
	COUNT_EVENT,    /* 233 */
	COUNT_FLOW_ID,  /* 148 */
	COUNT_IPV6,     /* 27 or 28 */
	COUNT_START,    /* when the flow began */
	/* what has been counted up since then: 85, 86 and other totals, or of connections 231, 298,
	 * 232, 299; octets, packets, and both of the other direction */
	COUNT_SUMS,
	COUNT_ELEMENTS = COUNT_SUMS + 4
};

/* Of which kind the packets are: a device meters each on its own. */
enum packet_kind { KIND_IPV4, KIND_IPV6, KIND_MPLS, KIND_LAYER2, KIND_SAMPLED, PACKET_KINDS };

/* What is to be judged. */
enum {
	COUNT_METER = 1,  /* the records name interfaces */
	COUNT_POST = 2,   /* the second counters */
	COUNT_TOTALS = 4, /* counters since the flow began, without those since the last record */
	COUNT_EVENTS = 8, /* updates and ends of connections (Cisco ASA) */
	COUNT_REVERSES = 16, /* by its elements the second counters are of the other direction */
	COUNT_FORTINET = 32, /* by its elements they are that, or copies of the first ones */
};

#define COUNT_KEYS_MAX 16

struct counts {
	uint8_t what;       /* COUNT_… */
	uint8_t kind;       /* enum packet_kind, where the record itself does not say */
	uint8_t start_conv; /* enum converter of COUNT_START */
	uint8_t keys_len;
	uint32_t has; /* bit per enum count_element */
	struct place at[COUNT_ELEMENTS];
	struct place keys[COUNT_KEYS_MAX]; /* what tells flows apart */
};

/* `fields`: what the specs are. False: nothing of it is to be judged. */
bool counts_bind(const struct spec *specs, const struct field *const *fields,
		 const struct place *places, size_t n, struct counts *ret);

#endif
