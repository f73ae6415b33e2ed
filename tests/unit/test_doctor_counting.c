/* SPDX-License-Identifier: Apache-2.0
 * What doctor says of exporters that count twice, of pairs that report the same, and of clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "importer/doctor_counting.h"
#include "importer/doctor_pairs.h"
#include "importer/doctor_tunnels.h"

static char *said(void (*look)(const json_t *, json_t *), const char *reply)
{
	json_t *findings = json_array(), *answer = json_loads(reply, 0, NULL);
	assert_non_null(answer);
	look(answer, findings);
	char *text = json_dumps(findings, JSON_COMPACT);
	json_decref(findings);
	json_decref(answer);
	return text;
}

static void assert_said(void (*look)(const json_t *, json_t *), const char *reply, const char *want)
{
	char *text = said(look, reply);
	if (*want ? !strstr(text, want) : strcmp(text, "[]") != 0)
		fail_msg("%s\nwant: %s", text, want);
	free(text);
}

static void reasons(void **state)
{
	(void)state;
	const char *reply =
	    "{\"aggregations\":{\"e\":{\"buckets\":[{\"key\":\"edge1\",\"r\":{\"buckets\":["
	    "{\"key\":\"egress\",\"b\":{\"value\":1000.0}},{\"key\":\"post-unknown\",\"b\":{"
	    "\"value\":7.0}},"
	    "{\"key\":\"total\",\"b\":{\"value\":5.0}}]}}]}}}";
	assert_said(doctor_counting_kept, reply, "edge1 meters both ways: 1000 of its octets");
	assert_said(doctor_counting_kept, reply, "edge1 sends OUT_BYTES, 7 octets");
	assert_said(doctor_counting_kept, "{\"aggregations\":{\"e\":{\"buckets\":[]}}}", "");
}

/* One reply of the cluster: conversations, each with the octets of exporters. */
#define REPLY(conversations)        "{\"aggregations\":{\"c\":{\"buckets\":[" conversations "]}}}"
#define CONVERSATION(id, exporters) "{\"key\":\"" id "\",\"e\":{\"buckets\":[" exporters "]}}"
#define OCTETS(name, octets)        "{\"key\":\"" name "\",\"b\":{\"value\":" #octets ".0}}"

static void assert_pairs(const char *largest, const char *same, const char *translated,
			 const char *want)
{
	json_t *findings = json_array(), *replies[3];
	const char *texts[3] = { largest, same, translated };
	for (size_t i = 0; i < 3; i++)
		replies[i] = texts[i] ? json_loads(texts[i], 0, NULL) : NULL;
	assert_non_null(replies[0]);
	doctor_pairs_of(replies[0], replies[1], replies[2], findings);
	char *text = json_dumps(findings, JSON_COMPACT);
	if (*want ? !strstr(text, want) : strcmp(text, "[]") != 0)
		fail_msg("%s\nwant: %s", text, want);
	free(text);
	json_decref(findings);
	for (size_t i = 0; i < 3; i++)
		json_decref(replies[i]);
}

static void pairs(void **state)
{
	(void)state;
	/* core has 140 in all, of which 60 and 50 are edge's, too; both have 290 */
	assert_pairs(REPLY(CONVERSATION("1:a", OCTETS("core", 60) "," OCTETS("edge", 100)) "," //
			   CONVERSATION("1:b", OCTETS("edge", 50) "," OCTETS("core", 80))),
		     NULL, NULL,
		     "core and edge report the same conversations: 78 % of the octets of core, "
		     "37 % of all");
	/* a small pair among large exporters is one, too */
	assert_pairs(REPLY(CONVERSATION("1:a", OCTETS("core", 9) "," OCTETS("edge", 10)) "," //
			   CONVERSATION("1:b", OCTETS("far", 10000))),
		     NULL, NULL, "core and edge report the same conversations: 100 %");
	assert_pairs(REPLY(CONVERSATION("1:a", OCTETS("core", 3) "," OCTETS("edge", 3)) "," //
			   CONVERSATION("1:b", OCTETS("core", 97)) ","                      //
			   CONVERSATION("1:c", OCTETS("edge", 97))),
		     NULL, NULL, "");
	/* what is left out of totals counts nothing */
	assert_pairs(REPLY(CONVERSATION("1:a", OCTETS("core", 0) "," OCTETS("edge", 100))), NULL,
		     NULL, "");
}

/* A conversation that is translated: both ids. */
#define BOTH(in, out, exporters)                                                    \
	"{\"key\":\"" out "\",\"e\":{\"buckets\":[" exporters                       \
	"]},\"n\":{\"buckets\":[" CONVERSATION(in, exporters) "," CONVERSATION(out, \
									       exporters) "]}}"

