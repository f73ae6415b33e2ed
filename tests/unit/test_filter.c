/* SPDX-License-Identifier: Apache-2.0
 * The filter language: queries, and what is said of filters that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/query/filter.h"

/* Both as json_dumps() sorts them: what is compared is the meaning. */
static void assert_query(const char *text, const char *expected)
{
	struct err err = ERR_NONE;
	CLEANUP_FILTER struct filter *f = NULL;
	if (filter_parse(text, &f, &err))
		fail_msg("%s: %s", text, err.msg);
	CLEANUP_JSON json_t *is = filter_query(f);
	json_error_t error;
	CLEANUP_JSON json_t *wanted = json_loads(expected, 0, &error);
	if (!wanted)
		fail_msg("%s: the expectation is no JSON: %s", text, error.text);
	if (!json_equal(is, wanted)) {
		CLEANUP_FREE char *shown = json_dumps(is, JSON_COMPACT);
		fail_msg("%s:\n  is     %s\n  wanted %s", text, shown, expected);
	}
}

static void assert_refused(const char *text, const char *message)
{
	struct err err = ERR_NONE;
	struct filter *f = NULL;
	if (filter_parse(text, &f, &err) == 0) {
		filter_free(f);
		fail_msg("%s was taken", text);
	}
	assert_null(f);
	assert_int_equal(err.code, EF_USAGE);
	if (!strstr(err.msg, message))
		fail_msg("%s:\n  is     %s\n  wanted %s", text, err.msg, message);
}

#define TERM(field, value)  "{\"term\":{\"" field "\":" value "}}"
#define NOT(clause)         "{\"bool\":{\"must_not\":[" clause "]}}"
#define ANY(clauses)        "{\"bool\":{\"should\":[" clauses "],\"minimum_should_match\":1}}"
#define ALL(clauses)        "{\"bool\":{\"filter\":[" clauses "]}}"
#define HAS(field)          "{\"exists\":{\"field\":\"" field "\"}}"
#define BOUND(field, bound) "{\"range\":{\"" field "\":{" bound "}}}"

static void terms(void **state)
{
	(void)state;
	assert_query("", "{\"match_all\":{}}");
	assert_query(" # nothing", "{\"match_all\":{}}");
	assert_query("any", "{\"match_all\":{}}");
	assert_query("dst port 443", TERM("destination.port", "443"));
	assert_query("DST PORT = 443", TERM("destination.port", "443"));
	assert_query("src ip 192.0.2.1", TERM("source.ip", "\"192.0.2.1\""));
	assert_query("src net 10.1.2.3/8", TERM("source.ip", "\"10.0.0.0/8\""));
	assert_query("src net 10/8", TERM("source.ip", "\"10.0.0.0/8\""));
	assert_query("src net 10.1.0.0 255.255.0.0", TERM("source.ip", "\"10.1.0.0/16\""));
	assert_query("dst net 2001:db8::1/32", TERM("destination.ip", "\"2001:db8::/32\""));
	assert_query("bytes > 1m", BOUND("source.bytes", "\"gt\":1000000"));
	assert_query("out packets>=2k", BOUND("destination.packets", "\"gte\":2000"));
	assert_query("src mac 00:11:22:aa:bb:cc", TERM("source.mac", "\"00-11-22-AA-BB-CC\""));
	assert_query("src country de", TERM("source.geo.country_iso_code", "\"DE\""));
	assert_query("service dns", TERM("flow.service.name", "\"dns\""));
	assert_query("app \"MS Teams\"", TERM("network.application", "\"MS Teams\""));
	assert_query("client latency > 5k", BOUND("flow.latency.client", "\"gt\":5000"));
	assert_query("dns.question.name = example.org",
		     TERM("dns.question.name", "\"example.org\""));
	assert_query("dns.question.name = *.example.org",
		     "{\"wildcard\":{\"dns.question.name\":{\"value\":\"*.example.org\"}}}");
	assert_query("rule.name = *", HAS("rule.name"));
	assert_query("network.bytes > 1g", BOUND("network.bytes", "\"gt\":1000000000"));
}

/* A record without a port, AS, interface or VLAN has 0, as in nfdump. */
static void zeros(void **state)
{
	(void)state;
	assert_query("dst port 0",
		     ANY(TERM("destination.port", "0") "," NOT(HAS("destination.port"))));
	assert_query("dst port < 10",
		     ANY(BOUND("destination.port", "\"lt\":10") "," NOT(HAS("destination.port"))));
	assert_query("dst port < 0", BOUND("destination.port", "\"lt\":0"));
	assert_query("src as >= 0",
		     ANY(BOUND("source.as.number", "\"gte\":0") "," NOT(HAS("source.as.number"))));
	assert_query("in if 0", ANY(TERM("observer.ingress.interface.id",
					 "\"0\"") "," NOT(HAS("observer.ingress.interface.id"))));
	assert_query("in if 7", TERM("observer.ingress.interface.id", "\"7\""));
}

