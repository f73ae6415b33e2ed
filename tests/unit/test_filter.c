/* SPDX-License-Identifier: Apache-2.0
 * The filter language: queries, and what is said of filters that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/query/filter.h"

/* Both as json_dumps() sorts them: what is compared is the meaning. */
static void assert_query(const char *text, const char *expected)
{
	struct err err = ERR_NONE;
	CLEANUP_FILTER struct filter *f = NULL;
	if (filter_parse(text, NULL, &f, &err))
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
	if (filter_parse(text, NULL, &f, &err) == 0) {
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

#define TCP        TERM("network.transport", "\"tcp\"")
#define FLAG(name) TERM("flow.tcp.flags", "\"" name "\"")

/* What stands in headers: a document has names where nfdump has numbers. */
static void headers(void **state)
{
	(void)state;
	assert_query("proto tcp", TCP);
	assert_query("proto 6", TCP);
	assert_query("proto icmp6", TERM("network.transport", "\"ipv6-icmp\""));
	assert_query("proto 58", TERM("network.transport", "\"ipv6-icmp\""));
	assert_query("proto 200", TERM("network.transport", "\"200\"")); /* has no name */
	assert_query("ipv6", TERM("network.type", "\"ipv6\""));
	assert_query("flags S", ALL(TCP "," FLAG("SYN")));
	/* several letters are all of them, and none of them behind `not`, as in nfdump */
	assert_query("flags SA", ALL(TCP "," FLAG("SYN") "," FLAG("ACK")));
	assert_query("flags AS", ALL(TCP "," FLAG("SYN") "," FLAG("ACK")));
	assert_query("not flags SA", NOT(ALL(TCP "," ANY(FLAG("SYN") "," FLAG("ACK")))));
	assert_query("not (any and not flags SA)",
		     NOT("{\"bool\":{\"filter\":[{\"match_all\":{}}],\"must_not\":[" ALL(
			 TCP "," FLAG("SYN") "," FLAG("ACK")) "]}}"));
	assert_query(
	    "flags = 2",
	    "{\"bool\":{\"filter\":[" TCP
	    "," FLAG("SYN") "],\"must_not\":[" FLAG("FIN") "," FLAG("RST") "," FLAG("PSH") "," FLAG(
		"ACK") "," FLAG("URG") "," FLAG("ECE") "," FLAG("CWR") "]}}");
	/* 184 is EF (46) and Not-ECT (0); 0xb9 is EF and ECT(1) */
	assert_query("tos 184",
		     "{\"bool\":{\"filter\":[" TERM(
			 "flow.dscp.name",
			 "\"EF\"") "],"
				   "\"must_not\":[{\"terms\":{\"flow.ecn\":[\"ECT(1)\",\"ECT(0)\","
				   "\"CE\"]}}]}}");
	assert_query("tos 0xb9",
		     ALL(TERM("flow.dscp.name", "\"EF\"") "," TERM("flow.ecn", "\"ECT(1)\"")));
	assert_query("tos > 251", TERM("flow.dscp.name", "\"63\""));
	assert_query("tos < 0", NOT("{\"match_all\":{}}"));
	assert_query("icmp-type 8",
		     ALL("{\"terms\":{\"network.transport\":[\"icmp\",\"ipv6-icmp\"]}}," TERM(
			 "flow.icmp.type", "8")));
	assert_query("icmp code 3",
		     ALL("{\"terms\":{\"network.transport\":[\"icmp\",\"ipv6-icmp\"]}}," TERM(
			 "flow.icmp.code", "3")));
}

/* Of records and of those who send them. */
static void records(void **state)
{
	(void)state;
	/* milliseconds, of which a record has nanoseconds */
	assert_query("duration > 10", BOUND("event.duration", "\"gte\":11000000"));
	assert_query("duration = 10", BOUND("event.duration", "\"gte\":10000000,\"lt\":11000000"));
	assert_query("duration 0",
		     ANY(BOUND("event.duration", "\"lt\":1000000") "," NOT(HAS("event.duration"))));
	assert_query("flows 1", "{\"match_all\":{}}");
	assert_query("flows > 1", NOT("{\"match_all\":{}}"));
	assert_query("nfversion 9", TERM("flow.type", "\"netflow9\""));
	assert_query("nfversion >= 9", "{\"terms\":{\"flow.type\":[\"netflow9\",\"ipfix\"]}}");
	assert_query("ethertype 0x800", TERM("flow.ethernet.type", "\"0x0800\""));
	assert_query("flowdir egress", TERM("flow.direction", "\"egress\""));
	assert_query("flowdir 0", NOT(TERM("flow.direction", "\"egress\"")));
	assert_query("fwdstat 130", ALL(TERM("flow.forwarding.status", "\"dropped\"") "," TERM(
					"flow.forwarding.reason", "\"ACL drop\"")));
	assert_query("observation domain id 7", TERM("flow.exporter.domain", "\"7\""));
	assert_query("asa event deny", TERM("flow.firewall.event", "\"denied\""));
	assert_query("nat event add", TERM("flow.nat.event", "\"NAT translation create\""));
	assert_query("src nat ip 192.0.2.1", TERM("source.nat.ip", "\"192.0.2.1\""));
	assert_query("src xip 192.0.2.1", TERM("source.nat.ip", "\"192.0.2.1\""));
	assert_query("bgpnext ip 192.0.2.1", TERM("flow.bgp.next_hop", "\"192.0.2.1\""));
	assert_query("bgp next ip 192.0.2.1", TERM("flow.bgp.next_hop", "\"192.0.2.1\""));
	assert_query("next ip 192.0.2.1", TERM("flow.next_hop", "\"192.0.2.1\""));
	assert_query("prev as 64500", TERM("flow.bgp.previous_as", "64500"));
	assert_query("mpls any 17", TERM("flow.mpls.labels", "17"));
}

/* Both ends before words with rules of their own, as Debian's nfdump takes them. */
static void both_ends(void **state)
{
	(void)state;
	static const char source[] = TERM("source.ip", "\"192.0.2.1\"");
	static const char destination[] = TERM("destination.ip", "\"192.0.2.1\"");
	char text[400];
	snprintf(text, sizeof(text), ANY("%s,%s"), source, destination);
	assert_query("src or dst host 192.0.2.1", text);
	assert_query("dst or src host 192.0.2.1", text);
	snprintf(text, sizeof(text), ALL("%s,%s"), source, destination);
	assert_query("src and dst host 192.0.2.1", text);
	assert_query("src or dst host www", ANY(TERM("flow.source.name", "\"www\"") "," TERM(
						"flow.destination.name", "\"www\"")));
	assert_query("out dst mac 00:11:22:aa:bb:cc",
		     TERM("destination.mac", "\"00-11-22-AA-BB-CC\""));
	assert_refused("dst tos 3", "flow.dscp.post_name = EF");
	assert_refused("src or dst tos 3", "flow.dscp.post_name = EF");
	assert_refused("src mask 24", "nfdump's 'mask' cannot be asked here");
	assert_refused("src or dst mask 24", "nfdump's 'mask' cannot be asked here");
	assert_refused("ingress acl 5", "nfdump's 'acl' cannot be asked here");
	assert_refused("observation point id 5", "'observation point' cannot be asked here");
}

/* Our words, and where they meet nfdump's. */
static void ours(void **state)
{
	(void)state;
	static const char client[] = TERM("client.ip", "\"192.0.2.1\"");
	assert_query("client 192.0.2.1", client);
	assert_query("client ip 192.0.2.1", client);
	assert_query("server www", TERM("flow.server.name", "\"www\""));
	assert_query("client country DE", TERM("client.geo.country_iso_code", "\"DE\""));
	assert_query("server latency > 1", BOUND("flow.latency.server", "\"gt\":1"));
	assert_query("server port 53", TERM("server.port", "53"));
	assert_query("src host 192.0.2.1", TERM("source.ip", "\"192.0.2.1\""));
	assert_query("src host www", TERM("flow.source.name", "\"www\""));
	assert_query("exporter r1", TERM("observer.name", "\"r1\""));
	assert_query("exporter 192.0.2.1", TERM("observer.ip", "\"192.0.2.1\""));
	assert_query("exporter ip 192.0.2.1", TERM("observer.ip", "\"192.0.2.1\""));
	assert_query("router ip 192.0.2.1", TERM("observer.ip", "\"192.0.2.1\""));
	assert_query("app latency > 1", BOUND("flow.latency.application", "\"gt\":1"));
	assert_query("app \"latency\"", TERM("network.application", "\"latency\""));
	assert_query("direction inbound", TERM("network.direction", "\"inbound\""));
	assert_query("direction egress", TERM("flow.direction", "\"egress\""));
	assert_query("in interface r1/Gi0", TERM("flow.ingress.interface", "\"r1/Gi0\""));
	assert_query("threat", HAS("flow.threat.categories"));
	assert_query("not threat", NOT(HAS("flow.threat.categories")));
	assert_query("duplicate", HAS("flow.duplicate.reason"));
	assert_query("duplicate egress", TERM("flow.duplicate.reason", "\"egress\""));
	assert_query("sampled", BOUND("flow.sampling.rate", "\"gt\":1"));
	assert_query("biflow", TERM("flow.biflow", "true"));
	assert_query("service != dns", NOT(TERM("flow.service.name", "\"dns\"")));
	assert_query("service in [dns, http*]",
		     ANY(TERM("flow.service.name", "\"dns\"") ",{\"wildcard\":{\"flow.service."
							      "name\":{\"value\":\"http*\"}}}"));
}

#define WHOLE               "a whole number is wanted"
#define DATE(field, bounds) BOUND(field, bounds ",\"format\":\"epoch_millis\"")

/* A field that is named itself takes what its type is written with. */
static void fields_by_type(void **state)
{
	(void)state;
	assert_query("network.bytes = 1m", TERM("network.bytes", "1000000"));
	assert_query("network.bytes > 1.5m", BOUND("network.bytes", "\"gt\":1500000"));
	assert_query("network.bytes in [1k, 0x10]", "{\"terms\":{\"network.bytes\":[1000,16]}}");
	assert_query("flow.media.mos < 3.5", BOUND("flow.media.mos", "\"lt\":3.5"));
	assert_query("source.ip = 10.1/16", TERM("source.ip", "\"10.1.0.0/16\""));
	assert_query(
	    "source.ip in [10/8, 192.0.2.1]",
	    ANY(TERM("source.ip", "\"192.0.2.1\"") "," TERM("source.ip", "\"10.0.0.0/8\"")));
	assert_query("source.ip = *", HAS("source.ip"));
	assert_query("source.ip > 10.0.0.1", BOUND("source.ip", "\"gt\":\"10.0.0.1\""));
	assert_query("flow.biflow = TRUE", TERM("flow.biflow", "true"));
	assert_query("network.vlan.id = 7", TERM("network.vlan.id", "\"7\""));
	assert_query("flow.ie.cisco.thing = 12", TERM("flow.ie.cisco.thing", "\"12\""));
	assert_query("event.created >= @1000000000",
		     DATE("event.created", "\"gte\":1000000000000"));
	assert_query("event.created > 2026-11-01Z", DATE("event.created", "\"gte\":1793577600000"));
	assert_query("event.created <= 2026-11-01Z", DATE("event.created", "\"lt\":1793577600000"));
	assert_query("event.created < 2026-11-01Z", DATE("event.created", "\"lt\":1793491200000"));
	assert_query("event.created = 2026-11-01Z",
		     DATE("event.created", "\"gte\":1793491200000,\"lt\":1793577600000"));
	assert_refused("network.bytes = many", "column 17, at 'many': " WHOLE);
	assert_refused("network.bytes > 1.5", "column 17, at '1.5': " WHOLE);
	assert_refused("network.bytes > 1.0001k", WHOLE);
	assert_refused("network.bytes = [1, x]", "at 'x': " WHOLE);
	assert_refused("source.ip = 10.1", "an address is wanted");
	assert_refused("source.ip = host*", "an address is wanted");
	assert_refused("source.ip > 10/8", "a network can be equal, or not");
	assert_refused("source.ip > *", "nothing is less or more");
	assert_refused("flow.biflow = yes", "true or false is wanted");
	assert_refused("flow.biflow > true", "only = and != can be asked");
	assert_refused("event.created > soon", "'soon' is no time");
	assert_refused("flow.service = dns", "this has fields, and no value of its own");
	/* in the words of the language, too */
	assert_query("bytes > 1.5m", BOUND("source.bytes", "\"gt\":1500000"));
	assert_query("client 10.1/16", TERM("client.ip", "\"10.1.0.0/16\""));
	assert_query("src host 10.1/16", TERM("source.ip", "\"10.1.0.0/16\""));
	assert_query("exporter 10.1/16", TERM("observer.ip", "\"10.1.0.0/16\""));
	assert_refused("host 10.1", "an address is wanted");
	assert_refused("exporter 10.1.2", "an address is wanted");
	assert_query("host \"10.1\"", ANY(TERM("flow.client.name", "\"10.1\"") "," TERM(
					  "flow.server.name", "\"10.1\"")));
}

/* What a cluster says of its fields decides; without one our mapping does, and others are texts. */
static void fields_of_a_cluster(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct filter *f = NULL;
	bool foreign;
	CLEANUP_JSON json_t *types =
	    json_pack("{s:s,s:s}", "flow.service.name", "keyword", "acme.cost", "long");
	assert_query("acme.cost = 5k", TERM("acme.cost", "\"5k\""));
	assert_int_equal(
	    filter_parse("acme.cost = 5k and flow.service.name = dns", types, &f, &err), 0);
	CLEANUP_JSON json_t *is = filter_query(f);
	CLEANUP_JSON json_t *wanted = json_loads(
	    ALL(TERM("acme.cost", "5000") "," TERM("flow.service.name", "\"dns\"")), 0, NULL);
	assert_true(json_equal(is, wanted));
	assert_int_equal(json_array_size(filter_named(f, &foreign)), 2);
	assert_false(foreign);
	filter_free(f);
	static const char *const rows[][2] = {
		{ "any and flow.servce.name = dns", "filter, column 9, at 'flow.servce.name': this "
						    "is no field of a record; did you mean "
						    "'flow.service.name'?" },
		{ "service.name = dns", "did you mean 'flow.service.name'?" },
		{ "network.bytes > 1", "this is a field that the records asked do not have" },
		{ "one.two.three != x", "this is no field of a record; docs/fields.md has all" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err = ERR_NONE;
		assert_int_equal(filter_parse(rows[i][0], types, &f, &err), -1);
		if (!strstr(err.msg, rows[i][1]))
			fail_msg("%s: %s", rows[i][0], err.msg);
	}
	assert_int_equal(filter_parse("one.two = x", NULL, &f, &err), 0);
	filter_named(f, &foreign);
	assert_true(foreign);
	filter_free(f);
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
	assert_refused("proto tpc", "column 7, at 'tpc': no protocol; did you mean 'tcp'?");
	assert_refused("proto 256", "the highest that it can be is 255");
	assert_refused("flags Q", "'Q' is none of the flags");
	assert_refused("flags > S", "flags are compared as a number");
	assert_refused("flags 64", "the highest that it can be is 63");
	assert_refused("icmp 8", "'icmp' wants 'type' or 'code'");
	assert_refused("proto != tcp", "column 7, at '!=': only = can be asked here");
	assert_refused("ethertype > 0x800", "column 11, at '>': only = can be asked here");
	assert_refused("fwdstat != dropped", "column 9, at '!=': only = can be asked here");
	assert_refused("flowdir != ingress", "column 9, at '!=': only = can be asked here");
	assert_refused("asa event != deny", "column 11, at '!=': only = can be asked here");
	assert_refused("direction < inbound", "column 11, at '<': a direction is equal (=)");
	assert_refused("direction inbuond", "did you mean 'inbound'?");
	assert_refused("mpls label1 3", "only 'mpls any LABEL'");
	assert_refused("fwdstat 1", "no forwarding status has this number");
	assert_refused("count > 3", "column 1, at 'count': nfdump's 'count' cannot be asked");
	assert_refused("mask 24", "no column of a document holds it");
	assert_refused("src prt 80", "column 5, at 'prt': no word");
	assert_refused("src bytes > 1", "column 5, at 'bytes': does not go with 'src'");
	assert_refused("src and dst service dns", "does not go with 'src'");
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
		{ "client 192.0.2.1", FILTER_INDEXED, "client.ip" },
		{ "src port 53 and bps > 1m", FILTER_SCRIPT, "source.bytes" },
		{ "flags > 3", FILTER_SCRIPT, "flow.tcp.flags" },
		{ "flags S", FILTER_INDEXED, "network.transport" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_NONE;
		CLEANUP_FILTER struct filter *f = NULL;
		const char *field;
		assert_int_equal(filter_parse(rows[i].text, NULL, &f, &err), 0);
		assert_int_equal(filter_cost(f, &field), rows[i].cost);
		if (rows[i].field)
			assert_string_equal(field, rows[i].field);
		else
			assert_null(field);
	}
}

static void kql(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "any", "*" },
		{ "proto tcp and dst port 443",
		  "(network.transport: \"tcp\" and destination.port: 443)" },
		{ "src net 10/8 or not threat",
		  "(source.ip: \"10.0.0.0/8\" or not flow.threat.categories: *)" },
		{ "dst port in [80 443]", "destination.port: (80 or 443)" },
		{ "bytes > 1m", "source.bytes > 1000000" },
		{ "duration = 10", "(event.duration >= 10000000 and event.duration < 11000000)" },
		{ "app 'a \"b\" \\\\ c'", "network.application: \"a \\\"b\\\" \\\\ c\"" },
		{ "app a:b*", "network.application: a\\:b*" },
		{ "biflow", "flow.biflow: true" },
		{ "not (src port 1 or src port 2)", "not (source.port: 1 or source.port: 2)" },
	};
	struct err err = ERR_NONE;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP_FILTER struct filter *f = NULL;
		CLEANUP_FREE char *text = NULL;
		assert_int_equal(filter_parse(rows[i][0], NULL, &f, &err), 0);
		assert_int_equal(filter_kql(f, &text, &err), 0);
		assert_string_equal(text, rows[i][1]);
	}
	CLEANUP_FILTER struct filter *f = NULL;
	CLEANUP_FREE char *text = NULL;
	assert_int_equal(filter_parse("any and (port 1 or bps > 1k)", NULL, &f, &err), 0);
	assert_int_equal(filter_kql(f, &text, &err), -1);
	assert_int_equal(err.code, EF_USAGE);
	assert_non_null(strstr(err.msg, "KQL cannot say what a script reckons of source.bytes"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms),
		cmocka_unit_test(headers),
		cmocka_unit_test(records),
		cmocka_unit_test(both_ends),
		cmocka_unit_test(ours),
		cmocka_unit_test(fields_by_type),
		cmocka_unit_test(fields_of_a_cluster),
		cmocka_unit_test(zeros),
		cmocka_unit_test(joined),
		cmocka_unit_test(refused),
		cmocka_unit_test(nothing_is_too_deep),
		cmocka_unit_test(costs),
		cmocka_unit_test(kql),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
