/* SPDX-License-Identifier: Apache-2.0
 * The shipper without memory: a compressor that fails when told to; and a server that asks for
 * smaller requests, is busy, answers without end, or is away.
 *
 * The functions of compress.h are the test's own here: bodies stay as they are, so that the server
 * can count their lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/http.h"
#include "forwarder/ship/compress.h"
#include "forwarder/ship/queue.h"
#include "forwarder/ship/shipper_internal.h"

#define ITEMS 10

static atomic_int packed, fail_at; /* calls of gzip_pack(), and the one that finds no memory */
static atomic_int most, requests;  /* items that the server takes at once */
static bool picky;          /* refuses the first item for good, and wants the second again, once */
static atomic_bool busy;    /* 429 to everything */
static int too_many;        /* 429 to more items than that; 0: to none */
static atomic_bool holding; /* requests wait */
static atomic_int breaking; /* so many requests end without an answer */
static int taken[64];       /* items of each request that was taken, in order */
static atomic_int n_taken;
static int wordy; /* an endless answer to more items than that; 0: to none */

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

static ssize_t spaces(void *arg, uint64_t at, char *to, size_t room)
{
	(void)arg, (void)at;
	memset(to, ' ', room);
	return (ssize_t)room;
}

/* An answer of 80 MB, more than a sender reads. */
static enum MHD_Result answer_at_length(struct MHD_Connection *c)
{
	struct MHD_Response *r =
	    MHD_create_response_from_callback(80u << 20, 1 << 20, spaces, NULL, NULL);
	enum MHD_Result result = MHD_queue_response(c, 200, r);
	MHD_destroy_response(r);
	return result;
}

/* The first item is refused for good, the second not now, the others are taken. */
static enum MHD_Result answer_item_by_item(struct MHD_Connection *c, int items)
{
	char text[4096];
	size_t len = (size_t)snprintf(text, sizeof(text), "{\"errors\":true,\"items\":[");
	for (int i = 0; i < items; i++)
		len +=
		    (size_t)snprintf(text + len, sizeof(text) - len,
				     "%s{\"create\":{\"status\":%d%s}}", i ? "," : "",
				     i == 0   ? 400
				     : i == 1 ? 429
					      : 201,
				     i < 2 ? ",\"error\":{\"type\":\"t\",\"reason\":\"r\"}" : "");
	snprintf(text + len, sizeof(text) - len, "]}");
	return answer(c, 200, text);
}

static enum MHD_Result judge(struct MHD_Connection *c, int items)
{
	requests++;
	while (holding)
		usleep(1000);
	if (breaking && breaking--)
		return MHD_NO;
	if (items > most)
		return answer(c, 413, "");
	if (busy || (too_many && items > too_many))
		return answer(c, 429, "");
	if (wordy && items > wordy)
		return answer_at_length(c);
	if (n_taken < 64)
		taken[n_taken++] = items;
	return picky && items > 1 ? answer_item_by_item(c, items)
				  : answer(c, 200, "{\"errors\":false,\"items\":[]}");
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
	return strcmp(method, "POST") == 0 ? judge(c, lines / 2)
					   : answer(c, 200, "{\"index_templates\":[]}");
}

/* ---- what the tests do ---- */

struct rig {
	struct MHD_Daemon *server;
	struct elastic_settings elastic;
	struct ship_settings ship;
	char url[64], *urls[1];
	struct shipper *s;
};

static void rig_start(struct rig *r, bool with_server)
{
	struct err err = ERR_NONE;
	packed = requests = n_taken = 0;
	r->server = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handle, NULL,
				     MHD_OPTION_END);
	assert_non_null(r->server);
	snprintf(r->url, sizeof(r->url), "http://127.0.0.1:%u",
		 MHD_get_daemon_info(r->server, MHD_DAEMON_INFO_BIND_PORT)->port);
	if (!with_server) { /* nobody answers there any more */
		MHD_stop_daemon(r->server);
		r->server = NULL;
	}
	r->urls[0] = r->url;
	r->elastic = (struct elastic_settings){ .url = { .item = r->urls, .n = 1 },
						.namespace = "test",
						.timeout_ms = 5000,
						.connect_timeout_ms = 5000 };
	r->s = shipper_new(&r->ship, &r->elastic, &err);
	if (!r->s)
		fail_msg("%s", err.msg);
}

static void rig_write(struct rig *r, int items)
{
	struct batch_writer w;
	batch_writer_init(&w, shipper_pool(r->s), NULL);
	assert_int_equal(w.sink.more(&w.sink, 32768), 0);
	for (int i = 0; i < items; i++) {
		w.sink.cur += snprintf(w.sink.cur, 100, "{\"create\":{}}\n{\"n\":%d}\n", i);
		w.sink.lines[LINE_FLOW]++;
	}
	batch_writer_tick(&w, UINT64_MAX, 0);
}

/* Ends it; what is not there after a minute never comes. */
static struct ship_counters rig_stop(struct rig *r, uint64_t lost)
{
	struct ship_counters c;
	assert_int_equal(shipper_finish(r->s, 60000), lost);
	shipper_get_counters(r->s, &c);
	shipper_free(r->s);
	if (r->server)
		MHD_stop_daemon(r->server);
	return c;
}

#define SETTINGS .batch_bytes = 65536, .buffers = 4, .connections = 1, .memory_bytes = 1 << 20

