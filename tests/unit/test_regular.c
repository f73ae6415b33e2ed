/* SPDX-License-Identifier: Apache-2.0
 * Files for reading: what is not regular is refused at once, and a secret is a line of text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/regular.h"

#define PATIENCE_S 10 /* who waits for a FIFO waits for ever */

static char dir[] = "/tmp/test_regular.XXXXXX", path[64];

static void make_fifo(void)
{
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void make_folder(void)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_socket(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
}

static void make_device(void)
{
	assert_int_equal(symlink("/dev/zero", path), 0);
}

static void write_text(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

/* Whoever waits is interrupted, and the test goes on to fail. */
static void wake_up(int number)
{
	(void)number;
}

static void others_are_refused_at_once(void **state)
{
	(void)state;
	static const struct {
		void (*make)(void);
		const char *word;
	} kinds[] = { { make_fifo, "a FIFO" },
		      { make_folder, "a folder" },
		      { make_socket, "a socket" },
		      { make_device, "a device" } };
	const struct sigaction wake = { .sa_handler = wake_up };
	sigaction(SIGALRM, &wake, NULL);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct err err = ERR_NONE;
		char line[100];
		alarm(PATIENCE_S);
		kinds[i].make();
		assert_int_equal(regular_open(path, &err), -1);
		assert_int_equal(errno, EINVAL);
		assert_int_equal(err.code, EF_USAGE);
		assert_non_null(strstr(err.msg, path));
		assert_non_null(strstr(err.msg, kinds[i].word));
		assert_int_equal(regular_open_entry(path, &err), -1);
		assert_null(regular_stream(path, &err));
		assert_int_equal(regular_check(path, &err), -1);
		assert_int_equal(regular_secret(path, line, sizeof(line), &err), -1);
		assert_int_equal(remove(path), 0);
	}
	alarm(0);
}

static void links_lead_to_files(void **state)
{
	(void)state;
	char link[80];
	struct err err = ERR_NONE;
	snprintf(link, sizeof(link), "%s/link", dir);
	write_text("x", 1);
	assert_int_equal(symlink("f", link), 0);
	int fd = regular_open(link, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(regular_open_entry(link, &err), -1);
	assert_non_null(strstr(err.msg, "a symbolic link"));
	fd = regular_open_entry(path, &err);
	assert_true(fd >= 0);
	close(fd);
	unlink(link);
	unlink(path);
	assert_int_equal(regular_open(path, &err), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(err.code, EF_FAILED);
}

/* What a file holds, and the secret of it; NULL: it is refused. */
static void secrets_are_one_line_of_text(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
		const char *want;
	} files[] = {
#define TEXT(text) text, sizeof(text) - 1
		{ TEXT("w-ord"), "w-ord" },
		{ TEXT("w-ord\n"), "w-ord" },
		{ TEXT("w-ord\r\nmore\n"), "w-ord" },
		{ TEXT("two words\n"), "two words" },
		{ TEXT("\xc3\xa4\n"), "\xc3\xa4" },
		{ TEXT("w-ord\n\x1b["), "w-ord" },
		{ TEXT(""), NULL },
		{ TEXT("\nword"), NULL },
		{ TEXT("w-o\0rd\n"), NULL },
		{ TEXT("w-o\x1b[31mrd\n"), NULL },
		{ TEXT("w-o\trd\n"), NULL },
		{ TEXT("w-o\x7frd\n"), NULL },
		{ TEXT("\xef\xbb\xbfword\n"), NULL },
		{ TEXT("0123456789abcdef\n"), NULL },
		{ TEXT("0123456789abcde\n"), "0123456789abcde" },
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct err err = ERR_NONE;
		char line[16];
		write_text(files[i].text, files[i].len);
		assert_int_equal(regular_secret(path, line, sizeof(line), &err),
				 files[i].want ? 0 : -1);
		if (files[i].want)
			assert_string_equal(line, files[i].want);
		else
			assert_non_null(strstr(err.msg, path));
		assert_null(strstr(err.msg, "w-o")); /* no name that mkdtemp() makes has a hyphen */
		unlink(path);
	}
	struct err err = ERR_NONE;
	char line[16];
	assert_int_equal(regular_secret("/dev/null", line, sizeof(line), &err), -1);
	assert_string_equal(err.msg, "/dev/null is empty; its first line must be the secret");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_are_refused_at_once),
		cmocka_unit_test(links_lead_to_files),
		cmocka_unit_test(secrets_are_one_line_of_text),
	};
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/f", dir);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
