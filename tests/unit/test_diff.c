/* SPDX-License-Identifier: Apache-2.0
 * Unified diffs: applied they make the new text of the old one, and no diff(1) needs fewer
 * lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "importer/assets/diff.h"
#include "importer/core/files.h"
#include "tests/lib/rng.h"

#define TEXT_MAX 65536

static char folder[] = "/tmp/efd-diff-XXXXXX";

static enum diff differ(const char *old, const char *new, struct buf *out)
{
	enum diff how = DIFF_NONE;
	buf_init(out, 8 << 20);
	assert_int_equal(diff_text(old, new, out, &how), 0);
	assert_true(how == DIFF_NONE ? out->len == 0 : out->len > 0);
	return how;
}

static const char *after_line(const char *at)
{
	const char *end = strchr(at, '\n');
	return end ? end + 1 : at + strlen(at);
}

/* Takes one line of a hunk's text from `*old`, or adds it to `out`; the line has to be there. */
static void apply_line(const char *line, const char **old, struct buf *out)
{
	size_t n = (size_t)(after_line(line) - line) - 1;
	if (*after_line(line) == '\\')
		n--; /* the end of the line is the hunk's */
	if (*line != '+') {
		assert_int_equal(strncmp(*old, line + 1, n), 0);
		*old += n;
	}
	if (*line != '-')
		assert_int_equal(buf_add(out, line + 1, n), 0);
}

/* What patch(1) does, without any fuzz: every number in a header is checked. */
static void apply(const char *old, const char *hunks, struct buf *out)
{
	size_t line = 1, new_line = 1;
	while (*hunks) {
		size_t from = 0, n = 1, to = 0, m = 1;
		if (sscanf(hunks, "@@ -%zu,%zu +%zu,%zu @@", &from, &n, &to, &m) != 4) {
			n = m = 1;
			if (sscanf(hunks, "@@ -%zu,%zu +%zu @@", &from, &n, &to) != 3 &&
			    (n = 1, sscanf(hunks, "@@ -%zu +%zu,%zu @@", &from, &to, &m) != 3))
				assert_int_equal(sscanf(hunks, "@@ -%zu +%zu @@", &from, &to), 2);
		}
		for (; line < from + (n == 0); line++, new_line++) {
			assert_int_equal(buf_add(out, old, (size_t)(after_line(old) - old)), 0);
			old = after_line(old);
		}
		assert_int_equal(new_line, to + (m == 0));
		line += n;
		new_line += m;
		hunks = after_line(hunks);
		while (n || m || *hunks == '\\') {
			if (*hunks != '\\')
				apply_line(hunks, &old, out);
			n -= *hunks == ' ' || *hunks == '-';
			m -= *hunks == ' ' || *hunks == '+';
			hunks = after_line(hunks);
		}
	}
	assert_int_equal(buf_add_text(out, old), 0);
}

static size_t edits(const char *hunks)
{
	size_t n = 0;
	for (const char *at = hunks; at && *at; at = after_line(at))
		n += (*at == '-' || *at == '+') && strncmp(at, "---", 3) != 0 &&
		     strncmp(at, "+++", 3) != 0;
	return n;
}

/* What the system's diff says, without the two lines of names. */
static const char *systems_diff(const char *old, const char *new)
{
	struct err err = ERR_NONE;
	char command[200];
	static char text[4 * TEXT_MAX];
	assert_int_equal(file_write_below(folder, "a", old, strlen(old), 0600, &err), 0);
	assert_int_equal(file_write_below(folder, "b", new, strlen(new), 0600, &err), 0);
	snprintf(command, sizeof(command), "diff -d -u %s/a %s/b", folder, folder);
	FILE *p = popen(command, "r");
	assert_non_null(p);
	size_t n = fread(text, 1, sizeof(text) - 1, p);
	text[n] = '\0';
	pclose(p);
	return after_line(after_line(text));
}

/* Words of few letters, so that lines occur again and again. */
static void random_text(struct rng *r, char *text, unsigned lines, unsigned words)
{
	size_t n = 0;
	for (unsigned i = 0; i < lines; i++)
		n += (size_t)snprintf(text + n, TEXT_MAX - n, "line %u\n",
				      (unsigned)rng_below(r, words));
	text[n] = '\0';
	if (n && rng_below(r, 4) == 0)
		text[n - 1] = '\0'; /* the last line has no end */
}

