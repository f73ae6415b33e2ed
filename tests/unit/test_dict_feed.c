/* SPDX-License-Identifier: Apache-2.0
 * Every format of threat feeds, and what is no address in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "common/buf.h"
#include "importer/dictionary/feed_parse.h"

static void assert_feed(const char *name, const char *text, const char *wanted, size_t unreadable)
{
	struct feed_format format;
	struct feed_prefixes found;
	struct err err = ERR_NONE;
	CLEANUP_BUF struct buf got;

	buf_init(&got, 4096);
	if (feed_format_parse(name, &format, &err) ||
	    feed_parse(&format, text, strlen(text), 100, &found, &err))
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < found.n; i++) {
		char address[IP_TEXT_MAX];
		ip_format(&found.prefix[i].ip, address);
		assert_int_equal(
		    buf_add_fmt(&got, "%s%s/%d", i ? " " : "", address, found.prefix[i].len), 0);
	}
	assert_string_equal(got.len ? got.data : "", wanted);
	assert_int_equal(found.unreadable, unreadable);
	feed_prefixes_release(&found);
}

static void text(void **state)
{
	(void)state;
	assert_feed("text",
		    "# list\n; 1.2.3.4\n\n203.0.113.9\r\n198.51.100.0/24 ; SBL1\n203.0.113.9\n"
		    "2001:db8::1\n192.0.2.7\t12\n198.51.100.77/24\n192.0.2.8:443\nnothing\n",
		    "192.0.2.7/128 192.0.2.8/128 198.51.100.0/120 203.0.113.9/128 2001:db8::1/128",
		    1);
	assert_feed("text", "", "", 0);
	assert_feed("text", "<html>\n<body>Moved</body>\n", "", 2);
}

static void urls(void **state)
{
	(void)state;
	assert_feed("urls",
		    "http://192.0.2.1/a\nhttps://example.org/b\nhttps://192.0.2.2:8080/c?d\n"
		    "http://[2001:db8::5]:80/\n192.0.2.3/x\n",
		    "192.0.2.1/128 192.0.2.2/128 192.0.2.3/128 2001:db8::5/128", 0);
	assert_feed("urls", "http://[2001:db8::5\n192.0.2.1\nhttp://[",
		    "192.0.2.1/128 2001:db8::5/128",
		    1); /* no closing bracket: what stands behind the line stays as it is */
	assert_feed("urls", "<html>\n<a href=\"https://example.org/\">\n</html>\n", "", 2);
	assert_feed("urls", "{\"error\":\"too many\"}\nexample.org/x\nSorry\n", "", 2);
}

static void columns(void **state)
{
	(void)state;
	assert_feed("csv:2", "\"a, b\",192.0.2.1\nx,\"192.0.2.2\"\nshort\n",
		    "192.0.2.1/128 192.0.2.2/128", 1);
	assert_feed("tsv:1/3", "192.0.2.0\t192.0.2.255\t24\t9\nStart\tEnd\tNetblock\t1\n",
		    "192.0.2.0/120", 1);
	assert_feed("psv:3", "64500  |  NAME  |  192.0.2.4  |  2026-01-01\n", "192.0.2.4/128", 0);
	assert_feed("ssv:1", "192.0.2.5;2026;why\n", "192.0.2.5/128", 0);
}

static void json(void **state)
{
	(void)state;
	assert_feed(
	    "json:ip_address",
	    "[{\"ip_address\":\"192.0.2.1\",\"port\":1},{\"ip_address\":\"2001:db8::1\"},{}]",
	    "192.0.2.1/128 2001:db8::1/128", 1);
	assert_feed("json:cidr",
		    "{\"cidr\":\"192.0.2.0/24\"}\n{\"cidr\":\"198.51.100.0/24\"}\n"
		    "{\"type\":\"metadata\",\"records\":2}\n",
		    "192.0.2.0/120 198.51.100.0/120", 0);
	assert_feed("json:ip", "Too many requests", "", 1);
}

static void ceilings_and_formats(void **state)
{
	static const char *const wrong[] = { "",      "txt",    "csv",      "csv:0",
					     "csv:x", "csv:65", "tsv:1/",   "json",
					     "json:", "text:1", "csv:1/2/3" };
	struct feed_format format = { .kind = FEED_TEXT };
	struct feed_prefixes found;
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(feed_parse(&format, "192.0.2.1\n192.0.2.2\n", 20, 1, &found, &err), -1);
	assert_non_null(strstr(err.msg, "more than 1 addresses"));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(feed_format_parse(wrong[i], &format, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text),
		cmocka_unit_test(urls),
		cmocka_unit_test(columns),
		cmocka_unit_test(json),
		cmocka_unit_test(ceilings_and_formats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
