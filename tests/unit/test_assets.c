/* SPDX-License-Identifier: Apache-2.0
 * Assets: embedded files and overlay, YAML to JSON, canonical form, marks and comparison of
 * kinds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "importer/assets/asset.h"
#include "importer/assets/canon.h"
#include "importer/assets/yaml.h"
#include "importer/core/files.h"
#include "importer/install/kind.h"
#include "importer/install/plan.h"

static json_t *parse(const char *text)
{
	json_error_t why;
	json_t *j = json_loads(text, 0, &why);
	assert_non_null(j);
	return j;
}

static void yaml_becomes_json(void **state)
{
	(void)state;
	static const char text[] = "a: 12\nb: '12'\nc: [true, No, ~, 1.5, 0x1f, -3, 1e3, .inf, "
				   "12k]\nd:\n  e: |\n    one\n    two\n"
				   "f: &x {g: h}\ni: *x\n";
	struct err err;
	json_t *j = NULL;
	assert_int_equal(yaml_to_json("t", text, strlen(text), &j, &err), 0);
	json_t *want =
	    parse("{\"a\":12,\"b\":\"12\",\"c\":[true,\"No\",null,1.5,\"0x1f\",-3,1000.0,\".inf\","
		  "\"12k\"],"
		  "\"d\":{\"e\":\"one\\ntwo\\n\"},\"f\":{\"g\":\"h\"},\"i\":{\"g\":\"h\"}}");
	assert_true(json_equal(j, want));
	json_decref(want);
	json_decref(j);
}

static void wrong_yaml_has_line_and_column(void **state)
{
	(void)state;
	static const struct {
		const char *text, *where;
	} cases[] = {
		{ "a: 1\na: 2\n", "t:2:1: " }, { "a: [1\nb: 2\n", "t:2:" },
		{ "? [a]\n: b\n", "t:1:3: " }, { "", "t is empty" },
		{ "a: &x [*x]\n", "t:1:" },    { "a: \"\\xff\n", "t:" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_NONE;
		json_t *j = NULL;
		assert_int_equal(yaml_to_json("t", cases[i].text, strlen(cases[i].text), &j, &err),
				 -1);
		assert_int_equal(err.code, EF_USAGE);
		assert_memory_equal(err.msg, cases[i].where, strlen(cases[i].where));
	}
}

static void aliases_cannot_multiply_for_ever(void **state)
{
	(void)state;
	CLEANUP_BUF struct buf b;
	buf_init(&b, 1 << 16);
	assert_int_equal(buf_add_text(&b, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"), 0);
	for (int i = 1; i < 10; i++)
		assert_int_equal(
		    buf_add_fmt(
			&b, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
			i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1),
		    0);
	struct err err;
	json_t *j = NULL;
	assert_int_equal(yaml_to_json("bomb", b.data, b.len, &j, &err), -1);
	assert_non_null(strstr(err.msg, "too large"));
}

static void hash_does_not_depend_on_layout(void **state)
{
	(void)state;
	char a[CANON_HASH_MAX], b[CANON_HASH_MAX], c[CANON_HASH_MAX];
	CLEANUP_JSON json_t *x = parse("{\"a\":1,\"b\":[1,2]}"),
			    *y = parse("{ \"b\": [1, 2], \"a\": 1 }");
	CLEANUP_JSON json_t *z = parse("{\"a\":1,\"b\":[2,1]}");
	canon_hash(x, a);
	canon_hash(y, b);
	canon_hash(z, c);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	assert_int_equal(strlen(a), 64);
	CLEANUP_JSON json_t *empty = json_object();
	canon_hash(empty, a); /* SHA-256 of "{}", by sha256sum */
	assert_string_equal(a, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
}

static void settings_have_one_form(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *nested =
	    parse("{\"index\":{\"codec\":\"x\",\"mapping\":{\"total_fields\":{\"limit\":2000}}}}");
	CLEANUP_JSON json_t *flat =
	    parse("{\"codec\":\"x\",\"index.mapping.total_fields.limit\":\"2000\"}");
	CLEANUP_JSON json_t *a = canon_settings(nested), *b = canon_settings(flat);
	CLEANUP_JSON json_t *want =
	    parse("{\"index.codec\":\"x\",\"index.mapping.total_fields.limit\":\"2000\"}");
	assert_true(json_equal(a, want));
	assert_true(json_equal(b, want));
}

