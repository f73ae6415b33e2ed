/* SPDX-License-Identifier: Apache-2.0
 * What a ranking knows of values that no shard nominated, against shards made up at random; steps
 * of a course, and scales. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

#include "importer/query/course.h"
#include "importer/query/plot.h"
#include "importer/query/rank_list.h"
#include "tests/lib/rng.h"

#define SHARDS 7
#define VALUES 60

static struct subject subject_of(const char *names)
{
	struct subject s;
	struct err err = ERR_NONE;
	assert_int_equal(subject_parse(names, &s, &err), 0);
	return s;
}

static json_t *bucket_of(uint64_t key, uint64_t value)
{
	return json_pack("{s:o,s:i,s:{s:I}}", "key", json_sprintf("v%llu", (unsigned long long)key),
			 "doc_count", 1, "v", "value", (json_int_t)value);
}

struct pair {
	uint64_t key, value;
};

static int largest_first(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;
	return a->value < b->value ? 1 : a->value > b->value ? -1 : 0;
}

/* What a cluster answers: each shard tells its `size` largest, and of the sums of these the `size`
 * largest are left. */
static json_t *cluster_answer(uint64_t table[SHARDS][VALUES], size_t size)
{
	struct pair merged[VALUES];
	for (size_t v = 0; v < VALUES; v++)
		merged[v] = (struct pair){ v, 0 };
	for (size_t shard = 0; shard < SHARDS; shard++) {
		struct pair own[VALUES];
		for (size_t v = 0; v < VALUES; v++)
			own[v] = (struct pair){ v, table[shard][v] };
		qsort(own, VALUES, sizeof(own[0]), largest_first);
		for (size_t i = 0; i < size && i < VALUES && own[i].value; i++)
			merged[own[i].key].value += own[i].value;
	}
	qsort(merged, VALUES, sizeof(merged[0]), largest_first);
	json_t *buckets = json_array();
	for (size_t i = 0; i < size && i < VALUES && merged[i].value; i++)
		json_array_append_new(buckets, bucket_of(merged[i].key, merged[i].value));
	return json_pack("{s:{s:o}}", "list0", "buckets", buckets);
}

static uint64_t sum_of(uint64_t table[SHARDS][VALUES], size_t v)
{
	uint64_t sum = 0;
	for (size_t shard = 0; shard < SHARDS; shard++)
		sum += table[shard][v];
	return sum;
}

/* No value has more than what is listed of it and what may be missing. */
static void nothing_is_above_the_bound(void **state)
{
	struct rng rng = { .state = 21 };
	struct subject s = subject_of("clients");
	size_t tight = 0, whole = 0;
	(void)state;
	for (int round = 0; round < 3000; round++) {
		uint64_t table[SHARDS][VALUES] = { 0 };
		size_t size = 1 + rng_below(&rng, 40);
		uint64_t most = 1 + rng_below(&rng, 1000);
		size_t there = 1 + rng_below(&rng, VALUES);
		for (size_t shard = 0; shard < SHARDS; shard++)
			for (size_t v = 0; v < there; v++)
				table[shard][v] =
				    rng_below(&rng, 3)
					? most - most / 10 + rng_below(&rng, (uint32_t)most)
					: rng_below(&rng, 3);
		struct candidates c = { 0 };
		json_t *answer = cluster_answer(table, size);
		candidates_take(&c, &s, BY_BYTES, size, SHARDS, answer);
		for (size_t v = 0; v < VALUES; v++) {
			json_t *key = json_sprintf("v%zu", v);
			const struct candidate *one = candidate_find(&c, key);
			uint64_t listed = one ? one->listed : 0, has = sum_of(table, v);
			assert_true(has <= listed + c.missing);
			tight += !one && has > c.missing / 2;
			json_decref(key);
		}
		whole += c.missing == 0;
		json_decref(answer);
		candidates_release(&c);
	}
	assert_true(tight > 100); /* it is no bound that nothing comes near to */
	assert_true(whole > 100);
}

/* Lists of two sides: a value may be missing in both. */
static void sides_add_up(void **state)
{
	struct subject s = subject_of("hosts");
	struct candidates c = { 0 };
	json_t *list[2] = { json_array(), json_array() };
	(void)state;
	for (uint64_t i = 0; i < 3; i++) {
		json_array_append_new(list[0], bucket_of(i, 10 + i));
		json_array_append_new(list[1], bucket_of(i, 100 + i));
	}
	json_t *answer = json_pack("{s:{s:o},s:{s:o}}", "list0", "buckets", list[0], "list1",
				   "buckets", list[1]);
	candidates_take(&c, &s, BY_BYTES, 3, 4, answer);
	assert_int_equal(c.missing, 4 * 10 + 4 * 100);
	assert_int_equal(HASH_COUNT(c.table), 3);
	candidates_release(&c);
	c = (struct candidates){ 0 };
	candidates_take(&c, &s, BY_BYTES, 4, 4, answer); /* shorter than asked for: all there is */
	assert_int_equal(c.missing, 0);
	candidates_release(&c);
	json_decref(answer);
}

static void steps_are_not_too_many(void **state)
{
	const uint64_t minute = 60000, day = 24 * 60 * minute;
	(void)state;
	assert_int_equal(course_step(0, day, 300, 5 * minute), 5 * minute);
	assert_int_equal(course_step(0, day, 100, 5 * minute), 15 * minute);
	assert_int_equal(course_step(0, 10 * minute, 100, 5 * minute), 5 * minute);
	assert_int_equal(course_step(0, 10 * minute, 100, 7 * minute), 10 * minute);
	assert_int_equal(course_step(0, 30 * day, 100, 5 * minute), 12 * 60 * minute);
	assert_true(20000 * day / course_step(0, 20000 * day, 50, minute) < 50);
	assert_int_equal(course_part(100, 50, 0, 1000), 50);
	assert_int_equal(course_part(100, 50, 120, 1000), 30);
	assert_int_equal(course_part(100, 50, 0, 110), 10);
	assert_int_equal(course_part(100, 50, 200, 300), 0);
}

static void scales_are_round(void **state)
{
	struct rng rng = { .state = 3 };
	(void)state;
	assert_int_equal(plot_scale(0), 10);
	assert_int_equal(plot_scale(224), 250);
	assert_int_equal(plot_scale(810000), 1000000);
	for (int i = 0; i < 1000; i++) {
		uint64_t v = 10 + rng_below(&rng, 1 << 30);
		assert_true(plot_scale(v) >= v && plot_scale(v) <= v * 3 / 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_above_the_bound),
		cmocka_unit_test(sides_add_up),
		cmocka_unit_test(steps_are_not_too_many),
		cmocka_unit_test(scales_are_round),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
