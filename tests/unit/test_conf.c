/* SPDX-License-Identifier: Apache-2.0
 * Settings: precedence of the sources, notations, and messages that name the place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/conf_args.h"
#include "common/options.h"

struct sample {
	bool on;
	int64_t count, size, wait_ms, last_ms;
	char *text;
	struct strlist list, more;
	int colour, shade;
	char *secret, *secret_path;
};

static const char *const colours[] = { "red", "green", NULL };

#define AT(f) offsetof(struct sample, f)
static const struct opt rows[] = {
	{ .name = "a.on", .type = OPT_BOOL, .offset = AT(on), .preset = "true", .help = "On." },
	{ .name = "a.count",
	  .type = OPT_INT,
	  .offset = AT(count),
	  .preset = "3",
	  .min = 1,
	  .max = 9,
	  .letter = 'n',
	  .flag = "count",
	  .help = "Count." },
	{ .name = "a.size",
	  .type = OPT_SIZE,
	  .offset = AT(size),
	  .preset = "12k",
	  .help = "Size." },
	{ .name = "wait",
	  .type = OPT_DURATION,
	  .offset = AT(wait_ms),
	  .preset = "250ms",
	  .help = "Wait." },
	{ .name = "last",
	  .type = OPT_DURATION,
	  .offset = AT(last_ms),
	  .unit_wanted = true,
	  .help = "Last." },
	{ .name = "text", .type = OPT_TEXT, .offset = AT(text), .help = "Text." },
	{ .name = "list", .type = OPT_LIST, .offset = AT(list), .preset = "x, y", .help = "List." },
	{ .name = "more", .type = OPT_LIST, .offset = AT(more), .adds = true, .help = "More." },
	{ .name = "colour",
	  .type = OPT_ENUM,
	  .offset = AT(colour),
	  .choices = colours,
	  .preset = "green",
	  .help = "Colour." },
	{ .name = "shade",
	  .type = OPT_ENUM,
	  .offset = AT(shade),
	  .choices = colours,
	  .bare = "green",
	  .flag_only = true,
	  .help = "Shade." },
	{ .name = "a.secret",
	  .type = OPT_SECRET,
	  .offset = AT(secret),
	  .path_offset = AT(secret_path),
	  .help = "Secret." },
};

static int load(struct sample *s, const char *yaml, int argc, char **argv, struct err *err)
{
	struct opt_table table = { .title = "T", OPT_ROWS(rows), .settings = s };
	struct strlist operands = { 0 };
	char path[] = "/tmp/test_conf.XXXXXX", shown;
	memset(s, 0, sizeof(*s));
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	fputs(yaml, f);
	fclose(f);
	const struct conf_file file = { .path = path };
	int ret = conf_load(&table, 1, &file, 1, argc, argv, &operands, &shown, err);
	strlist_release(&operands);
	remove(path);
	return ret;
}

static void unload(struct sample *s)
{
	struct opt_table table = { .title = "T", OPT_ROWS(rows), .settings = s };
	conf_release(&table, 1);
}

static void defaults(void **state)
{
	(void)state;
	struct sample s;
	struct err err;
	assert_int_equal(load(&s, "", 1, (char *[]){ "t", NULL }, &err), 0);
	assert_true(s.on);
	assert_int_equal(s.count, 3);
	assert_int_equal(s.size, 12288);
	assert_int_equal(s.wait_ms, 250);
	assert_null(s.text);
	assert_int_equal(s.list.n, 2);
	assert_string_equal(s.list.item[1], "y");
	assert_int_equal(s.colour, 1);
	unload(&s);
}

static void precedence(void **state)
{
	(void)state;
	struct sample s;
	struct err err;
	setenv("EF_WAIT", "2s", 1);
	setenv("EF_A_COUNT", "5", 1);
	char *argv[] = { "t", "--count=7", "--no-a-on", "--", "--operand", NULL };
	assert_int_equal(
	    load(&s, "a:\n  count: 4\nwait: 1m\ntext: hi\nlist: [p, q, r]\n", 5, argv, &err), 0);
	assert_int_equal(s.count, 7);
	assert_int_equal(s.wait_ms, 2000);
	assert_string_equal(s.text, "hi");
	assert_int_equal(s.list.n, 3);
	assert_false(s.on);
	unsetenv("EF_WAIT");
	unsetenv("EF_A_COUNT");
	unload(&s);
}

static void lists_replace_or_add(void **state)
{
	(void)state;
	struct sample s;
	struct err err;
	char *argv[] = { "t", "--list=p", "--more=a", "--list", "q,r", "--more", "b,c", NULL };
	assert_int_equal(load(&s, "list: [z]\n", 7, argv, &err), 0);
	assert_int_equal(s.list.n, 2);
	assert_string_equal(s.list.item[0], "q");
	assert_int_equal(s.more.n, 3);
	assert_string_equal(s.more.item[0], "a");
	assert_string_equal(s.more.item[2], "c");
	unload(&s);
}

static void environment_in_values(void **state)
{
	(void)state;
	struct sample s;
	struct err err;
	setenv("TEST_CONF_KEY", "s3", 1);
	assert_int_equal(
	    load(&s, "a:\n  secret: a${TEST_CONF_KEY}b\n", 1, (char *[]){ "t", NULL }, &err), 0);
	assert_string_equal(s.secret, "as3b");
	unload(&s);
	unsetenv("TEST_CONF_KEY");
	assert_int_equal(load(&s, "text: ${TEST_CONF_KEY}\n", 1, (char *[]){ "t", NULL }, &err),
			 -1);
	assert_non_null(strstr(err.msg, "TEST_CONF_KEY is not set"));
	unload(&s);
}

/* An empty variable or text is an unset one, or else `EF_…: ${VAR:-}` of a Compose file would
 * switch something on. */
