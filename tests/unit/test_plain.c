/* SPDX-License-Identifier: Apache-2.0
 * Foreign text: what may be shown of it, in logs, replies and file names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/plain.h"
#include "importer/core/files.h"
#include "importer/core/json.h"
#include "importer/core/print.h"

static void texts_are_printable(void **state)
{
	(void)state;
	static const struct {
		const char *text, *plain, *lines;
	} rows[] = {
		{ "Z\xc3\xbcrich \xe6\x97\xa5 \xf0\x9f\x98\x80", NULL, NULL },
		{ "a\x1b[31mb\x7f", "a?[31mb?", "a?[31mb?" },
		{ "a\nb\tc\rd", "a b c?d", "a\nb\tc?d" },
		{ "a\xc2\x9b"
		  "31m",
		  "a??31m", "a??31m" }, /* C1: CSI */
		{ "a\xe2\x80\xae"
		  "b",
		  "a???b", "a???b" },                                  /* right-to-left override */
		{ "a\xe2\x80\xa8\xef\xbb\xbf", "a??????", "a??????" }, /* U+2028, U+FEFF */
		{ "acc\xe8s", "acc?s", "acc?s" },                      /* Latin 1 */
		{ "cut \xc3", "cut ?", "cut ?" },
		{ "\xed\xa0\x80 \xc0\xaf \xf4\x90\x80\x80", "??? ?? ????", "??? ?? ????" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *a = strdup(rows[i].text), *b = strdup(rows[i].text);
		assert_string_equal(plain_text(a), rows[i].plain ? rows[i].plain : rows[i].text);
		assert_string_equal(plain_lines(b), rows[i].lines ? rows[i].lines : rows[i].text);
		free(a);
		free(b);
	}
}

/* What is logged through `say`, as one text. */
static void logged(void (*say)(const char *), const char *text, char *ret, size_t size)
{
	int ends[2], old = dup(STDERR_FILENO);
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	say(text);
	dup2(old, STDERR_FILENO);
	close(ends[1]);
	close(old);
	ssize_t n = read(ends[0], ret, size - 1);
	ret[n > 0 ? n : 0] = '\0';
	close(ends[0]);
}

static void say_it(const char *text)
{
	log_error("it says: %s", text);
}

