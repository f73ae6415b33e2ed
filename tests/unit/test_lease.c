/* SPDX-License-Identifier: Apache-2.0
 * The lease of an installation, against a server that keeps documents; the clock is the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "importer/client/es.h"
#include "importer/client/names.h"
#include "importer/core/json.h"
#include "importer/core/owner.h"
#include "importer/record/lease.h"
#include "importer/record/record.h"
#include "tests/lib/documents.h"

/* ---- the clock that leases go by: it can jump, and go faster ---- */

static long jump_s, each_look_s;

int clock_gettime(clockid_t id, struct timespec *ret)
{
	int result = (int)syscall(SYS_clock_gettime, id, ret);
	if (id == CLOCK_BOOTTIME) {
		jump_s += each_look_s;
		ret->tv_sec += jump_s;
	}
	return result;
}

static int empty(void **state)
{
	jump_s = each_look_s = 0;
	return documents_empty(state);
}

/* ---- the lease ---- */

static void lease_is_held_by_one(void **state)
{
	struct err err = ERR_NONE;
	struct lease *one = NULL, *other = NULL;
	char name[OWNER_NAME_MAX];
	(void)state;
	documents_must(lease_take(&settings, "setup", "", 0, &one, &err), &err);
	documents_must(lease_check(one, &err), &err);
	assert_int_equal(lease_take(&settings, "remove", "", 0, &other, &err), -1);
	assert_int_equal(err.code, EF_FAILED);
	assert_non_null(strstr(err.msg, owner_name(name)));
	assert_non_null(strstr(err.msg, "efctl setup"));
	assert_non_null(documents_kept(NAMES_LEASE));
	lease_release(one);
	assert_false(server.index); /* it was made for the lease alone */
	documents_put(NAMES_RECORD, json_pack("{s:i}", "format", 1));
	documents_must(lease_take(&settings, "remove", "", 0, &other, &err), &err);
	lease_release(other);
	assert_null(documents_kept(NAMES_LEASE));
	assert_non_null(documents_kept(NAMES_RECORD));
}

static void lease_of_a_dead_process_is_free(void **state)
{
	struct err err = ERR_NONE;
	struct lease *l = NULL;
	char process[OWNER_PROCESS_MAX] = "", own[OWNER_PROCESS_MAX];
	int fd[2];
	(void)state;
	assert_false(owner_is_dead(""));
	assert_false(owner_is_dead("another-boot pid:[1] 2 3"));
	assert_false(owner_is_dead(owner_process(own)));
	assert_int_equal(pipe(fd), 0);
	pid_t child = fork();
	if (child == 0) {
		owner_process(process);
		ssize_t n = write(fd[1], process, sizeof(process));
		_exit(n == sizeof(process) ? 0 : 1);
	}
	assert_int_equal(read(fd[0], process, sizeof(process)), sizeof(process));
	waitpid(child, NULL, 0);
	close(fd[0]);
	close(fd[1]);
	documents_put(NAMES_LEASE, json_pack("{s:s,s:s}", "by", "somebody@else", "process", own));
	assert_int_equal(lease_take(&settings, "setup", "", 0, &l, &err), -1);
	documents_put(NAMES_LEASE,
		      json_pack("{s:s,s:s}", "by", "somebody@else", "process", process));
	documents_must(lease_take(&settings, "setup", "", 0, &l, &err), &err);
	lease_release(l);
}

static void lease_that_stands_still_expires(void **state)
{
	struct err err = ERR_NONE;
	struct lease *l = NULL;
	(void)state;
	documents_put(NAMES_LEASE, json_pack("{s:s}", "by", "somebody@else"));
	each_look_s = 2;
	assert_int_equal(lease_take(&settings, "setup", "", LEASE_MS / 2, &l, &err), -1);
	assert_non_null(strstr(err.msg, "somebody@else"));
	documents_must(lease_take(&settings, "setup", "", 2 * LEASE_MS, &l, &err), &err);
	each_look_s = 0;
	lease_release(l);
}

static void a_write_finds_out_that_the_lease_is_lost(void **state)
{
	struct err err = ERR_NONE;
	struct lease *l = NULL;
	struct record r;
	(void)state;
	documents_must(record_read(es, &r, &err), &err);
	documents_must(lease_take(&settings, "setup", "", 0, &l, &err), &err);
	lease_guard(l, es);
	documents_must(record_write(es, &r, RECORD_APPLIED, &err), &err);
	jump_s += 3600; /* this process was stopped, and nobody came */
	documents_must(record_write(es, &r, RECORD_APPLIED, &err), &err);
	documents_put(NAMES_LEASE, json_pack("{s:s}", "id", "another"));
	jump_s += LEASE_MS / 1000;
	int before = server.seq_no;
	assert_int_equal(record_write(es, &r, RECORD_APPLYING, &err), -1);
	assert_int_equal(err.code, EF_FAILED);
	assert_non_null(strstr(err.msg, "took over"));
	assert_int_equal(record_write(es, &r, RECORD_APPLYING, &err), -1); /* for good */
	assert_int_equal(server.seq_no, before);
	es_guard(es, NULL, NULL);
	lease_release(l);
	assert_string_equal(json_text_at(documents_kept(NAMES_LEASE), "id", ""), "another");
	record_release(&r);
}

