/* SPDX-License-Identifier: Apache-2.0
 * Bulk bodies and replies: action rows, items, verdicts, documents for the failed stream. */
#include "forwarder/ship/bulk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "forwarder/ship/compress.h"
#include "forwarder/ship/reject.h"

static void action_rows(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct line_head heads[LINE_KINDS];
	assert_int_equal(bulk_heads("", "default", false, heads, &err), 0);
	assert_string_equal(heads[LINE_FLOW].text,
			    "{\"create\":{\"_index\":\"logs-flow-default\"}}\n");
	assert_int_equal(heads[LINE_FLOW].id_at, -1);
	assert_int_equal(heads[LINE_COUNTERS].len, strlen(heads[LINE_COUNTERS].text));
	assert_non_null(strstr(heads[LINE_COUNTERS].text, "\"metrics-flow.counters-default\""));
	assert_non_null(strstr(heads[LINE_EXPORTER].text, "\"metrics-flow.exporters-default\""));

	char ns[BULK_NAMESPACE_MAX + 2];
	memset(ns, 'n', sizeof(ns) - 1);
	ns[BULK_NAMESPACE_MAX + 1] = '\0';
	assert_int_equal(bulk_heads("", ns, true, heads, &err), -1);
	ns[BULK_NAMESPACE_MAX] = '\0';
	assert_int_equal(bulk_heads("", ns, true, heads, &err), 0);
	for (int kind = 0; kind < LINE_KINDS; kind++) {
		struct line_head *h = &heads[kind];
		memset(h->text + h->id_at, 'A', SINK_ID_LEN);
		json_t *row = json_loads(h->text, 0, NULL);
		assert_non_null(row);
		const char *id =
		    json_string_value(json_object_get(json_object_get(row, "create"), "_id"));
		assert_int_equal(strlen(id), SINK_ID_LEN);
		assert_int_equal(h->text[h->len - 1], '\n');
		json_decref(row);
	}
}

static void items_of_a_body(void **state)
{
	(void)state;
	const char *body = "row1\nline1\nrow2\n\nrow3\nhalf", *at = body;
	struct bulk_item item;
	assert_true(bulk_next(&at, body + strlen(body), &item));
	assert_int_equal(item.row_len, 4);
	assert_memory_equal(item.line, "line1", item.line_len);
	assert_true(bulk_next(&at, body + strlen(body), &item));
	assert_int_equal(item.line_len, 0);
	assert_false(bulk_next(&at, body + strlen(body), &item));
}

static int judge(const char *reply, uint32_t items, struct bulk_verdicts *v)
{
	struct err err = ERR_NONE;
	bool cut;
	return bulk_judge(reply, strlen(reply), items, false, v, &cut, &err);
}