/* Some lines of `old` removed, changed, or new before them. */
static void change(struct rng *r, const char *old, char *new)
{
	size_t n = 0;
	for (; *old; old = after_line(old)) {
		unsigned what = (unsigned)rng_below(r, 20);
		if (what == 1 || what == 2)
			n += (size_t)snprintf(new + n, TEXT_MAX - n, "new %u\n",
					      (unsigned)rng_below(r, 3));
		if (what != 0 && what != 1)
			n += (size_t)snprintf(new + n, TEXT_MAX - n, "%.*s",
					      (int)(after_line(old) - old), old);
	}
	new[n] = '\0';
}

static void judge(const char *old, const char *new)
{
	CLEANUP_BUF struct buf hunks, made;
	enum diff how = differ(old, new, &hunks);
	buf_init(&made, 8 << 20);
	apply(old, hunks.data ? hunks.data : "", &made);
	assert_string_equal(made.data ? made.data : "", new);
	assert_int_equal(how == DIFF_NONE, strcmp(old, new) == 0);
	assert_int_equal(edits(hunks.data), edits(systems_diff(old, new)));
}

static void random_texts(void **state)
{
	static char old[TEXT_MAX], new[TEXT_MAX];
	struct rng r = { 14 };
	(void)state;
	for (int i = 0; i < 150; i++) {
		random_text(&r, old, (unsigned)rng_below(&r, 60), 1 + (unsigned)rng_below(&r, 40));
		if (i % 2)
			random_text(&r, new, (unsigned)rng_below(&r, 60), 20);
		else
			change(&r, old, new);
		judge(old, new);
	}
}

static void the_ends(void **state)
{
	(void)state;
	judge("", "");
	judge("", "a\n");
	judge("a\nb", "");
	judge("a", "a\n");
	judge("a\nb\nc", "a\nc");
	judge("\n\n", "\n");
}

/* Where there is but one way to tell it, each byte is as GNU diff prints it. */
static void layout(void **state)
{
	static const char *const texts[][2] = {
		{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n", "1\n2\n3\n4\nV\n6\n7\n8\n9\n10\n11\n12" },
		{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n",
		  "1\n2\n3\n4\nV\n6\n7\n8\n9\n10\n11\n12\n13\n" },
		{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "2\n3\n4\n5\n6\n7\n8\n" },
		{ "", "new\n" },
		{ "old\nlines", "" },
		{ "a\nb", "a\nb\n" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CLEANUP_BUF struct buf hunks;
		assert_int_equal(differ(texts[i][0], texts[i][1], &hunks), DIFF_EDITS);
		assert_string_equal(hunks.data, systems_diff(texts[i][0], texts[i][1]));
	}
}

/* Past the ceilings the effort ends, and the text is still right. */
static void too_different(void **state)
{
	static char old[TEXT_MAX], new[TEXT_MAX];
	size_t n = 0, m = 0;
	CLEANUP_BUF struct buf hunks, made;
	(void)state;
	for (unsigned i = 0; i < DIFF_EDITS_MAX; i++) {
		n += (size_t)snprintf(old + n, TEXT_MAX - n, "old %u\n", i);
		m += (size_t)snprintf(new + m, TEXT_MAX - m, "new %u\n", i);
	}
	assert_int_equal(differ(old, new, &hunks), DIFF_WHOLE);
	buf_init(&made, 8 << 20);
	apply(old, hunks.data, &made);
	assert_string_equal(made.data, new);
	buf_release(&hunks);
	strchr(old + n / 4, '\n')[1] = '\0'; /* a quarter against a quarter: few enough */
	strchr(new + m / 4, '\n')[1] = '\0';
	assert_int_equal(differ(old, new, &hunks), DIFF_EDITS);
}

static void too_long(void **state)
{
	CLEANUP_BUF struct buf old, new, hunks;
	(void)state;
	buf_init(&old, 1 << 20);
	buf_init(&new, 1 << 20);
	for (unsigned i = 0; i < DIFF_LINES_MAX / 2; i++)
		assert_int_equal(buf_add_fmt(&old, "%u\n", i), 0);
	assert_int_equal(buf_add_fmt(&new, "first\n%slast\n", old.data), 0);
	assert_int_equal(differ(old.data, new.data, &hunks), DIFF_WHOLE);
	buf_release(&hunks);
	*strrchr(old.data, '2') = '\0';
	new.len = (size_t)(strstr(new.data, "29000\n") - new.data);
	new.data[new.len] = '\0';
	assert_int_equal(differ(old.data, new.data, &hunks), DIFF_EDITS);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[100];
	(void)state;
	snprintf(path, sizeof(path), "%s/a", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/b", folder);
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),       cmocka_unit_test(the_ends),
		cmocka_unit_test(random_texts), cmocka_unit_test(too_different),
		cmocka_unit_test(too_long),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
