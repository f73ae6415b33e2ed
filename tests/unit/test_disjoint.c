/* SPDX-License-Identifier: Apache-2.0
 * Our index templates beside those of others: which of them setup can live with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/cleanup.h"
#include "importer/install/disjoint.h"
#include "importer/install/kind.h"
#include "importer/install/plan.h"
#include "tests/lib/documents.h"

static void priorities_decide(void **state)
{
	(void)state;
	static const struct {
		const char *name, *pattern;
		int priority, result, notes;
	} rows[] = {
		{ "theirs", "logs-*-*", 100, 0, 0 },
		{ "theirs", "logs-*-*", 200, -1, 0 }, /* Elasticsearch would refuse ours */
		{ "theirs", "logs-*-*", 300, 0, 1 },  /* it wins, which is told */
		{ "theirs", "logs-other-*", 200, 0, 0 },
		{ "logs-flow", "logs-flow-*", 200, 0, 0 }, /* is ours */
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_NONE;
		struct plan plan = { 0 };
		CLEANUP_JSON json_t *notes = json_array();
		json_t *wanted =
		    json_pack("{s:i,s:[s]}", "priority", 200, "index_patterns", "logs-flow-*");
		documents_must(plan_add(&plan, kind_template, kind_template->name, "logs-flow",
					wanted, ACTION_CREATE, &err),
			       &err);
		json_decref(server.templates);
		server.templates =
		    json_pack("[{s:s,s:{s:i,s:[s]}}]", "name", rows[i].name, "index_template",
			      "priority", rows[i].priority, "index_patterns", rows[i].pattern);
		assert_int_equal(disjoint_check(es, &plan, notes, &err), rows[i].result);
		assert_int_equal(json_array_size(notes), rows[i].notes);
		if (rows[i].result)
			assert_int_equal(err.code, EF_USAGE);
		plan_release(&plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(priorities_decide, documents_empty),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, documents_start, documents_stop);
}