static void empty_is_unset(void **state)
{
	(void)state;
	static const char *const names[] = { "EF_TEXT", "EF_A_SECRET", "EF_A_COUNT", "EF_CONFIG" };
	struct sample s;
	struct err err;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		setenv(names[i], "", 1);
	assert_int_equal(load(&s, "text: hi\na:\n  count: 4\n", 1, (char *[]){ "t", NULL }, &err),
			 0);
	assert_string_equal(s.text, "hi");
	assert_int_equal(s.count, 4);
	assert_null(s.secret);
	unload(&s);
	assert_int_equal(
	    load(&s, "text: ''\na:\n  secret: ${EF_TEXT}\n", 1, (char *[]){ "t", NULL }, &err), 0);
	assert_null(s.text);
	assert_null(s.secret);
	unload(&s);
	char *argv[] = { "t", "--a-secret-file=/dev/null", NULL };
	assert_int_equal(load(&s, "", 2, argv, &err), -1);
	assert_non_null(strstr(err.msg, "/dev/null is empty"));
	unload(&s);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unsetenv(names[i]);
}

/* The last source counts, for the path, too. */
static void where_a_secret_came_from(void **state)
{
	(void)state;
	struct sample s;
	struct err err;
	char path[] = "/tmp/test_conf.XXXXXX", yaml[100], *argv[] = { "t", NULL };
	int fd = mkstemp(path);
	assert_int_equal(write(fd, "s3\n", 3), 3);
	close(fd);
	snprintf(yaml, sizeof(yaml), "a:\n  secret: x\n  secret_file: %s\n", path);
	assert_int_equal(load(&s, yaml, 1, argv, &err), 0);
	assert_string_equal(s.secret, "s3");
	assert_string_equal(s.secret_path, path);
	unload(&s);
	setenv("EF_A_SECRET", "s4", 1);
	assert_int_equal(load(&s, yaml, 1, argv, &err), 0);
	assert_string_equal(s.secret, "s4");
	assert_null(s.secret_path);
	unload(&s);
	unsetenv("EF_A_SECRET");
	unlink(path);
}

