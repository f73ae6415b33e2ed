/* SPDX-License-Identifier: Apache-2.0
 * The connection that setup writes once: who reads it, who wins over it, and what may lead its
 * writer astray. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf_dir.h"
#include "forwarder/settings.h"
#include "forwarder/ship/options.h"
#include "importer/client/app.h"
#include "importer/client/connection.h"
#include "importer/core/files.h"
#include "importer/settings_read.h"

static char folder[] = "/tmp/test_connection.XXXXXX";

static int rm(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int fresh_folder(void **state)
{
	(void)state;
	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	if (!mkdtemp(folder))
		return -1;
	unsetenv("EF_ELASTICSEARCH_URL");
	return setenv("EF_CONFIG_DIR", folder, 1);
}

static int drop_folder(void **state)
{
	(void)state;
	return nftw(folder, rm, 8, FTW_DEPTH | FTW_PHYS);
}

static char *at(const char *name)
{
	static char path[2][256];
	static int turn;
	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

static void put(const char *name, const char *text)
{
	mkdir(at("conf.d"), 0755);
	FILE *f = fopen(at(name), "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void assert_holds(const char *path, const char *text)
{
	struct err err = ERR_NONE;
	char *there;
	size_t n;
	assert_int_equal(file_read(path, 4096, &there, &n, &err), 0);
	assert_string_equal(there, text);
	free(there);
}

/* ---- efd ------------------------------------------------------------------ */

