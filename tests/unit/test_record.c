/* SPDX-License-Identifier: Apache-2.0
 * The record of an installation and its index, against a server that keeps documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/client/names.h"
#include "importer/core/json.h"
#include "importer/core/version.h"
#include "importer/record/record.h"
#include "tests/lib/documents.h"

/* ---- the record ---- */

static void record_is_kept(void **state)
{
	struct err err = ERR_NONE;
	struct record r, again;
	(void)state;
	documents_must(record_read(es, &r, &err), &err);
	assert_int_equal(r.found, RECORD_ABSENT);
	json_object_set_new(record_options(&r), "setup.retention", json_string("7d"));
	assert_true(record_namespace_add(&r, "lab"));
	assert_false(record_namespace_add(&r, "lab"));
	documents_must(record_write(es, &r, RECORD_APPLYING, &err), &err);
	documents_must(record_write(es, &r, RECORD_APPLIED, &err), &err);
	documents_must(record_read(es, &again, &err), &err);
	assert_int_equal(again.found, RECORD_THERE);
	assert_string_equal(
	    json_string_value(json_object_get(record_options(&again), "setup.retention")), "7d");
	assert_string_equal(record_text(&again, "state"), RECORD_APPLIED);
	assert_string_equal(record_text(&again, "version"), version_own);
	assert_non_null(strchr(record_text(&again, "by"), '@'));
	assert_int_equal(json_array_size(record_namespaces(&again)), 1);
	assert_true(record_namespace_drop(&again, "lab"));
	assert_false(record_namespace_drop(&again, "lab"));
	documents_must(record_delete(es, &again, &err), &err);
	assert_false(server.index);
	documents_must(record_delete(es, &again, &err), &err); /* it is gone, which is fine */
	record_release(&again);
	record_release(&r);
}

static void record_of_somebody_else_is_not_overwritten(void **state)
{
	struct err err = ERR_NONE;
	struct record one, other;
	(void)state;
	documents_must(record_read(es, &one, &err), &err);
	documents_must(record_read(es, &other, &err), &err);
	documents_must(record_write(es, &one, RECORD_APPLIED, &err), &err);
	assert_int_equal(record_write(es, &other, RECORD_APPLIED, &err), -1);
	assert_non_null(strstr(err.msg, "in the meantime"));
	record_release(&other);
	documents_must(record_read(es, &other, &err), &err);
	documents_must(record_write(es, &other, RECORD_APPLIED, &err), &err);
	assert_int_equal(record_write(es, &one, RECORD_APPLIED, &err), -1);
	/* a write that was answered as if it had not been done is ours all the same */
	server.lose_answer = 1;
	documents_must(record_write(es, &other, RECORD_APPLIED, &err), &err);
	documents_must(record_write(es, &other, RECORD_APPLIED, &err), &err);
	record_release(&one);
	record_release(&other);
}

static void record_that_cannot_be_read_is_not_absent(void **state)
{
	struct err err = ERR_NONE;
	struct record r;
	(void)state;
	documents_put(NAMES_RECORD,
		      json_pack("{s:i,s:s}", "format", RECORD_FORMAT + 1, "version", "v9.0.0"));
	documents_must(record_read(es, &r, &err), &err);
	assert_int_equal(r.found, RECORD_UNFIT);
	assert_int_equal(record_must_be_known(&r, &err), -1);
	assert_int_equal(err.code, EF_USAGE);
	assert_non_null(strstr(err.msg, "v9.0.0"));
	assert_null(strstr(err.msg, "damaged"));
	assert_int_equal(record_write(es, &r, RECORD_APPLIED, &err), -1);
	assert_string_equal(json_text_at(documents_kept(NAMES_RECORD), "version", ""), "v9.0.0");
	record_release(&r);
	server.refuse = 403;
	documents_must(record_read(es, &r, &err), &err);
	assert_int_equal(r.found, RECORD_FORBIDDEN);
	assert_int_equal(record_must_be_known(&r, &err), -1);
	assert_non_null(strstr(err.msg, "403"));
	record_release(&r);
	server.refuse = 503;
	assert_int_equal(record_read(es, &r, &err), -1);
	assert_int_equal(err.code, EF_UNREACHABLE);
	record_release(&r);
	server.refuse = 0;
	json_object_set_new(server.docs, NAMES_RECORD, json_pack("{s:s}", "_source", "text"));
	assert_int_equal(record_read(es, &r, &err), -1);
	record_release(&r);
}

