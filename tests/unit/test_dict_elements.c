/* SPDX-License-Identifier: Apache-2.0
 * The element table: which elements are rare, and mistakes in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/asset.h"
#include "importer/dictionary/dict.h"
#include "importer/dictionary/dict_rows.h"
#include "importer/dictionary/dict_simple.h"

#define HEAD "element,conversion,field,rare\n"
#define RARE 3 /* the column */

static void add_rows(struct dict_rows *rows, const char *text)
{
	struct err err = ERR_NONE;
	if (dict_rows_read(rows, text, strlen(text), "elements.csv", &err))
		fail_msg("%s", err.msg);
}

/* A row of the user's stands for ours, mark and all; what stays has no place in the table. */
static void rare_ones_are_marked(void **state)
{
	struct dict_rows rows;
	struct err err = ERR_NONE;
	CLEANUP_JSON json_t *table = NULL, *rare = NULL;
	(void)state;
	dict_rows_init(&rows, dict_kind_find("elements"));
	add_rows(&rows, HEAD "a,stays,,yes\nb,long,flow.b,64\nc,rest,,0\nd,stays,,yes\ne,drop,,\n");
	add_rows(&rows, "element,conversion,field\nd,id,flow.d\n");
	assert_int_equal(dict_compile_simple(&rows, &table, &err), 0);
	assert_int_equal(dict_compile_marks(&rows, RARE, &rare, &err), 0);
	CLEANUP_JSON json_t *want_table =
	    json_pack("{s:[sss],s:[s],s:[sss],s:[s]}", "b", "long", "flow", "b", "c", "rest", "d",
		      "id", "flow", "d", "e", "drop");
	CLEANUP_JSON json_t *want_rare = json_pack("{s:n,s:i,s:i}", "a", "b", 64, "c", 0);
	assert_true(json_equal(table, want_table));
	assert_true(json_equal(rare, want_rare));
	dict_rows_release(&rows);
}

static void our_own_are_asked_by_column(void **state)
{
	struct err err = ERR_NONE;
	struct assets *assets = NULL;
	CLEANUP_DICT_SET struct dict_set *set = NULL;
	CLEANUP_JSON json_t *rare = NULL;
	(void)state;
	assert_int_equal(assets_open(NULL, &assets, &err), 0);
	assert_int_equal(dict_set_open(assets, NULL, &set, &err), 0);
	assert_int_equal(dict_marks(set, "elements", "rare", &rare, &err), 0);
	assert_true(json_is_null(json_object_get(rare, "natEvent")));
	assert_true(json_is_integer(json_object_get(rare, "ingressVRFID")));
	assert_null(json_object_get(rare, "octetDeltaCount"));
	assert_int_equal(dict_marks(set, "elements", "rarely", &rare, &err), -1);
	assert_string_equal(err.msg, "dictionary elements has no column rarely");
	assets_free(assets);
}

static void mistakes_have_a_line(void **state)
{
	static const char *const cases[][2] = {
		{ "x,lnog,flow.x,\n", "elements.csv:2: \"lnog\" is no conversion: long, count" },
		{ "x,long,,\n", "elements.csv:2: long: a field is wanted" },
		{ "x,drop,flow.x,\n", "elements.csv:2: drop: has no field" },
		{ "x,text,flow..x,\n", "elements.csv:2: \"flow..x\" is no path" },
		{ "x,stays,,perhaps\n", "elements.csv:2: \"perhaps\": yes or a whole number" },
		{ "x,stays,,1x\n", "elements.csv:2: \"1x\": yes or a whole number" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_NONE;
		struct dict_rows rows;
		char text[200];
		json_t *table = NULL;
		snprintf(text, sizeof(text), HEAD "%s", cases[i][0]);
		dict_rows_init(&rows, dict_kind_find("elements"));
		add_rows(&rows, text);
		assert_int_equal(dict_compile_simple(&rows, &table, &err), -1);
		if (!strstr(err.msg, cases[i][1]) || err.code != EF_USAGE)
			fail_msg("%s", err.msg);
		dict_rows_release(&rows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rare_ones_are_marked),
		cmocka_unit_test(our_own_are_asked_by_column),
		cmocka_unit_test(mistakes_have_a_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