static const struct {
	const char *result;
	enum verdict verdict;
} verdict_cases[] = {
	{ "{\"status\":201}", VERDICT_STORED },
	{ "{\"status\":200}", VERDICT_DISCARDED }, /* a pipeline dropped it */
	{ "{\"status\":200,\"result\":\"noop\"}", VERDICT_DISCARDED },
	/* it cannot be both */
	{ "{\"status\":201,\"error\":{\"type\":\"x\",\"reason\":\"y\"}}", VERDICT_DOUBTED },
	{ "{\"status\":201,\"error\":null}", VERDICT_STORED },
	{ "{\"status\":\"201\"}", VERDICT_UNHEARD },
	{ "{}", VERDICT_UNHEARD },
	{ "{\"status\":201,\"failure_store\":\"used\"}", VERDICT_ASIDE },
	{ "{\"status\":400,\"error\":{\"type\":\"document_parsing_exception\"},"
	  "\"failure_store\":\"failed\"}",
	  VERDICT_REJECTED },
	{ "{\"status\":409,\"error\":{\"type\":\"version_conflict_engine_exception\"}}",
	  VERDICT_DUPLICATE },
	{ "{\"status\":429,\"error\":{\"type\":\"es_rejected_execution_exception\"}}",
	  VERDICT_BUSY },
	{ "{\"status\":429,\"error\":{\"type\":\"cluster_block_exception\"}}", VERDICT_RETRY },
	{ "{\"status\":400,\"error\":{\"type\":\"validation_exception\",\"reason\":"
	  "\"Validation "
	  "Failed: 1: this action would add [2] shards, but this cluster currently has "
	  "[1000]/[1000] maximum normal shards open;\"}}",
	  VERDICT_DENIED },
	{ "{\"status\":400,\"error\":{\"type\":\"validation_exception\",\"reason\":\"x\"}}",
	  VERDICT_DOUBTED },
	{ "{\"status\":400,\"error\":{\"type\":\"illegal_argument_exception\",\"reason\":"
	  "\"pipeline with id [flow] does not exist\"}}",
	  VERDICT_DENIED },
	{ "{\"status\":500,\"error\":{\"type\":\"illegal_state_exception\",\"reason\":"
	  "\"There "
	  "are no ingest nodes in this cluster, unable to forward request to an ingest "
	  "node.\"}}",
	  VERDICT_DENIED },
	/* OpenSearch 3.8 */
	{ "{\"status\":400,\"error\":{\"type\":\"validation_exception\",\"reason\":\"Validation "
	  "Failed: 1: this action would add [1] total LOCAL_ONLY shards, but this cluster "
	  "currently has [1]/[1] maximum LOCAL_ONLY shards open;\"}}",
	  VERDICT_DENIED },
	{ "{\"status\":403,\"error\":{\"type\":\"index_create_block_exception\",\"reason\":"
	  "\"blocked by: [FORBIDDEN/10/cluster create-index blocked (api)];\"}}",
	  VERDICT_RETRY },
	{ "{\"status\":507,\"error\":{\"type\":\"t\"}}", VERDICT_FAULT },
	{ "{\"status\":503,\"error\":{\"type\":\"unavailable_shards_exception\"}}", VERDICT_RETRY },
	{ "{\"status\":403,\"error\":{\"type\":\"cluster_block_exception\"}}", VERDICT_RETRY },
	{ "{\"status\":403,\"error\":{\"type\":\"security_exception\"}}", VERDICT_DENIED },
	{ "{\"status\":404,\"error\":{\"type\":\"index_not_found_exception\"}}", VERDICT_DENIED },
	{ "{\"status\":500,\"error\":{\"type\":\"null_pointer_exception\"}}", VERDICT_FAULT },
	{ "{\"status\":400,\"error\":{\"type\":\"mapper_parsing_exception\"}}", VERDICT_REJECTED },
	{ "{\"status\":400,\"error\":{\"type\":\"what nobody knows\"}}", VERDICT_DOUBTED },
	{ "{\"error\":{\"type\":\"no status\"}}", VERDICT_DOUBTED },
};

static void verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(verdict_cases) / sizeof(verdict_cases[0]); i++) {
		char reply[512];
		struct bulk_verdicts v;
		snprintf(
		    reply, sizeof(reply),
		    "{\"errors\":true,\"items\":[{\"create\":{\"status\":201}},{\"create\":%s}]}",
		    verdict_cases[i].result);
		assert_int_equal(judge(reply, 2, &v), 0);
		assert_int_equal(bulk_outcome(&v, 0).verdict, VERDICT_STORED);
		if (bulk_outcome(&v, 1).verdict != verdict_cases[i].verdict)
			fail_msg("%s", reply);
		assert_int_equal(v.store_failed, strstr(reply, "\"failed\"") != NULL);
		assert_int_equal(v.count[verdict_cases[i].verdict],
				 verdict_cases[i].verdict == VERDICT_STORED ? 2 : 1);
		bulk_verdicts_release(&v);
	}
}

/* The failure store's 201 is no error to the cluster, and no document where anybody looks. */
static void a_failure_store_without_errors(void **state)
{
	(void)state;
	struct bulk_verdicts v;
	assert_int_equal(
	    judge("{\"errors\":false,\"items\":[{\"create\":{\"status\":201}},{\"create\":{"
		  "\"status\":201,\"failure_store\":\"used\"}}]}",
		  2, &v),
	    0);
	assert_int_equal(v.count[VERDICT_STORED], 1);
	assert_int_equal(v.count[VERDICT_ASIDE], 1);
	bulk_verdicts_release(&v);
}

static void the_innermost_reason_counts(void **state)
{
	(void)state;
	struct bulk_verdicts v;
	assert_int_equal(
	    judge("{\"errors\":true,\"items\":[{\"create\":{\"status\":400,\"error\":{\"type\":"
		  "\"outer\","
		  "\"reason\":\"failed to parse\",\"caused_by\":{\"type\":\"x\",\"reason\":\"'abc' "
		  "is no IP\"}}}}]}",
		  1, &v),
	    0);
	assert_string_equal(bulk_outcome(&v, 0).type, "outer");
	assert_string_equal(bulk_outcome(&v, 0).reason, "'abc' is no IP");
	bulk_verdicts_release(&v);
}