/* What is of the wrong type would else pass for the defaults. */
static void damaged_record_is_told_with_the_ways_out(void **state)
{
	static const struct {
		const char *text, *told;
	} rows[] = {
		{ "{}", "it is empty" },
		{ "{\"options\":{}}", "format is no number" },
		{ "{\"format\":\"1\"}", "format is no number" },
		{ "{\"format\":0}", "format is no number" },
		{ "{\"format\":1,\"options\":[1]}", "options is no object" },
		{ "{\"format\":1,\"options\":null}", "options is no object" },
		{ "{\"format\":1,\"options\":{\"setup.shards\":2}}",
		  "options.setup.shards is no text" },
		{ "{\"format\":1,\"dictionaries\":\"x\"}", "dictionaries is no object" },
		{ "{\"format\":1,\"dictionaries\":{\"files\":[]}}",
		  "dictionaries.files is no object" },
		{ "{\"format\":1,\"namespaces\":{}}", "namespaces is no list" },
		{ "{\"format\":1,\"namespaces\":[1]}", "namespaces is no list of texts" },
		{ "{\"format\":1,\"keys\":5}", "keys is no list" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_NONE;
		struct record r;
		documents_put(NAMES_RECORD, json_loads(rows[i].text, 0, NULL));
		documents_must(record_read(es, &r, &err), &err);
		assert_int_equal(record_must_be_known(&r, &err), -1);
		assert_int_equal(err.code, EF_USAGE);
		if (!strstr(err.msg, rows[i].told) || !strstr(err.msg, "is damaged"))
			fail_msg("%s: %s", rows[i].text, err.msg);
		record_give_up(&r); /* then it is as one that got lost, and written over */
		assert_int_equal(r.found, RECORD_ABSENT);
		documents_must(record_write(es, &r, RECORD_APPLIED, &err), &err);
		assert_string_equal(json_text_at(documents_kept(NAMES_RECORD), "version", ""),
				    version_own);
		record_release(&r);
	}
}

static void record_that_was_written_since_is_seen(void **state)
{
	struct err err = ERR_NONE;
	struct record r;
	(void)state;
	documents_must(record_read(es, &r, &err), &err);
	documents_must(record_still_true(es, &r, &err), &err);
	documents_put(NAMES_RECORD, json_pack("{s:i}", "format", 1));
	assert_int_equal(record_still_true(es, &r, &err), -1);
	assert_non_null(strstr(err.msg, "in the meantime"));
	record_release(&r);
}

/* ---- the index ---- */

static void index_of_somebody_else_stays(void **state)
{
	struct err err = ERR_NONE;
	enum document_index index;
	struct record r;
	(void)state;
	documents_must(document_index_look(es, &index, &err), &err);
	assert_int_equal(index, INDEX_ABSENT);
	documents_put(NAMES_RECORD, json_pack("{s:i}", "format", 1));
	documents_put(NAMES_FILE "0-0", json_object());
	documents_put("theirs", json_object());
	documents_must(record_read(es, &r, &err), &err);
	assert_int_equal(record_delete(es, &r, &err), 1); /* ours, with a document of theirs */
	assert_null(documents_kept(NAMES_RECORD));
	assert_null(documents_kept(NAMES_FILE "0-0"));
	assert_non_null(documents_kept("theirs"));
	json_object_clear(server.docs);
	server.owner = "them";
	documents_must(document_index_look(es, &index, &err), &err);
	assert_int_equal(index, INDEX_FOREIGN);
	assert_int_equal(document_index_fits(es, index, &err), -1);
	assert_int_equal(err.code, EF_USAGE);
	assert_non_null(strstr(err.msg, NAMES_INDEX));
	assert_int_equal(record_delete(es, &r, &err), 1); /* theirs, if empty */
	assert_true(server.index);
	record_release(&r);
}

/* The server knows no index but that with the prefix. */
static void index_has_the_prefix(void **state)
{
	struct err err = ERR_NONE;
	enum document_index index;
	struct record r;
	char prefix[] = "acme";
	struct elastic_settings own = settings; /* borrows everything else */
	CLEANUP_ES struct es *acme = NULL;
	CLEANUP_JSON json_t *ids = NULL;
	(void)state;
	own.prefix = prefix;
	server.prefix = prefix;
	documents_must(es_new(&own, NULL, &acme, &err), &err);
	documents_must(record_read(acme, &r, &err), &err);
	documents_must(record_write(acme, &r, RECORD_APPLIED, &err), &err);
	documents_must(document_ids(acme, &ids, &err), &err);
	assert_int_equal(json_array_size(ids), 1);
	documents_must(document_index_look(acme, &index, &err), &err);
	assert_int_equal(index, INDEX_OURS);
	server.alias = "other";
	assert_int_equal(document_index_look(acme, &index, &err), -1);
	assert_non_null(strstr(err.msg, "DELETE /other/_alias/acme.flow-installation"));
	server.alias = NULL;
	assert_int_equal(document_index_fits(acme, INDEX_FOREIGN, &err), -1);
	assert_non_null(strstr(err.msg, "PUT /acme.flow-installation/_mapping {"));
	documents_must(record_delete(acme, &r, &err), &err);
	assert_false(server.index);
	record_release(&r);
	documents_put(NAMES_RECORD, json_object());
	documents_must(record_read(acme, &r, &err), &err);
	assert_int_equal(record_must_be_known(&r, &err), -1);
	assert_non_null(strstr(err.msg, "(acme.flow-installation/_doc/flow)"));
	record_release(&r);
	server.broken = "index_closed_exception";
	server.why = "closed";
	assert_int_equal(document_ids(acme, &ids, &err), -1);
	assert_int_equal(document_index_clear(acme, &err), -1);
	assert_non_null(strstr(err.msg, "POST /acme.flow-installation/_open"));
}

/* ---- versions ---- */

static void versions_are_in_order(void **state)
{
	static const struct {
		const char *one, *other;
		enum version_order order;
	} rows[] = {
		{ "v1.2.3", "v1.2.3", VERSION_SAME },
		{ "v1.2.3", "1.2.4", VERSION_OLDER },
		{ "v1.10.0", "v1.9.9", VERSION_NEWER },
		{ "v1.2.3", "v1.2.3-1-gabc", VERSION_OLDER },
		{ "v1.2.3-10-gabc", "v1.2.3-9-gdef", VERSION_NEWER },
		{ "v1.2.3-9-gabc", "v1.2.3-9-gabc-dirty", VERSION_UNKNOWN },
		{ "v1.2.3-dirty", "v1.2.3", VERSION_UNKNOWN },
		{ "0.1.0-20260101120000-gabc", "0.1.0-20260101115959-gdef", VERSION_NEWER },
		{ "0.1.0-20260101120000-gabc", "v1.0.0", VERSION_OLDER },
		{ "v2.0.0", "v1.99.99-4-gabc", VERSION_NEWER },
		{ "fadf7e1067f4", "v1.0.0", VERSION_UNKNOWN },
		{ "", "v1.0.0", VERSION_UNKNOWN },
		{ "v1.0", "v1.0.0", VERSION_UNKNOWN },
		{ "v1.2.0-rc1", "v1.3.0", VERSION_OLDER },
		{ "v1.2.0-rc1", "v1.2.0", VERSION_UNKNOWN },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const enum version_order turned[] = { VERSION_NEWER, VERSION_SAME,
							     VERSION_OLDER, VERSION_UNKNOWN };
		if (version_compare(rows[i].one, rows[i].other) != rows[i].order ||
		    version_compare(rows[i].other, rows[i].one) != turned[rows[i].order])
			fail_msg("%s and %s", rows[i].one, rows[i].other);
	}
	assert_int_equal(version_compare(version_own, version_own), VERSION_SAME);
	assert_int_equal(version_compare(version_own, "v999.0.0"), VERSION_OLDER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(record_is_kept, documents_empty),
		cmocka_unit_test_setup(record_of_somebody_else_is_not_overwritten, documents_empty),
		cmocka_unit_test_setup(record_that_cannot_be_read_is_not_absent, documents_empty),
		cmocka_unit_test_setup(damaged_record_is_told_with_the_ways_out, documents_empty),
		cmocka_unit_test_setup(record_that_was_written_since_is_seen, documents_empty),
		cmocka_unit_test_setup(index_of_somebody_else_stays, documents_empty),
		cmocka_unit_test_setup(index_has_the_prefix, documents_empty),
		cmocka_unit_test(versions_are_in_order),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, documents_start, documents_stop);
}
