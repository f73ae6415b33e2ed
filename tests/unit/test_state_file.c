/* SPDX-License-Identifier: Apache-2.0
 * State files: replaced as a whole, found by the number of workers, absent without an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "forwarder/state.h"

static char dir[] = "/tmp/test_state_file.XXXXXX";

static void write_text(uint32_t worker, uint32_t workers, const char *text)
{
	struct err err = ERR_NONE;
	CLEANUP_BUF struct buf state;
	buf_init(&state, 1 << 20);
	assert_int_equal(buf_add_text(&state, text), 0);
	assert_int_equal(state_write(dir, worker, workers, &state, &err), 0);
}

static void expect(uint32_t worker, uint32_t workers, const char *text)
{
	struct err err = ERR_NONE;
	CLEANUP_BUF struct buf state;
	buf_init(&state, 1 << 20);
	assert_int_equal(state_read(dir, worker, workers, &state, &err), 0);
	assert_int_equal(state.len, strlen(text));
	if (state.len)
		assert_memory_equal(state.data, text, state.len);
}

/* Who has the file open, or reads it after a power cut, has all of one state. */
static void replaced_as_a_whole(void **state)
{
	(void)state;
	char path[100], text[16] = "";
	write_text(0, 1, "the older one");
	snprintf(path, sizeof(path), "%s/decoder-1-of-1.state", dir);
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	write_text(0, 1, "new");
	expect(0, 1, "new");
	assert_int_equal(read(fd, text, sizeof(text)), strlen("the older one"));
	assert_string_equal(text, "the older one");
	close(fd);
	unlink(path);
}

static void the_newest_number_of_workers(void **state)
{
	(void)state;
	assert_int_equal(state_workers(dir), 0);
	expect(0, 2, ""); /* there is none */
	write_text(0, 2, "a");
	write_text(1, 2, "b");
	assert_int_equal(state_workers(dir), 2);
	usleep(20000);
	write_text(0, 3, "c");
	assert_int_equal(state_workers(dir), 3);
	expect(1, 2, "b");
}

static int start(void **state)
{
	(void)state;
	struct err err;
	return mkdtemp(dir) ? state_prepare(dir, &err) : -1;
}

static int stop(void **state)
{
	(void)state;
	char command[64];
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaced_as_a_whole),
		cmocka_unit_test(the_newest_number_of_workers),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, stop);
}
