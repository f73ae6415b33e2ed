/* SPDX-License-Identifier: Apache-2.0
 * The spool while allocations fail, each in turn: what was accepted comes back, in order and whole,
 * or stays on disk. */
#include "forwarder/ship/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/alloc/fail.h"

#define PARCELS 3

static const char *const texts[PARCELS] = { "first", "the second", "3" };
static char dir[64];

static void fail(uint64_t n, const char *why)
{
	printf("not ok 1 - spool: allocation %llu fails: %s\n1..1\n", (unsigned long long)n, why);
	exit(1);
}

static struct spool *open_spool(struct err *err)
{
	const struct spool_settings settings = { .dir = dir, .max_bytes = 1 << 20 };
	return spool_open(&settings, err);
}

static enum spool_result put(struct spool *s, const char *text, struct err *err)
{
	struct parcel p = { .gz = (void *)(uintptr_t)text,
			    .gz_len = strlen(text),
			    .raw_len = strlen(text),
			    .items = 1,
			    .kind = PARCEL_LINES,
			    .born_ms = 1 };
	return spool_put(s, &p, err);
}

/* All that is there, against what was accepted; each with every step that a sender may take. */
static void drain(struct spool *s, uint64_t n, const bool *accepted)
{
	for (size_t i = 0; i < PARCELS;) {
		struct err err = ERR_NONE;
		struct parcel *p = NULL;
		if (!accepted[i]) {
			i++;
			continue;
		}
		enum spool_result r = spool_take(s, 0, &p, &err);
		if (r == SPOOL_ERROR && *err.msg && alloc_failed())
			continue; /* only once, and then it is there again */
		if (r != SPOOL_OK || p->gz_len != strlen(texts[i]) ||
		    memcmp(p->gz, texts[i], p->gz_len) != 0)
			fail(n, r == SPOOL_OK ? "another parcel came back" : "a parcel is gone");
		if (spool_update(s, p, &err) != SPOOL_OK && !*err.msg)
			fail(n, "no reason is given");
		spool_done(s, p->spool_no);
		parcel_free(p);
		i++;
	}
	struct err err = ERR_NONE;
	struct parcel *p = NULL;
	enum spool_result r = spool_take(s, 0, &p, &err);
	if (r == SPOOL_ERROR && *err.msg)
		r = spool_take(s, 0, &p, &err);
	if (r != SPOOL_NONE)
		fail(n, "what was refused is there");
}

/* One life of a spool: filled, closed, opened again, emptied. Whether the n-th allocation was
 * reached. */
static bool live(uint64_t n)
{
	bool accepted[PARCELS] = { 0 }, reached = false;
	struct err err = ERR_NONE;
	alloc_fail_at(n);
	for (int turn = 0; turn < 2; turn++) {
		struct spool *s = open_spool(&err);
		if (!s && (!*err.msg || !alloc_failed()))
			fail(n, "it cannot be opened, and nobody says why");
		if (!s)
			s = open_spool(&err); /* the second time there is memory */
		if (!s)
			fail(n, "it cannot be opened again");
		for (size_t i = 0; i < PARCELS && turn == 0; i++) {
			err = ERR_NONE;
			accepted[i] = put(s, texts[i], &err) == SPOOL_OK;
			if (!accepted[i] && !*err.msg)
				fail(n, "refused without a reason");
		}
		if (turn == 1)
			drain(s, n, accepted);
		spool_close(s);
	}
	reached = alloc_failed();
	alloc_fail_at(0);
	return reached;
}

int main(void)
{
	uint64_t n = 1;
	snprintf(dir, sizeof(dir), "/tmp/alloc-spool-XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	while (live(n))
		n++;
	rmdir(dir);
	printf("ok 1 - spool: each of %llu allocations fails once\n1..1\n",
	       (unsigned long long)n - 1);
	return n > 10 ? 0 : 1;
}
