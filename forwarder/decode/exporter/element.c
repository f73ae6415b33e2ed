/* SPDX-License-Identifier: Apache-2.0
 * Elements that an exporter describes itself (RFC 5610). */
#include "forwarder/decode/exporter/element.h"

#include "forwarder/decode/core/memory.h"
#include "forwarder/decode/template/field.h"

void element_learn(struct decoder *dec, struct exporter *exporter, uint32_t pen, uint16_t id,
		   uint8_t type, struct bytes name)
{
	enum fields_learn result = FIELDS_FULL;
	if (!exporter->fields)
		exporter->fields = fields_layer(dec->fields, dec->settings.hash_seed);
	if (exporter->fields && memory_take(dec, exporter, FIELDS_LEARN_BYTES)) {
		result = fields_learn(exporter->fields, pen, id, name.p, name.len, type);
		if (result != FIELDS_LEARNT)
			memory_return(dec, exporter, FIELDS_LEARN_BYTES);
	}
	if (result == FIELDS_LEARNT) {
		exporter->elements++;
		exporter->described = ++dec->descriptions;
	}
	dec->counters.options_refused += result == FIELDS_FULL;
}