static void assert_efd_reads(const char *url, int argc, char **argv)
{
	struct settings s;
	struct err err = ERR_NONE;
	char shown;
	if (settings_load(&s, argc, argv, &shown, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(s.elastic.url.n, 1);
	assert_string_equal(s.elastic.url.item[0], url);
	settings_release(&s);
}

static void efd_reads_conf_d_by_name_and_its_own_file_last(void **state)
{
	(void)state;
	char *plain[] = { "efd", NULL };
	assert_efd_reads("http://127.0.0.1:9200", 1, plain);
	put("conf.d/b.yml", "elasticsearch: {url: http://b}\n");
	put("conf.d/a.yml", "elasticsearch: {url: http://a}\n");
	put("conf.d/.c.yml", "elasticsearch: {url: http://hidden}\n");
	put("conf.d/d.yml.bak", "elasticsearch: {url: http://bak}\n");
	assert_efd_reads("http://b", 1, plain);
	put("efd.yml", "udp: {listen: [2055]}\n");
	assert_efd_reads("http://b", 1, plain);
	put("efd.yml", "elasticsearch: {url: http://own}\n");
	assert_efd_reads("http://own", 1, plain);
	put("other.yml", "udp: {listen: [2055]}\n");
	char *named[] = { "efd", "--config", at("other.yml"), NULL };
	assert_efd_reads("http://127.0.0.1:9200", 3, named);
}

static void a_link_that_leads_nowhere_is_told(void **state)
{
	(void)state;
	static const char *const names[] = { "conf.d/elasticsearch.yml", "efd.yml" };
	for (size_t i = 0; i < 2; i++) {
		struct settings s;
		struct err err = ERR_NONE;
		char shown, *plain[] = { "efd", NULL };
		mkdir(at("conf.d"), 0755);
		assert_int_equal(symlink("nowhere", at(names[i])), 0);
		assert_int_equal(settings_load(&s, 1, plain, &shown, &err), -1);
		assert_non_null(strstr(err.msg, names[i]));
		assert_int_equal(err.code, EF_FAILED); /* it may lead somewhere later */
		assert_int_equal(unlink(at(names[i])), 0);
	}
}

static void a_text_is_printed_whatever_the_files_say(void **state)
{
	(void)state;
	struct settings s;
	struct err err = ERR_NONE;
	char shown;
	put("conf.d/a.yml", "nonsense: 1\n");
	char *man[] = { "efd", "--print-man", NULL }, *check[] = { "efd", "--check-config", NULL };
	assert_int_equal(settings_load(&s, 2, man, &shown, &err), 0);
	assert_true(s.print_man);
	settings_release(&s);
	assert_int_equal(settings_load(&s, 2, check, &shown, &err), -1);
	assert_non_null(strstr(err.msg, "conf.d/a.yml:1:1: nonsense"));
}

/* ---- efctl ---------------------------------------------------------------- */

#define WRITTEN                                                                            \
	"elasticsearch:\n  url: ['http://one:1/', 'http://two:2']\n  ca_file: '/the/ca'\n" \
	"  verify: false\n  proxy: 'http://proxy'\n  namespace: 'lab'\n  api_key_file: "

static struct ship_settings ship;

static void read_efctl(struct app *app, int argc, char **argv)
{
	struct settings_tables tables;
	struct err err = ERR_NONE;
	char shown = 0;
	memset(app, 0, sizeof(*app));
	app->ship = &ship;
	settings_tables(app, command_find("status"), &tables);
	if (settings_read(app, &tables, argc, argv, &shown, &err) < 0)
		fail_msg("%s", err.msg);
}

static void drop_efctl(struct app *app)
{
	struct settings_tables tables;
	settings_tables(app, command_find("status"), &tables);
	conf_release(tables.table, tables.n);
	strlist_release(&app->args);
	strlist_release(&app->typed);
	strlist_release(&app->typed_setup);
	strlist_release(&app->typed_flags);
}

static void efctl_takes_the_connection_and_never_the_key(void **state)
{
	(void)state;
	struct app app;
	char *plain[] = { "status", NULL }, text[512];
	put("key", "c2VjcmV0\n");
	snprintf(text, sizeof(text), WRITTEN "'%s'\nudp: {workers: 2}\n", at("key"));
	put("conf.d/elasticsearch.yml", text);
	put("conf.d/zz.yml", "elasticsearch: {url: http://efd.only}\n");
	read_efctl(&app, 1, plain);
	assert_int_equal(app.elastic.url.n, 2);
	assert_string_equal(app.elastic.url.item[1], "http://two:2");
	assert_string_equal(app.elastic.ca_file, "/the/ca");
	assert_string_equal(app.elastic.proxy, "http://proxy");
	assert_string_equal(app.elastic.namespace, "lab");
	assert_false(app.elastic.verify);
	assert_null(app.elastic.api_key);
	drop_efctl(&app);
}

/* `efctl remove --namespace "$UNSET" --data` would else delete what is in the default one. */
static void an_empty_namespace_is_not_the_default_one(void **state)
{
	(void)state;
	struct settings_tables tables;
	char shown, *forms[][3] = { { "remove", "--namespace", "" }, { "remove", "--namespace=" } };
	for (int i = 0; i < 2; i++) {
		struct err err = ERR_NONE;
		struct app app = { .ship = &ship };
		settings_tables(&app, command_find("remove"), &tables);
		assert_int_equal(settings_read(&app, &tables, 3 - i, forms[i], &shown, &err), -1);
		assert_non_null(strstr(err.msg, "--namespace wants a value"));
		assert_int_equal(err.code, EF_USAGE);
		drop_efctl(&app);
	}
}

static void a_broken_connection_is_no_matter_where_it_is_not_read(void **state)
{
	(void)state;
	struct settings_tables tables;
	struct err err = ERR_NONE;
	struct app app = { .ship = &ship };
	char shown = 0, *plain[] = { "status", NULL }, *help[] = { "status", "--help", NULL };
	put("conf.d/elasticsearch.yml", "elasticsearch: [\n");
	put("other.yml", "elasticsearch: {url: http://other}\n");
	char *named[] = { "status", "--config", at("other.yml"), NULL };
	settings_tables(&app, command_find("status"), &tables);
	assert_int_equal(settings_read(&app, &tables, 1, plain, &shown, &err), -1);
	assert_non_null(strstr(err.msg, "conf.d/elasticsearch.yml:"));
	drop_efctl(&app);
	read_efctl(&app, 2, help);
	drop_efctl(&app);
	read_efctl(&app, 3, named);
	assert_string_equal(app.elastic.url.item[0], "http://other");
	drop_efctl(&app);
}

/* The URL is compared, as somebody may say once more what is written there; then the rest still
 * holds. */
static void the_connection_to_one_cluster_is_not_that_to_another(void **state)
{
	(void)state;
	struct app app;
	char *other[] = { "status", "--url", "http://three", "operand", NULL };
	char *same[] = { "status", "--url=http://one:1,http://two:2/", "--namespace=x", NULL };
	put("conf.d/elasticsearch.yml", WRITTEN "'/not/there'\n");
	read_efctl(&app, 4, other);
	assert_int_equal(app.elastic.url.n, 1);
	assert_null(app.elastic.ca_file);
	assert_null(app.elastic.proxy);
	assert_true(app.elastic.verify);
	assert_string_equal(app.elastic.namespace, "default");
	assert_int_equal(app.args.n, 1);
	drop_efctl(&app);
	read_efctl(&app, 3, same);
	assert_string_equal(app.elastic.ca_file, "/the/ca");
	assert_string_equal(app.elastic.namespace, "x");
	drop_efctl(&app);
	put("efctl.yml", "elasticsearch: {url: http://mine}\n");
	read_efctl(&app, 1, same);
	assert_string_equal(app.elastic.url.item[0], "http://mine");
	assert_null(app.elastic.ca_file);
	drop_efctl(&app);
}

/* ---- the writer ----------------------------------------------------------- */

static void a_guarded_file_is_whole_and_has_its_mode(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct stat st;
	char name[64] = "f";
	mode_t old = umask(077);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(file_write_guarded(at("new"), name, &"text\n"[i], (size_t)(5 - i),
						    0640, getegid(), &err),
				 0);
		assert_holds(at("new/f"), &"text\n"[i]);
	}
	umask(old);
	assert_int_equal(stat(at("new/f"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(stat(at("new"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(st.st_nlink, 2);
}

static void root_gives_the_file_to_a_group(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct stat st;
	if (geteuid() != 0)
		skip();
	assert_int_equal(file_write_guarded(at("new"), "f", "x", 1, 0640, 4321, &err), 0);
	assert_int_equal(stat(at("new/f"), &st), 0);
	assert_int_equal(st.st_gid, 4321);
	assert_int_equal(st.st_uid, 0);
}

static void no_link_leads_the_writer_astray(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	put("victim", "mine");
	put("elsewhere", "");
	mkdir(at("real"), 0755);
	assert_int_equal(symlink(at("real"), at("link")), 0);
	assert_int_equal(symlink(at("victim"), at("real/f")), 0);
	assert_int_equal(file_write_guarded(at("real"), "f", "x", 1, 0640, (gid_t)-1, &err), -1);
	assert_non_null(strstr(err.msg, "/real/f is a symbolic link"));
	assert_int_equal(file_write_guarded(at("link"), "g", "x", 1, 0640, (gid_t)-1, &err), -1);
	assert_non_null(strstr(err.msg, "/link is a symbolic link"));
	assert_int_equal(file_write_guarded(at("victim"), "g", "x", 1, 0640, (gid_t)-1, &err), -1);
	assert_holds(at("victim"), "mine");
	assert_int_equal(access(at("real/g"), F_OK), -1);
}

static void make_link(const char *path)
{
	assert_int_equal(symlink("/nowhere/at/all", path), 0);
}

static void make_folder(const char *path)
{
	assert_int_equal(mkdir(path, 0755), 0);
}

static void make_fifo(const char *path)
{
	assert_int_equal(mkfifo(path, 0644), 0);
}

/* Whichever function writes, what is no plain file stays what it is. */
static void only_plain_files_are_replaced(void **state)
{
	static const struct {
		void (*make)(const char *path);
		const char *what;
		mode_t kind;
	} kinds[] = {
		{ make_link, "f is a symbolic link", S_IFLNK },
		{ make_folder, "f is a folder", S_IFDIR },
		{ make_fifo, "f is a FIFO", S_IFIFO },
	};
	struct stat st;
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		make_folder(at("d"));
		kinds[i].make(at("d/f"));
		for (int how = 0; how < 5; how++) {
			struct err err = ERR_NONE;
			int result = how == 0   ? file_write(at("d/f"), "x", 1, 0644, &err)
				     : how == 1 ? file_write_below(at("d"), "f", "x", 1, 0644, &err)
				     : how == 2 ? file_write_guarded(at("d"), "f", "x", 1, 0644,
								     (gid_t)-1, &err)
				     : how == 3 ? file_replace(at("d/f"), "x", 1, &err)
						: file_is_plain(at("d/f"), &err);
			assert_int_equal(result, -1);
			assert_int_equal(err.code, EF_USAGE);
			if (!strstr(err.msg, kinds[i].what))
				fail_msg("%s", err.msg);
			assert_int_equal(lstat(at("d/f"), &st), 0);
			assert_int_equal(st.st_mode & S_IFMT, kinds[i].kind);
		}
		assert_int_equal(remove(at("d/f")), 0);
		assert_int_equal(rmdir(at("d")), 0); /* and no temporary file is left */
	}
	struct err err = ERR_NONE;
	assert_int_equal(file_is_plain("/dev/null", &err), -1);
	assert_int_equal(file_is_plain(at("none"), &err), 0);
}

/* It would be waited for without end. */
static void settings_are_not_waited_for(void **state)
{
	struct app app = { .ship = &ship };
	struct settings_tables tables;
	struct err err = ERR_NONE;
	char shown, *argv[] = { "status", NULL };
	(void)state;
	settings_tables(&app, command_find("status"), &tables);
	make_folder(at("conf.d"));
	make_fifo(at(CONNECTION_CONFIG));
	assert_int_equal(settings_read(&app, &tables, 1, argv, &shown, &err), -1);
	assert_int_equal(err.code, EF_USAGE);
	assert_non_null(strstr(err.msg, CONNECTION_CONFIG " is no regular file but a FIFO"));
	conf_release(tables.table, tables.n);
}

/* ---- what setup writes ---------------------------------------------------- */

static struct elastic_settings wanted(char *url, char *ca)
{
	static char *urls[1];
	urls[0] = url;
	return (struct elastic_settings){ .url = { .item = urls, .n = 1 },
					  .ca_file = ca,
					  .verify = true,
					  .namespace = "default" };
}

static void write_connection(const struct elastic_settings *elastic, enum connection_state before,
			     struct connection *c)
{
	struct err err = ERR_NONE;
	if (connection_plan(elastic, NULL, c, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(c->state, before);
	assert_int_equal(connection_write(c, &err), 0);
}

static void what_is_written_is_read_as_it_was_meant(void **state)
{
	(void)state;
	struct connection c;
	struct app app;
	char *plain[] = { "status", NULL };
	put("home-ca.pem", "a certificate\n");
	mkdir(at("home"), 0700);
	assert_int_equal(rename(at("home-ca.pem"), at("home/ca.pem")), 0);
	char ca[256], config[256];
	snprintf(ca, sizeof(ca), "%s", at("home/ca.pem"));
	snprintf(config, sizeof(config), "%s", at("config"));
	mkdir(config, 0755);
	setenv("EF_CONFIG_DIR", config, 1);
	struct elastic_settings e = wanted("https://it's: {odd} #x", ca);
	e.proxy = "http://p";
	e.verify = false;
	write_connection(&e, CONNECTION_CREATE, &c);
	connection_release(&c);
	write_connection(&e, CONNECTION_SAME, &c);
	connection_release(&c);
	read_efctl(&app, 1, plain);
	assert_string_equal(app.elastic.url.item[0], "https://it's: {odd} #x");
	assert_string_equal(app.elastic.proxy, "http://p");
	assert_false(app.elastic.verify);
	assert_string_not_equal(app.elastic.ca_file, ca);
	assert_holds(app.elastic.ca_file, "a certificate\n");
	drop_efctl(&app);
	e.verify = true;
	write_connection(&e, CONNECTION_UPDATE, &c);
	connection_release(&c);
}

static void setup_says_what_overrides_its_file(void **state)
{
	(void)state;
	struct connection c;
	struct elastic_settings e = wanted("http://right", NULL);
	put("conf.d/a.yml", "elasticsearch: {url: http://before}\n");
	put("conf.d/z.yml", "elasticsearch: {namespace: late, timeout: 5s}\n");
	put("efd.yml", "elasticsearch: {url: http://right}\nudp: {workers: 1}\n");
	write_connection(&e, CONNECTION_CREATE, &c);
	assert_int_equal(json_array_size(c.overridden), 1);
	const char *text = json_string_value(json_array_get(c.overridden, 0));
	assert_non_null(strstr(text, "conf.d/z.yml: elasticsearch.namespace"));
	connection_release(&c);
	put("efd.yml", "elasticsearch: {url: http://127.0.0.1:9200, verify: false}\n");
	write_connection(&e, CONNECTION_SAME, &c);
	assert_int_equal(json_array_size(c.overridden), 2);
	text = json_string_value(json_array_get(c.overridden, 1));
	assert_non_null(strstr(text, "efd.yml: elasticsearch.url, elasticsearch.verify"));
	connection_release(&c);
}

static void a_removed_cluster_takes_its_connection_along(void **state)
{
	(void)state;
	struct connection c;
	struct err err = ERR_NONE;
	struct elastic_settings e = wanted("http://gone", NULL), other;
	assert_int_equal(connection_remove(&e, &err), 0);
	write_connection(&e, CONNECTION_CREATE, &c);
	connection_release(&c);
	other = wanted("http://x", NULL);
	assert_int_equal(connection_remove(&other, &err), 0);
	assert_int_equal(access(at(CONNECTION_CONFIG), F_OK), 0);
	e = wanted("http://gone", NULL);
	assert_int_equal(connection_remove(&e, &err), 0);
	assert_int_equal(access(at(CONNECTION_CONFIG), F_OK), -1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh_folder, drop_folder)
	const struct CMUnitTest tests[] = {
		TEST(efd_reads_conf_d_by_name_and_its_own_file_last),
		TEST(a_link_that_leads_nowhere_is_told),
		TEST(a_text_is_printed_whatever_the_files_say),
		TEST(efctl_takes_the_connection_and_never_the_key),
		TEST(an_empty_namespace_is_not_the_default_one),
		TEST(a_broken_connection_is_no_matter_where_it_is_not_read),
		TEST(the_connection_to_one_cluster_is_not_that_to_another),
		TEST(a_guarded_file_is_whole_and_has_its_mode),
		TEST(root_gives_the_file_to_a_group),
		TEST(no_link_leads_the_writer_astray),
		TEST(only_plain_files_are_replaced),
		TEST(settings_are_not_waited_for),
		TEST(what_is_written_is_read_as_it_was_meant),
		TEST(setup_says_what_overrides_its_file),
		TEST(a_removed_cluster_takes_its_connection_along),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
