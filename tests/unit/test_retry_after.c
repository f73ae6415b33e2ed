/* SPDX-License-Identifier: Apache-2.0
 * Retry-After (RFC 9110 section 10.2.3): seconds, a date, and what is neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/http.h"

static char value[64]; /* of the header; "": none */

static enum MHD_Result serve(void *arg, struct MHD_Connection *c, const char *path,
			     const char *method, const char *version, const char *data, size_t *len,
			     void **state)
{
	(void)arg, (void)path, (void)method, (void)version, (void)data, (void)len, (void)state;
	struct MHD_Response *r = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	if (*value)
		MHD_add_response_header(r, "Retry-After", value);
	enum MHD_Result result = MHD_queue_response(c, 429, r);
	MHD_destroy_response(r);
	return result;
}

static struct http *http;
static char url[64];

/* Milliseconds that the answer asks for. */
static int64_t asked(const char *header)
{
	struct err err = ERR_NONE;
	struct http_reply reply = { 0 };
	snprintf(value, sizeof(value), "%s", header);
	buf_init(&reply.body, 1000);
	const struct http_request req = { .method = "GET", .url = url };
	assert_int_equal(http_do(http, &req, &reply, &err), 0);
	assert_int_equal(reply.status, 429);
	buf_release(&reply.body);
	return reply.retry_after_ms;
}

static int64_t asked_at(time_t at)
{
	char date[64];
	struct tm tm;
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &tm));
	return asked(date);
}

static void seconds(void **state)
{
	(void)state;
	assert_int_equal(asked("5"), 5000);
	assert_int_equal(asked("0"), 0);
	assert_int_equal(asked("-5"), 0);
	assert_int_equal(asked("99999999"), 86400000); /* nobody waits longer than a day */
	assert_int_equal(asked("soon"), -1);
	assert_int_equal(asked(""), -1);
}

static void dates(void **state)
{
	(void)state;
	assert_in_range(asked_at(time(NULL) + 1000), 900000, 1000000);
	assert_int_equal(asked_at(time(NULL) - 1000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seconds),
		cmocka_unit_test(dates),
	};
	struct err err = ERR_NONE;
	const struct elastic_settings settings = { .timeout_ms = 5000, .connect_timeout_ms = 5000 };
	struct MHD_Daemon *server = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
						     serve, NULL, MHD_OPTION_END);
	if (!server || http_global_init(&err) || !(http = http_new(&settings, &err)))
		return 1;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u",
		 MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	http_free(http);
	MHD_stop_daemon(server);
	return failed;
}
