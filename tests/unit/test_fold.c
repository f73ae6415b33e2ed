/* SPDX-License-Identifier: Apache-2.0
 * Kibana objects between files, what Kibana wants, and a space of its own; the layout of files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/asset.h"
#include "importer/assets/fold.h"
#include "importer/assets/pretty.h"
#include "importer/client/remote.h"
#include "importer/install/kibana_space.h"

static json_t *parse(const char *text)
{
	json_t *j = json_loads(text, 0, NULL);
	assert_non_null(j);
	return j;
}

static void folding_is_innermost_first(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *tree = parse("{\"a\":{\"panelsJSON\":[{\"params\":{\"spec\":{\"x\":0."
					  "7}}}],\"fields\":[1],\"optionsJSON\":\"{}\"}}");
	CLEANUP_JSON json_t *same = json_deep_copy(tree);
	fold(tree);
	const char *panels =
	    json_string_value(json_object_get(json_object_get(tree, "a"), "panelsJSON"));
	assert_string_equal(panels, "[{\"params\":{\"spec\":\"{\\\"x\\\":0.7}\"}}]");
	assert_true(json_is_array(json_object_get(json_object_get(tree, "a"), "fields")));
	unfold(tree);
	json_object_set_new(json_object_get(same, "a"), "optionsJSON",
			    json_object()); /* text that is JSON unfolds */
	assert_true(json_equal(tree, same));
}

static void text_that_is_no_json_stays(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *tree = parse("{\"spec\":\"{ // Hjson\\n a: 1 }\",\"xJSON\":\"12\"}");
	CLEANUP_JSON json_t *same = json_deep_copy(tree);
	unfold(tree);
	assert_true(json_equal(tree, same));
	fold(tree);
	assert_true(json_equal(tree, same));
}

static void kibanas_own_members_go(void **state)
{
	(void)state;
	char a[CANON_HASH_MAX], b[CANON_HASH_MAX];
	CLEANUP_JSON json_t *file =
	    parse("{\"id\":\"x\",\"type\":\"map\",\"attributes\":{\"layerListJSON\":[]},"
		  "\"migrationVersion\":{\"map\":\"8.1.0\"}}");
	CLEANUP_JSON json_t *export = parse(
	    "{\"id\":\"x\",\"type\":\"map\",\"attributes\":{\"layerListJSON\":\"[]\"},\"version\":"
	    "\"Wzk=\","
	    "\"updated_at\":\"2026\",\"typeMigrationVersion\":\"8.4.0\",\"namespaces\":[\"s\"]}");
	fold_normalise(export);
	assert_null(json_object_get(export, "version"));
	assert_non_null(json_object_get(export, "typeMigrationVersion"));
	fold_hash(file, a);
	fold_hash(export, b);
	assert_string_equal(a, b);
}

static void layout_is_that_of_the_files(void **state)
{
	(void)state;
	CLEANUP_BUF struct buf out;
	buf_init(&out, 1 << 20);
	CLEANUP_JSON json_t *tree =
	    parse("{\"b\":[1,2],\"a\":{\"long\":"
		  "\"0123456789012345678901234567890123456789012345678901234567890123456789"
		  "0123456789012345678901234567890123456789012345678901234567890123456789\"}}");
	assert_int_equal(pretty_json(tree, &out), 0);
	assert_memory_equal(out.data, "{\n \"a\": {\n  \"long\": \"0123", 25);
	assert_non_null(strstr(out.data, "\n },\n \"b\": [1, 2]\n}\n"));
}

