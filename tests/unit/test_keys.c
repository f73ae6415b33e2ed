/* SPDX-License-Identifier: Apache-2.0
 * efctl keys: which keys are ours, when they end, what efd's metrics prove, and what the record and
 * the file get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "importer/client/app.h"
#include "importer/client/keys.h"
#include "importer/core/files.h"
#include "importer/doctor_key.h"
#include "importer/efd_metrics.h"
#include "importer/keys_rotate.h"
#include "importer/record/record.h"

#define DAY 86400000ull

/* As Elasticsearch 8.3 answers GET /_security/api_key. */
static const char answer[] =
    "{\"api_keys\":["
    "{\"id\":\"b1\",\"name\":\"efd-lab\",\"creation\":2000,\"expiration\":9000,\"invalidated\":"
    "false,"
    "\"username\":\"x\",\"realm\":\"native\",\"metadata\":{\"managed_by\":\"efctl\"}},"
    "{\"id\":\"b0\",\"name\":\"efd-lab\",\"creation\":1000,\"invalidated\":true,"
    "\"metadata\":{\"managed_by\":\"efctl\",\"namespace\":\"lab\"}},"
    "{\"id\":\"a0\",\"name\":\"efd\",\"creation\":3000,\"invalidated\":false,"
    "\"metadata\":{\"managed_by\":\"efctl\"}},"
    /* not ours: no mark, another mark, another name, a name that ends too soon */
    "{\"id\":\"n0\",\"name\":\"efd-lab\",\"creation\":1,\"invalidated\":false,\"metadata\":{}},"
    "{\"id\":\"n1\",\"name\":\"efd-lab\",\"creation\":1,\"invalidated\":false},"
    "{\"id\":\"n2\",\"name\":\"efd-lab\",\"metadata\":{\"managed_by\":\"fleet\"}},"
    "{\"id\":\"n3\",\"name\":\"efdx\",\"metadata\":{\"managed_by\":\"efctl\"}},"
    "{\"id\":\"n4\",\"name\":\"mine\",\"metadata\":{\"managed_by\":\"efctl\"}},"
    "{\"id\":\"n5\",\"name\":\"efd-\",\"metadata\":{\"managed_by\":\"efctl\"}},"
    "{\"id\":\"\",\"name\":\"efd-lab\",\"metadata\":{\"managed_by\":\"efctl\"}},"
    "{\"name\":\"efd-lab\",\"metadata\":{\"managed_by\":\"efctl\"}}, 7, null]}";

static void only_ours_are_read(void **state)
{
	(void)state;
	struct keys k;
	CLEANUP_JSON json_t *reply = json_loads(answer, 0, NULL);
	keys_read(reply, "", &k);
	assert_int_equal(k.n, 3);
	assert_string_equal(k.list[0].id, "a0"); /* for all namespaces: "" comes first */
	assert_string_equal(k.list[0].namespace, "");
	assert_int_equal(k.list[0].expires_ms, 0);
	assert_string_equal(k.list[1].id, "b0"); /* the older one */
	assert_true(k.list[1].revoked);
	assert_string_equal(k.list[2].id, "b1");
	assert_string_equal(k.list[2].namespace, "lab");
	assert_int_equal(k.list[2].expires_ms, 9000);
	assert_false(k.list[2].revoked);
	keys_release(&k);
	CLEANUP_JSON json_t *nothing = json_object();
	keys_read(nothing, "", &k);
	assert_int_equal(k.n, 0);
	keys_release(&k);
}

