/* SPDX-License-Identifier: Apache-2.0
 * Questions about fields that the installation leaves empty. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "importer/core/memory.h"
#include "importer/left_empty.h"
#include "importer/query/named.h"
#include "importer/query/words.h"
#include "tests/lib/reply.h"
#include "tests/lib/with_assets.h"

/* What is said of one field. */
static void assert_said(const char *options, const char *field, const char *want)
{
	char text[LEFT_EMPTY_TEXT] = "";
	CLEANUP_JSON json_t *record = reply_of(options), *fields = json_pack("[s]", field);
	const bool said = left_empty(assets, record, fields, text);
	assert_string_equal(text, want ? want : "");
	assert_int_equal(said, want != NULL);
}

static void fields(void **state)
{
	(void)state;
	assert_said("{'setup.profile':'lean'}", "flow.source.name",
		    "flow.source.name is empty in records of this installation: it has --profile "
		    "lean (docs/cost.md)");
	assert_said("{'setup.profile':'lean'}", "flow.client.name", NULL);
	assert_said("{'setup.profile':'standard'}", "flow.source.name", NULL);
	assert_said("{}", "flow.source.name", NULL);
	assert_said("{'setup.geo':'off'}", "client.geo.country_iso_code",
		    "client.geo.country_iso_code is empty but for what your networks say: this "
		    "installation has --geo off (docs/cost.md)");
	assert_said("{'setup.geo':'country'}", "client.geo.country_iso_code", NULL);
	assert_said("{'setup.geo':'country'}", "server.geo.city_name",
		    "server.geo.city_name is empty but for what your networks say: this "
		    "installation has --geo country (docs/cost.md)");
	assert_said("{'setup.as_lookup':'off'}", "source.as.number",
		    "source.as.number is empty but for what your networks and exporters say: "
		    "this installation has --as-lookup off (docs/cost.md)");
	assert_said("{'setup.as_lookup':'on'}", "source.as.number", NULL);
	assert_said("{'setup.geo':'off'}", "observer.geo.name", NULL);
}

/* The fields of every kind of clause that a filter makes. */
static void queries(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *found = json_array();
	CLEANUP_JSON json_t *want = reply_of("['a.b','c.d','e.f','g.h','i.j','k.l']");
	CLEANUP_JSON json_t *query = reply_of(
	    "{'bool':{'filter':[{'term':{'a.b':'x'}},{'bool':{'must_not':{'terms':{'c.d':[1,2]}},"
	    "'should':[{'range':{'e.f':{'gt':1}}},{'exists':{'field':'g.h'}}]}},{'wildcard':{"
	    "'i.j':{'value':'x*'}}},{'prefix':{'k.l':'y'}},{'match_all':{}}]}}");
	left_empty_asked(query, found);
	assert_true(json_equal(found, want));
}

/* Whether any of the fields is spoken of. */
static bool any_empty(const char *options, const json_t *names)
{
	char text[LEFT_EMPTY_TEXT];
	CLEANUP_JSON json_t *record = reply_of(options);
	return left_empty(assets, record, names, text);
}

/* `name` behind what is there. */
static void name_add(struct buf *b, const char *name)
{
	assert_int_equal(buf_add_fmt(b, "%s`%s`", b->len ? ", " : "", name), 0);
}

static bool dimension_empty(const char *options, const char *name)
{
	struct err err = ERR_NONE;
	struct subject s;
	CLEANUP_JSON json_t *names = json_array();
	if (subject_parse(name, &s, &err))
		return false;
	left_empty_ranked(&s, names);
	return any_empty(options, names);
}

/* "`regions`, `source-hosts`": what of `top` is spoken of. */
static void dimensions_add(const char *options, struct buf *b)
{
	static const char *const ends[] = { "client", "server", "source", "destination" };
	for (size_t i = 0; i < dimensions_len; i++) {
		const bool all = dimension_empty(options, dimensions[i].name);
		if (all)
			name_add(b, dimensions[i].name);
		for (size_t end = 0; end < 4 && !all; end++) {
			char one[120];
			snprintf(one, sizeof(one), "%s-%s", ends[end], dimensions[i].name);
			if (dimension_empty(options, one))
				name_add(b, one);
		}
	}
}

/* The same of the filter's words; what cannot be asked of any document is not spoken of. */
static void words_add(const char *options, struct buf *b)
{
	for (size_t i = 0; i < word_rows_len; i++) {
		const struct word_row *row = &word_rows[i];
		char before[WORD_QUALIFIERS_MAX], one[120];
		CLEANUP_JSON json_t *names = json_array();
		for (size_t k = 0; k < WORD_FIELDS && row->fields[k]; k++)
			json_array_append_new(names, json_string(row->fields[k]));
		if (row->read == read_refused || !any_empty(options, names))
			continue;
		word_qualifiers_text(row->qualifiers, before);
		snprintf(one, sizeof(one), "%s%s%s", before, *before ? " " : "", row->word);
		name_add(b, one);
	}
}

/* docs/cost.md says which options leave which dimensions and words empty. */
static void page(void **state)
{
	static const char *const rows[][2] = {
		{ "--profile lean", "{'setup.profile':'lean'}" },
		{ "--geo off", "{'setup.geo':'off'}" },
		{ "--geo country", "{'setup.geo':'country'}" },
		{ "--as-lookup off", "{'setup.as_lookup':'off'}" },
	};
	CLEANUP_FREE char *text = calloc(1, 1 << 20);
	CLEANUP_FILE FILE *f = fopen("docs/cost.md", "r");
	size_t missing = 0;
	(void)state;
	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP_BUF struct buf top = { 0 }, words = { 0 }, row = { 0 };
		buf_init(&top, 10000);
		buf_init(&words, 10000);
		buf_init(&row, 30000);
		dimensions_add(rows[i][1], &top);
		words_add(rows[i][1], &words);
		assert_int_equal(
		    buf_add_fmt(&row, "\n| `%s` | %s | %s |\n", rows[i][0], top.data, words.data),
		    0);
		if (!strstr(text, row.data)) {
			fprintf(stderr, "# docs/cost.md lacks%s", row.data); /* cmocka cuts */
			missing++;
		}
	}
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(queries),
		cmocka_unit_test(page),
	};
	memory_begin();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, open_assets, close_assets);
}
