/* SPDX-License-Identifier: Apache-2.0
 * URLs: which can be used, and that none is shown with what may be secret in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/url.h"

static void shown_without_secrets(void **state)
{
	(void)state;
	static const char *const texts[][2] = {
		{ "https://es:9200", "https://es:9200" },
		{ "https://es/p/a?b=SECRET", "https://es/p/a?…" },
		{ "https://es/#SECRET", "https://es/#…" },
		{ "http://u:SECRET@h:1/x", "http://…@h:1/x" },
		{ "socks5h://u:SE@CRET@h", "socks5h://…@h" },
		{ "http://u:SE/CR?ET@h/x", "http://…@h/x" },
		{ "cannot use 'http://u:SECRET@h' for https://a@b?c, no", "cannot use "
									  "'http://…@h' for "
									  "https://…@b?…"
									  " no" },
		{ "no URL, a@b?c", "no URL, a@b?c" },
		{ "", "" },
		{ "://", "://" },
		{ "http://u:SECRET@", "http://…@" },
	};
	char shown[200];
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_string_equal(url_shown(texts[i][0], shown, sizeof(shown)), texts[i][1]);
	for (size_t room = 1; room < 20; room++) { /* whatever is cut */
		assert_true(strlen(url_shown("http://u:SECRET@h/x?SECRET", shown, room)) < room);
		assert_null(strstr(shown, "S"));
	}
}

static void servers(void **state)
{
	(void)state;
	static const char *const good[] = { "http://h", "https://h:9200/a/b", "http://[::1]:1",
					    "http://127.0.0.1:65535/" };
	static const char *const bad[] = {
		"h:9200",          "ftp://h",          "HTTP://h",
		"http://",         "http://:1",        "http://u:SECRET",
		"http://h:0",      "http://h:65536",   "http://u:SECRET@h",
		"http://h?SECRET", "http://h/#SECRET", "http://[::1"
	};
	struct err err = ERR_NONE;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(url_check_server("here", good[i], "", &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(url_check_server("here", bad[i], "", &err), -1);
		assert_int_equal(err.code, EF_USAGE);
		assert_memory_equal(err.msg, "here", 4);
		assert_null(strstr(err.msg, "SECRET"));
	}
}

static void proxies(void **state)
{
	(void)state;
	static const char *const good[] = {
		"http://h",          "h:3128",           "h",         "u:SECRET@h:1",
		"http://u:SECRET@h", "socks5h://h:1080", "https://h", "SOCKS4a://h"
	};
	static const char *const bad[] = { "socks9://u:SECRET@h", "ftp://u:SECRET@h",
					   "http://u:SECRET",     "h:0",
					   "http://h/?SECRET",    "http://:1" };
	struct err err = ERR_NONE;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(url_check_proxy("here", good[i], &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(url_check_proxy("here", bad[i], &err), -1);
		assert_int_equal(err.code, EF_USAGE);
		assert_null(strstr(err.msg, "SECRET"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shown_without_secrets),
		cmocka_unit_test(servers),
		cmocka_unit_test(proxies),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
