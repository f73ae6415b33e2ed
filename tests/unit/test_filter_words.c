/* SPDX-License-Identifier: Apache-2.0
 * The table of the filter's words: what it says of fields is what the mappings say, and the manual
 * has it. With UPDATE=1 the manual is written anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/core/files.h"
#include "importer/core/json.h"
#include "importer/query/field.h"
#include "importer/query/words.h"

#define MAPPINGS "es-templates/component-templates/flow@mappings.json"
#define MANUAL   "docs/asking.md"
#define BEGIN    "<!-- made by UPDATE=1 build/tests/unit/test_filter_words -->\n"
#define END      "<!-- end of the table -->\n"

/* What the mapping has under a dotted name, or NULL. */
static const json_t *mapping_of(const json_t *properties, const char *field)
{
	char name[100];
	const json_t *at = NULL;
	for (; properties; properties = json_object_get(at, "properties")) {
		const size_t len = strcspn(field, ".");
		snprintf(name, sizeof(name), "%.*s", (int)len, field);
		at = json_object_get(properties, name);
		field += len + (field[len] == '.');
		if (!*field)
			return at;
	}
	return NULL;
}

static json_t *mappings_read(void)
{
	CLEANUP_FREE char *text = NULL;
	struct err err = ERR_NONE;
	size_t len;
	assert_int_equal(file_read(MAPPINGS, 1 << 20, &text, &len, &err), 0);
	json_t *all = json_loads(text, 0, NULL);
	assert_non_null(all);
	return all;
}

static void assert_cost(const json_t *properties, const char *field)
{
	const json_t *row = mapping_of(properties, field);
	if (!row)
		fail_msg("%s is in no mapping", field);
	const json_t *index = json_object_get(row, "index");
	const json_t *values = json_object_get(row, "doc_values");
	if (json_is_false(index) && json_is_false(values))
		fail_msg("%s cannot be searched", field);
	if (field_cost(field) != (json_is_false(index) ? FILTER_VALUES : FILTER_INDEXED))
		fail_msg("%s: field.c says %s, the mapping does not", field,
			 filter_cost_names[field_cost(field)]);
}

static size_t assert_types(const json_t *properties, const char *folder)
{
	const char *name;
	json_t *field;
	size_t n = 0;
	json_object_foreach ((json_t *)properties, name, field) {
		char path[200];
		snprintf(path, sizeof(path), "%s%s", folder, name);
		const json_t *below = json_object_get(field, "properties");
		const enum field_kind type = field_kind_of(NULL, path);
		n++;
		if (below) {
			assert_int_equal(type, FIELD_FOLDER);
			snprintf(path, sizeof(path), "%s%s.", folder, name);
			n += assert_types(below, path);
			continue;
		}
		CLEANUP_JSON json_t *own = json_pack("{s:O}", path, json_object_get(field, "type"));
		if (type != field_kind_of(own, path) || type == FIELD_FOLDER ||
		    type == FIELD_UNKNOWN)
			fail_msg("%s has another type in the mapping", path);
	}
	return n;
}

/* efctl was built with the mapping's fields: all of them, with their types. */
static void fields_have_their_types(void **state)
{
	(void)state;
	char text[FIELD_WRONG_TEXT];
	CLEANUP_JSON json_t *all = mappings_read();
	assert_true(assert_types(json_at(all, "template.mappings.properties"), "") > 300);
	assert_int_equal(field_kind_of(NULL, "source.ip"), FIELD_ADDRESS);
	assert_int_equal(field_kind_of(NULL, "network.bytes"), FIELD_WHOLE);
	assert_int_equal(field_kind_of(NULL, "flow.ie.a.b"), FIELD_TEXT);
	assert_int_equal(field_kind_of(NULL, "source.ipp"), FIELD_UNKNOWN);
	assert_string_equal(field_wrong("wholly.something.else", FIELD_UNKNOWN, text),
			    "is no field of a record; docs/fields.md has all");
	assert_string_equal(field_wrong("source.ipp", FIELD_UNKNOWN, text),
			    "is no field of a record; did you mean 'source.ip'?");
	assert_string_equal(field_wrong("source.ip", FIELD_UNKNOWN, text),
			    "is a field that the records asked do not have (efctl setup "
			    "--profile)");
	assert_string_equal(field_wrong("source", FIELD_FOLDER, text),
			    "has fields, and no value of its own");
}

