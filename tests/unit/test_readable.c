/* SPDX-License-Identifier: Apache-2.0
 * Assets as lines for people: blocks of script, squeezed scripts broken up, long texts cut; tables
 * as numbers of rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/readable.h"
#include "importer/dictionary/dict_delta.h"
#include "importer/dictionary/dict_pack.h"
#include "importer/dictionary/dict_table.h"

static json_t *parse(const char *text)
{
	json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);
	assert_non_null(j);
	return j;
}

static void reads(const char *json, const char *wanted)
{
	CLEANUP_JSON json_t *tree = parse(json), *same = json_deep_copy(tree);
	CLEANUP_BUF struct buf out;
	buf_init(&out, 1 << 20);
	assert_int_equal(readable_json(tree, &out), 0);
	assert_string_equal(out.data, wanted);
	assert_true(json_equal(tree, same));
}

static void scripts_are_blocks(void **state)
{
	(void)state;
	reads(
	    "{\"b\":1,\"a\":{\"source\":\"int x = 1;\\n\\n  return x;\\n\",\"lang\":\"painless\"}}",
	    "{\n \"a\": {\n  \"lang\": \"painless\",\n  \"source\": \"\"\"\n   int x = 1;\n\n"
	    "     return x;\n  \"\"\"\n },\n \"b\": 1\n}\n");
	/* the end of the last line is told from none */
	reads("{\"source\":\"a\\nb\"}", "{\n \"source\": \"\"\"\n  a\n  b\"\"\"\n}\n");
	reads("{\"source\":\"a\\n\\n\"}", "{\n \"source\": \"\"\"\n  a\n\n \"\"\"\n}\n");
	/* what needs an escape, or would end the block */
	reads("{\"source\":\"a\\n\\\"\\\"\\\"\"}", "{\n \"source\": \"a\\n\\\"\\\"\\\"\"\n}\n");
	reads("{\"source\":\"a\\n\\u001b[31m\"}", "{\n \"source\": \"a\\n\\u001B[31m\"\n}\n");
	reads("[{\"set\": {\"value\":\"one line\",\"field\": \"x\"}}]",
	      "[{\"set\": {\"field\": \"x\", \"value\": \"one line\"}}]\n");
}

/* As painless.c squeezes what is too long. */
static void squeezed_scripts_are_broken_up(void **state)
{
	char source[2000], json[2100], wanted[2100];
	(void)state;
	snprintf(source, sizeof(source), "for(int i=0;i<2;i++){f('a;{b}');}String s='%0500d';", 0);
	snprintf(json, sizeof(json), "{\"source\":\"%s\"}", source);
	snprintf(wanted, sizeof(wanted),
		 "{\n \"source\": \"\"\"\n  for(int i=0;i<2;i++){\n  f('a;{b}');\n  }\n"
		 "  String s='%0500d';\"\"\"\n}\n",
		 0);
	reads(json, wanted);
}

static void long_texts_are_cut(void **state)
{
	char text[700], json[1500];
	CLEANUP_BUF struct buf out;
	(void)state;
	snprintf(text, sizeof(text), "\xc3\xa4%0600d", 7);
	snprintf(json, sizeof(json), "{\"filter\":\"%s\",\"list\":[\"%s\"]}", text, text);
	CLEANUP_JSON json_t *tree = parse(json);
	buf_init(&out, 1 << 20);
	assert_int_equal(readable_json(tree, &out), 0);
	assert_non_null(strstr(out.data,
			       "\"filter\": \"\xc3\xa4"
			       "00000000000000000000000000000000000000… (602 bytes, SHA-256 "));
	assert_true(out.len < 400);
}

/* ---- tables ------------------------------------------------------------------ */

static json_t *table(unsigned from, unsigned n, const char *last)
{
	struct dict_items items = { 0 };
	struct dict_records records;
	struct err err = ERR_NONE;
	json_t *made = NULL;
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(
		    dict_items_add(&items, DICT_V4, 0x0a000000U + 3 * (from + i), 32,
				   json_pack("{s:s,s:i}", "name", i + 1 == n ? last : "x", "class",
					     (int)(from + i) % 7),
				   false, &err),
		    0);
	assert_int_equal(dict_items_flatten(&items, NULL, &records, &err), 0);
	assert_int_equal(
	    dict_records_table(&records, 0, records.n, n > 1500 ? "name" : NULL, &made, &err), 0);
	dict_records_release(&records);
	dict_items_release(&items);
	return made;
}

static void counts(const json_t *old, const json_t *new, size_t added, size_t removed,
		   size_t changed)
{
	struct dict_delta d = dict_delta(old, new);
	assert_int_equal(d.added, added);
	assert_int_equal(d.removed, removed);
	assert_int_equal(d.changed, changed);
}

static void tables_of_addresses(void **state)
{
	(void)state;
	/* the second has an index, and names kept apart */
	for (unsigned n = 600; n <= 3000; n += 2400) {
		CLEANUP_JSON json_t *old = table(0, n, "y"), *more = table(0, n + 2, "y"),
				    *moved = table(5, n, "y"), *other = table(0, n, "z");
		assert_int_equal(dict_delta(NULL, old).new_rows, n);
		assert_true(dict_is_large(old));
		counts(old, old, 0, 0, 0);
		counts(old, other, 0, 0, 1);
		counts(old, more, 2, 0, 1); /* the last of the old ones is x now */
		counts(more, old, 0, 2, 1);
		counts(old, moved, 5, 5, 1);
		counts(NULL, old, n, 0, 0);
	}
}

static void other_tables(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *list = parse("[\"a\",null,\"b\"]"),
			    *list2 = parse("[\"a\",\"c\",\"d\"]");
	counts(list, list2, 1, 0, 1);
	CLEANUP_JSON json_t *map = parse("{\"a\":1,\"b\":2}"), *map2 = parse("{\"b\":2,\"c\":3}");
	counts(map, map2, 1, 1, 0);
	/* names are numbered anew when one comes first: digits '#' and '$' are 0 and 1 */
	CLEANUP_JSON json_t *services =
				parse("{\"names\":[\"ftp\",\"www\"],\"tcp\":\"##1###a$#$\"}"),
			    *services2 = parse("{\"names\":[\"dns\",\"ftp\",\"www\"],\"tcp\":"
					       "\"##1#$#a$#%\",\"udp\":\"#####\"}");
	counts(services, services2, 1, 0, 0);
	assert_false(dict_is_large(services));
	/* what somebody else has put there */
	CLEANUP_JSON json_t *
	    odd = parse("{\"width\":1,\"rows\":{},\"v4\":{\"index\":\"x\",\"records\":\"\\u0001\"},"
			"\"v6\":{\"records\":7}}"),
	   *number = parse("5");
	counts(odd, number, 0, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_are_blocks),
		cmocka_unit_test(squeezed_scripts_are_broken_up),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(tables_of_addresses),
		cmocka_unit_test(other_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