/* Of what is asked for no tree is made; whatever else is in it counts as it stands, also without
 * errors. */
static void replies_without_errors(void **state)
{
	(void)state;
#define NONE "\"errors\":false"
#define TOOK "{\"create\":{\"status\":201}}"
#define GONE "{\"create\":{\"status\":200}}"
	static const struct {
		const char *reply;
		uint32_t stored, discarded, unheard, rejected;
		bool tree;
	} cases[] = {
		{ "{" NONE ",\"items\":[" TOOK "," TOOK "]}", 2, 0, 0, 0, false },
		{ "{" NONE ",\"items\":[" GONE "," TOOK "]}", 1, 1, 0, 0, false },
		{ "{" NONE ",\"items\":[" TOOK "," GONE "]}", 1, 1, 0, 0, false },
		{ "{\"took\":3," NONE ",\"items\":[" TOOK "," GONE "]}", 1, 1, 0, 0, true },
		{ "{" NONE ",\"items\":[" TOOK ",{\"index\":{\"status\":201}}]}", 1, 0, 1, 0,
		  true },
		{ "{" NONE ",\"items\":[{\"index\":{\"status\":20},\"create\":{\"status\":201}},"
		  "{}]}",
		  1, 0, 1, 0, true },
		{ "{" NONE ",\"items\":[" TOOK ",{\"create\":{\"status\":400,\"error\":{\"type\":"
		  "\"mapper_parsing_exception\"}}}]}",
		  1, 0, 0, 1, true },
		/* something in between takes the items out */
		{ "{" NONE "}", 2, 0, 0, 0, false },
		{ "{" NONE ",\"items\":[]}", 2, 0, 0, 0, false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bulk_verdicts v;
		if (judge(cases[i].reply, 2, &v) < 0)
			fail_msg("not read: %s", cases[i].reply);
		if (v.count[VERDICT_STORED] != cases[i].stored ||
		    v.count[VERDICT_DISCARDED] != cases[i].discarded ||
		    v.count[VERDICT_UNHEARD] != cases[i].unheard ||
		    v.count[VERDICT_REJECTED] != cases[i].rejected ||
		    (v.list != NULL) != cases[i].tree)
			fail_msg("read otherwise: %s", cases[i].reply);
		bulk_verdicts_release(&v);
	}
}

static void replies_that_say_nothing(void **state)
{
	(void)state;
	static const char *const replies[] = {
		"",
		"{",
		"[]",
		"<html>\"errors\":false</html>",
		"{\"errors\":true}",
		"{\"items\":[]}",
		"{" NONE ",\"items\":null}",
		"{" NONE ",\"items\":[" TOOK "]}",
		"{" NONE ",\"items\":[" TOOK "," TOOK "," TOOK "]}",
		"{\"errors\":true,\"items\":[]}",
		"{\"errors\":true,\"items\":[{\"create\":{\"status\":201}",
		"{\"errors\":true,\"items\":[{\"create\":{\"status\":201}},{},{},",
		"{\"items\":[{\"create\":{\"x\":\"\\\"errors\\\":false\"}}]}",
		"{\"error\":\"no handler\"}",
	};
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct bulk_verdicts v;
		if (judge(replies[i], 2, &v) == 0)
			fail_msg("taken for a bulk reply: %s", replies[i]);
	}
}

/* What a document holds is quoted in reasons, and a proxy may cut a reply: nothing of that makes a
 * loop without end. */
