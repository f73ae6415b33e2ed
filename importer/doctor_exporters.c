/* SPDX-License-Identifier: Apache-2.0
 * The exporters of an answer that doctor asked for: what they all share is how they are walked. */
#include "importer/doctor_exporters.h"

#include "importer/core/json.h"

void doctor_exporters(const json_t *reply, doctor_exporter_fn *each, json_t *findings)
{
	size_t i;
	json_t *exporter;
	json_array_foreach (json_at(reply, "aggregations.e.buckets"), i, exporter)
		each(json_text_at(exporter, "key", "?"), exporter, findings);
}