static void times(void **state)
{
	(void)state;
	static const struct {
		const char *flag;
		int64_t ms;
	} cases[] = {
		{ "--wait=2", 2000 },         { "--wait=2 s", 2000 },
		{ "--wait=2w", 1209600000 },  { "--wait=1h30m", 5400000 },
		{ "--wait=1d 2h", 93600000 }, { "--wait=1m500ms", 60500 },
		{ "--last=90min", 5400000 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sample s;
		struct err err = ERR_NONE;
		char *argv[] = { "t", (char *)cases[i].flag, NULL };
		if (load(&s, "", 2, argv, &err))
			fail_msg("%s: %s", cases[i].flag, err.msg);
		assert_int_equal(strstr(cases[i].flag, "last") ? s.last_ms : s.wait_ms,
				 cases[i].ms);
		unload(&s);
	}
}

static void bad_input(void **state)
{
	(void)state;
	static const struct {
		const char *yaml, *flag, *says;
	} cases[] = {
		{ "a:\n  count: 10\n", NULL, ":2:3: a.count: '10' is out of range (1 to 9)" },
		{ "a:\n  size: 12q\n", NULL, "unknown unit" },
		{ "nothing: 1\n", NULL, ":1:1: nothing: no such option" },
		{ "decode.held_sets: 1\n", NULL,
		  "decode.held_sets is no option any more; use decode.held_size" },
		{ "a: [\n", NULL, "not valid YAML" },
		{ "text: [1, 2]\n", NULL, "not a list" },
		{ "colour: blue\n", NULL, "not one of red, green" },
		{ "", "--colour", "--colour wants a value" },
		{ "", "--shade=blue", "not one of red, green" },
		{ "", "--last=2", "--last: '2' has no unit; use ms, s, m, h, d or w" },
		{ "", "--wait=2x", "unknown unit" },
		{ "", "--wait=1h30", "unknown unit" },
		{ "", "--wait=h", "is not a number" },
		{ "", "--wait=1h-30m", "unknown unit" },
		{ "", "--wait=200000000000d", "too large" },
		{ "", "--nope", "unknown option '--nope'" },
		{ "", "--decode-held-sets=1", "is no option any more; use decode.held_size" },
		{ "", "--decode-held-setz=1", "unknown option '--decode-held-setz=1'" },
		{ "", "--count", "--count wants a value" },
		{ "", "--a-secret=x", "use --a-secret-file FILE" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sample s;
		struct err err = ERR_NONE;
		char *argv[] = { "t", (char *)cases[i].flag, NULL };
		assert_int_equal(load(&s, cases[i].yaml, cases[i].flag ? 2 : 1, argv, &err), -1);
		assert_int_equal(err.code, EF_USAGE);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("'%s' does not say '%s'", err.msg, cases[i].says);
		unload(&s);
	}
}

/* The names of `rows` that were named by the sources, in their order. */
static void named_by(const char *yaml, const char *flag, const char *want)
{
	struct sample s = { 0 };
	uint64_t bits = 0;
	struct opt_table table = { .title = "T", OPT_ROWS(rows), .settings = &s, .named = &bits };
	struct err err = ERR_NONE;
	char path[] = "/tmp/test_conf.XXXXXX", shown, got[200] = "";
	char *argv[] = { "t", (char *)flag, NULL };
	const struct conf_file file = { .path = path };
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	fputs(yaml, f);
	fclose(f);
	assert_int_equal(conf_load(&table, 1, &file, 1, flag ? 2 : 1, argv, NULL, &shown, &err), 0);
	remove(path);
	for (size_t i = 0; i < table.n; i++)
		if (conf_named(&table, 1, rows[i].name))
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ", rows[i].name);
	assert_string_equal(got, want);
	conf_release(&table, 1);
}

static void named(void **state)
{
	char flag[CONF_FLAG_MAX];
	(void)state;
	named_by("", NULL, "");
	named_by("a:\n  count: 3\nlist: [x, y]\ntext:\n", NULL,
		 "a.count list "); /* also as its default */
	named_by("", "--no-a-on", "a.on ");
	named_by("", "--text=", "text ");
	setenv("EF_A_SIZE", "1k", 1);
	setenv("EF_TEXT", "", 1);
	named_by("colour: red\n", "-n4", "a.count a.size colour ");
	unsetenv("EF_A_SIZE");
	unsetenv("EF_TEXT");
	struct opt_table table = { .title = "T", OPT_ROWS(rows) };
	assert_string_equal(conf_flag(&table, 1, "a.count", flag), "--count");
	assert_string_equal(conf_flag(&table, 1, "a.size", flag), "--a-size");
	assert_false(conf_named(&table, 1, "a.size"));
}

/* A flag that may stand alone takes no next word for its value. */
static void bare(void **state)
{
	(void)state;
	struct sample s;
	struct err err = ERR_NONE;
	char *alone[] = { "t", "--shade", "red", NULL }, *valued[] = { "t", "--shade=red", NULL };
	assert_int_equal(load(&s, "", 1, alone, &err), 0);
	assert_int_equal(s.shade, 0);
	unload(&s);
	assert_int_equal(load(&s, "", 3, alone, &err), 0); /* "red" is an operand */
	assert_int_equal(s.shade, 1);
	unload(&s);
	assert_int_equal(load(&s, "", 2, valued, &err), 0);
	assert_int_equal(s.shade, 0);
	unload(&s);
}

/* A copy is whole, and its own. */
static void copies(void **state)
{
	(void)state;
	struct elastic_settings one = { 0 }, copy = { 0 };
	struct opt_table table = elastic_options(&one), other = elastic_options(&copy);
	struct err err = ERR_NONE;
	char shown;
	char *argv[] = { "t", "--url", "http://a.example,http://b.example", "--user", "efd", NULL };
	assert_int_equal(conf_load(&table, 1, NULL, 0, 5, argv, NULL, &shown, &err), 0);
	assert_int_equal(conf_copy(&other, &one), 0);
	conf_release(&table, 1);
	assert_int_equal(copy.url.n, 2);
	assert_string_equal(copy.url.item[0], "http://a.example");
	assert_string_equal(copy.url.item[1], "http://b.example");
	assert_string_equal(copy.user, "efd");
	conf_release(&other, 1);
}

static void elastic_check(void **state)
{
	(void)state;
	struct elastic_settings s = { 0 };
	struct opt_table table = elastic_options(&s);
	struct err err = ERR_NONE;
	char shown;
	/* "host.example:9243$abc$def" in Base64 */
	char *argv[] = { "t",
			 "--elasticsearch-cloud-id",
			 "name:aG9zdC5leGFtcGxlOjkyNDMkYWJjJGRlZg==",
			 "--namespace",
			 "",
			 NULL };
	assert_int_equal(conf_load(&table, 1, NULL, 0, 5, argv, NULL, &shown, &err), 0);
	assert_int_equal(elastic_settings_check(&s, &err), 0);
	assert_string_equal(s.url.item[0], "https://abc.host.example:9243");
	assert_string_equal(s.namespace, "default");
	free(s.namespace);
	s.namespace = strdup("no-dash");
	assert_int_equal(elastic_settings_check(&s, &err), -1);
	conf_release(&table, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(precedence),
		cmocka_unit_test(lists_replace_or_add),
		cmocka_unit_test(environment_in_values),
		cmocka_unit_test(empty_is_unset),
		cmocka_unit_test(where_a_secret_came_from),
		cmocka_unit_test(times),
		cmocka_unit_test(bad_input),
		cmocka_unit_test(named),
		cmocka_unit_test(bare),
		cmocka_unit_test(copies),
		cmocka_unit_test(elastic_check),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
