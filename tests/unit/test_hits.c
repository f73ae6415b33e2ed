/* SPDX-License-Identifier: Apache-2.0
 * Documents taken out of a search's reply as text: what stays, what is dropped and replaced, and
 * what is no reply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/query/hits.h"

#define HEAD "{\"took\":1,\"_shards\":{\"failed\":0},\"hits\":{\"total\":null,\"hits\":["
#define TAIL "]}}"

static struct hits hits;
static char said[200]; /* by the last cut() */

static int setup(void **state)
{
	(void)state;
	hits_init(&hits);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hits_release(&hits);
	return 0;
}

/* From memory of the exact size, so that a sanitizer sees a read too far. */
static int cut(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	assert_non_null(copy);
	memcpy(copy, text, len);
	struct err err = ERR_NONE;
	const int result = hits_cut(&hits, copy, len, &err);
	snprintf(said, sizeof(said), "%s", err.msg);
	free(copy);
	return result;
}

static void assert_document(size_t number, const char *wanted)
{
	size_t len = 0;
	const char *text = hits_text(&hits, number, &len);
	assert_non_null(text);
	CLEANUP_FREE char *copy = strndup(text, len);
	assert_string_equal(copy, wanted);
}

/* One document within a reply. */
static void documents(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		/* NULL: as it is */
		{ "{}", NULL },
		{ "{\"a\":{\"b\":[1,{\"c\":[[],{}]}]},\"d\":null,\"e\":true,\"f\":false}", NULL },
		{ "{\"_source\":{\"hits\":{\"hits\":[{\"_source\":1}]}},\"sort\":[1]}", NULL },
		{ "{\"hits\":{\"hits\":[{\"_source\":{\"a\":1}}]}}", NULL },
		/* repeated members, their order, and numbers as they are written */
		{ "{\"b\":1,\"a\":2,\"b\":3}", NULL },
		{ "{\"n\":[0,-0,-1.50,1E3,1e+30,0.1e-7,18446744073709551616]}", NULL },
		/* quotes, and what looks like the end */
		{ "{\"a\":\"}]}\\\"},{\\\\\"}", NULL },
		{ "{\"a\\\"b\\\\\":\"\\\\\\\\\",\"c\":\"\\\\\\\"\"}", NULL },
		{ "{\"a\":\"\\/\\b\\f\\n\\r\\t\\u0000\\u001B\\ud800\"}", NULL },
		{ "{\"a\":\"Z\xc3\xbcrich \xe6\x97\xa5 \xf0\x9f\x98\x80\"}", NULL },
		/* one line, whoever wrote it */
		{ "{\r\n\t\"a\" : [ 1 ,\n 2 ] ,\n \"b  c\":\" d \\n \" , \"e\" : { } , \"f\":[ ] }",
		  "{\"a\":[1,2],\"b  c\":\" d \\n \",\"e\":{},\"f\":[]}" },
		/* comments (\052 is an asterisk), which engines store; none within a text */
		{ "/\052\052/{ // }\n\"a\"/\052}\052/:[1,/\052,\052/2]//\n,\"b\":\"//\"}// \"\n",
		  "{\"a\":[1,2],\"b\":\"//\"}" },
		/* what would steer a terminal: DEL, C1, right-to-left override, line separator */
		{ "{\"a\x7f\":\"\xc2\x9b"
		  "31m\xe2\x80\xae\xe2\x80\xa8\xef\xbb\xbf\"}",
		  "{\"a\\u007f\":\"\\u009b31m\\u202e\\u2028\\ufeff\"}" },
		/* no UTF-8: Latin 1, a surrogate, too long a form, cut */
		{ "{\"a\":\"acc\xe8s \xed\xa0\x80 \xc0\xaf \xe2\x80\"}",
		  "{\"a\":\"acc\\ufffds \\ufffd\\ufffd\\ufffd \\ufffd\\ufffd \\ufffd\\ufffd\"}" },
		/* times: 2026-11-01 12:00:00.250 UTC */
		{ "{\"@timestamp\": 1793534400250 ,\"event\":{\"start\":1793534400250,\"end\":0,"
		  "\"created\":1793534400250,\"ingested\":1793534400250,\"duration\":1793534400250}"
		  "}",
		  "{\"@timestamp\":\"2026-11-01T12:00:00.250Z\",\"event\":{\"start\":\"2026-11-"
		  "01T12:00:"
		  "00.250Z\",\"end\":\"1970-01-01T00:00:00.000Z\",\"created\":\"2026-11-01T12:00:"
		  "00.250Z"
		  "\",\"ingested\":\"2026-11-01T12:00:00.250Z\",\"duration\":1793534400250}}" },
		{ "{\"@timestamp\":\"2026-11-01T12:00:00.250Z\",\"event\":{\"start\":["
		  "1793534400250],"
		  "\"end\":-5,\"created\":1.5,\"ingested\":179353440025000000}}",
		  NULL },
		{ "{\"start\":1793534400250,\"a\":{\"@timestamp\":1793534400250,\"event\":{"
		  "\"start\":"
		  "1793534400250}},\"event\":{\"a\":{\"start\":1793534400250}},\"event.start\":7}",
		  NULL },
		/* no objects, all the same */
		{ "null", NULL },
		{ "[{\"@timestamp\":1}]", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP_FREE char *reply = NULL;
		assert_true(asprintf(&reply,
				     HEAD "{\"_id\":\"x\",\"_source\":%s,\"sort\":[1]}" TAIL,
				     rows[i][0]) > 0);
		assert_int_equal(cut(reply, strlen(reply)), 0);
		assert_int_equal(hits.n, 1);
		assert_document(0, rows[i][1] ? rows[i][1] : rows[i][0]);
		assert_string_equal(hits.rest.data,
				    HEAD "{\"_id\":\"x\",\"_source\":0,\"sort\":[1]}" TAIL);
	}
}

