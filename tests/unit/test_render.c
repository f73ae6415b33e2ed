/* SPDX-License-Identifier: Apache-2.0
 * Rendering: variables, variants, field types, and the nine steps of docs/pipelines.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/asset.h"
#include "importer/assets/canon.h"
#include "importer/assets/painless.h"
#include "importer/assets/pipeline.h"
#include "importer/assets/render.h"
#include "importer/assets/scripts.h"
#include "importer/core/files.h"
#include "importer/install/kind.h"

/* A folder of assets of our own, a cluster with a few processors, and dictionaries of constants. */
struct fixture {
	char dir[40];
	struct assets *assets;
	struct cluster cluster;
	struct render_dictionaries dictionaries;
	struct rendering r;
};

static const struct {
	const char *path, *text;
} files[] = {
	{ "ingest-pipelines/t-main.yml",
	  "description: main\nprocessors:\n- pipeline: {name: flow-t-one}\n- pipeline: {name: "
	  "flow-t-two}\n"
	  "- dictionary: hosts\n- dictionary: empty\n- geoip: {field: ip}\n- pipeline: {name: "
	  "flow@custom}\n"
	  "- pipeline: {name: flow-t-one, if: 'true'}\non_failure:\n- pipeline: {name: "
	  "flow-t-three}\n" },
	{ "ingest-pipelines/t-one.yml", "processors:\n- script:\n    tag: one\n    params: {a: "
					"{dictionary: words}, same: 1}\n    source: |\n"
					"      //@include t-lib\n      // a comment\n      int "
					"one() { return 1; }\n\n      //@run\n      one();\n" },
	{ "ingest-pipelines/t-two.yml",
	  "processors:\n- script:\n    tag: two\n    params: {b: 2, same: 1}\n    source: |\n"
	  "      //@include t-lib\n      int two() { return 2; }\n      //@run\n      two(); // "
	  "gone\n      /${word}/;\n" },
	{ "ingest-pipelines/t-three.yml", "processors:\n- set: {field: x, value: '${n}'}\n" },
	{ "ingest-pipelines/t-clash.yml",
	  "processors:\n- pipeline: {name: flow-t-one}\n- script: {source: "
	  "\"x();\\n//@run\\ny();\", params: {same: 2}}\n" },
	{ "ingest-pipelines/t-circle.yml", "processors:\n- pipeline: {name: flow-t-circle}\n" },
	{ "ingest-pipelines/t-unknown.yml",
	  "processors:\n- set: {field: x, value: '${nobody}'}\n" },
	{ "ingest-pipelines/t-nolib.yml",
	  "processors:\n- script: {source: \"//@include nowhere\\nx\"}\n" },
	{ "ingest-pipelines/t-apart.yml",
	  "processors:\n- script: {source: \"a\\n//@run\\nb\", if: 'c'}\n- script: {source: "
	  "\"d\\n//@run\\ne\"}\n"
	  "- script: {source: \"f\"}\n- script: {source: \"g\\n//@run\\nh\"}\n" },
	{ "ingest-pipelines/t-when.yml",
	  "processors:\n- set: {when: {word: w}, field: a}\n- set: {when: {word: [v, w], n: 3}, "
	  "field: b, on_failure: [{set: {when: {n: 4}, field: c}}]}\n- set: {when: {word: w, n: "
	  "4}, field: d}\n- pipeline: {when: {word: v}, name: flow-t-circle}\n" },
	{ "ingest-pipelines/t-when-unknown.yml",
	  "processors:\n- set: {when: {nobody: w}, field: a}\n" },
	{ "ingest-pipelines/lib/t-lib.painless", "// library\nint lib() { return 0; }\n" },
	{ "es-templates/component-templates/t.json",
	  "{\"template\":{\"settings\":{\"index\":{\"number_of_shards\":\"${n}\",\"x\":\"a-${word}"
	  "\"}},\"mappings\":{\"properties\":{"
	  "\"a\":{\"type\":\"flattened\",\"depth_limit\":2},\"b\":{\"type\":\"wildcard\",\"ignore_"
	  "above\":9},\"c\":{\"properties\":{"
	  "\"d\":{\"type\":\"constant_keyword\",\"value\":\"v\"},\"e\":{\"type\":\"keyword\","
	  "\"fields\":{\"text\":{\"type\":\"match_only_text\"}}}}}}}}}" },
	{ "ingest-pipelines/t-calls.yml", "processors:\n- pipeline: {name: flow-t-twice}\n" },
	{ "ingest-pipelines/t-twice.yml",
	  "processors:\n- set: {field: x, value: 1, on_failure: [{script: {source: "
	  "\"a();\\n//@run\\n//@run\"}}]}\n" },
	{ "ingest-pipelines/t-badlib.yml",
	  "processors:\n- script: {source: \"//@include runs\\n//@run\\na();\"}\n" },
	{ "ingest-pipelines/lib/runs.painless", "/* a\nb */\n//@run\n" },
	{ "es-templates/component-templates/v.ilm.json", "{\"template\":{}}" },
	{ "es-templates/component-templates/v.dsl.json", "{\"template\":{}}" },
	{ "es-templates/component-templates/v.none.json", "{\"template\":{}}" },
};

