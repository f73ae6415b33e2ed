/* SPDX-License-Identifier: Apache-2.0
 * An installation with a prefix: its names, every asset of ours under them, and patterns that
 * meet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/prefix.h"
#include "importer/core/json.h"
#include "importer/install/disjoint.h"
#include "importer/install/kind.h"
#include "tests/lib/rendering.h"

static void names_get_the_prefix(void **state)
{
	static const char *const rows[][2] = {
		{ "flow", "acme.flow" },
		{ "flow-roles", "acme.flow-roles" },
		{ "flow@custom", "acme.flow@custom" },
		{ "flow*", "acme.flow*" },
		{ "*flow*", "*flow*" },
		{ "logs-flow", "logs-acme.flow" },
		{ "logs-flow.failed-*", "logs-acme.flow.failed-*" },
		{ "metrics-flow.counters", "metrics-acme.flow.counters" },
		{ "logs-ti_flow", "logs-acme.ti_flow" },
		{ "ti_flow.feeds", "acme.ti_flow.feeds" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(NAME("acme", rows[i][0]), rows[i][1]);
		assert_string_equal(NAME("", rows[i][0]), rows[i][0]);
		assert_string_equal(NAME(NULL, rows[i][0]), rows[i][0]);
	}
	assert_string_equal(name_bare("acme", "acme.flow-roles"), "flow-roles");
	assert_string_equal(name_bare("acme", "acme2.flow"), "acme2.flow");
	assert_string_equal(name_bare("", "acme.flow"), "acme.flow");
}

static void each_installation_has_its_own(void **state)
{
	static const struct {
		const char *name, *of; /* the only one of the prefixes below; NULL: none */
	} rows[] = {
		{ "flow", "" },
		{ "flow-dict-hosts-0123abcd-1", "" },
		{ "flow@kibana", "" },
		{ "logs-flow.failed", "" },
		{ "logs-ti_flow", "" },
		{ "acme.flow", "acme" },
		{ "logs-acme.flow", "acme" },
		{ "logs-acme.ti_flow", "acme" },
		{ "metrics-acme.flow.counters", "acme" },
		{ "flowers.flow-roles", "flowers" },
		{ "logs-cme.flow", "cme" },
		{ "flowers", NULL },
		{ "logs-netflow", NULL },
		{ "logs-acme.flowers", NULL },
		{ "acme", NULL },
	};
	static const char *const prefixes[] = { "", "acme", "flowers", "cme" };
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t p = 0; p < sizeof(prefixes) / sizeof(prefixes[0]); p++)
			if (name_is_of(prefixes[p], rows[i].name) !=
			    (rows[i].of && strcmp(rows[i].of, prefixes[p]) == 0))
				fail_msg("%s of '%s'", rows[i].name, prefixes[p]);
}