static void replies_that_are_hard_to_read(void **state)
{
	(void)state;
	static const struct {
		const char *reply;
		enum verdict second;
	} cases[] = {
#define HEAD   "{\"errors\":true,\"items\":[{\"create\":{\"status\":201}},"
#define REASON "{\"create\":{\"status\":400,\"error\":{\"type\":\"script_exception\",\"reason\":\""
		{ HEAD REASON "a\\u0000b\"}}}]}", VERDICT_REJECTED },
		{ HEAD REASON "\\ud800\"}}}]}", VERDICT_REJECTED },
		{ HEAD REASON "\\uDFFF and \\\\ud800\"}}}]}", VERDICT_REJECTED },
		{ HEAD REASON "\xff\xfe \xc3\"}}}]}", VERDICT_REJECTED },
		{ HEAD REASON "cut off", VERDICT_UNHEARD },
		{ HEAD, VERDICT_UNHEARD },
		{ HEAD REASON "whole but for the end\"}}}", VERDICT_REJECTED },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bulk_verdicts v;
		if (judge(cases[i].reply, 2, &v) < 0)
			fail_msg("not read: %s", cases[i].reply);
		assert_int_equal(bulk_outcome(&v, 0).verdict, VERDICT_STORED);
		if (bulk_outcome(&v, 1).verdict != cases[i].second)
			fail_msg("%d: %s", bulk_outcome(&v, 1).verdict, cases[i].reply);
		assert_int_equal(v.count[cases[i].second], 1);
		bulk_verdicts_release(&v);
	}
	struct bulk_verdicts v;
	struct err err = ERR_NONE;
	bool cut = false;
	const char *nothing = "{\"errors\":true,\"items\":[{\"crea";
	assert_int_equal(bulk_judge(nothing, strlen(nothing), 2, false, &v, &cut, &err), -1);
	assert_true(cut);
}

static void failed_documents(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct buf body;
	buf_init(&body, 100000);
	const char *row = "{\"create\":{\"_index\":\"logs-flow-x\",\"_id\":\"abc\"}}",
		   *line = "{\"a\":\"\xc3\xa4\\n\"}";
	const struct bulk_item item = { row, strlen(row), line, strlen(line) };
	const struct bulk_outcome why = { VERDICT_REJECTED, 400, "mapper_parsing_exception",
					  "failed" };
	assert_int_equal(reject_document(&body, "", "x", &item, &why, 1700000000123, &err), 0);
	const char *at = body.data;
	struct bulk_item out;
	assert_true(bulk_next(&at, body.data + body.len, &out));
	json_t *target = json_loadb(out.row, out.row_len, 0, NULL),
	       *doc = json_loadb(out.line, out.line_len, 0, NULL);
	const char *index, *id, *time, *original, *type;
	assert_int_equal(
	    json_unpack(target, "{s:{s:s,s:s}}", "create", "_index", &index, "_id", &id), 0);
	assert_int_equal(json_unpack(doc, "{s:s,s:{s:s},s:{s:s}}", "@timestamp", &time, "event",
				     "original", &original, "error", "type", &type),
			 0);
	assert_string_equal(index, "logs-flow.failed-x");
	assert_string_equal(id, "abc");
	assert_string_equal(time, "2023-11-14T22:13:20.123Z");
	assert_string_equal(original, line);
	assert_string_equal(type, why.type);
	json_decref(target);
	json_decref(doc);
	buf_release(&body);
}

static void gzip_there_and_back(void **state)
{
	(void)state;
	struct gzip *gz = gzip_new();
	static const size_t sizes[] = { 1, 63, 64, 65536, 3000001 };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t n = sizes[i], len;
		int torn;
		char *raw = malloc(n);
		uint32_t random = 1;
		for (size_t k = 0; k < n; k++) { /* half of it does not compress */
			random = random * 1664525 + 1013904223;
			raw[k] = k % 8 < 4 ? 'x' : (char)(random >> 24);
		}
		char *packed = gzip_pack(gz, raw, n, &len);
		assert_non_null(packed);
		char *back = gzip_unpack(gz, packed, len, n, &torn);
		assert_non_null(back);
		assert_memory_equal(back, raw, n);
		assert_null(gzip_unpack(gz, packed, len, n + 1, &torn));
		assert_true(torn);
		packed[len / 2] ^= 1;
		assert_null(gzip_unpack(gz, packed, len - (n > 64), n, &torn));
		free(raw);
		free(packed);
		free(back);
	}
	gzip_free(gz);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(action_rows),
		cmocka_unit_test(items_of_a_body),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(a_failure_store_without_errors),
		cmocka_unit_test(the_innermost_reason_counts),
		cmocka_unit_test(replies_without_errors),
		cmocka_unit_test(replies_that_say_nothing),
		cmocka_unit_test(replies_that_are_hard_to_read),
		cmocka_unit_test(failed_documents),
		cmocka_unit_test(gzip_there_and_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