/* nat reports 50 octets of a conversation, which edge sees by the outer addresses, and core by the
 * inner ones. */
static void pairs_through_nat(void **state)
{
	(void)state;
	const char *edge = REPLY(CONVERSATION("1:out", OCTETS("edge", 50)));
	const char *nat = REPLY(BOTH("1:in", "1:out", OCTETS("nat", 50)));
	assert_pairs(edge, edge, nat,
		     "edge and nat report the same conversations: 100 % of the octets of nat, "
		     "50 % of all");
	assert_pairs(edge, NULL, NULL, "");
	/* what edge sees need not be among the largest */
	assert_pairs(REPLY(CONVERSATION("1:far", OCTETS("far", 100))),
		     REPLY(CONVERSATION("1:out", OCTETS("edge", 40))), nat,
		     "100 % of the octets of edge, 21 % of all");
	assert_pairs(REPLY(CONVERSATION("1:in", OCTETS("core", 100))), NULL, nat,
		     "core and nat report the same conversations: 100 % of the octets of nat, "
		     "33 % of all");
	/* who sees it inside and outside sees all of it, not twice as much */
	assert_pairs(REPLY(CONVERSATION("1:in", OCTETS("core", 50)) "," //
			   CONVERSATION("1:out", OCTETS("core", 50))),
		     NULL, nat, "100 % of the octets of nat, 33 % of all");
}

/* edge has 1000 octets. */
#define TUNNELS(kinds, left_out)                                                             \
	"{\"aggregations\":{\"e\":{\"buckets\":[{\"key\":\"edge\",\"b\":{\"value\":1000.0}," \
	"\"out\":{"                                                                          \
	"\"doc_count\":" #left_out "},\"t\":{\"buckets\":{" kinds "}}}]}}}"
#define KIND(name, octets) "\"" name "\":{\"doc_count\":1,\"b\":{\"value\":" #octets ".0}}"

static void tunnels(void **state)
{
	(void)state;
	assert_said(doctor_tunnels_of,
		    TUNNELS(KIND("GRE", 120) "," KIND("ESP", 0) "," KIND("UDP 4500", 35), 0),
		    "edge carries tunnels (GRE 12 %, UDP 4500 3 % of its octets)");
	assert_said(doctor_tunnels_of, TUNNELS(KIND("GRE", 9), 0), "");
	assert_said(doctor_tunnels_of, TUNNELS(KIND("GRE", 120), 1), "");
	assert_said(doctor_tunnels_of,
		    "{\"aggregations\":{\"e\":{\"buckets\":[{\"key\":\"edge\"}]}}}", "");
}

/* Sums of what cannot be are beyond integers, too. */
static void doubted(void **state)
{
	(void)state;
#define EDGE(members) "{\"aggregations\":{\"e\":{\"buckets\":[{\"key\":\"edge\"," members "}]}}}"
#define DOUBTED(records, octets, rates, unknown)                                   \
	EDGE("\"i\":{\"doc_count\":" #records ",\"rates\":{\"value\":" #rates "}," \
	     "\"o\":{\"b\":{\"value\":" #octets "}}},\"u\":{\"doc_count\":" #unknown "}")
	assert_said(doctor_counting_doubted, DOUBTED(0, 0.0, 0, 0), "");
	assert_said(doctor_counting_doubted, DOUBTED(3, 100000.0, 0, 0),
		    "3 records of the last hour are tagged implausible; 100000 octets");
	assert_said(doctor_counting_doubted, DOUBTED(3, 1e20, 0, 0), "9223372036854775807 octets");
	assert_said(doctor_counting_doubted, DOUBTED(3, 0.0, 2, 0),
		    "2 of those have a sampling rate");
	assert_said(doctor_counting_doubted, DOUBTED(0, 0.0, 0, 7),
		    "edge samples, and of 7 records of the last hour the rate is not known");
}

static void clocks(void **state)
{
	(void)state;
#define OFF(ms) \
	"{\"aggregations\":{\"e\":{\"buckets\":[{\"key\":\"fw1\",\"o\":{\"value\":" #ms ".0}}]}}}"
	assert_said(doctor_counting_clocks, OFF(-7190000),
		    "its clock is 2 hours behind: a time zone");
	assert_said(doctor_counting_clocks, OFF(3600000), "its clock is 1 hour ahead: a time zone");
	assert_said(doctor_counting_clocks, OFF(1800000), "its clock is 1800 s ahead: set NTP");
	assert_said(doctor_counting_clocks, OFF(299000), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons),           cmocka_unit_test(pairs),
		cmocka_unit_test(pairs_through_nat), cmocka_unit_test(tunnels),
		cmocka_unit_test(doubted),           cmocka_unit_test(clocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