/* Every committed dashboard survives file, Kibana's form, file. */
static void dashboards_survive(void **state)
{
	(void)state;
	struct assets *assets;
	struct err err;
	size_t seen = 0;
	assert_int_equal(assets_open(NULL, &assets, &err), 0);
	for (size_t i = 0; i < assets_count(assets); i++) {
		const struct asset *a = assets_at(assets, i);
		if (strncmp(a->path, "kibana/", 7) != 0)
			continue;
		json_t *file = json_loadb(a->text, a->len, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(file);
		json_t *copy = json_deep_copy(file);
		fold(copy);
		unfold(copy);
		assert_true(json_equal(copy, file));
		if (json_object_get(file, "id")) { /* rules have none */
			space_enter(copy, "ops");
			assert_false(json_equal(copy, file));
			assert_true(space_leave(copy, "ops"));
			assert_true(json_equal(copy, file));
		}
		json_decref(copy);
		json_decref(file);
		seen++;
	}
	print_message("# %zu objects\n", seen);
	assets_free(assets);
}

static void spaces_have_ids_of_their_own(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *object = parse(
	    "{\"id\":\"flow-a\",\"references\":[{\"id\":\"flow\",\"name\":\"x\"}],\"attributes\":{"
	    "\"text\":\"[A](#/view/flow-a) [B](#/view/flow-b?_a=1) "
	    "#/view/\",\"list\":[\"#/view/flow-c\"]}}");
	CLEANUP_JSON json_t *before = json_deep_copy(object);
	CLEANUP_JSON json_t *there =
	    parse("{\"id\":\"flow-a-my-ops\",\"references\":[{\"id\":\"flow-my-ops\",\"name\":"
		  "\"x\"}],\"attributes\":{"
		  "\"text\":\"[A](#/view/flow-a-my-ops) [B](#/view/flow-b-my-ops?_a=1) #/view/\","
		  "\"list\":[\"#/view/flow-c-my-ops\"]}}");
	space_enter(object, NULL);
	assert_true(json_equal(object, before));
	assert_false(space_leave(object, NULL));
	assert_false(space_leave(object, "my-ops"));
	CLEANUP_JSON json_t *alike = parse("{\"id\":\"flow-amy-ops\",\"references\":[]}");
	assert_false(space_leave(alike, "my-ops")); /* ends so, but without a dash */
	assert_string_equal(json_string_value(json_object_get(alike, "id")), "flow-amy-ops");
	space_enter(object, "my-ops");
	assert_true(json_equal(object, there));
	assert_false(space_leave(object, "other"));
	assert_true(json_equal(object, there));
	assert_true(space_leave(object, "my-ops"));
	assert_true(json_equal(object, before));
}

static void other_clusters_are_looked_at(void **state)
{
	(void)state;
	char eu[] = "eu", all[] = "*";
	char *names[] = { eu, all };
	const struct strlist two = { names, 2 }, none = { NULL, 0 };
	CLEANUP_JSON json_t *object =
	    parse("{\"title\":\"logs-flow-*\",\"index\":[\"metrics-flow.counters-*\","
		  "\"logs-*\",\"logs-ti_flow-*\",\"logs-flow-*,x\",\"see logs-flow-*\"]}");
	CLEANUP_JSON json_t *before = json_deep_copy(object);
	CLEANUP_JSON json_t *there = parse(
	    "{\"title\":\"logs-flow-*,eu:logs-flow-*,*:logs-flow-*\",\"index\":["
	    "\"metrics-flow.counters-*,eu:metrics-flow.counters-*,*:metrics-flow.counters-*\","
	    "\"logs-*\",\"logs-ti_flow-*\",\"logs-flow-*,x\",\"see logs-flow-*\"]}");
	remote_enter(object, &none);
	assert_true(json_equal(object, before));
	remote_enter(object, &two);
	assert_true(json_equal(object, there));
	remote_leave(object);
	assert_true(json_equal(object, before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folding_is_innermost_first),
		cmocka_unit_test(text_that_is_no_json_stays),
		cmocka_unit_test(kibanas_own_members_go),
		cmocka_unit_test(layout_is_that_of_the_files),
		cmocka_unit_test(dashboards_survive),
		cmocka_unit_test(spaces_have_ids_of_their_own),
		cmocka_unit_test(other_clusters_are_looked_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
