/* SPDX-License-Identifier: Apache-2.0
 * The constant rows of sFlow's record and counter structures that fields/gen_sflow.c makes from
 * fields/sflow.csv. */
#ifndef EF_DECODE_SFLOW_ROWS_H
#define EF_DECODE_SFLOW_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* Types of XDR fields: X(name in the table, constant, octets on the wire, 0 for variable, room of
 * the value in JSON; variable ones need up to SFLOW_SPREAD times their length more). */
#define SFLOW_TYPES(X)                                                                         \
	X("u32", SFLOW_U32, 4, 10)                                                             \
	X("i32", SFLOW_I32, 4, 11)                                                             \
	X("u64", SFLOW_U64, 8, 20)                                                             \
	X("f32", SFLOW_F32, 4, 32)                                                             \
	X("mac", SFLOW_MAC, 8, 19) /* padded to a multiple of 4 */                             \
	X("ipv4", SFLOW_IPV4, 4, 17)                                                           \
	X("ipv6", SFLOW_IPV6, 16, 41)                                                          \
	X("address", SFLOW_ADDRESS, 0, 41) /* u32 type: 0 none, 1 IPv4, 2 IPv6 */              \
	X("string", SFLOW_STRING, 0, 2)    /* u32 length, text, padding to 4 */                \
	X("opaque", SFLOW_OPAQUE, 0, 2)    /* the same, as hex */                              \
	X("opaque[4]", SFLOW_OPAQUE4, 4, 10)                                                   \
	X("opaque[16]", SFLOW_OPAQUE16, 16, 34)                                                \
	X("string[16]", SFLOW_STRING16, 16, 98)                                                \
	X("u32[]", SFLOW_U32_LIST, 0, 2)                                                       \
	X("as_path_segment[]", SFLOW_AS_PATH, 0, 24) /* u32 type (1 set, 2 sequence), u32[] */ \
	X("lane[]", SFLOW_LANES, 0, 2)                                                         \
	X("adapter[]", SFLOW_ADAPTERS, 0, 2)                                                   \
	X("pdu[]", SFLOW_PDUS, 0, 10) /* counted only; the end of its structure */

enum sflow_type {
#define SFLOW_CONSTANT_(name, constant, size, room) constant,
	SFLOW_TYPES(SFLOW_CONSTANT_)
#undef SFLOW_CONSTANT_
	    SFLOW_TYPE_COUNT
};

#define SFLOW_SPREAD 8

#define SFLOW_DIRECT 2048 /* tags, the standard's own, whose rows are not searched */

/* A field. In flow records `key` is `,"sflow.<structure>.<field>":`, and `iana` the keys under
 * which it goes while these are free in the sample; two when the address family decides (or next
 * and last AS of a path). In counters `key` is `,"<field>":`. All keys are padded (jsonw.h). */
struct sflow_field {
	uint8_t type; /* enum sflow_type */
	uint8_t key_len;
	uint8_t iana_len[2]; /* 0: none */
	uint8_t iana_bit[2]; /* number of the key in the set of those used */
	const char *key;
	const char *iana[2];
};

struct sflow_structure {
	uint32_t tag;           /* enterprise << 12 | format */
	uint16_t first, fields; /* in sflow_fields */
	uint16_t room; /* what its members need in JSON, without what variable lengths add */
	uint8_t key_len;
	const char *key; /* `,"<structure>":` */
};

extern const struct sflow_field sflow_fields[];
extern const struct sflow_structure sflow_flow_rows[]; /* by tag */
extern const size_t sflow_flow_rows_count;
extern const uint8_t sflow_flow_direct[SFLOW_DIRECT]; /* number of a tag's row, from 1; 0: none */
extern const struct sflow_structure sflow_counter_rows[]; /* by tag; at most 64 */
extern const size_t sflow_counter_rows_count;
/* The IANA keys that the dissector may write: those of sampled_ethernet, sampled_ipv4 and
 * sampled_ipv6. */
extern const uint64_t sflow_header_keys;

#endif
