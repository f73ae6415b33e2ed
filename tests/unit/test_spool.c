/* SPDX-License-Identifier: Apache-2.0
 * The spool: order, quota, damage, and what a crash may leave behind. */
#include "forwarder/ship/spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "forwarder/ship/lane.h"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test-spool-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.' && unlinkat(dirfd(d), e->d_name, 0) < 0)
			unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	if (d)
		closedir(d);
	return rmdir(dir);
}

/* Another directory of that name. */
static void make_empty(const char *name)
{
	char aside[128];
	snprintf(aside, sizeof(aside), "%s.old", name);
	assert_int_equal(rename(name, aside), 0);
	DIR *d = opendir(aside);
	for (const struct dirent *e; d && (e = readdir(d));)
		unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	assert_int_equal(rmdir(aside), 0);
}

static struct spool *open_spool(uint64_t max_bytes, enum spool_policy policy)
{
	struct err err = ERR_NONE;
	const struct spool_settings settings = { .dir = dir,
						 .max_bytes = max_bytes,
						 .policy = policy };
	struct spool *s = spool_open(&settings, &err);
	if (!s)
		fail_msg("%s", err.msg);
	return s;
}

/* The body is not looked into by the spool: text will do. */
static enum spool_result put(struct spool *s, const char *text, size_t len)
{
	struct err err = ERR_NONE;
	struct parcel p = { .gz = (void *)(uintptr_t)text,
			    .gz_len = len,
			    .raw_len = 10 * len,
			    .items = (uint32_t)len,
			    .kind = PARCEL_LINES,
			    .born_ms = 1234 };
	return spool_put(s, &p, &err);
}

static struct parcel *take(struct spool *s)
{
	struct err err = ERR_NONE;
	struct parcel *p = NULL;
	return spool_take(s, 0, &p, &err) == SPOOL_OK ? p : NULL;
}

static void expect(struct spool *s, const char *text)
{
	struct parcel *p = take(s);
	assert_non_null(p);
	assert_int_equal(p->gz_len, strlen(text));
	assert_memory_equal(p->gz, text, strlen(text));
	assert_int_equal(p->raw_len, 10 * strlen(text));
	assert_int_equal(p->items, strlen(text));
	assert_int_equal(p->born_ms, 1234);
	spool_done(s, p->spool_no);
	parcel_free(p);
}

/* A directory gives names in no order. */
static void many_files_in_order(void **state)
{
	(void)state;
	struct spool *s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	char text[16];
	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "number %d", i);
		assert_int_equal(put(s, text, strlen(text)), SPOOL_OK);
	}
	spool_close(s);
	s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "number %d", i);
		expect(s, text);
	}
	spool_close(s);
}

static void keeps_order_over_a_restart(void **state)
{
	(void)state;
	struct spool *s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	put(s, "one", 3);
	put(s, "three", 5);
	struct parcel *held = take(s); /* held when the crash comes */
	assert_non_null(held);
	parcel_free(held);
	spool_close(s);
	s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	struct spool_state st;
	spool_get_state(s, &st);
	assert_int_equal(st.files, 2);
	assert_int_equal(st.items, 8);
	assert_int_equal(st.oldest_ms, 1234);
	put(s, "seventh", 7);
	expect(s, "one");
	expect(s, "three");
	expect(s, "seventh");
	assert_null(take(s));
	spool_get_state(s, &st);
	assert_int_equal(st.files, 0);
	assert_int_equal(st.bytes, 0);
	spool_close(s);
}

static void released_and_updated(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct spool *s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	put(s, "whole", 5);
	struct parcel *p = take(s);
	assert_null(take(s));
	p->gz_len = 2;
	p->raw_len = 20;
	p->items = 2;
	assert_int_equal(spool_update(s, p, &err), SPOOL_OK);
	spool_release(s, p->spool_no);
	parcel_free(p);
	struct spool_state st;
	spool_get_state(s, &st);
	assert_int_equal(st.items, 2);
	expect(s, "wh");
	spool_close(s);
}

