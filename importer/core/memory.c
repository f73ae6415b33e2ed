/* SPDX-License-Identifier: Apache-2.0
 * Where efctl has no memory for a JSON tree, a hash table or OpenSSL it ends: half of one must
 * never look like a whole. */
#include "importer/core/memory.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/exit.h"

void memory_out(void)
{
	fputs("efctl: out of memory\n", stderr);
	/* a library may be in the midst of something: its clean-up would wait for ever */
	_exit(EF_FAILED);
}

static void *of_json(size_t size)
{
	void *memory = malloc(size);
	if (!memory)
		memory_out();
	return memory;
}

static void *of_openssl(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return of_json(size);
}

static void *more_of_openssl(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	void *memory = realloc(old, size);
	if (!memory && size)
		memory_out();
	return memory;
}

static void free_of_openssl(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	free(memory);
}

void memory_begin(void)
{
	json_set_alloc_funcs(of_json, free);
	CRYPTO_set_mem_functions(of_openssl, more_of_openssl, free_of_openssl);
}
