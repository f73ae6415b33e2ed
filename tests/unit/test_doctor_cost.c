/* SPDX-License-Identifier: Apache-2.0
 * What doctor tells of what a document costs the cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "importer/client/probe.h"
#include "importer/core/finding.h"
#include "importer/core/memory.h"
#include "importer/doctor_cost.h"
#include "tests/lib/reply.h"

/* The one finding says this. */
static void assert_told(const json_t *findings, const char *result, const char *text)
{
	const json_t *first = json_array_get(findings, 0);
	assert_int_equal(json_array_size(findings), 1);
	assert_string_equal(json_string_value(json_object_get(first, "result")), result);
	assert_string_equal(json_string_value(json_object_get(first, "text")), text);
}

static const struct cluster elasticsearch = { .distribution = ELASTICSEARCH, .major = 8 },
			    opensearch2 = { .distribution = OPENSEARCH, .major = 2 },
			    opensearch3 = { .distribution = OPENSEARCH, .major = 3 };

/* 3,000 documents in 240 ms on two nodes are 80 us each; what takes less than 2 % is left out. */
static void time_by_stage(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *findings = json_array(), *again = json_array();
	CLEANUP_JSON json_t *reply = reply_of(
	    "{'nodes':{'a':{'ingest':{'pipelines':{'flow':{'count':1000,'time_in_millis':100,"
	    "'processors':[{'pipeline:flow-roles':{'stats':{'count':1000,'time_in_millis':"
	    "628097902037}}},"
	    "{'pipeline:flow-geo':{'stats':{'time_in_millis':2}}}]},"
	    "'flow-roles':{'count':2000,'time_in_millis':120},"
	    "'other':{'count':5,'time_in_millis':5000}}}},"
	    "'b':{'ingest':{'pipelines':{'flow':{'count':2000,'time_in_millis':140,"
	    "'processors':[{'pipeline:flow-roles':{'stats':{'time_in_millis':60}}},"
	    "{'compound:CompoundProcessor-event':{'stats':{'time_in_millis':30}}}]}}}}}}");
	static const char told[] = "enrichment takes 80.0 us of wall time a document (3000 since "
				   "the nodes started, those of _simulate among them): flow-roles "
				   "40.0, event 10.0";
	doctor_cost_time(&elasticsearch, reply, "flow", findings);
	assert_told(findings, "ok", told);
	doctor_cost_time(&opensearch2, reply, "flow", again);
	assert_told(again, "ok", told);
}

/* OpenSearch 3 adds the time of a whole batch once for each of its documents, and does not tell
 * how long its batches are; so does every figure by stage. */
static void time_of_batches(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *findings = json_array();
	CLEANUP_JSON json_t *reply =
	    reply_of("{'nodes':{'a':{'ingest':{'pipelines':{'flow':{'count':2000,"
		     "'time_in_millis':400000,'processors':[{'script:normalise to event':{'stats':{"
		     "'time_in_millis':300000}}}]}}}}}}");
	doctor_cost_time(&opensearch3, reply, "flow", findings);
	assert_told(findings, "unknown",
		    "time a document: not told by this OpenSearch; its _nodes/stats/ingest counts "
		    "the time of a batch once for each document in it");
}

/* A handful of documents, of a test or of _simulate, is no measurement: scripts are still being
 * compiled. */
static void time_of_few(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *findings = json_array();
	CLEANUP_JSON json_t *reply = reply_of("{'nodes':{'a':{'ingest':{'pipelines':{'flow':{"
					      "'count':999,'time_in_millis':4000}}}}}}");
	doctor_cost_time(&elasticsearch, reply, "flow", findings);
	assert_told(findings, "ok",
		    "enrichment has had 999 documents since the nodes started, those of _simulate "
		    "among them: too few to tell its time (1000)");
}

/* Nothing was enriched yet, or the cluster does not say. */
static void nothing_to_tell(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *findings = json_array();
	CLEANUP_JSON json_t *idle = reply_of(
	    "{'nodes':{'a':{'ingest':{'pipelines':{'flow':{'count':0,'time_in_millis':0}}},"
	    "'cache_stats':{'hits':0,'misses':0}}},'_all':{'primaries':{'docs':{'count':0},"
	    "'store':{'size_in_bytes':250}}}}");
	const json_t *replies[] = { idle, NULL };
	for (size_t i = 0; i < 2; i++) {
		doctor_cost_time(&elasticsearch, replies[i], "flow", findings);
		doctor_cost_time(&opensearch3, replies[i], "flow", findings);
		doctor_cost_cache(replies[i], findings);
		doctor_cost_bytes(replies[i], findings);
		doctor_cost_fields(replies[i], 10, findings);
	}
	doctor_cost_fields(idle, 0, findings);
	assert_int_equal(json_array_size(findings), 0);
}

static void geo_cache(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *good = json_array(), *small = json_array(), *cold = json_array();
	CLEANUP_JSON json_t *warm = reply_of("{'nodes':{'a':{'cache_stats':{'hits':60,'misses':5,"
					     "'evictions':5}},'b':{'cache_stats':{'hits':30,"
					     "'misses':5,'evictions':0}}}}");
	CLEANUP_JSON json_t *full = reply_of("{'nodes':{'a':{'cache_stats':{'hits':20,'misses':80,"
					     "'evictions':70}}}}");
	CLEANUP_JSON json_t *young = reply_of("{'nodes':{'a':{'cache_stats':{'hits':20,"
					      "'misses':80,'evictions':0}}}}");
	doctor_cost_cache(warm, good);
	assert_told(good, "ok", "the geo databases' cache answered 90 % of 100 questions");
	doctor_cost_cache(full, small);
	assert_told(small, "note",
		    "the geo databases' cache answered 20 % of 100 questions: it is too small for "
		    "your traffic; raise ingest.geoip.cache_size (elasticsearch.yml) on the nodes "
		    "that ingest");
	doctor_cost_cache(young, cold);
	assert_told(cold, "ok", "the geo databases' cache answered 20 % of 100 questions");
}

static void bytes(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *all = json_array(), *fields = json_array();
	CLEANUP_JSON json_t *stats = reply_of("{'_all':{'primaries':{'docs':{'count':100},"
					      "'store':{'size_in_bytes':25000}}}}");
	CLEANUP_JSON json_t *usage =
	    reply_of("{'_shards':{'total':2},'one':{'fields':{'_source':{'total_in_bytes':6000},"
		     "'source.ip':{'total_in_bytes':100}}},'two':{'fields':{'_source':{"
		     "'total_in_bytes':3000},'source.ip':{'total_in_bytes':800},'flow.tos':{"
		     "'total_in_bytes':20}}}}");
	doctor_cost_bytes(stats, all);
	assert_told(all, "ok",
		    "flow records take 250 bytes a document on disk (100 documents, without "
		    "replicas; fresh segments take more than merged ones)");
	doctor_cost_fields(usage, 100, fields);
	assert_told(fields, "ok", "bytes a document by field: _source 90.0, source.ip 9.0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_by_stage), cmocka_unit_test(time_of_batches),
		cmocka_unit_test(time_of_few),   cmocka_unit_test(nothing_to_tell),
		cmocka_unit_test(geo_cache),     cmocka_unit_test(bytes),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
