/* SPDX-License-Identifier: Apache-2.0
 * What flows can be ranked by: every dimension is of fields that documents have, and in the manual;
 * names of ends, of fields and several together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/query/dimension.h"

static char *page_read(const char *path)
{
	CLEANUP_FILE FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);
	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	return text;
}

static bool page_has(const char *page, const char *before, const char *field)
{
	char row[120];
	snprintf(row, sizeof(row), "%s`%s`", before, field);
	return strstr(page, row);
}

/* As docs/fields.md writes it: `<end>` is client, server, source and destination. */
static bool field_is_told(const char *page, const char *field)
{
	static const char *const ends[] = { "client", "server" };
	if (page_has(page, "\n| ", field))
		return true;
	for (size_t i = 0; i < 2; i++) {
		const char *at = strstr(field, ends[i]);
		char form[120];
		snprintf(form, sizeof(form), "%.*s<end>%s", at ? (int)(at - field) : 0, field,
			 at ? at + strlen(ends[i]) : "?");
		if (at && page_has(page, "\n| ", form))
			return true;
	}
	return false;
}

static void dimensions_are_of_fields(void **state)
{
	CLEANUP_FREE char *fields = page_read("docs/fields.md");
	CLEANUP_FREE char *manual = page_read("docs/efctl.md");
	struct err err = ERR_NONE;
	(void)state;
	assert_true(dimensions_len > 50);
	for (size_t i = 0; i < dimensions_len; i++) {
		struct subject s;
		assert_int_equal(subject_parse(dimensions[i].name, &s, &err), 0);
		if (!page_has(manual, "\n| ", dimensions[i].name))
			fail_msg("%s is not in docs/efctl.md", dimensions[i].name);
		for (size_t side = 0; side < s.sides; side++)
			for (size_t f = 0; f < s.fields; f++)
				if (!field_is_told(fields, s.side[side].field[f]))
					fail_msg("%s: docs/fields.md has no %s", dimensions[i].name,
						 s.side[side].field[f]);
	}
}

static void ends_and_fields_are_subjects(void **state)
{
	struct subject s;
	struct err err = ERR_NONE;
	(void)state;
	assert_int_equal(subject_parse("hosts", &s, &err), 0);
	assert_int_equal(s.sides, 2);
	assert_string_equal(s.side[0].field[0], "flow.client.name");
	assert_string_equal(s.side[1].field[0], "flow.server.name");
	assert_string_equal(s.side[1].sent, "server.bytes");
	assert_int_equal(subject_parse("talkers", &s, &err), 0);
	assert_string_equal(s.title, "HOST");
	assert_int_equal(subject_parse("source-as", &s, &err), 0);
	assert_int_equal(s.sides, 1);
	assert_string_equal(s.side[0].field[0], "source.as.number");
	assert_string_equal(s.side[0].sent, "source.bytes");
	assert_string_equal(s.title, "SOURCE AS");
	assert_int_equal(subject_parse("dns.question.type", &s, &err), 0);
	assert_string_equal(s.side[0].field[0], "dns.question.type");
	assert_int_equal(subject_parse("services,countries", &s, &err), 0);
	assert_int_equal(s.sides, 2);
	assert_int_equal(s.fields, 2);
	assert_string_equal(s.side[1].field[0], "flow.service.name");
	assert_string_equal(s.side[1].field[1], "server.geo.country_iso_code");
	assert_string_equal(s.title, "SERVICE, COUNTRY");
}

static void refused(const char *names, const char *why)
{
	struct subject s;
	struct err err = ERR_NONE;
	assert_int_equal(subject_parse(names, &s, &err), -1);
	assert_int_equal(err.code, EF_USAGE);
	if (!strstr(err.msg, why))
		fail_msg("%s: %s", names, err.msg);
	assert_false(subject_is(names));
}

static void others_are_not(void **state)
{
	(void)state;
	refused("servces", "did you mean 'services'?");
	refused("", "nothing to rank by");
	refused("hosts,", "nothing to rank by");
	refused("client-services", "nothing to rank by");
	refused("client-interfaces", "nothing to rank by");
	refused("interfaces,services", "'links' can");
	refused("services,interfaces", "'links' can");
	refused("conversations,conversations,hosts", "at most 6 fields");
	refused("a.%", "no field");
	refused("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.y",
		"no field");
}

static void texts_of_keys(void **state)
{
	struct subject s;
	struct err err = ERR_NONE;
	char text[SUBJECT_TEXT_MAX];
	(void)state;
	assert_int_equal(subject_parse("conversations", &s, &err), 0);
	CLEANUP_JSON json_t *key = json_pack("[s,s#,n]", "a", "b\0c", 3);
	assert_string_equal(subject_text(&s, key, text), "a → b␀c, (none)");
	CLEANUP_JSON json_t *number = json_pack("[I]", (json_int_t)64496);
	assert_string_equal(subject_text(&s, number, text), "64496");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dimensions_are_of_fields),
		cmocka_unit_test(ends_and_fields_are_subjects),
		cmocka_unit_test(others_are_not),
		cmocka_unit_test(texts_of_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