static void full_by_policy(void **state)
{
	(void)state;
	struct spool_state st;
	struct spool *s = open_spool(2 * 4096, SPOOL_DROP_NEWEST);
	assert_int_equal(put(s, "one", 3), SPOOL_OK);
	assert_int_equal(put(s, "three", 5), SPOOL_OK);
	assert_int_equal(put(s, "seventh", 7), SPOOL_REFUSED);
	spool_get_state(s, &st);
	assert_int_equal(st.dropped_files, 1);
	assert_int_equal(st.dropped_items, 7);
	spool_close(s);

	s = open_spool(2 * 4096, SPOOL_DROP_OLDEST);
	struct parcel *held = take(s);
	assert_int_equal(put(s, "seventh", 7), SPOOL_OK); /* what is held stays: "three" goes */
	spool_get_state(s, &st);
	assert_int_equal(st.dropped_items, 5);
	assert_int_equal(st.files, 2);
	spool_done(s, held->spool_no);
	parcel_free(held);
	expect(s, "seventh");
	char big[9000] = { 0 };
	assert_int_equal(put(s, big, sizeof(big)), SPOOL_REFUSED); /* larger than the whole spool */
	spool_close(s);
}

static void damage(const char *name, off_t at, int cut)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	char byte;
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x20;
	assert_int_equal(cut ? ftruncate(fd, at) : pwrite(fd, &byte, 1, at) - 1, 0);
	close(fd);
}