static void no_json_line_is_dropped(void **state)
{
	(void)state;
	char long_text[3000], line[8000];
	const char *texts[] = { "acc\xe8s", "a\xc2\x9b", long_text };
	memset(long_text, '"', sizeof(long_text) - 1); /* two bytes each */
	long_text[sizeof(long_text) - 1] = '\0';
	log_init("ef", LOG_FORMAT_JSON, LOG_LEVEL_INFO);
	for (size_t i = 0; i < 3; i++) {
		logged(say_it, texts[i], line, sizeof(line));
		CLEANUP_JSON json_t *json = json_loads(line, 0, NULL);
		assert_non_null(json);
		assert_non_null(strstr(json_text_at(json, "message", ""), "it says: "));
	}
	log_init("ef", LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
}

/* What `print` writes, as one text. */
static void printed(void (*print)(FILE *), char *ret, size_t size)
{
	FILE *out = fmemopen(ret, size, "w");
	assert_non_null(out);
	print(out);
	fclose(out);
}

static void print_lines_of_ours(FILE *out)
{
	print_plain(out, "\n%-4s %s|\n\n", "a\n", "b\x1b[2J\r\nc");
	print_plain(out, "%s", "part\n");
	print_plain(out, "\n");
	print_lines(out, "d\x1b\n\te\n");
}

static void lines_are_ours(void **state)
{
	char text[200];
	(void)state;
	printed(print_lines_of_ours, text, sizeof(text));
	assert_string_equal(text, "\na    b?[2J? c|\n\npart \nd?\n\te\n");
}

static json_t *told; /* by somebody */

static void print_told(FILE *out)
{
	print_json(out, told, JSON_COMPACT);
}

/* A program that reads it gets what was said, and a terminal that shows it nothing that steers. */
static void json_says_the_same(void **state)
{
	static const char said[] = "{\"a\\u001b\":[\"x\\u0000y\",\"\\u009b31m\",\"Z\\u00fcrich "
				   "\\ud83d\\ude00\",\"\\u202e\\u007f\\ufeff\"]}";
	char text[400];
	(void)state;
	told = json_loads(said, JSON_ALLOW_NUL, NULL);
	assert_non_null(told);
	printed(print_told, text, sizeof(text));
	CLEANUP_JSON json_t *read = json_loads(text, JSON_ALLOW_NUL, NULL);
	assert_true(json_equal(read, told));
	assert_non_null(strstr(text, "Z\xc3\xbcrich \xf0\x9f\x98\x80"));
	text[strlen(text) - 1] = '\0'; /* the end of the line */
	CLEANUP_FREE char *plain = strdup(text);
	assert_string_equal(plain_text(plain), text);
	json_decref(told);
}

static void json_grows_to_six_times(void **state)
{
	(void)state;
	static const char *const row[][2] = { { "\x7f\x7f\x7f\x7f", "\\u007f" },
					      { "\xe8\xe8\xe8\xe8", "\\ufffd" } };
	for (size_t i = 0; i < 2; i++) {
		CLEANUP_FREE char *json = plain_json(row[i][0]);
		assert_int_equal(strlen(json), 24);
		for (size_t k = 0; k < 24; k += 6)
			assert_memory_equal(json + k, row[i][1], 6);
	}
}

static void files_stay_below_their_folder(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	char dir[] = "/tmp/efd-plain-XXXXXX", path[200];
	assert_non_null(mkdtemp(dir));
	static const char *const bad[] = { "kibana/../../x.json", "../x.json", "kibana//etc/x.json",
					   "kibana/dashboard/..", "/x.json",   "./x.json" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(file_write_below(dir, bad[i], "x", 1, 0644, &err), -1);
	static const char *const odd[] = { "a\033[31m.json", "a\nb.json", "a/\302\233/x.json",
					   "a\342\200\256.json" };
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		assert_int_equal(file_write_below(dir, odd[i], "x", 1, 0644, &err), -1);
	assert_int_equal(file_write_below(dir, "a/..b/c.json", "x", 1, 0644, &err), 0);
	/* a link in the place of a folder leads elsewhere; one to the folder itself was named */
	char link[200], out[] = "/tmp/efd-plain-XXXXXX";
	assert_non_null(mkdtemp(out));
	snprintf(link, sizeof(link), "%s/a/link", dir);
	assert_int_equal(symlink(out, link), 0);
	static const char *const through[] = { "a/link/x.json", "a/link/y/x.json" };
	for (size_t i = 0; i < sizeof(through) / sizeof(*through); i++) {
		assert_int_equal(file_write_below(dir, through[i], "x", 1, 0644, &err), -1);
		assert_non_null(strstr(err.msg, link));
	}
	assert_int_equal(file_write_below(link, "x.json", "x", 1, 0644, &err), 0);
	snprintf(path, sizeof(path), "%s/x.json", out);
	assert_int_equal(remove(path), 0);
	assert_int_equal(rmdir(out), 0); /* nothing else is there */
	assert_int_equal(unlink(link), 0);
	static const char *const made[] = { "/a/..b/c.json", "/a/..b", "/a", "" };
	for (size_t i = 0; i < 4; i++) { /* nothing else is in it */
		snprintf(path, sizeof(path), "%s%s", dir, made[i]);
		assert_int_equal(remove(path), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_printable),
		cmocka_unit_test(no_json_line_is_dropped),
		cmocka_unit_test(lines_are_ours),
		cmocka_unit_test(json_says_the_same),
		cmocka_unit_test(json_grows_to_six_times),
		cmocka_unit_test(files_stay_below_their_folder),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
