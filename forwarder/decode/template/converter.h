/* SPDX-License-Identifier: Apache-2.0
 * How the bytes of an element become a JSON value, and how long that gets. */
#ifndef EF_DECODE_CONVERTER_H
#define EF_DECODE_CONVERTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIDTH_VARIABLE 65535 /* RFC 7011 section 7 */
#define DISSECT_MAX    10240 /* octets that the members of one packet may need (record/dissect.h) */

/* How bytes become a JSON value. */
enum converter {
	CONV_NONE, /* no value: the key bytes alone */
	CONV_U8,
	CONV_U16,
	CONV_U32,
	CONV_U64,
	CONV_MILLIS, /* unsigned, and a time */
	CONV_UINT,   /* unsigned of an odd width */
	CONV_INT,
	CONV_FLOAT,
	CONV_DOUBLE,
	CONV_BOOL,
	CONV_MAC,
	CONV_IPV4,
	CONV_IPV6,
	CONV_STRING,
	CONV_HEX,
	CONV_SECONDS,
	CONV_NTP_MICRO,
	CONV_NTP_NANO,
	CONV_UPTIME_START, /* 22: milliseconds of the exporter's uptime */
	CONV_UPTIME_END,   /* 21 */
	CONV_DELTA,        /* 158, 159: microseconds before the export time */
	CONV_APPLICATION,
	CONV_BASIC_LIST,
	CONV_TEMPLATE_LIST,
	CONV_MULTI_LIST,
	CONV_FRAME_ETHERNET, /* a piece of a frame: hex text, and what the headers in it say */
	CONV_FRAME_IP,
	CONV_FRAME_MPLS,
	CONV_ABSENT,  /* never written; from compile time only */
	CONV_VARYING, /* and more: plus an enum field_type, known by the length */
};

/* The converter for an element of `type` that has `width` bytes. */
enum converter converter_for(unsigned type, size_t width);
/* The converter of an element that holds the start of a packet, 0 of any other. */
enum converter converter_for_frame(uint32_t pen, uint16_t id);
/* The longest value of `width` bytes; lists are measured per record, and the text of elements of
 * variable length, too. */
uint32_t converter_room(enum converter conv, uint32_t width);

static inline bool converter_is_list(enum converter conv)
{
	return conv == CONV_BASIC_LIST || conv == CONV_TEMPLATE_LIST || conv == CONV_MULTI_LIST;
}

static inline bool converter_is_frame(enum converter conv)
{
	return conv >= CONV_FRAME_ETHERNET && conv <= CONV_FRAME_MPLS;
}

#endif