/* Of two installations in one cluster neither lists, and so neither revokes, the other's. */
static void each_prefix_has_its_own(void **state)
{
	(void)state;
	static const char both[] =
	    "{\"api_keys\":["
	    "{\"id\":\"a\",\"name\":\"acme.efd-lab\",\"metadata\":{\"managed_by\":\"efctl\"}},"
	    "{\"id\":\"b\",\"name\":\"efd-acme.lab\",\"metadata\":{\"managed_by\":\"efctl\"}},"
	    "{\"id\":\"c\",\"name\":\"acme.efd\",\"metadata\":{\"managed_by\":\"efctl\"}},"
	    "{\"id\":\"d\",\"name\":\"bacme.efd-lab\",\"metadata\":{\"managed_by\":\"efctl\"}},"
	    "{\"id\":\"e\",\"name\":\"acme.efd-lab\",\"metadata\":{}}]}";
	struct keys k;
	CLEANUP_JSON json_t *reply = json_loads(both, 0, NULL);
	keys_read(reply, "acme", &k);
	assert_int_equal(k.n, 2);
	assert_string_equal(k.list[0].id, "c");
	assert_string_equal(k.list[0].namespace, "");
	assert_string_equal(k.list[1].id, "a");
	assert_string_equal(k.list[1].name, "acme.efd-lab");
	assert_string_equal(k.list[1].namespace, "lab");
	keys_release(&k);
	keys_read(reply, "", &k);
	assert_int_equal(k.n, 1);
	assert_string_equal(k.list[0].id, "b");
	assert_string_equal(k.list[0].namespace, "acme.lab");
	keys_release(&k);
}

static void how_near_the_end_is(void **state)
{
	(void)state;
	const uint64_t now = 1700000000000;
	assert_int_equal(key_end(0, now), KEY_ENDS_NEVER);
	assert_int_equal(key_end(now, now), KEY_ENDED);
	assert_int_equal(key_end(now - 1, now), KEY_ENDED);
	assert_int_equal(key_end(now + 1, now), KEY_ENDS_NOW);
	assert_int_equal(key_end(now + 3 * DAY, now), KEY_ENDS_NOW);
	assert_int_equal(key_end(now + 3 * DAY + 1, now), KEY_ENDS_SOON);
	assert_int_equal(key_end(now + 14 * DAY, now), KEY_ENDS_SOON);
	assert_int_equal(key_end(now + 14 * DAY + 1, now), KEY_ENDS_LATER);
}

static void doctor_warns_of_the_end(void **state)
{
	(void)state;
	const uint64_t now = 1767225600000; /* 2026-01-01 00:00:00Z */
	CLEANUP_JSON json_t *found = json_array();
	const struct app app = { 0 };
	doctor_key_end(&app, 0, now, found);
	doctor_key_end(&app, now + 15 * DAY, now, found);
	assert_int_equal(json_array_size(found), 0);
	doctor_key_end(&app, now + 10 * DAY + DAY / 2, now, found);
	doctor_key_end(&app, now + DAY / 2, now, found);
	assert_int_equal(json_array_size(found), 2);
	const json_t *soon = json_array_get(found, 0), *at_once = json_array_get(found, 1);
	assert_string_equal(json_string_value(json_object_get(soon, "result")), "note");
	assert_non_null(strstr(json_string_value(json_object_get(soon, "text")),
			       "in 10 days, on 2026-01-11 12:00Z"));
	assert_string_equal(json_string_value(json_object_get(at_once, "result")), "problem");
	assert_non_null(strstr(json_string_value(json_object_get(at_once, "text")), "in 0 days"));
}

static const char metrics[] = "# HELP efd_ship_key_documents_total Documents.\n"
			      "# TYPE efd_ship_key_documents_total counter\n"
			      "efd_ship_key_documents_total{id=\"old\"} 90\n"
			      "efd_ship_key_documents_total{id=\"new\"} 0\n"
			      "efd_ship_key_documents_total{id=\"newer\"} 7\n"
			      "# TYPE efd_ship_key_in_force gauge\n"
			      "efd_ship_key_in_force{id=\"old\"} 0\n"
			      "efd_ship_key_in_force{id=\"new\"} 1\n"
			      "efd_ship_documents_total{verdict=\"stored\"} 41\n"
			      "efd_ship_documents_total{verdict=\"discarded\"} 5\n"
			      "efd_config_last_reload_successful 1\n";