static struct ship_counters ship(int failing, int at_once)
{
	struct rig r = { .ship = { SETTINGS } };
	fail_at = failing;
	most = at_once;
	rig_start(&r, true);
	rig_write(&r, ITEMS);
	return rig_stop(&r, 0);
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

/* 429 for a request of many documents, again and again: perhaps it has no memory for so much. */
static void what_is_too_much_is_split(void **state)
{
	(void)state;
	picky = false;
	most = 1000;
	too_many = 250;
	struct rig r = { .ship = { SETTINGS } };
	rig_start(&r, true);
	rig_write(&r, 400);
	struct ship_counters c = rig_stop(&r, 0);
	too_many = 0;
	assert_int_equal(c.stored, 400);
	assert_int_equal(c.request_split, 1);
	assert_int_equal(c.request_busy, 3);
}

/* More errors than can be read at once: the halves have fewer. */
static void endless_answers_split(void **state)
{
	(void)state;
	picky = false;
	most = 1000;
	wordy = ITEMS / 2;
	struct rig r = { .ship = { SETTINGS } };
	rig_start(&r, true);
	rig_write(&r, ITEMS);
	struct ship_counters c = rig_stop(&r, 0);
	wordy = 0;
	assert_int_equal(c.stored, ITEMS);
	assert_int_equal(c.request_split, 1);
}

static double window_of(struct shipper *s)
{
	pthread_mutex_lock(&s->lock);
	double window = s->window;
	pthread_mutex_unlock(&s->lock);
	return window;
}

/* A busy cluster gets fewer requests at a time, and more again when it is well. */
/* By half each time, down to one request. */
static void each_busy_answer_halves_the_window(void **state)
{
	(void)state;
	struct rig r = { .ship = { SETTINGS } };
	r.ship.connections = 8;
	rig_start(&r, true);
	for (unsigned want = 8; want >= 1; want /= 2) {
		assert_true(window_of(r.s) == want);
		shipper_was_busy(r.s);
	}
	assert_true(window_of(r.s) == 1);
	rig_stop(&r, 0);
}

static void a_busy_cluster_shrinks_the_window(void **state)
{
	(void)state;
	picky = false;
	most = 1000;
	busy = true;
	struct rig r = { .ship = { SETTINGS } };
	r.ship.connections = 4;
	rig_start(&r, true);
	assert_true(window_of(r.s) == 4);
	for (int i = 0; i < 4; i++)
		rig_write(&r, ITEMS);
	for (int i = 0; i < 1000 && window_of(r.s) > 1; i++)
		usleep(10000);
	assert_true(window_of(r.s) == 1);
	busy = false;
	for (int i = 0; i < 1000 && window_of(r.s) < 2; i++)
		usleep(10000);
	assert_true(window_of(r.s) >= 2);
	struct ship_counters c = rig_stop(&r, 0);
	assert_int_equal(c.stored, 4 * ITEMS);
}

static void take_away(const char *dir)
{
	char command[64];
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

/* A file in its place: it cannot be made anew. */
static void take_for_good(const char *dir)
{
	take_away(dir);
	close(open(dir, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

/* What could not be sent, and that the disk did not take, is older than all that waits. */
static void what_comes_back_goes_first(void **state)
{
	(void)state;
	picky = false;
	most = 1000;
	holding = true;
	breaking = 2; /* libcurl may try once again by itself */
	char dir[] = "/tmp/test_shipper.XXXXXX";
	assert_non_null(mkdtemp(dir));
	struct rig r = { .ship = { SETTINGS } };
	r.ship.spool_dir = dir;
	r.ship.spool_bytes = 1 << 20;
	r.ship.spool_when = SPOOL_OVERFLOW;
	rig_start(&r, true);
	take_for_good(dir);
	for (int i = 1; i <= 3; i++)
		rig_write(&r, i);
	for (int i = 0; i < 1000 && (packed < 3 || requests < 1); i++)
		usleep(10000);
	assert_int_equal(packed, 3);
	assert_int_equal(requests, 1);
	holding = false; /* the first one breaks off, while two wait */
	for (int i = 0; i < 1000 && n_taken < 3; i++)
		usleep(10000);
	struct ship_counters c = rig_stop(&r, 0);
	assert_int_equal(c.stored, 1 + 2 + 3);
	assert_true(c.spool_errors > 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(taken[i], 1 + i);
	unlink(dir);
}

/* The cluster is away: what is on disk is safe, and a stop does not wait for its time to pass. */
static void a_stop_waits_for_no_absent_cluster(void **state)
{
	(void)state;
	picky = false;
	char dir[] = "/tmp/test_shipper.XXXXXX";
	assert_non_null(mkdtemp(dir));
	struct rig r = { .ship = { SETTINGS } };
	r.ship.spool_dir = dir;
	r.ship.spool_bytes = 1 << 20;
	r.ship.spool_when = SPOOL_ALWAYS;
	rig_start(&r, false);
	rig_write(&r, ITEMS);
	uint64_t began = clock_now_ms();
	struct ship_counters c = rig_stop(&r, 0);
	assert_true(clock_now_ms() - began < 30000); /* of the minute that it had */
	assert_int_equal(c.spool_records_now, ITEMS);
	take_away(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(halves_are_counted_once),
		cmocka_unit_test(verdicts_are_counted_once),
		cmocka_unit_test(what_is_too_much_is_split),
		cmocka_unit_test(endless_answers_split),
		cmocka_unit_test(each_busy_answer_halves_the_window),
		cmocka_unit_test(a_busy_cluster_shrinks_the_window),
		cmocka_unit_test(what_comes_back_goes_first),
		cmocka_unit_test(a_stop_waits_for_no_absent_cluster),
	};
	struct err err = ERR_NONE;
	if (http_global_init(&err) < 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
