/* SPDX-License-Identifier: Apache-2.0
 * Every option of setup is checked by its own row, whoever says the value: what an installation
 * remembers comes from a document that anybody may have written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "importer/client/settings.h"
#include "importer/commands.h"
#include "importer/settings_read.h"

/* What no option takes; each row of setup:, kibana: and dictionaries: is here. */
static const struct {
	const char *option, *value;
} bad[] = {
	{ "setup.assets", "/tmp/a\033[2Jb" },
	{ "setup.retention", "abc" },
	{ "setup.retention", "0d" },
	{ "setup.retention", "30" },
	{ "setup.retention", "30d; rm" },
	{ "setup.ilm_policy", "../_security/user" },
	{ "setup.ilm_policy", "_mine" },
	{ "setup.shards", "0" },
	{ "setup.shards", "1025" },
	{ "setup.shards", "3x" },
	{ "setup.replicas", "-2" },
	{ "setup.replicas", "17" },
	{ "setup.refresh", "soon" },
	{ "setup.failure_store", "perhaps" },
	{ "setup.failure_retention", "0d" },
	{ "setup.failure_retention", "soon" },
	{ "setup.as", "none" },
	{ "setup.profile", "fat" },
	{ "setup.geo", "city" },
	{ "setup.as_lookup", "maybe" },
	{ "setup.leftovers", "some" },
	{ "setup.active_timeout", "2s" },
	{ "setup.external_links", "perhaps" },
	{ "setup.personal", "maybe" },
	{ "setup.feeds", "one,tw\no" },
	{ "setup.key_file", "/etc/efd/api\tkey" },
	{ "dictionaries.dir", "/etc/\r\nefd" },
	{ "dictionaries.mmdb", "/a.mmdb,/b\033.mmdb" },
	{ "inventory.file", "/etc/efd\033.yml" },
	{ "kibana.url", "k:5601" },
	{ "kibana.url", "http://user:word@k:5601" },
	{ "kibana.space", "../x" },
	{ "kibana.space", "Lab" },
	{ "kibana.pin_filters", "perhaps" },
	{ "kibana.remote", "eu,us/x" },
	{ "kibana.remote", "-eu" },
	{ "kibana.alerts", "2" },
};

#define REMEMBERED (USES_SETUP | USES_DICTIONARIES | USES_KIBANA)

static void refuse(const struct opt_table *table, const struct opt *opt, const char *value)
{
	static const char where[] = "here";
	struct err err = ERR_NONE;
	char before[sizeof(struct setup_settings) + sizeof(struct kibana_settings)];
	size_t size = opt->offset + sizeof(struct strlist);
	assert_true(size <= sizeof(before));
	memcpy(before, table->settings, size);
	assert_int_equal(conf_set(opt, table->settings, value, where, &err), -1);
	assert_int_equal(err.code, EF_USAGE);
	assert_memory_equal(err.msg, where, strlen(where));
	assert_memory_equal(before, table->settings, size); /* a failure sets nothing */
}

static void every_option_has_a_check(void **state)
{
	struct app app = { 0 };
	struct settings_tables tables;
	size_t used = 0;
	(void)state;
	settings_tables(&app, command_find("setup"), &tables);
	for (size_t t = 0; t < tables.n; t++)
		for (size_t r = 0; tables.group[t] & REMEMBERED && r < tables.table[t].n; r++) {
			const struct opt *opt = &tables.table[t].rows[r];
			size_t seen = used;
			for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
				if (strcmp(bad[i].option, opt->name) != 0)
					continue;
				refuse(&tables.table[t], opt, bad[i].value);
				used++;
			}
			if (used == seen)
				fail_msg("%s: no value that it refuses", opt->name);
			if ((opt->type == OPT_TEXT || opt->type == OPT_LIST) && !opt->check)
				fail_msg("%s: no check", opt->name);
		}
	assert_int_equal(used, sizeof(bad) / sizeof(bad[0]));
}

