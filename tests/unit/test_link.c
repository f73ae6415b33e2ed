/* SPDX-License-Identifier: Apache-2.0
 * Links into Kibana: Rison as its description has it, and what an address in a browser may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/query/link.h"

/* The examples of the description (github.com/Nanonid/rison), and texts with what has a meaning. */
static void rison_is_as_described(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "{\"a\":0,\"b\":1}", "(a:0,b:1)" },
		{ "{\"a\":0,\"b\":\"foo\",\"c\":\"23skidoo\"}", "(a:0,b:foo,c:'23skidoo')" },
		{ "[\"A\",\"B\",{\"supportsObjects\":true}]", "!(A,B,(supportsObjects:!t))" },
		{ "[true,false,null]", "!(!t,!f,!n)" },
		{ "{}", "()" },
		{ "[]", "!()" },
		{ "\"\"", "''" },
		{ "\"a-z\"", "a-z" },
		{ "\"-h\"", "'-h'" },
		{ "\"0a\"", "'0a'" },
		{ "\"can't\"", "'can!'t'" },
		{ "\"wow!\"", "'wow!!'" },
		{ "\"$state\"", "'$state'" },
		{ "\"control-space: \"", "'control-space: '" },
		{ "\"user@domain.com\"", "'user@domain.com'" },
		{ "\"a (b), c*\"", "'a (b), c*'" },
		{ "[1,-3,1.5]", "!(1,-3,1.5)" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP_JSON json_t *value = json_loads(rows[i][0], JSON_DECODE_ANY, NULL);
		assert_non_null(value);
		CLEANUP_FREE char *text = link_rison(value);
		assert_string_equal(text, rows[i][1]);
	}
}

/* What stands behind the question mark, decoded as RFC 3986 says. */
static char *decoded(const char *url, const char *name)
{
	const char *at = strstr(url, name);
	assert_non_null(at);
	at += strlen(name);
	char *text = calloc(1, strlen(at) + 1), *end = text;
	assert_non_null(text);
	for (; *at && *at != '&'; at++) {
		unsigned byte = (unsigned char)*at;
		if (*at == '%') {
			assert_int_equal(sscanf(at + 1, "%2x", &byte), 1);
			at += 2;
		}
		*end++ = (char)byte;
	}
	return text;
}

static void assert_link(struct app *app, const char *filter, enum link_place place,
			const char *begins, const char *global, const char *own)
{
	struct err err = ERR_NONE;
	struct query q = { .when = { .has_from = true, .from_ms = 1793491200000ULL } };
	char *words[] = { (char *)filter, NULL };
	CLEANUP_FREE char *url = NULL;
	app->args = (struct strlist){ .item = words, .n = 1 };
	assert_int_equal(filter_parse(filter, NULL, &q.filter, &err), 0);
	assert_int_equal(link_of(app, &q, place, &url, &err), 0);
	query_release(&q);
	assert_int_equal(strncmp(url, begins, strlen(begins)), 0);
	/* a shell and a terminal take it as one word */
	assert_null(strpbrk(url, " '\"()<>!*$`\\;|"));
	CLEANUP_FREE char *g = decoded(url, "?_g="), *a = decoded(url, "&_a=");
	assert_string_equal(g, global);
	assert_string_equal(a, own);
}

#define GLOBAL "(filters:!(),time:(from:'2026-11-01T00:00:00.000Z',to:now))"
#define EMPTY  "query:(language:kuery,query:'')"

static void links_have_the_question(void **state)
{
	(void)state;
	struct app app = { .elastic = { .namespace = "default" },
			   .kibana = { .url = "https://k:5601/", .space = "default" } };
	assert_link(&app, "", LINK_DISCOVER, "https://k:5601/app/discover#/?_g=", GLOBAL,
		    "(filters:!()," EMPTY ",index:flow)");
	assert_link(
	    &app, "app \"it's\"", LINK_DISCOVER, "https://k:5601/app/discover#/?_g=", GLOBAL,
	    "(filters:!(('$state':(store:appState),meta:(alias:'app \"it!'s\"',disabled:!f,"
	    "index:flow,key:query,negate:!f,type:custom,value:'{\"term\":{\"network."
	    "application\":\"it!'s\"}}'),query:(term:(network.application:'it!'s'))))," EMPTY
	    ",index:flow)");
	app.elastic.namespace = "lab";
	app.elastic.prefix = "acme";
	app.kibana.space = "net";
	assert_link(
	    &app, "any", LINK_HOSTS,
	    "https://k:5601/s/net/app/dashboards#/view/acme.flow-hosts?_g=", GLOBAL,
	    "(filters:!(('$state':(store:appState),meta:(alias:any,disabled:!f,index:acme."
	    "flow,key:query,negate:!f,type:custom,value:'{\"bool\":{\"filter\":[{\"term\":{"
	    "\"data_stream.namespace\":\"lab\"}},{\"match_all\":{}}]}}'),query:(bool:(filter:"
	    "!((term:(data_stream.namespace:lab)),(match_all:()))))))," EMPTY ")");
}

static void nobody_knows_kibana(void **state)
{
	(void)state;
	struct app app = { .elastic = { .namespace = "default" } };
	struct err err = ERR_NONE;
	struct query q = { .first = 0 };
	char *url = NULL;
	assert_int_equal(filter_parse("any", NULL, &q.filter, &err), 0);
	assert_int_equal(link_of(&app, &q, LINK_DISCOVER, &url, &err), -1);
	assert_int_equal(err.code, EF_USAGE);
	assert_non_null(strstr(err.msg, "--kibana-url"));
	query_release(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rison_is_as_described),
		cmocka_unit_test(links_have_the_question),
		cmocka_unit_test(nobody_knows_kibana),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