static void bad_prefixes_are_refused(void **state)
{
	static const char *const bad[] = { "flow",
					   "ti_flow",
					   "Acme",
					   "a-b",
					   "a.b",
					   "1a",
					   "_a",
					   "a b",
					   "a*",
					   "\xc3\xa9",
					   "abcdefghijklmnopqrstuvwxyz_012345" /* 33 */ };
	struct err err = ERR_NONE;
	(void)state;
	assert_int_equal(name_check_prefix("", &err), 0);
	assert_int_equal(name_check_prefix(NULL, &err), 0);
	assert_int_equal(name_check_prefix("a", &err), 0);
	assert_int_equal(name_check_prefix("abcdefghijklmnopqrstuvwxyz_01234", &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (name_check_prefix(bad[i], &err) == 0)
			fail_msg("%s", bad[i]);
		assert_int_equal(err.code, EF_USAGE);
	}
}

static void patterns_meet_or_do_not(void **state)
{
	static const struct {
		const char *a, *b;
		bool meet;
	} rows[] = {
		{ "logs-flow-*", "logs-acme.flow-*", false },
		{ "logs-flow-*", "logs-flow.failed-*", false },
		{ "logs-flow-*", "logs-*-*", true },
		{ "logs-acme.flow-*", "logs-*", true },
		{ "logs-acme.flow-*", "*.flow-*", true },
		{ "logs-acme.flow-*", "*acme*", true },
		{ "logs-acme.flow-*", "logs-acme.flow-default", true },
		{ "logs-acme.flow-*", "logs-acme.flow", false },
		{ "logs-acme.flow-*", "metrics-*", false },
		{ "a*b", "ab", true },
		{ "a*b", "*", true },
		{ "a*b", "a*c", false },
		{ "*a", "b*", true },
		{ "*a*", "*b*", true },
		{ "a*bc", "ab*c", true },
		{ "ab*", "a*c*d", true },
		{ "**", "", true },
		{ "", "", true },
		{ "", "a", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (patterns_meet(rows[i].a, rows[i].b) != rows[i].meet ||
		    patterns_meet(rows[i].b, rows[i].a) != rows[i].meet)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
}

/* ---- every asset, with a prefix and without ---------------------------------- */

#define OWN "bryn7" /* no word of our files */

/* One asset as text, and its name; NULL: the file is none. The caller's. */
static char *rendered(struct fixture *f, const struct asset *a, char name[NAME_ROOM])
{
	struct err err = ERR_NONE;
	CLEANUP_JSON json_t *json = NULL;
	for (const struct kind *k = kinds; k < kinds + kinds_len; k++) {
		size_t n = strlen(k->folder);
		if (strncmp(a->path, k->folder, n) != 0 || strchr(a->path + n, '/') ||
		    !render_name(&f->r, a->path, name, NAME_ROOM))
			continue;
		if (k->render(&f->r, a->path, &json, &err))
			fail_msg("%s", err.msg);
		/* the mark is a hash of the mapping, and the mapping has another dataset */
		json_object_del(json_at(json, "template.mappings"), "_meta");
	}
	size_t n = strlen(a->path);
	if (strncmp(a->path, "kibana/", 7) == 0 && strncmp(a->path, "kibana/src/", 11) != 0 &&
	    strcmp(a->path + n - 5, ".json") == 0) {
		json = json_loadb(a->text, a->len, 0, NULL);
		snprintf(name, NAME_ROOM, "%s", NAME(f->r.prefix, json_text_at(json, "id", "")));
		prefix_enter(f->assets, f->r.prefix, json);
		if (json_object_get(json, "id"))
			assert_string_equal(json_text_at(json, "id", ""), name);
	}
	return json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
}

static void take_out(char *text, const char *part)
{
	size_t n = strlen(part);
	for (char *at = text; (at = strstr(at, part));)
		memmove(at, at + n, strlen(at + n) + 1);
}

/* Every `word` in `text` must stand behind `before`; what is behind it there in the files is no
 * name. */
static void always_behind(const char *path, const char *text, const char *word, const char *before)
{
	size_t n = strlen(before);
	for (const char *at = text; (at = strstr(at, word)); at++)
		if ((size_t)(at - text) < n || strncmp(at - n, before, n) != 0)
			fail_msg("%s: '%.60s' has no prefix", path, at);
}

/* A name as a whole word. */
static void not_in(const char *path, const char *text, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = text; (at = strstr(at, name)); at++)
		if ((at == text || !(isalnum((unsigned char)at[-1]) || strchr("._-", at[-1]))) &&
		    !isalnum((unsigned char)at[n]) && !strchr("._-@", at[n]))
			fail_msg("%s: '%.60s' has no prefix", path, at);
}

/* Where a bare "flow" would be a name. */
static const char *const places[] = {
	"\"default_pipeline\":\"flow",
	"\"name\":\"flow",
	"\"dataset\":\"flow",
	"\"value\":\"flow",
	"\"id\":\"flow",
	"'dataset','flow",
	"\"event.dataset\":\"ti_flow",
	"'flow.counters'",
	"'flow.exporters'",
	"'flow.failed'",
	"policy flow",
};

static void has_prefix_everywhere(const struct fixture *f, const char *path, const char *text)
{
	always_behind(path, text, "flow@", OWN ".");
	always_behind(path, text, "ti_flow", OWN ".");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strstr(text, places[i]))
			fail_msg("%s: %s", path, places[i]);
	assert_null(strstr(text, "logs-flow"));
	assert_null(strstr(text, "metrics-flow"));
	not_in(path, text, "flow-installation");
	for (size_t i = 0; i < assets_count(f->assets); i++) {
		char name[NAME_ROOM];
		const char *other = assets_at(f->assets, i)->path, *file = strrchr(other, '/');
		if (strncmp(other, "ingest-pipelines/", 17) == 0 && file == other + 16 &&
		    render_name(&(struct rendering){ .assets = f->assets, .cluster = &f->cluster },
				other, name, sizeof(name)) &&
		    strchr(name, '-'))
			not_in(path, text, name);
		if (strncmp(other, "kibana/", 7) == 0 && strncmp(file, "/flow-", 6) == 0) {
			snprintf(name, sizeof(name), "%s", file + 1);
			name[strcspn(name, ".")] = '\0';
			not_in(path, text, name);
		}
	}
}

static void all_assets(bool stages)
{
	struct fixture plain, acme;
	size_t n = 0, changed = 0;
	open_fixture(&plain, NULL, "", stages);
	open_fixture(&acme, NULL, OWN, stages);
	for (size_t i = 0; i < assets_count(plain.assets); i++) {
		const struct asset *a = assets_at(plain.assets, i);
		char name[NAME_ROOM], its_name[NAME_ROOM];
		CLEANUP_FREE char *text = rendered(&plain, a, name);
		CLEANUP_FREE char *its = rendered(&acme, a, its_name);
		assert_int_equal(!text, !its);
		if (!text)
			continue;
		assert_null(strstr(text, OWN));
		assert_string_equal(its_name, NAME(OWN, name));
		has_prefix_everywhere(&acme, a->path, its);
		n++;
		changed += strcmp(text, its) != 0;
		take_out(its, OWN ".");
		if (strcmp(text, its) != 0)
			fail_msg("%s: more than names changed", a->path);
	}
	print_message("# %zu assets, %zu of them with names in them\n", n, changed);
	assert_true(n > 60 && changed > 50);
	close_fixture(&plain);
	close_fixture(&acme);
}

static void assets_change_in_their_names_only(void **state)
{
	(void)state;
	all_assets(false);
	all_assets(true);
}

static void what_users_wrote_stays(void **state)
{
	struct assets *assets = NULL;
	struct err err = ERR_NONE;
	(void)state;
	assert_int_equal(assets_open(NULL, &assets, &err), 0);
	CLEANUP_JSON json_t *tree = json_loads(
	    "{\"fields\":[\"flow.service.name\",\"flow\"],\"title\":\"my flow-xyz, netflow@home\","
	    "\"name\":\"flow\",\"tags\":[\"flow\"],\"source\":\"a.flow-roles\","
	    "\"value\":\"flow.id\",\"action\":\"'flow-' + name\"}",
	    0, NULL);
	CLEANUP_JSON json_t *same = json_deep_copy(tree);
	assert_non_null(tree);
	prefix_enter(assets, OWN, tree);
	assert_true(json_equal(tree, same));
	prefix_enter(assets, OWN, NULL);
	assets_free(assets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_get_the_prefix),
		cmocka_unit_test(each_installation_has_its_own),
		cmocka_unit_test(bad_prefixes_are_refused),
		cmocka_unit_test(patterns_meet_or_do_not),
		cmocka_unit_test(assets_change_in_their_names_only),
		cmocka_unit_test(what_users_wrote_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
