/* SPDX-License-Identifier: Apache-2.0
 * API keys: the id in the Base64 form, which of them the shipper knows, and the file that is
 * watched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/api_key.h"
#include "forwarder/key_file.h"
#include "forwarder/ship/keys.h"

/* The example in Elasticsearch's manual of "Create API key". */
#define MANUAL_ID  "VuaCfGcBCdbkQm-e5aOx"
#define MANUAL_KEY "VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw=="

static void the_id_is_before_the_colon(void **state)
{
	(void)state;
	char id[API_KEY_ID_MAX];
	assert_true(api_key_id(MANUAL_KEY, id));
	assert_string_equal(id, MANUAL_ID);
	char bare[] = MANUAL_KEY;
	bare[strcspn(bare, "=")] = '\0';
	assert_true(api_key_id(bare, id));
	assert_string_equal(id, MANUAL_ID);
}

static void what_is_no_key_has_no_id(void **state)
{
	(void)state;
	static char longest[API_KEY_TEXT_MAX + 100];
	memset(longest, 'Q', sizeof(longest) - 1);
	const char *const no_keys[] = {
		"",
		"=",
		"not Base64 at all",
		"b3RoZXI=",     /* other */
		"OnNlY3JldA==", /* :secret */
		"aWQ6",         /* id: */
		"YSJ9IDE6eA==", /* a"} 1:x */
		"Li4vX2FsbDp4", /* ../_all:x */
		longest,
		/* 65 letters before the colon */
		"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYW"
		"Fh"
		"YWE6eA==",
	};
	for (size_t i = 0; i < sizeof(no_keys) / sizeof(no_keys[0]); i++) {
		char id[API_KEY_ID_MAX] = "before";
		assert_false(api_key_id(no_keys[i], id));
		assert_string_equal(id, "");
	}
}

static void a_few_keys_are_known(void **state)
{
	(void)state;
	struct ship_keys k = { 0 };
	assert_string_equal(ship_keys_in_force(&k), "");
	ship_keys_count(&k, "", 5);
	for (int i = 0; i < SHIP_KEYS_MAX + 3; i++) {
		char id[16];
		snprintf(id, sizeof(id), "key-%d", i);
		ship_keys_use(&k, id);
		ship_keys_count(&k, id, (uint64_t)i + 1);
		assert_string_equal(ship_keys_in_force(&k), id);
	}
	assert_int_equal(k.n, SHIP_KEYS_MAX);
	assert_string_equal(k.list[0].id, "key-3");
	ship_keys_count(&k, "key-0", 7); /* pushed out: a late answer is nobody's */
	ship_keys_use(&k, "key-4");      /* again: it keeps what it had, and is the last to go */
	ship_keys_count(&k, "key-4", 100);
	ship_keys_count(&k, "key-10", 1);
	assert_int_equal(k.n, SHIP_KEYS_MAX);
	assert_string_equal(k.list[SHIP_KEYS_MAX - 1].id, "key-4");
	assert_int_equal(k.list[SHIP_KEYS_MAX - 1].documents, 105);
	assert_int_equal(k.list[SHIP_KEYS_MAX - 2].documents, 12);
	for (size_t i = 0; i < k.n; i++)
		assert_int_equal(k.list[i].in_force, i == k.n - 1);
	ship_keys_use(&k, ""); /* user and password */
	assert_string_equal(ship_keys_in_force(&k), "");
	assert_int_equal(k.n, SHIP_KEYS_MAX);
}

static char path[64];

static void put(const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void assert_taken(struct key_file *f, const char *want)
{
	char *key = key_file_look(f);
	if (want)
		assert_string_equal(key, want);
	else
		assert_null(key);
	free(key);
}

static void a_file_is_read_once_it_stands_still(void **state)
{
	(void)state;
	struct key_file f = { 0 };
	assert_taken(&f, NULL); /* no file, no look */
	strncpy(path, "/tmp/test_api_key.XXXXXX", sizeof(path) - 1);
	close(mkstemp(path));
	f.path = path;
	put("one\n");
	assert_taken(&f, NULL); /* it may be half of a line */
	put("one-and-more\nsecond line\n");
	assert_taken(&f, NULL);
	assert_taken(&f, "one-and-more");
	assert_taken(&f, NULL);
	put("");
	assert_taken(&f, NULL);
	assert_taken(&f, NULL); /* said, and nothing taken */
	put("two");
	assert_taken(&f, NULL);
	assert_taken(&f, "two");
	assert_int_equal(unlink(path), 0);
	assert_taken(&f, NULL);
	assert_taken(&f, NULL);
	put("two");
	assert_taken(&f, NULL);
	assert_taken(&f, "two");
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_id_is_before_the_colon),
		cmocka_unit_test(what_is_no_key_has_no_id),
		cmocka_unit_test(a_few_keys_are_known),
		cmocka_unit_test(a_file_is_read_once_it_stands_still),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
