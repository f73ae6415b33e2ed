/* SPDX-License-Identifier: Apache-2.0
 * The constant rows that fields/gen.c makes from the tables in forwarder/fields; only field.c reads
 * them. */
#ifndef EF_FORWARDER_DECODE_FIELD_ROWS_H
#define EF_FORWARDER_DECODE_FIELD_ROWS_H

#include "forwarder/decode/template/field.h"

struct field_vendor {
	uint32_t pen;
	const char *key;
};

/* NetFlow 9 field types first..last are the elements element.. of `pen`. */
struct field_netflow9 {
	uint16_t first, last;
	uint32_t pen;
	uint16_t element;
};

extern const struct field field_rows[]; /* by pen, id */
extern const size_t field_rows_count;
extern const struct field_vendor field_vendors[]; /* by pen */
extern const size_t field_vendors_count;
extern const struct field_netflow9 field_netflow9[]; /* by first, wider ranges first */
extern const size_t field_netflow9_count;

#endif
