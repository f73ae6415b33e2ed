/* SPDX-License-Identifier: Apache-2.0
 * The batch pool and its writer, and the choice of endpoints. */
#include "forwarder/ship/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "forwarder/ship/endpoint.h"

static void write_line(struct batch_writer *w, const char *text)
{
	size_t n = strlen(text);
	if ((size_t)(w->sink.end - w->sink.cur) < n)
		assert_int_equal(w->sink.more(&w->sink, n), 0);
	memcpy(w->sink.cur, text, n);
	w->sink.cur += n;
	w->sink.lines[LINE_FLOW]++;
}

static void closes_on_size_and_age(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct batch_pool *pool = batch_pool_new(3, 16, &err);
	struct batch_writer w;
	batch_writer_init(&w, pool, NULL);
	assert_int_equal(w.sink.more(&w.sink, SINK_LINE_MAX + 1), -1); /* never fits */
	batch_writer_tick(&w, 1000, 100);
	assert_int_equal(batch_writer_due(&w, 1000, 100, 777), 777);

	write_line(&w, "12345678\n");
	batch_writer_tick(&w, 1000, 100); /* it is open from now on */
	assert_int_equal(batch_writer_due(&w, 1040, 100, 777), 60);
	assert_null(batch_pool_next(pool, 0));
	write_line(&w, "abcdefgh\n"); /* no room: the first one closes */
	struct batch *b = batch_pool_next(pool, 0);
	assert_non_null(b);
	assert_int_equal(b->items, 1);
	assert_memory_equal(b->data, "12345678\n", b->len);
	batch_pool_return(pool, b);

	batch_writer_tick(&w, 2000, 100);
	batch_writer_tick(&w, 2099, 100);
	assert_null(batch_pool_next(pool, 0));
	batch_writer_tick(&w, 2100, 100);
	b = batch_pool_next(pool, 0);
	assert_non_null(b);
	assert_memory_equal(b->data, "abcdefgh\n", b->len);
	batch_pool_return(pool, b);
	assert_int_equal(w.sink.more(&w.sink, SINK_LINE_MAX), 0); /* a long line, a small batch */
	assert_true(w.sink.end - w.sink.cur >= SINK_LINE_MAX);
	batch_pool_finish(pool);
	assert_true(batch_pool_finished(pool));
	batch_pool_free(pool);
}

static void *fill(void *arg)
{
	struct batch_writer w;
	batch_writer_init(&w, arg, NULL);
	for (int i = 0; i < 1000; i++)
		write_line(&w, "a line\n");
	batch_writer_tick(&w, 0, 0); /* opened now */
	batch_writer_tick(&w, UINT64_MAX, 0);
	return NULL;
}

static void waits_when_empty(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct batch_pool *pool = batch_pool_new(2, 64, &err);
	pthread_t thread;
	pthread_create(&thread, NULL, fill, pool);
	uint32_t lines = 0;
	size_t bytes = 0;
	while (lines < 1000) {
		struct batch *b = batch_pool_next(pool, 10000);
		assert_non_null(b);
		lines += b->items;
		bytes += b->len;
		batch_pool_return(pool, b);
	}
	pthread_join(thread, NULL);
	assert_int_equal(lines, 1000);
	assert_int_equal(bytes, 7000);
	struct batch_pool_state st;
	batch_pool_get_state(pool, &st);
	assert_int_equal(st.free, 2);
	batch_pool_free(pool);
}

static void endpoints_take_turns(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	char *urls[] = { "http://a", "http://b" };
	const struct strlist list = { urls, 2 };
	struct endpoints *e = endpoints_new(&list, &err);
	char url[ENDPOINT_URL_MAX];
	bool fresh;
	uint64_t wait;
	uint32_t up;
	assert_int_equal(endpoints_pick(e, 0, url, &fresh, &wait), 0);
	assert_string_equal(url, "http://a");
	assert_true(fresh);
	endpoints_worked(e, 0);
	assert_int_equal(endpoints_pick(e, 0, url, &fresh, &wait), 1);
	uint64_t pause = endpoints_failed(e, 1, 1000, -1, true);
	assert_in_range(pause, BACKOFF_MIN_MS / 2, BACKOFF_MIN_MS);
	assert_false(endpoints_all_away(e));
	assert_int_equal(endpoints_count(e, &up), 2);
	assert_int_equal(up, 1);
	/* the one that failed is left out */
	assert_int_equal(endpoints_pick(e, 1000, url, &fresh, &wait), 0);
	assert_false(fresh);
	assert_int_equal(endpoints_pick(e, 1000, url, &fresh, &wait), 0);
	/* Retry-After is honoured to the millisecond */
	assert_int_equal(endpoints_failed(e, 0, 1000, 7000, true), 7000);
	assert_true(endpoints_all_away(e));
	assert_int_equal(endpoints_pick(e, 1000, url, &fresh, &wait), -1);
	assert_int_equal(wait, pause);
	/* then one sender tries, and only one */
	assert_int_equal(endpoints_pick(e, 1000 + pause, url, &fresh, &wait), 1);
	assert_true(fresh);
	assert_int_equal(endpoints_pick(e, 1000 + pause, url, &fresh, &wait), -1);
	endpoints_worked(e, 1);
	assert_int_equal(endpoints_pick(e, 1000 + pause, url, &fresh, &wait), 1);
	assert_int_equal(endpoints_pick(e, 1000 + pause, url, &fresh, &wait), 1);
	/* a reload: what comes of requests to the old ones says nothing of the new one */
	char *other[] = { "http://c" };
	assert_int_equal(endpoints_replace(e, &(const struct strlist){ other, 1 }, &err), 0);
	endpoints_worked(e, 0);
	endpoints_failed(e, 1, 9000, -1, true);
	assert_false(endpoints_all_away(e));
	int number = endpoints_pick(e, 9000, url, &fresh, &wait);
	assert_string_equal(url, "http://c");
	assert_true(fresh);
	endpoints_failed(e, number, 9000, -1, true);
	assert_true(endpoints_all_away(e));
	endpoints_free(e);
}

static void pauses_grow(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 40; n++) {
		uint64_t whole = n < 6 ? (uint64_t)BACKOFF_MIN_MS << n : BACKOFF_MAX_MS;
		for (int i = 0; i < 50; i++)
			assert_in_range(backoff_ms(n), whole / 2, whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closes_on_size_and_age),
		cmocka_unit_test(waits_when_empty),
		cmocka_unit_test(endpoints_take_turns),
		cmocka_unit_test(pauses_grow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
