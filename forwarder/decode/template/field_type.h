/* SPDX-License-Identifier: Apache-2.0
 * Abstract types of information elements: their names and natural widths. */
#ifndef EF_DECODE_FIELD_TYPE_H
#define EF_DECODE_FIELD_TYPE_H

#include <stdint.h>

/* Abstract types of RFC 7012 section 3.1 and RFC 6313, in the order of IANA's ids for them (RFC
 * 5610 sends these ids), then ours: X(name in the tables, constant, natural width in octets, 0 for
 * none). */
#define FIELD_TYPES(X)                                       \
	X(octetArray, FIELD_OCTET_ARRAY, 0)                  \
	X(unsigned8, FIELD_UNSIGNED8, 1)                     \
	X(unsigned16, FIELD_UNSIGNED16, 2)                   \
	X(unsigned32, FIELD_UNSIGNED32, 4)                   \
	X(unsigned64, FIELD_UNSIGNED64, 8)                   \
	X(signed8, FIELD_SIGNED8, 1)                         \
	X(signed16, FIELD_SIGNED16, 2)                       \
	X(signed32, FIELD_SIGNED32, 4)                       \
	X(signed64, FIELD_SIGNED64, 8)                       \
	X(float32, FIELD_FLOAT32, 4)                         \
	X(float64, FIELD_FLOAT64, 8)                         \
	X(boolean, FIELD_BOOLEAN, 1)                         \
	X(macAddress, FIELD_MAC_ADDRESS, 6)                  \
	X(string, FIELD_STRING, 0)                           \
	X(dateTimeSeconds, FIELD_SECONDS, 4)                 \
	X(dateTimeMilliseconds, FIELD_MILLISECONDS, 8)       \
	X(dateTimeMicroseconds, FIELD_MICROSECONDS, 8)       \
	X(dateTimeNanoseconds, FIELD_NANOSECONDS, 8)         \
	X(ipv4Address, FIELD_IPV4_ADDRESS, 4)                \
	X(ipv6Address, FIELD_IPV6_ADDRESS, 16)               \
	X(basicList, FIELD_BASIC_LIST, 0)                    \
	X(subTemplateList, FIELD_SUB_TEMPLATE_LIST, 0)       \
	X(subTemplateMultiList, FIELD_SUB_TEMPLATE_MULTI, 0) \
	X(unsigned256, FIELD_UNSIGNED256, 32)                \
	X(applicationId, FIELD_APPLICATION_ID,               \
	  0) /* RFC 6759 section 4: engine octet, then selector */

enum field_type {
#define FIELD_TYPE_CONSTANT_(name, constant, width) constant,
	FIELD_TYPES(FIELD_TYPE_CONSTANT_)
#undef FIELD_TYPE_CONSTANT_
	    FIELD_TYPE_COUNT
};

/* enum field_type of a name in the tables, or -1. */
int field_type_find(const char *name);
uint8_t field_type_width(enum field_type type);

#endif