static void joined(void **state)
{
	(void)state;
	static const char either[] =
	    ANY(TERM("source.port", "53") "," TERM("destination.port", "53"));
	assert_query("port 53", either);
	assert_query("src or dst port 53", either);
	assert_query("src and dst port 53",
		     ALL(TERM("source.port", "53") "," TERM("destination.port", "53")));
	assert_query("not src port 53", NOT(TERM("source.port", "53")));
	assert_query("! src port 53", NOT(TERM("source.port", "53")));
	assert_query("src port 53 and not dst port 53",
		     "{\"bool\":{\"filter\":[" TERM("source.port", "53") "],\"must_not\":[" TERM(
			 "destination.port", "53") "]}}");
	/* and binds more tightly than or, and not more than both */
	assert_query("src port 1 or src port 2 && src port 3",
		     ANY(TERM("source.port",
			      "1") "," ALL(TERM("source.port", "2") "," TERM("source.port", "3"))));
	assert_query("(src port 1 or src port 2) and src port 3",
		     ALL(ANY(TERM("source.port", "1") "," TERM("source.port", "2")) "," TERM(
			 "source.port", "3")));
	assert_query("dst port in [ 80 443, 8080 ]",
		     "{\"terms\":{\"destination.port\":[80,443,8080]}}");
	assert_query("dst ip in [192.0.2.1,10.0.0.0/8]",
		     ANY(TERM("destination.ip", "\"192.0.2.1\"") "," TERM("destination.ip",
									  "\"10.0.0.0/8\"")));
}

static void refused(void **state)
{
	(void)state;
	assert_refused("prot tcp", "filter, column 1, at 'prot': no word");
	assert_refused("any and dst prt 80", "column 13, at 'prt': no word of the filter "
					     "language; did you mean 'port'?");
	assert_refused("port 65536", "column 6, at '65536': the highest that it can be is 65535");
	assert_refused("port", "column 5, at its end: a number is wanted");
	assert_refused("port http", "column 6, at 'http': a number is wanted");
	assert_refused("(port 80", "the bracket that closes the one of column 1");
	assert_refused("port 80)", "column 8, at ')': no bracket is open");
	assert_refused("port 80 port 81", "column 9, at 'port': and, or, or the end");
	assert_refused("ip www.example.org", "column 4, at 'www.example.org': an address");
	assert_refused("net 10.0.0.0", "wants its bits or its mask");
	assert_refused("net 10.0.0.0/33", "column 5");
	assert_refused("geo DEU", "two letters");
	assert_refused("geo or", "column 5, at 'or': the two letters");
	assert_refused("src country > DE", "can only be equal");
	assert_refused("app 'MS Teams", "column 5: the quote ' is not closed");
	assert_refused("port 80 & port 81", "column 9: one & means nothing here; write and");
	assert_refused("port in [80", "the list has no end");
	assert_refused("source.port", "behind the field source.port a comparison is wanted");
	assert_refused("name «ü» and prot 1", "column 14, at 'prot'"); /* characters, not bytes */
	assert_refused("mac 00:11:22", "a MAC address is wanted");
	assert_refused("bytes > 99999999999999999999", "a number is wanted");
	assert_refused("a\x01", "a control character");
}

static void nothing_is_too_deep(void **state)
{
	(void)state;
	const size_t n = 100000;
	CLEANUP_FREE char *text = malloc(n + 1);
	assert_non_null(text);
	memset(text, '(', n);
	text[n] = '\0';
	assert_refused(text, "more than 100 brackets");
	memset(text, '!', n);
	assert_refused(text, "more than 100 brackets");
}

static void costs(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum filter_cost cost;
		const char *field;
	} rows[] = {
		{ "dst port 53 and ip 192.0.2.1", FILTER_INDEXED, "destination.port" },
		{ "dst port 53 and src port 53", FILTER_VALUES, "source.port" },
		{ "any", FILTER_INDEXED, NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_NONE;
		CLEANUP_FILTER struct filter *f = NULL;
		const char *field;
		assert_int_equal(filter_parse(rows[i].text, &f, &err), 0);
		assert_int_equal(filter_cost(f, &field), rows[i].cost);
		if (rows[i].field)
			assert_string_equal(field, rows[i].field);
		else
			assert_null(field);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms),
		cmocka_unit_test(zeros),
		cmocka_unit_test(joined),
		cmocka_unit_test(refused),
		cmocka_unit_test(nothing_is_too_deep),
		cmocka_unit_test(costs),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
