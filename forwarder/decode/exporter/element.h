/* SPDX-License-Identifier: Apache-2.0
 * Elements that an exporter describes itself (RFC 5610). */
#ifndef EF_DECODE_ELEMENT_H
#define EF_DECODE_ELEMENT_H

#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/decoder.h"

/* RFC 5610: the exporter describes an element of its vendor. What it says holds for its own
 * records, from the next data set on; the memory is the exporter's. */
void element_learn(struct decoder *dec, struct exporter *exporter, uint32_t pen, uint16_t id,
		   uint8_t type, struct bytes name);

#endif
