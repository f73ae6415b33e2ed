/* SPDX-License-Identifier: Apache-2.0
 * The shipper without memory: a compressor that fails when told to, and a server that asks for smaller requests.
 *
 * The functions of compress.h are the test's own here: bodies stay as they are, so that the server can count their lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/http.h"
#include "forwarder/ship/compress.h"
#include "forwarder/ship/shipper.h"

#define ITEMS 10

static atomic_int packed, fail_at; /* calls of gzip_pack(), and the one that finds no memory */
static atomic_int most, requests;  /* items that the server takes at once */
static bool picky; /* refuses the first item for good, and wants the second again, once */

struct gzip *gzip_new(void)
{
	return malloc(1);
}

void gzip_free(struct gzip *gz)
{
	free(gz);
}

void *gzip_pack(struct gzip *gz, const void *raw, size_t len, size_t *ret_len)
{
	(void)gz;
	void *copy = ++packed == fail_at ? NULL : malloc(len);
	if (copy)
		memcpy(copy, raw, len);
	*ret_len = len;
	return copy;
}

char *gzip_unpack(struct gzip *gz, const void *data, size_t len, size_t raw_len, int *ret_torn)
{
	(void)gz;
	char *copy = malloc(raw_len + 1);
	*ret_torn = 0;
	memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

uint32_t gzip_crc(const void *data, size_t len)
{
	(void)data, (void)len;
	return 0;
}

/* ---- the server ---- */

struct body {
	char text[65536];
	size_t len;
};

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *text)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
	    strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result judge(struct MHD_Connection *c, int items)
{
	char text[4096] = "{\"errors\":false,\"items\":[]}";
	requests++;
	if (items > most)
		return answer(c, 413, "");
	if (picky && items > 1) {
		size_t len = (size_t)snprintf(text, sizeof(text), "{\"errors\":true,\"items\":[");
		for (int i = 0; i < items; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"%s{\"create\":{\"status\":%d,\"error\":{\"type\":"
						"\"t\",\"reason\":\"r\"}}}",
						i ? "," : "",
						i == 0   ? 400
						: i == 1 ? 429
							 : 201);
		snprintf(text + len, sizeof(text) - len, "]}");
	}
	return answer(c, 200, text);
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *len, void **state)
{
	(void)arg, (void)url, (void)version;
	struct body *b = *state;
	if (!b)
		return (*state = calloc(1, sizeof(*b))) ? MHD_YES : MHD_NO;
	if (*len) {
		memcpy(b->text + b->len, data, *len);
		b->len += *len;
		*len = 0;
		return MHD_YES;
	}
	int lines = 0;
	for (size_t i = 0; i < b->len; i++)
		lines += b->text[i] == '\n';
	free(b);
	*state = NULL;
	return strcmp(method, "POST") == 0 ? judge(c, lines / 2) : answer(c, 200, "{}");
}

/* ---- what the tests do ---- */

static struct ship_counters ship(int failing, int at_once)
{
	struct err err = ERR_NONE;
	struct MHD_Daemon *d = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
						handle, NULL, MHD_OPTION_END);
	assert_non_null(d);
	char url[64], *urls[] = { url };
	snprintf(url, sizeof(url), "http://127.0.0.1:%u",
		 MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port);
	struct elastic_settings elastic = { .url = { .item = urls, .n = 1 },
					    .namespace = "test",
					    .timeout_ms = 5000,
					    .connect_timeout_ms = 5000 };
	struct ship_settings settings = {
		.batch_bytes = 65536, .buffers = 4, .connections = 1, .memory_bytes = 1 << 20
	};
	packed = requests = 0;
	fail_at = failing;
	most = at_once;
	struct shipper *s = shipper_new(&settings, &elastic, &err);
	assert_non_null(s);
	struct batch_writer w;
	batch_writer_init(&w, shipper_pool(s), NULL);
	assert_int_equal(w.sink.more(&w.sink, 4096), 0);
	for (int i = 0; i < ITEMS; i++) {
		w.sink.cur += snprintf(w.sink.cur, 100, "{\"create\":{}}\n{\"n\":%d}\n", i);
		w.sink.lines[LINE_FLOW]++;
	}
	batch_writer_tick(&w, UINT64_MAX, 0);
	assert_int_equal(shipper_finish(s, UINT64_MAX), 0);
	struct ship_counters c;
	shipper_get_counters(s, &c);
	shipper_free(s);
	MHD_stop_daemon(d);
	return c;
}

static void halves_are_counted_once(void **state)
{
	(void)state;
	picky = false;
	for (int failing = 0; failing <= 5; failing++) { /* 0: none; 1 is the batch itself */
		struct ship_counters c = ship(failing, ITEMS / 2);
		assert_int_equal(c.records, ITEMS);
		assert_int_equal(c.stored, ITEMS);
		assert_int_equal(c.request_split, 1);
		assert_int_equal(c.lost + c.rejected + c.failed + c.duplicates, 0);
	}
}

static void verdicts_are_counted_once(void **state)
{
	(void)state;
	picky = true;
	for (int failing = 0; failing <= 5; failing++) {
		struct ship_counters c = ship(failing, ITEMS);
		assert_int_equal(c.records, ITEMS);
		assert_int_equal(c.stored, ITEMS - 1);
		assert_int_equal(c.failed, 1);
		assert_int_equal(c.lost + c.rejected + c.duplicates, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(halves_are_counted_once),
		cmocka_unit_test(verdicts_are_counted_once),
	};
	struct err err = ERR_NONE;
	if (http_global_init(&err) < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
