/* SPDX-License-Identifier: Apache-2.0
 * The lists of a spool: the order in which parcels go, and that what is parked costs nobody. */
#include "forwarder/ship/spool_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define PARKED 100000

static struct spool_list list;

static struct spool_entry *entry(uint64_t no, int lane)
{
	struct spool_entry *e = calloc(1, sizeof(*e));
	*e = (struct spool_entry){
		.no = no, .disk = 4096, .born_ms = 100 + no, .items = 2, .lane = lane
	};
	return e;
}

static struct spool_entry *put(uint64_t no, int lane)
{
	struct spool_entry *e = entry(no, lane);
	spool_list_add(&list, e);
	spool_list_count(&list, e);
	spool_list_release(&list, e);
	return e;
}

static uint64_t first(uint32_t without)
{
	const struct spool_entry *e = spool_list_first(&list, without);
	return e ? e->no : 0;
}

/* Tens of thousands of parcels wait for a lane: the others are taken, put back and settled as if
 * there were none. */
static void what_is_parked_costs_nobody(void **state)
{
	(void)state;
	for (uint64_t no = 1; no <= PARKED; no++)
		put(no, LANE_OTHER);
	for (uint64_t no = PARKED + 1; no <= PARKED + 1000; no++)
		put(no, LANE_ANY);
	uint64_t before = list.steps;
	for (unsigned i = 0; i < 1000; i++) {
		struct spool_entry *e = spool_list_first(&list, 1u << LANE_OTHER);
		assert_int_equal(e->no, PARKED + 1 + i);
		spool_list_hold(&list, e);
		assert_ptr_equal(spool_list_held(&list, e->no), e);
		spool_list_release(&list, e);
		assert_int_equal(first(1u << LANE_OTHER), PARKED + 1 + i);
		spool_list_hold(&list, e);
		spool_list_forget(&list, e);
	}
	for (unsigned i = 0; i < 1000; i++) { /* and the parked ones themselves */
		struct spool_entry *e = spool_list_first(&list, 0);
		spool_list_hold(&list, e);
		e->no = PARKED + 2000 + i;
		spool_list_release(&list, e);
	}
	assert_in_range(list.steps - before, 1000, 3000 * (LANES + 4));
	assert_int_equal(first(0), 1001);
	assert_int_equal(list.files, PARKED);
	assert_int_equal(list.items, 2 * PARKED);
	assert_int_equal(list.bytes, 4096ull * PARKED);
	assert_int_equal(spool_list_lanes(&list), 1u << LANE_OTHER);
	spool_list_clear(&list);
	assert_int_equal(list.files + list.items + list.bytes + spool_list_lanes(&list), 0);
}

/* Oldest first over all lanes, however they were held and put back; files are found in no order. */
static void the_oldest_goes_first(void **state)
{
	(void)state;
	static const uint64_t found[] = { 5, 2, 9, 7, 3, 8 }, sorted[] = { 2, 3, 5, 7, 8, 9 };
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++)
		spool_list_find(&list, entry(found[i], (int)(found[i] % 2)));
	spool_list_sort(&list);
	assert_int_equal(spool_list_born_ms(&list), 102);
	assert_int_equal(first(0), 2);
	assert_int_equal(first(1u << 0), 3);
	assert_int_equal(first(3), 0);
	struct spool_entry *held[6];
	for (int i = 0; i < 6; i++) {
		held[i] = spool_list_first(&list, 0);
		assert_int_equal(held[i]->no, sorted[i]);
		spool_list_hold(&list, held[i]);
	}
	assert_int_equal(first(0), 0);
	assert_int_equal(spool_list_lanes(&list), 3);
	assert_int_equal(spool_list_born_ms(&list), 102);
	static const int back[] = { 3, 0, 5, 2, 1, 4 };
	for (int i = 0; i < 6; i++)
		spool_list_release(&list, held[back[i]]);
	size_t n;
	uint64_t *numbers = spool_list_numbers(&list, &n);
	assert_int_equal(n, 6);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(first(0), numbers[i]);
		spool_list_forget(&list, spool_list_first(&list, 0));
	}
	free(numbers);
	assert_int_equal(spool_list_born_ms(&list), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_parked_costs_nobody),
		cmocka_unit_test(the_oldest_goes_first),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