static void what_efd_says(void **state)
{
	(void)state;
	char id[API_KEY_ID_MAX] = "";
	assert_int_equal(efd_key_documents(metrics, "old"), 90);
	assert_int_equal(efd_key_documents(metrics, "new"), 0);
	assert_int_equal(efd_key_documents(metrics, "none"), 0);
	assert_int_equal(efd_documents(metrics, "stored"), 41);
	assert_int_equal(efd_documents(metrics, "discarded"), 5);
	assert_int_equal(efd_documents(metrics, "failed"), 0);
	assert_true(efd_key(metrics, id));
	assert_string_equal(id, "new");
	assert_false(efd_key("efd_ship_key_in_force{id=\"a\"} 0\n", id));
	assert_false(efd_key("x efd_ship_key_in_force{id=\"a\"} 1\n", id));
	assert_false(efd_key("efd_ship_key_in_force{id=\"\"} 1\n", id));
	assert_false(efd_key("", id));
	assert_true(efd_says(metrics, "efd_config_last_reload_successful 1"));
	assert_false(efd_says(metrics, "efd_config_last_reload_successful 0"));
	assert_false(efd_says("efd_config_last_reload_successful 10\n",
			      "efd_config_last_reload_successful 1"));
}

static const char *doubt(const char *text, const char *id)
{
	static char why[400];
	return keys_rotate_doubt(text, "http://efd", id, "/etc/efd/api_key", why, sizeof(why));
}

static void what_proves_that_a_key_is_used(void **state)
{
	(void)state;
	assert_string_equal(doubt(metrics, "newer"), "");
	assert_non_null(strstr(doubt(metrics, "new"), "stored nothing with it yet"));
	assert_non_null(strstr(doubt(metrics, "none"), "still uses the API key new"));
	assert_non_null(strstr(doubt("efd_up 1\n", "new"), "tells of no API key"));
	assert_non_null(strstr(doubt(NULL, "new"), "efd does not answer at http://efd"));
}

static void the_record_has_each_key_once(void **state)
{
	(void)state;
	CLEANUP_JSON json_t *body = json_pack("{s:[]}", "keys");
	struct record r = { .body = body };
	record_key_add(&r, json_pack("{s:s,s:s}", "id", "1", "namespace", "a"));
	record_key_add(&r, json_pack("{s:s,s:s}", "id", "2", "namespace", "b"));
	record_key_add(&r, json_pack("{s:s,s:s}", "id", "1", "namespace", "c"));
	assert_int_equal(json_array_size(record_keys(&r)), 2);
	record_key_drop(&r, "3", "a");
	assert_int_equal(json_array_size(record_keys(&r)), 2);
	record_key_drop(&r, NULL, "c");
	record_key_drop(&r, "2", NULL);
	assert_int_equal(json_array_size(record_keys(&r)), 0);
}

static void a_replaced_file_keeps_what_it_was(void **state)
{
	(void)state;
	char path[] = "/tmp/test_keys.XXXXXX", link[64], text[16] = "";
	struct err err = ERR_NONE;
	struct stat st;
	close(mkstemp(path));
	assert_int_equal(chmod(path, 0604), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(path, 1234, 4321), 0);
	const uid_t uid = geteuid() ? geteuid() : 1234;
	assert_int_equal(file_replace(path, "new\n", 4, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_int_equal(st.st_uid, uid);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_string_equal(text, "new\n");
	snprintf(link, sizeof(link), "%s.link", path);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(file_replace(link, "x\n", 2, &err), -1);
	assert_non_null(strstr(err.msg, "symbolic link"));
	unlink(link);
	unlink(path);
	assert_int_equal(file_replace(path, "x\n", 2, &err), -1); /* nothing there to replace */
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_ours_are_read),
		cmocka_unit_test(each_prefix_has_its_own),
		cmocka_unit_test(how_near_the_end_is),
		cmocka_unit_test(doctor_warns_of_the_end),
		cmocka_unit_test(what_efd_says),
		cmocka_unit_test(what_proves_that_a_key_is_used),
		cmocka_unit_test(the_record_has_each_key_once),
		cmocka_unit_test(a_replaced_file_keeps_what_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