/* Members in any order, hits without a document or with two; what is left is whole. */
static void replies(void **state)
{
	(void)state;
	static const char text[] =
	    "{ \"hits\" : { \"hits\" : [ {\"sort\":[2],\"_source\" : { \"a\" : 1 } },\n"
	    "{\"_id\":\"_source\"} , {\"_source\":{\"b\":2},\"_source\":{\"c\":3},\"fields\":{"
	    "\"_source\":[4]}} ] , \"_source\":5 },\"_source\":6,\"pit_id\":\"a\\\"b\" }\r\n";
	assert_int_equal(cut(text, sizeof(text) - 1), 0);
	assert_int_equal(hits.n, 3);
	assert_document(0, "{\"a\":1}");
	assert_document(1, "{\"b\":2}");
	assert_document(2, "{\"c\":3}");
	assert_string_equal(
	    hits.rest.data,
	    "{\"hits\":{\"hits\":[{\"sort\":[2],\"_source\":0},{\"_id\":\"_source\"},{"
	    "\"_source\":1,\"_source\":2,\"fields\":{\"_source\":[4]}}],\"_source\":5},"
	    "\"_source\":6,\"pit_id\":\"a\\\"b\"}");
	size_t len;
	assert_null(hits_text(&hits, 3, &len));
	assert_null(hits_text(&hits, (size_t)-1, &len));
	/* and again with another one, which leaves nothing of it */
	assert_int_equal(cut("{\"error\":{\"reason\":\"x\"}}", 24), 0);
	assert_int_equal(hits.n, 0);
	assert_string_equal(hits.rest.data, "{\"error\":{\"reason\":\"x\"}}");
}

/* What is said of one that cannot be read. */
static void reasons(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "{\"a\":<html>}", "it is no JSON at octet 5 of 12" },
		{ "", "it ends in the middle, after 0 octets" },
		{ HEAD "{\"_source\":{\"a\":\"b", "it ends in the middle, after 80 octets" },
		{ "{} {}", "it is no JSON at octet 3 of 5" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(cut(rows[i][0], strlen(rows[i][0])), -1);
		assert_string_equal(said, rows[i][1]);
	}
}

static void cut_anywhere(void **state)
{
	(void)state;
	static const char text[] =
	    HEAD "{\"_id\":\"x\",\"_source\":{\"@timestamp\":1793534400250,\"a\":"
		 "\"\\u00e8\\\"\xc3\xbc\xe2\x80"
		 "\xae\",\"n\":-1.5e+3,\"l\":[true,false,null]},\"sort\":[1]}" TAIL;
	assert_int_equal(cut(text, sizeof(text) - 1), 0);
	for (size_t n = 0; n < sizeof(text) - 1; n++)
		assert_int_equal(cut(text, n), -1);
}