static int exists(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static void torn_files_are_set_aside(void **state)
{
	(void)state;
	struct spool *s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	put(s, "one", 3);
	put(s, "three", 5);
	put(s, "seventh", 7);
	put(s, "good", 4);
	spool_close(s);
	damage("0000000000000001.bulk", 65, 1); /* cut */
	damage("0000000000000002.bulk", 66, 0); /* a bit of the body */
	damage("0000000000000003.bulk", 20, 0); /* a bit of the head */
	char temp[128];
	snprintf(temp, sizeof(temp), "%s/0000000000000009.tmp", dir);
	close(open(temp, O_CREAT | O_WRONLY, 0600)); /* never accepted */
	s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	expect(s, "good");
	assert_null(take(s));
	struct spool_state st;
	spool_get_state(s, &st);
	assert_int_equal(st.torn, 3);
	/* what the head says, as long as it is whole: 3 and 5; else one, which there is at least */
	assert_int_equal(st.torn_items, 3 + 5 + 1);
	assert_true(exists("0000000000000001.torn") && exists("0000000000000002.torn") &&
		    exists("0000000000000003.torn"));
	assert_false(exists("0000000000000009.tmp"));
	/* its number is not used again */
	put(s, "more", 4);
	assert_true(exists("000000000000000a.bulk"));
	spool_close(s);
}

static void torn_files_give_way(void **state)
{
	(void)state;
	struct spool *s = open_spool(1 << 20, SPOOL_DROP_NEWEST);
	put(s, "one", 3);
	put(s, "two", 3);
	spool_close(s);
	damage("0000000000000001.bulk", 20, 0);
	damage("0000000000000002.bulk", 20, 0);
	spool_close(open_spool(1 << 20, SPOOL_DROP_NEWEST)); /* sets them aside */
	s = open_spool(3 * 4096, SPOOL_DROP_NEWEST);
	put(s, "three", 1);
	assert_true(exists("0000000000000001.torn") && exists("0000000000000002.torn"));
	put(s, "four", 1); /* they count: there is no room beside them */
	assert_false(exists("0000000000000001.torn") || exists("0000000000000002.torn"));
	struct spool_state st;
	spool_get_state(s, &st);
	assert_int_equal(st.items, 2);
	assert_int_equal(st.dropped_items, 0);
	spool_close(s);
}

/* A link, a FIFO, a folder, a number that no efd gave: set aside, and no reason not to start. */
static void entries_of_others_are_set_aside(void **state)
{
	(void)state;
	struct spool *s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	put(s, "good", 4);
	put(s, "huge", 4);
	spool_close(s);
	char link[128], fifo[128], folder[128], from[128], to[128];
	snprintf(link, sizeof(link), "%s/0000000000000011.bulk", dir);
	snprintf(fifo, sizeof(fifo), "%s/0000000000000012.bulk", dir);
	snprintf(folder, sizeof(folder), "%s/0000000000000013.bulk", dir);
	snprintf(from, sizeof(from), "%s/0000000000000002.bulk", dir);
	snprintf(to, sizeof(to), "%s/ffffffffffffffff.bulk", dir);
	assert_int_equal(symlink("0000000000000001.bulk", link), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(rename(from, to), 0);
	s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	struct spool_state st;
	spool_get_state(s, &st);
	assert_int_equal(st.odd, 3);
	assert_int_equal(st.torn, 0);
	assert_int_equal(st.torn_items, 0);
	assert_int_equal(st.files, 2);
	expect(s, "good");
	expect(s, "huge");
	assert_null(take(s));
	put(s, "more", 4); /* numbers go on from the greatest that can be */
	assert_true(exists("0000000000000015.bulk"));
	spool_close(s);
}

static void rename_file(const char *from, const char *to)
{
	char old[128], new[128];
	snprintf(old, sizeof(old), "%s/%s", dir, from);
	snprintf(new, sizeof(new), "%s/%s", dir, to);
	assert_int_equal(rename(old, new), 0);
}

/* Files that were copied from another spool, however they are called: sent behind the others. What
 * is none of them is set aside, counted and named. */
static void files_of_other_names_are_taken(void **state)
{
	(void)state;
	static const char *const names[] = { "1.bulk", "000000000000000A.bulk",
					     "99999999999999999999999999.bulk", "copy of 3.bulk" };
	struct spool *s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	put(s, "first", 5);
	for (size_t i = 0; i < 4; i++)
		put(s, "other", 5);
	put(s, "bad", 3);
	spool_close(s);
	for (size_t i = 0; i < 4; i++) {
		char from[32];
		snprintf(from, sizeof(from), "%016zx.bulk", i + 2);
		rename_file(from, names[i]);
	}
	rename_file("0000000000000006.bulk", "bad.bulk");
	damage("bad.bulk", 65, 1);
	char folder[128];
	snprintf(folder, sizeof(folder), "%s/folder.bulk", dir);
	assert_int_equal(mkdir(folder, 0700), 0);
	s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	struct spool_state st;
	spool_get_state(s, &st);
	assert_int_equal(st.files, 5);
	assert_int_equal(st.torn, 1);
	assert_int_equal(st.torn_items, 3);
	assert_int_equal(st.odd, 1);
	assert_true(strcmp(st.aside, "bad.bulk") == 0 || strcmp(st.aside, "folder.bulk") == 0);
	assert_false(exists("bad.bulk") || exists("folder.bulk"));
	expect(s, "first");
	for (size_t i = 0; i < 4; i++) {
		assert_false(exists(names[i]));
		expect(s, "other");
	}
	assert_null(take(s));
	spool_close(s);
}

/* Something stands where a file is to be written, or set aside: another number is taken. */
static void occupied_names_are_passed_over(void **state)
{
	(void)state;
	char path[128];
	struct spool *s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	static const char *const taken[] = { "0000000000000001.bulk", "0000000000000002.tmp",
					     "0000000000000004.torn" };
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, taken[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	snprintf(path, sizeof(path), "%s/0000000000000003.tmp", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(put(s, "good", 4), SPOOL_OK);
	assert_true(exists("0000000000000003.bulk"));
	assert_int_equal(put(s, "bad", 3), SPOOL_OK);
	damage("0000000000000004.bulk", 66, 0);
	expect(s, "good");
	assert_null(take(s));
	assert_false(exists("0000000000000004.bulk"));
	assert_true(exists("0000000000000005.torn"));
	spool_close(s);
}

/* What is for a closed lane stays, whatever waits behind it, and one that is put behind the others
 * keeps what is known of it, also over a restart. */
static void lanes_wait_apart(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct spool *s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	struct parcel apart = { .gz = "apart", .gz_len = 5, .items = 1, .lane = LANE_OTHER };
	assert_int_equal(spool_put(s, &apart, &err), SPOOL_OK);
	put(s, "first", 5);
	put(s, "second", 6);
	struct parcel *p = NULL;
	assert_int_equal(spool_take(s, 1u << LANE_OTHER, &p, &err), SPOOL_OK);
	assert_memory_equal(p->gz, "first", 5);
	assert_false(refusals_add(&p->refusals, 7, 1) || refusals_add(&p->refusals, 7, 1) ||
		     refusals_add(&p->refusals, 7, 2) || refusals_add(&p->refusals, 8, 3));
	spool_requeue(s, p);
	parcel_free(p);
	assert_int_equal(spool_take(s, 1u << LANE_OTHER, &p, &err), SPOOL_OK);
	assert_memory_equal(p->gz, "second", 6);
	spool_done(s, p->spool_no);
	parcel_free(p);
	spool_close(s);
	s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	assert_int_equal(spool_take(s, 1u << LANE_OTHER, &p, &err), SPOOL_OK);
	assert_memory_equal(p->gz, "first", 5);
	assert_int_equal(p->refusals.strikes, 2);
	assert_true(refusals_add(&p->refusals, 8, 4));
	spool_done(s, p->spool_no);
	parcel_free(p);
	assert_int_equal(spool_take(s, 1u << LANE_OTHER, &p, &err), SPOOL_NONE);
	assert_int_equal(spool_take(s, 0, &p, &err), SPOOL_OK);
	assert_int_equal(p->lane, LANE_OTHER);
	parcel_free(p);
	spool_close(s);
}

/* A hand that cleans up, or a disk that is mounted late: the directory that is there is used. */
static void a_directory_that_comes_back(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct parcel *p = NULL;
	struct spool *s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	put(s, "gone", 4);
	make_empty(dir);
	assert_int_equal(put(s, "kept", 4), SPOOL_OK);
	assert_true(exists("0000000000000002.bulk"));
	assert_int_equal(spool_take(s, 0, &p, &err), SPOOL_OK);
	assert_memory_equal(p->gz, "kept", 4);
	parcel_free(p);
	struct spool_state st;
	spool_get_state(s, &st);
	assert_int_equal(st.torn_items, 4); /* counted as lost */
	const struct spool_settings settings = { .dir = dir, .max_bytes = 1 << 20 };
	assert_null(spool_open(&settings, &err)); /* it is locked as the first one was */
	spool_close(s);
}

static void one_process_at_a_time(void **state)
{
	(void)state;
	struct err err = ERR_NONE;
	struct spool *s = open_spool(1 << 20, SPOOL_DROP_OLDEST);
	const struct spool_settings settings = { .dir = dir, .max_bytes = 1 << 20 };
	assert_null(spool_open(&settings, &err));
	assert_int_equal(err.code, EF_FAILED);
	assert_non_null(strstr(err.msg, "another process"));
	spool_close(s);
	const struct spool_settings nowhere = { .dir = "/proc/no/such", .max_bytes = 1 << 20 };
	assert_null(spool_open(&nowhere, &err));
	assert_non_null(strstr(err.msg, "/proc/no/such"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keeps_order_over_a_restart, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(many_files_in_order, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(released_and_updated, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(full_by_policy, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(torn_files_are_set_aside, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(torn_files_give_way, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(files_of_other_names_are_taken, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(occupied_names_are_passed_over, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(entries_of_others_are_set_aside, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(lanes_wait_apart, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(a_directory_that_comes_back, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(one_process_at_a_time, make_dir, remove_dir),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