static int table(void *arg, const char *name, json_t **ret_table, struct err *err)
{
	(void)arg;
	if (strcmp(name, "words") != 0)
		return err_set(err, EF_USAGE, "no dictionary %s", name);
	*ret_table = json_pack("[s,s]", "x", "// not a comment");
	return 0;
}

static int calls(void *arg, const char *name, json_t **ret_processors, struct err *err)
{
	(void)arg;
	(void)err;
	*ret_processors = json_array();
	if (strcmp(name, "hosts") == 0)
		json_array_append_new(*ret_processors, json_pack("{s:{s:s}}", "pipeline", "name",
								 "flow-dict-hosts-1"));
	return 0;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err;
	snprintf(f->dir, sizeof(f->dir), "/tmp/test_render.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		assert_int_equal(file_write_below(f->dir, files[i].path, files[i].text,
						  strlen(files[i].text), 0644, &err),
				 0);
	assert_int_equal(assets_open(f->dir, &f->assets, &err), 0);
	f->cluster.processors = json_pack("{s:b,s:b,s:b}", "script", 1, "set", 1, "pipeline", 1);
	f->dictionaries = (struct render_dictionaries){ .table = table, .calls = calls };
	f->r = (struct rendering){ .assets = f->assets,
				   .cluster = &f->cluster,
				   .dictionaries = &f->dictionaries };
	f->r.variables = json_pack("{s:i,s:s}", "n", 3, "word", "w");
	f->r.notes = json_array();
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[100];
	assets_free(f->assets);
	json_decref(f->cluster.processors);
	json_decref(f->r.variables);
	json_decref(f->r.notes);
	snprintf(command, sizeof(command), "rm -r %s", f->dir);
	int result = system(command);
	free(f);
	return result;
}

static void assert_json(const json_t *got, const char *want)
{
	CLEANUP_JSON json_t *expected = json_loads(want, 0, NULL);
	CLEANUP_FREE char *text = json_dumps(got, JSON_INDENT(1)),
			  *wanted = json_dumps(expected, JSON_INDENT(1));
	assert_non_null(expected);
	if (!json_equal(got, expected))
		assert_string_equal(text, wanted);
}

static void pipeline_goes_through_all_steps(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_NONE;
	CLEANUP_JSON json_t *p = NULL;
	if (render_pipeline(&f->r, "ingest-pipelines/t-main.yml", &p, &err))
		fail_msg("%s", err.msg);
	assert_json(p, "{\"description\":\"main\",\"processors\":["
		       "{\"script\":{\"tag\":\"one to two\",\"params\":{\"a\":[\"x\",\"// not a "
		       "comment\"],\"same\":1,\"b\":2},"
		       "\"source\":\"int one(){return 1;}int two(){return 2;}int lib(){return "
		       "0;}one();two();/w/;\"}},"
		       "{\"pipeline\":{\"name\":\"flow-dict-hosts-1\"}},{\"pipeline\":{\"name\":"
		       "\"flow@custom\"}},"
		       "{\"pipeline\":{\"name\":\"flow-t-one\",\"if\":\"true\"}}],"
		       "\"on_failure\":[{\"set\":{\"field\":\"x\",\"value\":3}}]}");
	assert_int_equal(json_array_size(f->r.notes), 1); /* geoip was left out, said once */
	assert_non_null(strstr(json_string_value(json_array_get(f->r.notes, 0)), "geoip"));
}

