/* SPDX-License-Identifier: Apache-2.0
 * What exporters say about themselves: which elements are learnt from, whom it is kept for, and what a state file may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "forwarder/decode/options.h"

/* A record costs what it has bytes: elements without a width, of which a template may have a thousand, are not bound. */
static void elements_of_no_width_are_not_bound(void **state)
{
	(void)state;
	static struct spec specs[SPECS_MAX];
	static struct bound bound[SPECS_MAX];
	for (size_t i = 0; i < SPECS_MAX; i++)
		specs[i] = (struct spec){ .id = 14 }; /* egressInterface */
	specs[SPECS_MAX - 1] = (struct spec){ .id = 10, .width = 1 };
	assert_int_equal(options_bind(specs, SPECS_MAX, bound), 1);
	assert_int_equal(bound[0].place.at, 0);
	assert_int_equal(bound[0].place.width, 1);
}

static void bound_elements_know_their_place(void **state)
{
	(void)state;
	static const struct spec specs[] = {
		{ .id = 1, .width = 4 },               /* nothing is learnt from it */
		{ .id = 10, .width = 4 },              /* ingressInterface */
		{ .id = 82, .width = WIDTH_VARIABLE }, /* interfaceName */
		{ .id = 83, .width = 20 },             /* interfaceDescription */
		{ .pen = 9, .id = 10, .width = 4 },    /* of a vendor */
		{ .id = 65535, .width = 4 },
	};
	struct bound bound[6];
	assert_int_equal(options_bind(specs, 6, bound), 3);
	assert_int_equal(bound[0].place.at, 4);
	assert_int_equal(bound[0].place.part, 0);
	assert_int_equal(bound[1].place.at, 8);
	assert_int_equal(bound[1].place.width, WIDTH_VARIABLE);
	assert_int_equal(bound[2].place.at, 0);
	assert_int_equal(bound[2].place.part, 1);
	assert_int_equal(bound[2].place.width, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_of_no_width_are_not_bound),
		cmocka_unit_test(bound_elements_know_their_place),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
