/* SPDX-License-Identifier: Apache-2.0
 * A second one of a compiled template: cheaper than compiling it again. */
#include "forwarder/decode/template/copy.h"

#include <stdlib.h>
#include <string.h>

#include "common/jsonw.h"

/* Where what is at `p` in `from` is in its copy. */
#define MOVED(p) ((void *)(memory + ((const char *)(p) - (const char *)from)))

/* The keys of unknown elements stand between the elements and the lengths of the parts. */
static char *keys_of(const struct template *t, size_t *ret_n)
{
	char *keys = (char *)(t->bound + t->bound_len);
	*ret_n = (size_t)((char *)t->part_len - keys) / TEMPLATE_KEY_ROOM;
	return keys;
}

static void guard_keys(const struct template *t)
{
	size_t n;
	char *keys = keys_of(t, &n);
	for (size_t i = 0; i < n; i++)
		jsonw_guard(keys + i * TEMPLATE_KEY_ROOM,
			    strnlen(keys + i * TEMPLATE_KEY_ROOM, TEMPLATE_KEY_ROOM),
			    TEMPLATE_KEY_ROOM);
}

struct template *template_copy(const struct template *from)
{
	size_t n;
	char *memory = malloc(from->size), *keys = keys_of(from, &n);
	if (!memory)
		return NULL;
	jsonw_unguard(keys, n * TEMPLATE_KEY_ROOM);
	memcpy(memory, from, from->size);
	guard_keys(from);
	struct template *t = (struct template *)(void *)memory;
	t->ops = MOVED(from->ops);
	t->specs = MOVED(from->specs);
	t->bound = MOVED(from->bound);
	t->part_len = MOVED(from->part_len);
	t->counts = from->counts ? MOVED(from->counts) : NULL;
	for (size_t i = 0; i < t->ops_len; i++) {
		const char *key = t->ops[i].key;
		if (key >= (const char *)from && key < (const char *)from + from->size)
			t->ops[i].key = MOVED(key);
	}
	guard_keys(t);
	return t;
}