/* Of several conditions all must hold; what is left out is not looked into. */
static void when_leaves_processors_out(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_NONE;
	CLEANUP_JSON json_t *p = NULL;
	if (render_pipeline(&f->r, "ingest-pipelines/t-when.yml", &p, &err))
		fail_msg("%s", err.msg);
	assert_json(p,
		    "{\"processors\":[{\"set\":{\"field\":\"a\"}},{\"set\":{\"field\":\"b\"}}]}");
}

static void scripts_merge_only_with_neighbours(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_NONE;
	CLEANUP_JSON json_t *p = NULL;
	assert_int_equal(render_pipeline(&f->r, "ingest-pipelines/t-apart.yml", &p, &err), 0);
	assert_json(p,
		    "{\"processors\":[{\"script\":{\"source\":\"a\\nb\\n\",\"if\":\"c\"}},{"
		    "\"script\":{\"source\":\"d\\ne\\n\"}},"
		    "{\"script\":{\"source\":\"f\\n\"}},{\"script\":{\"source\":\"g\\nh\\n\"}}]}");
}

static void too_long_scripts_are_not_merged(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_NONE;
	size_t len = PAINLESS_MAX - 20;
	CLEANUP_FREE char *line = calloc(1, len + 1), *yaml = NULL;
	memset(line, 'x', len);
	assert_true(asprintf(&yaml,
			     "processors:\n- script: {source: \"%s\\n//@run\\na\"}\n- script: "
			     "{source: \"%s\\n//@run\\nb\"}\n",
			     line, line) > 0);
	assert_int_equal(
	    file_write_below(f->dir, "ingest-pipelines/t-long.yml", yaml, strlen(yaml), 0644, &err),
	    0);
	struct assets *again;
	assert_int_equal(assets_open(f->dir, &again, &err), 0);
	struct rendering r = f->r;
	r.assets = again;
	CLEANUP_JSON json_t *p = NULL;
	assert_int_equal(render_pipeline(&r, "ingest-pipelines/t-long.yml", &p, &err), 0);
	assert_int_equal(json_array_size(json_object_get(p, "processors")), 2);
	assets_free(again);
}

/* A pipeline of as many bytes as may be, and of one more. */
static void too_large_pipelines_are_refused(void **state)
{
	struct fixture *f = *state;
	CLEANUP_JSON json_t *pipeline =
	    json_pack("{s:[{s:{s:s,s:{s:s,s:s}}}]}", "processors", "script", "source", "a",
		      "params", "small", "0123456789", "table", "");
	json_t *params = json_object_get(
	    json_object_get(json_array_get(json_object_get(pipeline, "processors"), 0), "script"),
	    "params");
	CLEANUP_FREE char *text = canon_text(pipeline);
	size_t most = PIPELINE_MAX - strlen(text);
	CLEANUP_FREE char *large = calloc(1, most + 2);
	struct err err = ERR_NONE;
	memset(large, 'x', most);
	json_object_set_new(params, "table", json_string(large));
	assert_int_equal(scripts_measure(&f->r, "t.yml", pipeline, &err), 0);
	large[most] = 'x';
	json_object_set_new(params, "table", json_string(large));
	assert_int_equal(scripts_measure(&f->r, "t.yml", pipeline, &err), -1);
	assert_int_equal(err.code, EF_USAGE);
	assert_string_equal(
	    err.msg, "t.yml: the pipeline is 900 KB, at most 900 are allowed; its largest table "
		     "is 'table' with 899 KB: make that dictionary smaller");
}

