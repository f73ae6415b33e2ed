/* SPDX-License-Identifier: Apache-2.0
 * Times of raw lines that are moved, and an outlet that moves each capture by an amount of its
 * own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/http.h"
#include "forwarder/ship/compress.h"
#include "importer/capture/outlet.h"
#include "importer/capture/timeshift.h"

static void times_move(void **state)
{
	(void)state;
	static const char line[] =
	    "{\"@timestamp\":\"2023-11-14T22:13:20.500Z\",\"flow\":{\"exported\":1700000000000,"
	    "\"received\":1700000000123,\"seq\":1700000000},"
	    "\"ie\":{\"flowStartMilliseconds\":999999999999,\"flowEndMilliseconds\":[1,0],"
	    "\"octetDeltaCount\":1700000000000,"
	    "\"flowDurationMilliseconds\":5,\"userName\":\"exported\\\":1,\\\"\",\"x\":"
	    "\"received\"}}\n";
	static const char want[] =
	    "{\"@timestamp\":\"2023-11-14T22:13:21.600Z\",\"flow\":{\"exported\":1700000001100,"
	    "\"received\":1700000001223,\"seq\":1700000000},"
	    "\"ie\":{\"flowStartMilliseconds\":1000000001099,\"flowEndMilliseconds\":[1101,0],"
	    "\"octetDeltaCount\":1700000000000,"
	    "\"flowDurationMilliseconds\":5,\"userName\":\"exported\\\":1,\\\"\",\"x\":"
	    "\"received\"}}\n";
	struct timeshift *t = timeshift_new(0);
	timeshift_by(t, 1100);
	CLEANUP_BUF struct buf out;
	buf_init(&out, 4096);
	assert_int_equal(timeshift_line(t, line, strlen(line), &out), 0);
	assert_string_equal(out.data, want);
	timeshift_free(t);
	t = timeshift_new(1700000001000); /* nothing later than this */
	timeshift_by(t, 1100);
	buf_clear(&out);
	assert_int_equal(timeshift_line(t, line, strlen(line), &out), 0);
	assert_memory_equal(out.data, "{\"@timestamp\":\"2023-11-14T22:13:21.000Z\"", 40);
	timeshift_free(t);
}

/* What has no time (0), and what would be before 1970, stays. */
static void times_do_not_get_negative(void **state)
{
	(void)state;
	static const char line[] = "{\"flow\":{\"exported\":1000,\"received\":3000},"
				   "\"ie\":{\"flowEndMilliseconds\":[0,2000,2001]}}\n";
	static const char want[] = "{\"flow\":{\"exported\":1000,\"received\":1000},"
				   "\"ie\":{\"flowEndMilliseconds\":[0,2000,1]}}\n";
	struct timeshift *t = timeshift_new(0);
	timeshift_by(t, -2000);
	CLEANUP_BUF struct buf out;
	buf_init(&out, 4096);
	assert_int_equal(timeshift_line(t, line, strlen(line), &out), 0);
	assert_int_equal(out.len, strlen(want));
	assert_memory_equal(out.data, want, out.len);
	timeshift_free(t);
}

/* Whatever the line: no crash, nothing read outside (seen by the sanitizers), and without times the
 * same bytes. */
static void broken_lines_pass(void **state)
{
	(void)state;
	static const char *const lines[] = { "",
					     "\"",
					     "{\"exported\":",
					     "{\"exported\":[1",
					     "{\"exported\":[",
					     "\"a\\",
					     "{\"@timestamp\":\"",
					     "{\"@timestamp\":\"2023\"}",
					     "{\"received\":\"x\"}" };
	struct timeshift *t = timeshift_new(0);
	timeshift_by(t, 5);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		size_t len = strlen(lines[i]);
		char *exact = malloc(
		    len +
		    1); /* the NUL stops strtoll() at a cut number, as the newline of a line does */
		memcpy(exact, lines[i], len + 1);
		CLEANUP_BUF struct buf out;
		buf_init(&out, 4096);
		assert_int_equal(timeshift_line(t, exact, len, &out), 0);
		free(exact);
	}
	timeshift_free(t);
}

static void put(struct outlet *o, const char *line)
{
	struct sink *sink = outlet_sink(o);
	size_t len = strlen(line);
	assert_true((size_t)(sink->end - sink->cur) >= len);
	memcpy(sink->cur, line, len);
	sink->cur += len;
}

/* What was written before a move keeps the amount of before, also when it is still in the outlet's
 * room. */