static void a_renewal_whose_answer_got_lost_is_one(void **state)
{
	struct err err = ERR_NONE;
	struct lease *l = NULL;
	(void)state;
	server.lose_answer = 1;
	documents_must(lease_take(&settings, "setup", "", 0, &l, &err), &err);
	server.lose_answer = 1;
	jump_s += LEASE_MS / 1000;
	documents_must(lease_check(l, &err), &err);
	assert_int_equal(server.lose_answer, 0);
	server.refuse = 503; /* nobody knows whether it is still ours: no write goes out */
	jump_s += LEASE_MS / 1000;
	assert_int_equal(lease_check(l, &err), -1);
	server.refuse = 0;
	documents_must(lease_check(l, &err), &err);
	lease_release(l);
}

static void takes_long(void)
{
	jump_s += LEASE_MS / 1000 - 2;
	server.writes = NULL; /* once */
}

/* A lease is as old as the question, not as the answer: one that took so long asks again. */
static void a_slow_renewal_is_repeated(void **state)
{
	struct err err = ERR_NONE;
	struct lease *l = NULL;
	(void)state;
	documents_must(lease_take(&settings, "setup", "", 0, &l, &err), &err);
	long long before = json_int_at(documents_kept(NAMES_LEASE), "renewed");
	jump_s += LEASE_MS / 1000;
	server.writes = takes_long;
	documents_must(lease_check(l, &err), &err);
	assert_int_equal(json_int_at(documents_kept(NAMES_LEASE), "renewed"), before + 2);
	lease_release(l);
}

/* ---- the index ---- */

static void empty_index_goes_with_the_lease(void **state)
{
	struct err err = ERR_NONE;
	struct lease *l = NULL;
	(void)state;
	server.index = true; /* a setup that was killed left it */
	documents_must(lease_take(&settings, "remove", "", 0, &l, &err), &err);
	lease_release(l);
	assert_false(server.index);
	documents_must(lease_take(&settings, "remove", "", 0, &l, &err), &err);
	server.index = false; /* remove deletes it */
	json_object_clear(server.docs);
	lease_release(l);
	assert_false(server.index);
	documents_put(NAMES_FILE "0-0", json_object()); /* a table of the user's */
	documents_must(lease_take(&settings, "setup", "", 0, &l, &err), &err);
	lease_release(l);
	assert_non_null(documents_kept(NAMES_FILE "0-0"));
	assert_null(documents_kept(NAMES_LEASE));
	json_object_clear(server.docs);
	server.owner = "them";
	documents_must(lease_take(&settings, "remove", "", 0, &l, &err), &err);
	lease_release(l);
	assert_true(server.index);
}

static void blocked_index_is_told_with_its_remedy(void **state)
{
	static const struct {
		const char *type, *reason, *remedy;
	} rows[] = {
		{ "index_closed_exception", "closed", "POST /flow-installation/_open" },
		{ "cluster_block_exception",
		  "index [flow-installation] blocked by: [FORBIDDEN/7/index read (api)];",
		  "{\"index.blocks.read\": null}" },
		{ "cluster_block_exception",
		  "index [flow-installation] blocked by: [FORBIDDEN/8/index write (api)];",
		  "{\"index.blocks.write\": null}" },
		{ "cluster_block_exception",
		  "index [flow-installation] blocked by: [FORBIDDEN/5/index read-only (api)];",
		  "{\"index.blocks.read_only\": null}" },
	};
	enum document_index index;
	struct err err = ERR_NONE;
	(void)state;
	server.index = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lease *l = NULL;
		struct record r;
		server.broken = rows[i].type;
		server.why = rows[i].reason;
		documents_must(record_read(es, &r, &err),
			       &err); /* who only looks goes on without it */
		assert_int_equal(r.found, RECORD_FORBIDDEN);
		assert_non_null(strstr(r.why.msg, rows[i].remedy));
		record_release(&r);
		assert_int_equal(lease_take(&settings, "setup", "", 0, &l, &err), -1);
		assert_int_equal(err.code, EF_USAGE);
		assert_non_null(strstr(err.msg, rows[i].remedy));
	}
	server.broken = NULL;
	server.alias = "other";
	assert_int_equal(document_index_look(es, &index, &err), -1);
	assert_int_equal(err.code, EF_USAGE);
	assert_non_null(strstr(err.msg, "alias of the index other"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(empty_index_goes_with_the_lease, empty),
		cmocka_unit_test_setup(blocked_index_is_told_with_its_remedy, empty),
		cmocka_unit_test_setup(lease_is_held_by_one, empty),
		cmocka_unit_test_setup(lease_of_a_dead_process_is_free, empty),
		cmocka_unit_test_setup(lease_that_stands_still_expires, empty),
		cmocka_unit_test_setup(a_write_finds_out_that_the_lease_is_lost, empty),
		cmocka_unit_test_setup(a_renewal_whose_answer_got_lost_is_one, empty),
		cmocka_unit_test_setup(a_slow_renewal_is_repeated, empty),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, documents_start, documents_stop);
}