static void fields_are_mapped(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *all = mappings_read();
	const json_t *properties = json_at(all, "template.mappings.properties");
	for (const char *const *f = field_indexed; *f; f++)
		assert_cost(properties, *f);
	for (size_t i = 0; i < word_rows_len; i++)
		for (size_t k = 0; k < WORD_FIELDS && word_rows[i].fields[k]; k++)
			if (!strchr(word_rows[i].fields[k], ' ')) /* a reason, of a refused one */
				assert_cost(properties, word_rows[i].fields[k]);
}

/* One row a word and its qualifiers, and no two of them. */
static void words_are_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < word_rows_len; i++)
		assert_ptr_equal(word_find(word_rows[i].word, word_rows[i].qualifiers),
				 &word_rows[i]);
}

static void takes_print(FILE *out, const struct word_row *row)
{
	switch (row->takes) {
	case TAKES_NUMBER:
		fprintf(out, row->max < INT64_MAX ? "number up to %lld" : "number", row->max);
		break;
	case TAKES_ID:
		fputs("number, = or list", out);
		break;
	case TAKES_ADDRESS:
		fputs("address, network, list", out);
		break;
	case TAKES_NETWORK:
		fputs("network", out);
		break;
	case TAKES_MAC:
		fputs("MAC address", out);
		break;
	case TAKES_NAME:
		fputs("name, list", out);
		break;
	case TAKES_COUNTRY:
		fputs("two letters, list", out);
		break;
	case TAKES_OWN:
		fputs("see above", out);
	}
}

/* "`source.port` values" for each field of all rows of a word. */
static void fields_print(FILE *out, const char *word)
{
	const char *said[40] = { NULL };
	size_t n = 0;
	for (size_t i = 0; i < word_rows_len; i++)
		for (size_t k = 0; k < WORD_FIELDS && word_rows[i].fields[k]; k++) {
			const char *field = word_rows[i].fields[k];
			bool again = strcmp(word_rows[i].word, word) != 0;
			for (size_t s = 0; s < n; s++)
				again |= strcmp(said[s], field) == 0;
			if (again || n == 40)
				continue;
			const bool script =
			    word_rows[i].takes == TAKES_OWN && word_rows[i].max > 0; /* rates */
			fprintf(out, "%s`%s` %s", n ? ", " : "", field,
				filter_cost_names[script ? FILTER_SCRIPT : field_cost(field)]);
			said[n++] = field;
		}
}

static void word_print(FILE *out, size_t at)
{
	const struct word_row *row = &word_rows[at];
	char text[WORD_QUALIFIERS_MAX];
	for (size_t i = 0; i < at; i++)
		if (strcmp(word_rows[i].word, row->word) == 0)
			return;
	if (row->fields[0] && strchr(row->fields[0], ' ')) {
		fprintf(out, "| `%s` | | refused: %s | |\n", row->word, row->fields[0]);
		return;
	}
	fprintf(out, "| `%s` |", row->word);
	for (size_t i = at; i < word_rows_len; i++)
		if (strcmp(word_rows[i].word, row->word) == 0 && word_rows[i].qualifiers)
			fprintf(out, " `%s`", word_qualifiers_text(word_rows[i].qualifiers, text));
	fputs(" | ", out);
	takes_print(out, row);
	fputs(" | ", out);
	fields_print(out, row->word);
	fputs(" |\n", out);
}

static void manual_has_them(void **state)
{
	(void)state;
	CLEANUP_FREE char *manual = NULL, *table = NULL;
	struct err err = ERR_NONE;
	size_t len, table_len;
	assert_int_equal(file_read(MANUAL, 1 << 20, &manual, &len, &err), 0);
	FILE *out = open_memstream(&table, &table_len);
	assert_non_null(out);
	fputs("| word | before it | takes | fields, and what they cost |\n|---|---|---|---|\n",
	      out);
	for (size_t i = 0; i < word_rows_len; i++)
		word_print(out, i);
	fclose(out);
	char *begin = strstr(manual, BEGIN), *end = strstr(manual, END);
	assert_non_null(begin);
	assert_non_null(end);
	begin += strlen(BEGIN);
	if (getenv("UPDATE")) {
		FILE *file = fopen(MANUAL, "w");
		assert_non_null(file);
		fprintf(file, "%.*s%s%s", (int)(begin - manual), manual, table, end);
		assert_int_equal(fclose(file), 0);
		return;
	}
	if ((size_t)(end - begin) != table_len || memcmp(begin, table, table_len) != 0)
		fail_msg("the table of words in " MANUAL " is not that of the code: "
			 "UPDATE=1 build/tests/unit/test_filter_words");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_mapped),
		cmocka_unit_test(fields_have_their_types),
		cmocka_unit_test(words_are_one),
		cmocka_unit_test(manual_has_them),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