static void moves_end_with_their_lines(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct outlet *o;
	struct ship_counters counters;
	char path[] = "/tmp/test_timeshift.XXXXXX", text[200] = "";
	close(mkstemp(path));
	assert_int_equal(outlet_file(path, 5000, &o, &err), 0);
	put(o, "{\"exported\":1000}\n");
	outlet_move(o, 20);
	put(o, "{\"exported\":1000}\n");
	outlet_move(o, -300);
	put(o, "{\"exported\":1000}\n");
	assert_int_equal(outlet_finish(o, NULL, NULL, &counters, &err), 0);
	outlet_free(o);
	CLEANUP_FILE FILE *f = fopen(path, "r");
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	remove(path);
	assert_string_equal(text, "{\"exported\":1000}\n{\"exported\":1020}\n{\"exported\":700}\n");
}

/* ---- a server that keeps the last body ---- */

static char body[4096];
static size_t body_len;

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *len, void **state)
{
	(void)arg, (void)url, (void)version;
	static char begun;
	if (!*state) {
		*state = &begun;
		body_len = strcmp(method, "POST") == 0 ? 0 : body_len;
		return MHD_YES;
	}
	if (*len) {
		assert_true(body_len + *len <= sizeof(body));
		memcpy(body + body_len, data, *len);
		body_len += *len;
		*len = 0;
		return MHD_YES;
	}
	static char text[] = "{\"errors\":false,\"items\":[]}";
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = MHD_queue_response(c, 200, r);
	MHD_destroy_response(r);
	return result;
}

/* The id that a line has in the cluster when it is moved by `shift_ms`. */
static void shipped_id(struct MHD_Daemon *d, int64_t shift_ms, char ret_id[SINK_ID_LEN + 1])
{
	struct err err = ERR_NONE;
	char url[64], *urls[] = { url };
	snprintf(url, sizeof(url), "http://127.0.0.1:%u",
		 MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port);
	struct elastic_settings elastic = { .url = { .item = urls, .n = 1 },
					    .namespace = "test",
					    .timeout_ms = 5000,
					    .connect_timeout_ms = 5000 };
	struct ship_settings ship = { .batch_bytes = 65536,
				      .buffers = 4,
				      .connections = 1,
				      .memory_bytes = 1 << 20,
				      .ids = true };
	struct outlet *o;
	struct ship_counters counters;
	if (outlet_ship(&ship, &elastic, 5000000000000, UINT64_MAX, &o, &err))
		fail_msg("%s", err.msg);
	outlet_move(o, shift_ms);
	const struct line_head *head = &outlet_sink(o)->head[LINE_FLOW];
	char line[SINK_HEAD_MAX + 100] = "";
	memcpy(line, head->text, head->len);
	memcpy(line + head->id_at, "AAAABBBBCCCCDDDDEEE", SINK_ID_LEN);
	snprintf(line + head->len, 100, "%s", "{\"exported\":1700000000000}\n");
	outlet_sink(o)->lines[LINE_FLOW]++;
	put(o, line);
	assert_int_equal(outlet_finish(o, NULL, NULL, &counters, &err), 0);
	int torn;
	struct gzip *gz = gzip_new();
	CLEANUP_FREE char *raw = gzip_unpack(gz, body, body_len, strlen(line), &torn);
	assert_non_null(raw);
	memcpy(ret_id, raw + head->id_at, SINK_ID_LEN);
	ret_id[SINK_ID_LEN] = '\0';
	gzip_free(gz);
	outlet_free(o);
}

/* The same capture at another time is other documents; at the same time it is the same ones. */
static void ids_move_with_times(void **state)
{
	(void)state;
	char first[SINK_ID_LEN + 1], second[SINK_ID_LEN + 1], again[SINK_ID_LEN + 1];
	struct MHD_Daemon *d = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
						handle, NULL, MHD_OPTION_END);
	assert_non_null(d);
	shipped_id(d, 100000000, first);
	shipped_id(d, 100001000, second);
	shipped_id(d, 100000000, again);
	MHD_stop_daemon(d);
	assert_string_not_equal(first, second);
	assert_string_equal(first, again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_move),          cmocka_unit_test(times_do_not_get_negative),
		cmocka_unit_test(broken_lines_pass),   cmocka_unit_test(moves_end_with_their_lines),
		cmocka_unit_test(ids_move_with_times),
	};
	struct err err = ERR_NONE;
	if (http_global_init(&err) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