static const struct kind *kind_of(const char *name)
{
	for (size_t i = 0; i < kinds_len; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

/* What servers answer to GET, as seen on OpenSearch 3.8 and Elasticsearch 8.3: defaults added,
 * scalars as text. */
static void server_defaults_are_no_drift(void **state)
{
	(void)state;
	static const struct {
		const char *kind, *wanted, *found;
	} cases[] = {
		{ "index template",
		  "{\"index_patterns\":[\"x-*\"],\"priority\":260,\"data_stream\":{},\"template\":{"
		  "\"settings\":{\"index\":{\"a\":1}}}}",
		  "{\"index_patterns\":[\"x-*\"],\"priority\":260,\"data_stream\":{\"hidden\":"
		  "false,\"allow_custom_routing\":false},"
		  "\"template\":{\"settings\":{\"index\":{\"a\":\"1\"}},\"aliases\":{}}}" },
		{ "component template", "{\"template\":{\"mappings\":{\"dynamic\":false}}}",
		  "{\"template\":{\"mappings\":{\"dynamic\":\"false\"},\"settings\":{}}}" },
		{ "lifecycle policy",
		  "{\"policy\":{\"phases\":{\"delete\":{\"min_age\":\"9d\",\"actions\":{\"delete\":"
		  "{}}}}}}",
		  "{\"version\":7,\"modified_date\":\"2026-01-01\",\"policy\":{\"phases\":{"
		  "\"delete\":{\"min_age\":\"9d\","
		  "\"actions\":{\"delete\":{\"delete_searchable_snapshot\":true}}}}}}" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct kind *kind = kind_of(cases[i].kind);
		struct cluster cluster = { 0 };
		CLEANUP_JSON json_t *wanted = parse(cases[i].wanted),
				    *found = parse(cases[i].found);
		struct mark mark = { "", "" };
		kind_hash(kind, wanted, mark.hash);
		kind_write_mark(kind, &cluster, found, &mark);
		assert_int_equal(plan_compare(kind, "x", wanted, found), ACTION_SAME);
	}
}

static void every_state_is_told_apart(void **state)
{
	(void)state;
	const struct kind *kind = kind_of("component template");
	struct cluster cluster = { 0 };
	struct mark mark = { "", "" }, with_stored;
	CLEANUP_JSON json_t *old = parse("{\"template\":{\"mappings\":{\"a\":1}}}");
	CLEANUP_JSON json_t *new = parse("{\"template\":{\"mappings\":{\"a\":2}}}");
	CLEANUP_JSON json_t *other = parse("{\"template\":{\"mappings\":{\"a\":3}}}");
	CLEANUP_JSON json_t *installed = json_deep_copy(old), *edited = json_deep_copy(other);
	kind_hash(kind, old, mark.hash);
	kind_write_mark(kind, &cluster, installed, &mark);
	kind_write_mark(kind, &cluster, edited, &mark);
	assert_int_equal(plan_compare(kind, "x", new, NULL), ACTION_CREATE);
	assert_int_equal(plan_compare(kind, "x", old, installed), ACTION_SAME);
	assert_int_equal(plan_compare(kind, "x", new, installed), ACTION_UPDATE);
	assert_int_equal(plan_compare(kind, "x", old, edited), ACTION_DRIFTED);
	assert_int_equal(plan_compare(kind, "x", old, old), ACTION_FOREIGN);
	assert_int_equal(plan_compare(kind, "flow@custom", old, edited), ACTION_YOURS);
	assert_int_equal(plan_compare(kind, "x", other, edited),
			 ACTION_UPDATE); /* edited to what we want now */
	with_stored = mark;
	kind_hash(kind, edited,
		  with_stored.stored); /* the server's own hand, noted at install time */
	kind_write_mark(kind, &cluster, edited, &with_stored);
	assert_int_equal(plan_compare(kind, "x", old, edited), ACTION_SAME);
	/* a setup that ended before it could note that goes on here */
	snprintf(with_stored.stored, sizeof(with_stored.stored), "%s", MARK_PENDING);
	kind_write_mark(kind, &cluster, edited, &with_stored);
	assert_int_equal(plan_compare(kind, "x", old, edited), ACTION_UPDATE);
}

static void pipelines_are_marked_in_both_ways(void **state)
{
	(void)state;
	for (int meta = 0; meta < 2; meta++) {
		struct cluster cluster = { 0 };
		struct mark mark = { "", "" }, back;
		CLEANUP_JSON json_t *wanted = parse(
		    "{\"description\":\"What it does\",\"processors\":[{\"set\":{\"value\":1}}]}");
		CLEANUP_JSON json_t *body = json_deep_copy(wanted);
		cluster.has[CAP_PIPELINE_META] = meta;
		kind_hash(kind_pipeline, wanted, mark.hash);
		kind_write_mark(kind_pipeline, &cluster, body, &mark);
		assert_true(kind_read_mark(kind_pipeline, body, &back));
		assert_string_equal(back.hash, mark.hash);
		assert_int_equal(plan_compare(kind_pipeline, "flow", wanted, body), ACTION_SAME);
		/* a number is not its text there: scripts would notice */
		json_object_set_new(
		    json_object_get(json_array_get(json_object_get(body, "processors"), 0), "set"),
		    "value", json_string("1"));
		assert_int_equal(plan_compare(kind_pipeline, "flow", wanted, body), ACTION_DRIFTED);
	}
}

static void overlay_replaces_and_adds(void **state)
{
	(void)state;
	char dir[] = "/tmp/test_assets.XXXXXX", path[200];
	struct err err = ERR_NONE;
	struct assets *plain, *laid;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(assets_open(NULL, &plain, &err), 0);
	assert_int_equal(assets_count(plain), embedded_assets_len);
	assert_non_null(assets_find(plain, "ingest-pipelines/flow.yml"));
	assert_int_equal(file_write_below(dir, "ingest-pipelines/flow.yml", "mine", 4, 0644, &err),
			 0);
	assert_int_equal(file_write_below(dir, "ingest-pipelines/new.yml", "x", 1, 0600, &err), 0);
	assert_int_equal(assets_open(dir, &laid, &err), 0);
	assert_int_equal(assets_count(laid), assets_count(plain) + 1);
	assert_string_equal(assets_find(laid, "ingest-pipelines/flow.yml")->text, "mine");
	assert_string_equal(assets_find(laid, "ingest-pipelines/new.yml")->text, "x");
	for (size_t i = 1; i < assets_count(laid); i++)
		assert_true(strcmp(assets_at(laid, i - 1)->path, assets_at(laid, i)->path) < 0);
	assets_free(laid);
	assets_free(plain);
	assert_int_equal(assets_open("/tmp/there/is/no/such/folder", &laid, &err), -1);
	assert_int_equal(err.code, EF_USAGE);
	snprintf(path, sizeof(path), "%s/round", dir); /* a link to where it lies */
	assert_int_equal(symlink(".", path), 0);
	assert_int_equal(assets_open(dir, &laid, &err), -1);
	assert_non_null(strstr(err.msg, "folders in one another"));
	snprintf(path, sizeof(path), "rm -r %s", dir);
	assert_int_equal(system(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(yaml_becomes_json),
		cmocka_unit_test(wrong_yaml_has_line_and_column),
		cmocka_unit_test(aliases_cannot_multiply_for_ever),
		cmocka_unit_test(hash_does_not_depend_on_layout),
		cmocka_unit_test(settings_have_one_form),
		cmocka_unit_test(server_defaults_are_no_drift),
		cmocka_unit_test(every_state_is_told_apart),
		cmocka_unit_test(pipelines_are_marked_in_both_ways),
		cmocka_unit_test(overlay_replaces_and_adds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