/* The same of what only the command line has: of the commands that rank and draw flows. */
static void flags_have_checks(void **state)
{
	static const struct {
		const char *command, *flag, *value;
	} wrong[] = {
		{ "top", "by", "speed" },       { "top", "format", "xml" },
		{ "top", "count", "0" },        { "top", "count", "1001" },
		{ "top", "watch", "0.5s" },     { "top", "exact", "perhaps" },
		{ "series", "count", "51" },    { "series", "step", "30s" },
		{ "series", "step", "400d" },   { "series", "format", "png" },
		{ "report", "output", "a\nb" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const struct opt *const *row = command_find(wrong[i].command)->options;
		struct flags flags = { 0 };
		struct err err = ERR_NONE;
		while (*row && strcmp((*row)->name, wrong[i].flag) != 0)
			row++;
		assert_non_null(*row);
		assert_int_equal(conf_set(*row, &flags, wrong[i].value, "here", &err), -1);
		assert_int_equal(err.code, EF_USAGE);
	}
}

static void defaults_pass(void **state)
{
	struct app app = { 0 };
	struct settings_tables tables;
	struct err err = ERR_NONE;
	(void)state;
	settings_tables(&app, command_find("setup"), &tables);
	for (size_t t = 0; t < tables.n; t++)
		if (tables.group[t] & REMEMBERED) {
			assert_int_equal(conf_set_defaults(&tables.table[t], 1, &err), 0);
			conf_release(&tables.table[t], 1);
		}
}

/* One that is cut would be trusted by nobody, which is found out at the first connection only. */
static void fingerprints_are_whole(void **state)
{
#define EIGHT "0123abCD"
	static const char bare[] = EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT;
	static const char *const wrong[] = {
		"abc",
		EIGHT EIGHT EIGHT EIGHT EIGHT,                       /* SHA-1 */
		EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT "0123abC", /* a digit short */
		EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT "0", /* one too many */
		EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT "0123abCg",
		EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT ":",
		":" EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT,
		"0:123abCD" EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT,
		"01::23abCD" EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT,
	};
	struct elastic_settings s = { 0 };
	struct opt_table table = elastic_options(&s);
	struct err err = ERR_NONE;
	void *settings;
	bool file;
	char pairs[97];
	(void)state;
	const struct opt *opt =
	    conf_find(&table, 1, "elasticsearch.ca_fingerprint", &settings, &file);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(conf_set(opt, settings, wrong[i], "here", &err), -1);
		assert_int_equal(err.code, EF_USAGE);
	}
	assert_int_equal(conf_set(opt, settings, bare, "here", &err), 0);
	for (int i = 0; i < 32; i++)
		snprintf(pairs + 3 * (size_t)i, 4, "%.2s:", bare + 2 * i);
	pairs[95] = '\0';
	assert_int_equal(conf_set(opt, settings, pairs, "here", &err), 0);
	conf_release(&table, 1);
}

static void a_list_has_a_ceiling(void **state)
{
	struct kibana_settings kibana = { 0 };
	struct opt_table table = kibana_options(&kibana);
	struct err err = ERR_NONE;
	void *settings;
	bool file;
	char words[300] = "";
	const struct opt *opt = conf_find(&table, 1, "kibana.remote", &settings, &file);
	(void)state;
	for (int i = 0; i < 64; i++)
		strncat(words, "eu,", sizeof(words) - strlen(words) - 1);
	assert_int_equal(conf_set(opt, &kibana, words, "here", &err), 0);
	assert_int_equal(kibana.remote.n, 64);
	strncat(words, "us", sizeof(words) - strlen(words) - 1);
	assert_int_equal(conf_set(opt, &kibana, words, "here", &err), -1);
	assert_int_equal(kibana.remote.n, 64); /* and what was there stays */
	conf_release(&table, 1);
}

/* What `efctl flows` refuses before anything is asked; times are refused by when.h. */
static void flows_refuses(void **state)
{
	static const struct {
		const char *option, *value;
	} wrong[] = {
		{ "count", "0" },      { "count", "-1" },    { "count", "many" },
		{ "format", "xml" },   { "window", "0" },    { "window", "x" },
		{ "since", "soon" },   { "all", "perhaps" }, { "wide", "wider" },
		{ "show-query", "2" },
	};
	struct app app = { 0 };
	struct settings_tables tables;
	(void)state;
	settings_tables(&app, command_find("flows"), &tables);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err err = ERR_NONE;
		void *settings;
		bool file;
		const struct opt *opt =
		    conf_find(tables.table, tables.n, wrong[i].option, &settings, &file);
		assert_non_null(opt);
		if (conf_set(opt, settings, wrong[i].value, "here", &err) == 0)
			fail_msg("%s took %s", wrong[i].option, wrong[i].value);
		assert_int_equal(err.code, EF_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_has_a_check),
		cmocka_unit_test(flags_have_checks),
		cmocka_unit_test(defaults_pass),
		cmocka_unit_test(fingerprints_are_whole),
		cmocka_unit_test(a_list_has_a_ceiling),
		cmocka_unit_test(flows_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
