/* SPDX-License-Identifier: Apache-2.0
 * Allocations that fail: in place of the C library's, which does the work. */
#include "tests/alloc/fail.h"

#include <errno.h>
#include <execinfo.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t align, size_t size);

#define DEPTH  6
#define PLACES (1u << 16)

static struct {
	uint64_t calls, at;
	FILE *list;
	uint64_t known[PLACES];
	size_t places;
	bool failed, busy;
} state;

/* In efctl: what fails there ends the program in one way, from wherever JSON is built. */
__attribute__((weak)) void memory_out(void);

/* Whether nobody called from here before: the callers' addresses are the place. */
static bool new_place(void)
{
	void *callers[DEPTH + 2] = { 0 };
	int n = backtrace(callers, DEPTH + 2);
	if (memory_out && (uintptr_t)callers[2] - (uintptr_t)memory_out < 256)
		n = 4;
	uint64_t hash = 14695981039346656037u;
	for (int i = 2; i < n; i++)
		hash = (hash ^ (uint64_t)(uintptr_t)callers[i]) * 1099511628211u;
	hash |= 1;
	for (size_t i = hash >> 40; state.places < PLACES / 2; i++) {
		uint64_t *slot = &state.known[i % PLACES];
		if (*slot == hash)
			return false;
		if (!*slot) {
			*slot = hash;
			state.places++;
			return true;
		}
	}
	return false;
}

static bool fails(void)
{
	if (state.busy)
		return false;
	state.calls++;
	if (state.list) {
		state.busy = true;
		if (new_place())
			fprintf(state.list, "%llu\n", (unsigned long long)state.calls);
		state.busy = false;
	}
	if (state.calls != state.at)
		return false;
	state.failed = true;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	return fails() ? NULL : __libc_memalign(align, size);
}

/* glibc's look-up of names crashes without memory (2.36); there is nothing of ours in it. */
extern struct group *__real_getgrnam(const char *name);
struct group *__wrap_getgrnam(const char *name);

struct group *__wrap_getgrnam(const char *name)
{
	state.busy = true;
	struct group *g = __real_getgrnam(name);
	state.busy = false;
	return g;
}

extern struct passwd *__real_getpwuid(uid_t uid);
struct passwd *__wrap_getpwuid(uid_t uid);

struct passwd *__wrap_getpwuid(uid_t uid)
{
	state.busy = true;
	struct passwd *p = __real_getpwuid(uid);
	state.busy = false;
	return p;
}

void alloc_fail_at(uint64_t n)
{
	state.calls = 0;
	state.at = n;
	state.failed = false;
}

bool alloc_failed(void)
{
	return state.failed;
}

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("ALLOC_FAIL"), *places = getenv("ALLOC_PLACES");
	state.busy = true;
	if (places)
		state.list = fopen(places, "w");
	state.busy = false;
	alloc_fail_at(at ? strtoull(at, NULL, 10) : 0);
}

__attribute__((destructor)) static void end(void)
{
	state.busy = true;
	if (state.list)
		fclose(state.list);
	state.list = NULL;
}
