/* SPDX-License-Identifier: Apache-2.0
 * What doctor tells of what profiles would save. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "importer/client/app.h"
#include "importer/client/settings.h"
#include "importer/core/memory.h"
#include "importer/doctor_profiles.h"
#include "tests/lib/reply.h"
#include "tests/lib/with_assets.h"

static bool lacks(const char *profile, const char *path)
{
	struct err err = ERR_NONE;
	CLEANUP_JSON json_t *paths = NULL;
	size_t i;
	json_t *one;
	assert_int_equal(profile_left_out(assets, profile, &paths, &err), 0);
	json_array_foreach (paths, i, one)
		if (strcmp(json_string_value(one), path) == 0)
			return true;
	return false;
}

/* docs/cost.md lists them. */
static void lists(void **state)
{
	(void)state;
	assert_true(lacks("lean", "network.community_id"));
	assert_true(lacks("lean", "flow.source"));
	assert_true(lacks("lean", "client.geo.location"));
	assert_true(lacks("standard", "server.geo.country_name"));
	assert_false(lacks("standard", "client.geo.location"));
	assert_false(lacks("lean", "client.geo.country_iso_code"));
	assert_false(lacks("full", "server.geo.country_name"));
}

static void assert_told(const json_t *usage, const json_t *sample, long long documents,
			const char *text)
{
	struct err err = ERR_NONE;
	CLEANUP_JSON json_t *findings = json_array();
	assert_int_equal(doctor_profiles(assets, usage, sample, documents, findings, &err), 0);
	if (!text) {
		assert_int_equal(json_array_size(findings), 0);
		return;
	}
	const json_t *first = json_array_get(findings, 0);
	assert_int_equal(json_array_size(findings), 1);
	assert_string_equal(json_string_value(json_object_get(first, "result")), "ok");
	assert_string_equal(json_string_value(json_object_get(first, "text")), text);
}

/*
 * Of two indexes with ten documents. `standard` leaves out 40 bytes of a name, and of the text
 * {"message":"x","source":{"geo":{"country_name":"y"},"ip":"z"}}, 62 characters, the 27 of
 * "geo":{"country_name":"y"}, with the comma: of 620 bytes of _source 270. `lean` as well 110
 * bytes of the message and of flow.source.name, not of flow.sources, and 14 characters more.
 */
static void savings(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *usage = reply_of(
	    "{'_shards':{'total':2},'one':{'fields':{'_source':{'total_in_bytes':600},"
	    "'message':{'total_in_bytes':10},'source.geo.country_name':{'total_in_bytes':40}}},"
	    "'two':{'fields':{'_source':{'total_in_bytes':20},'flow.source.name':{"
	    "'total_in_bytes':100},'flow.sources':{'total_in_bytes':7000}}}}");
	CLEANUP_JSON json_t *sample =
	    reply_of("{'hits':{'hits':[{'_source':{'message':'x','source':{'geo':{"
		     "'country_name':'y'},'ip':'z'}}}]}}");
	assert_told(usage, sample, 10,
		    "bytes a document that setup --profile would save: standard 31 (4 of fields, "
		    "about 27 of _source), lean 56 (15 of fields, about 41 of _source)");
}

/* A document's text, with times of which the first is its @timestamp, is a byte of _source each;
 * that many bytes are saved, and no message where none are. */
static void assert_times(const char *event, const char *type, int saved)
{
	char usage[200], sample[300], told[200];
	snprintf(sample, sizeof(sample),
		 "{'hits':{'hits':[{'_source':{'@timestamp':1699999999000,'event':{%s},'flow':{"
		 "'type':'%s'}}}]}}",
		 event, type);
	CLEANUP_JSON json_t *found = reply_of(sample);
	const size_t size = json_dumpb(
	    json_object_get(
		json_array_get(json_object_get(json_object_get(found, "hits"), "hits"), 0),
		"_source"),
	    NULL, 0, JSON_COMPACT);
	snprintf(usage, sizeof(usage), "{'one':{'fields':{'_source':{'total_in_bytes':%zu}}}}",
		 size);
	CLEANUP_JSON json_t *bytes = reply_of(usage);
	snprintf(told, sizeof(told),
		 "bytes a document that setup --profile would save: standard %d (0 of fields, "
		 "about %d of _source), lean %d (0 of fields, about %d of _source)",
		 saved, saved, saved, saved);
	assert_told(bytes, found, 1,
		    saved ? told
			  : "bytes a document that setup --profile would save: no profile keeps "
			    "less");
}

/* Start and end are left out where other times say both (docs/fields.md), and only there:
 * "end":1699999999000, and "start":1699999990000, are 20 and 22 characters. */
static void times(void **state)
{
	(void)state;
	assert_times("'end':1699999999000,'start':1699999990000,'duration':9000999999", "ipfix",
		     42);
	assert_times("'end':1699999999000,'start':1699999990000,'duration':8000000000", "ipfix", 0);
	assert_times("'end':1699999998000,'start':1699999989000,'duration':9000000000", "ipfix", 0);
	assert_times("'start':1699999999000,'duration':0", "ipfix", 0);
	assert_times("'end':1699999999000,'start':1699999999000", "ipfix", 0);
	/* a sample is one packet; here the object goes, too: 41 of the members, 11 around them */
	assert_times("'end':1699999999000,'start':1699999999000", "sflow5", 52);
}

/* Documents that have no more than lean keeps; a cluster that tells nothing. */
static void nothing_to_save(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *usage = reply_of("{'one':{'fields':{'_source':{'total_in_bytes':600},"
					      "'source.ip':{'total_in_bytes':100}}}}");
	CLEANUP_JSON json_t *sample = reply_of("{'hits':{'hits':[{'_source':{'source':{'ip':'z'}}}"
					       "]}}");
	assert_told(usage, sample, 10,
		    "bytes a document that setup --profile would save: no profile keeps less");
	assert_told(NULL, NULL, 10, NULL);
	assert_told(usage, NULL, 0, NULL);
}

/* Of lean, doctor's questions about fields that it lacks; of others none. */
static void unseen(void **state)
{
	struct err err = ERR_NONE;
	(void)state;
	for (int profile = 0; profile_names[profile]; profile++) {
		const struct app app = { .assets = assets, .setup = { .profile = profile } };
		CLEANUP_JSON json_t *findings = json_array();
		assert_int_equal(doctor_unseen(NULL, &app, findings, &err), 0);
		if (strcmp(profile_names[profile], "lean") != 0) {
			assert_int_equal(json_array_size(findings), 0);
			continue;
		}
		const json_t *first = json_array_get(findings, 0);
		assert_string_equal(json_string_value(json_object_get(first, "result")), "unknown");
		assert_string_equal(
		    json_string_value(json_object_get(first, "text")),
		    "records of --profile lean have nothing by which doctor could find exporters "
		    "that report the same conversation, devices that share an address, sFlow "
		    "agents that are nobody or somebody else's, sampling rates that no device has");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),           cmocka_unit_test(savings),
		cmocka_unit_test(times),           cmocka_unit_test(unseen),
		cmocka_unit_test(nothing_to_save),
	};
	memory_begin();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, open_assets, close_assets);
}