static void mistakes_are_named(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *path, *message;
	} cases[] = {
		{ "ingest-pipelines/t-clash.yml", "the parameter 'same' two values" },
		{ "ingest-pipelines/t-circle.yml", "in a circle" },
		{ "ingest-pipelines/t-unknown.yml", "there is no variable ${nobody}" },
		{ "ingest-pipelines/t-when-unknown.yml", "there is no variable nobody" },
		{ "ingest-pipelines/t-nolib.yml",
		  "there is no ingest-pipelines/lib/nowhere.painless" },
		{ "ingest-pipelines/t-calls.yml",
		  "ingest-pipelines/t-twice.yml: line 3 of a script is a second //@run" },
		{ "ingest-pipelines/t-badlib.yml",
		  "lib/runs.painless:3: //@run has no place in a" },
		{ "ingest-pipelines/absent.yml", "there is no asset" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_NONE;
		json_t *p = NULL;
		assert_int_equal(render_pipeline(&f->r, cases[i].path, &p, &err), -1);
		assert_int_equal(err.code, EF_USAGE);
		if (!strstr(err.msg, cases[i].message))
			assert_string_equal(err.msg, cases[i].message);
	}
}

static void types_follow_the_cluster(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_NONE;
	CLEANUP_JSON json_t *poor = NULL, *rich = NULL;
	f->cluster.has[CAP_FLAT_OBJECT] = true;
	assert_int_equal(
	    render_template(&f->r, "es-templates/component-templates/t.json", &poor, &err), 0);
	json_t *fields = json_object_get(
	    json_object_get(json_object_get(poor, "template"), "mappings"), "properties");
	assert_json(fields, "{\"a\":{\"type\":\"flat_object\"},\"b\":{\"type\":\"keyword\","
			    "\"ignore_above\":9},\"c\":{\"properties\":{"
			    "\"d\":{\"type\":\"keyword\"},\"e\":{\"type\":\"keyword\",\"fields\":{"
			    "\"text\":{\"type\":\"text\",\"norms\":false,"
			    "\"index_options\":\"freqs\"}}}}}}");
	assert_json(json_object_get(json_object_get(poor, "template"), "settings"),
		    "{\"index\":{\"number_of_shards\":3,\"x\":\"a-w\"}}");
	for (int i = 0; i < CAPABILITIES; i++)
		f->cluster.has[i] = true;
	assert_int_equal(
	    render_template(&f->r, "es-templates/component-templates/t.json", &rich, &err), 0);
	json_t *kept = json_object_get(
	    json_object_get(json_object_get(rich, "template"), "mappings"), "properties");
	assert_json(json_object_get(kept, "a"), "{\"type\":\"flattened\",\"depth_limit\":2}");
	memset(f->cluster.has, 0, sizeof(f->cluster.has));
}

static void variants_follow_the_cluster(void **state)
{
	struct fixture *f = *state;
	char name[100];
	static const char folder[] = "es-templates/component-templates/";
	static const char *const variants[] = { "ilm", "dsl", "none" };
	for (int want = 0; want < 3; want++) {
		f->cluster.has[CAP_ILM] = want == 0;
		f->cluster.has[CAP_DSL] = want <= 1; /* ILM wins where a cluster has both */
		for (int i = 0; i < 3; i++) {
			char path[100];
			snprintf(path, sizeof(path), "%sv.%s.json", folder, variants[i]);
			assert_int_equal(render_name(&f->r, path, name, sizeof(name)), i == want);
			assert_string_equal(name, "v");
		}
	}
	memset(f->cluster.has, 0, sizeof(f->cluster.has));
}

static void names_follow_the_file(void **state)
{
	struct fixture *f = *state;
	static const char *const cases[][2] = {
		{ "ingest-pipelines/flow.yml", "flow" },
		{ "ingest-pipelines/roles.yml", "flow-roles" },
		{ "ingest-pipelines/flow@custom.yml", "flow@custom" },
		{ "es-templates/index-templates/metrics-flow.counters.json",
		  "metrics-flow.counters" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[100];
		assert_true(render_name(&f->r, cases[i][0], name, sizeof(name)));
		assert_string_equal(name, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipeline_goes_through_all_steps),
		cmocka_unit_test(when_leaves_processors_out),
		cmocka_unit_test(scripts_merge_only_with_neighbours),
		cmocka_unit_test(too_long_scripts_are_not_merged),
		cmocka_unit_test(too_large_pipelines_are_refused),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(types_follow_the_cluster),
		cmocka_unit_test(variants_follow_the_cluster),
		cmocka_unit_test(names_follow_the_file),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
