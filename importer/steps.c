/* SPDX-License-Identifier: Apache-2.0
 * The shortest step of a course over time, by what the installation remembers of its exporters. */
#include "importer/steps.h"

#include <jansson.h>

#include "common/cleanup.h"
#include "importer/install/remember.h"
#include "importer/record/record.h"

int steps_least(struct app *app, struct es *es, uint64_t *ret_ms, struct err *err)
{
	struct record record = { 0 };
	CLEANUP_JSON json_t *changes = json_array();
	CLEANUP_JSON json_t *notes = json_array();
	int result = record_read(es, &record, err);
	if (result == 0 && record.found == RECORD_THERE)
		result = remember_options(app, &record, false, changes, notes, err);
	record_release(&record);
	if (result == 0)
		*ret_ms = (uint64_t)app->setup.active_timeout;
	return result;
}