static void no_replies(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{\"a\":1 \"b\":2}",
		"{,}",
		"{a:1}",
		"{1:1}",
		"{'a':1}",
		"[1,]",
		"[,1]",
		"[1 2]",
		"[1}",
		"{\"a\":1]",
		"]",
		"01",
		"-",
		"+1",
		"1.",
		".5",
		"1e",
		"1e+",
		"0x1",
		"NaN",
		"tru",
		"truee",
		"True",
		"nul",
		"\"\\x\"",
		"\"\\u12g4\"",
		"\"\\u123\"",
		"\"a\nb\"",
		"\"a\tb\"",
		"1 2",
		"{} {}",
		"\xef\xbb\xbf{}",
		"\xe8",
		"<html>",
		"1/",
		"1/\052",
		"1/\052/",
		"/1",
		"/\0521",
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP_FREE char *reply = NULL;
		assert_true(asprintf(&reply, HEAD "{\"_source\":%s}" TAIL, rows[i]) > 0);
		if (cut(rows[i], strlen(rows[i])) == 0 || cut(reply, strlen(reply)) == 0)
			fail_msg("%s", rows[i]);
	}
	assert_int_equal(cut("\"a\0b\"", 5), -1);
	assert_int_equal(cut("{}\0", 3), -1);
	assert_int_equal(cut("\"\\\0\"", 4), -1);
}

static char *nested(size_t depth)
{
	char *text = malloc(2 * depth + 1);
	assert_non_null(text);
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	text[2 * depth] = '\0';
	return text;
}

static char *many(size_t n)
{
	static const char one[] = "{\"_source\":{}},";
	struct buf b;
	buf_init(&b, 1 << 20);
	assert_int_equal(buf_add_text(&b, HEAD), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(buf_add(&b, one, sizeof(one) - 1 - (i + 1 == n)), 0);
	assert_int_equal(buf_add_text(&b, TAIL), 0);
	return buf_steal(&b);
}

static void ceilings(void **state)
{
	(void)state;
	CLEANUP_FREE char *deep = nested(HITS_DEPTH), *deeper = nested(HITS_DEPTH + 1);
	assert_int_equal(cut(deep, strlen(deep)), 0);
	assert_int_equal(cut(deeper, strlen(deeper)), -1);
	assert_string_equal(said,
			    "it has too many objects within one another at octet 1000 of 2002");
	CLEANUP_FREE char *most = many(HITS_MAX), *more = many(HITS_MAX + 1);
	assert_int_equal(cut(most, strlen(most)), 0);
	assert_int_equal(hits.n, HITS_MAX);
	assert_document(HITS_MAX - 1, "{}");
	assert_int_equal(cut(more, strlen(more)), -1);
	assert_non_null(strstr(said, "it has too many records at octet "));
	/* no room for what a document is, or for what is left */
	static const char text[] = HEAD "{\"_source\":{\"a\":\"\x7f\x7f\x7f\x7f\"}}" TAIL;
	assert_int_equal(cut(text, sizeof(text) - 1), 0);
	const size_t document = hits.text.len, rest = hits.rest.len;
	for (size_t n = 0; n < document; n++) {
		hits_release(&hits);
		hits.text.ceiling = n;
		assert_int_equal(cut(text, sizeof(text) - 1), -1);
		assert_non_null(strstr(said, "it is too long at octet "));
	}
	hits.text.ceiling = document;
	for (size_t n = 0; n <= rest; n++) {
		hits_release(&hits);
		hits.rest.ceiling = n;
		assert_int_equal(cut(text, sizeof(text) - 1), n < rest ? -1 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(documents, setup, teardown),
		cmocka_unit_test_setup_teardown(replies, setup, teardown),
		cmocka_unit_test_setup_teardown(reasons, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_anywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(no_replies, setup, teardown),
		cmocka_unit_test_setup_teardown(ceilings, setup, teardown),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
