/* SPDX-License-Identifier: Apache-2.0
 * Our own pipelines, rendered as the two kinds of clusters get them: they fit, and how much room is
 * left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/painless.h"
#include "importer/assets/pipeline.h"
#include "importer/assets/scripts.h"
#include "importer/core/files.h"
#include "tests/lib/rendering.h"

#define FLOW "ingest-pipelines/flow.yml"

static struct render_dictionaries real;
static json_t *asked; /* object: name of a dictionary -> how often its table was asked for */

static int table(void *arg, const char *name, json_t **ret_table, struct err *err)
{
	json_object_set_new(asked, name,
			    json_integer(json_integer_value(json_object_get(asked, name)) + 1));
	return real.table(arg, name, ret_table, err);
}

/* Without a prefix, and the tables that are asked for are counted. */
static void open_counting(struct fixture *f, const char *dir, bool stages)
{
	open_fixture(f, dir, NULL, stages);
	asked = json_object();
	real = f->dictionaries;
	f->dictionaries.table = table;
}

static void close_counting(struct fixture *f)
{
	json_decref(asked);
	close_fixture(f);
}

static json_t *rendered(struct fixture *f, const char *path)
{
	struct err err = ERR_NONE;
	json_t *pipeline = NULL;
	if (render_pipeline(&f->r, path, &pipeline, &err))
		fail_msg("%s", err.msg);
	return pipeline;
}

static void print_room(const struct fixture *f)
{
	char *text = NULL, *line, *rest;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	scripts_print_room(out, f->r.room);
	fclose(out);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		print_message("# %s\n", line);
	free(text);
}

static const json_t *flow_scripts(const struct fixture *f)
{
	return json_object_get(json_object_get(f->r.room, "flow"), "scripts");
}

static void stages_are_for_clusters_that_share_documents(void **state)
{
	static const struct {
		struct cluster cluster;
		bool want;
	} cases[] = {
		{ { .distribution = ELASTICSEARCH, .major = 7, .minor = 17 }, false },
		{ { .distribution = ELASTICSEARCH, .major = 8, .minor = 2 }, false },
		{ { .distribution = ELASTICSEARCH, .major = 8, .minor = 3 }, true },
		{ { .distribution = ELASTICSEARCH, .major = 9, .minor = 0 }, true },
		{ { .distribution = ELASTICSEARCH, .major = 8, .serverless = true }, true },
		{ { .distribution = OPENSEARCH, .major = 3, .minor = 8 }, false },
		{ { .distribution = OPENSEARCH, .major = 9, .minor = 3 }, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cluster_shares_documents(&cases[i].cluster), cases[i].want);
}

static void merged_it_is_one_script(void **state)
{
	struct fixture f;
	(void)state;
	open_counting(&f, NULL, false);
	CLEANUP_JSON json_t *flow = rendered(&f, FLOW);
	print_room(&f);
	assert_int_equal(json_array_size(flow_scripts(&f)), 1);
	/* statistics and errors of the cluster go by this name */
	size_t i, named = 0;
	json_t *processor;
	json_array_foreach (json_object_get(flow, "processors"), i, processor) {
		const char *tag =
		    json_string_value(json_object_get(json_object_get(processor, "script"), "tag"));
		named += tag && strcmp(tag, "normalise to event") == 0;
	}
	assert_int_equal(named, 1);
	close_counting(&f);
}

/* Parameters of separate scripts are not shared: a table that several stages want stands in one. */
static void stages_hold_no_table_twice(void **state)
{
	struct fixture f;
	size_t i, stages = 0;
	json_t *processor, *times;
	const char *dictionary;
	(void)state;
	open_counting(&f, NULL, true);
	CLEANUP_JSON json_t *flow = rendered(&f, FLOW);
	assert_int_equal(json_array_size(flow_scripts(&f)), 0);
	json_array_foreach (json_object_get(flow, "processors"), i, processor) {
		const char *name = json_string_value(
		    json_object_get(json_object_get(processor, "pipeline"), "name"));
		char path[200];
		assert_non_null(name);
		if (strncmp(name, "flow-", 5) != 0) /* the user's */
			continue;
		snprintf(path, sizeof(path), "ingest-pipelines/%s.yml", name + 5);
		json_decref(rendered(&f, path));
		stages++;
	}
	print_room(&f);
	assert_in_range(stages, 13, 30);
	assert_in_range(json_object_size(asked), 15, 100);
	json_object_del(asked, "address-elements"); /* the geo lookups, and who names the ends */
	json_object_foreach (asked, dictionary, times)
		if (json_integer_value(times) != 1)
			fail_msg("%s is in %lld stages", dictionary, json_integer_value(times));
	close_counting(&f);
}

/* What an overlay adds to a stage: a function of so many bytes that no stripping makes shorter. */
static void write_stage(const char *dir, size_t more)
{
	struct err err = ERR_NONE;
	struct assets *ours = NULL;
	assert_int_equal(assets_open(NULL, &ours, &err), 0);
	const struct asset *stage = assets_find(ours, "ingest-pipelines/threats.yml");
	const char *at = strstr(stage->text, "        void threats(Map ctx");
	CLEANUP_FREE char *filler = calloc(1, more + 1), *text = NULL;
	assert_non_null(at);
	memset(filler, 'x', more);
	assert_true(asprintf(&text, "%.*s        String filler() { return '%s'; }\n%s",
			     (int)(at - stage->text), stage->text, filler, at) > 0);
	assert_int_equal(
	    file_write_below(dir, "ingest-pipelines/threats.yml", text, strlen(text), 0644, &err),
	    0);
	assets_free(ours);
}

static void more_makes_another_script_at_most(void **state)
{
	static const struct {
		size_t bytes, scripts;
	} more[] = { { 2000, 1 }, { 12000, 2 }, { 40000, 2 } };
	char dir[] = "/tmp/test_pipelines.XXXXXX", command[100];
	(void)state;
	assert_non_null(mkdtemp(dir));
	for (int form = 0; form < 2; form++)
		for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
			struct fixture f;
			write_stage(dir, more[i].bytes);
			open_counting(&f, dir, form == 1);
			json_decref(rendered(&f, FLOW));
			json_decref(rendered(&f, "ingest-pipelines/threats.yml"));
			print_room(&f);
			assert_int_equal(json_array_size(flow_scripts(&f)),
					 form ? 0 : more[i].scripts);
			close_counting(&f);
		}
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_are_for_clusters_that_share_documents),
		cmocka_unit_test(merged_it_is_one_script),
		cmocka_unit_test(stages_hold_no_table_twice),
		cmocka_unit_test(more_makes_another_script_at_most),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
