/* SPDX-License-Identifier: Apache-2.0
 * A search that is on its way while the page before it is written. */
#include "importer/query/pages_ahead.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/thread.h"
#include "importer/client/es.h"
#include "importer/core/memory.h"

struct ahead {
	struct es *es;
	pthread_t thread;
	bool out;
	/* the thread's, while it runs */
	char *path, *body;
	long status;
	char *text;
	size_t len;
	int result;
	struct err err;
};

struct ahead *ahead_new(struct es *es)
{
	struct ahead *a = calloc(1, sizeof(*a));
	if (!a)
		memory_out();
	a->es = es;
	return a;
}

static void ahead_clear(struct ahead *a)
{
	free(a->path);
	free(a->body);
	free(a->text);
	*a = (struct ahead){ .es = a->es };
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	if (a->out)
		pthread_join(a->thread, NULL);
	ahead_clear(a);
	free(a);
}

static void *ahead_main(void *arg)
{
	struct ahead *a = arg;
	a->result =
	    es_fetch(a->es, "POST", a->path, a->body, &a->status, &a->text, &a->len, &a->err);
	return NULL;
}

int ahead_send(struct ahead *a, const char *path, const json_t *body, struct err *err)
{
	a->path = strdup(path);
	a->body = body ? json_dumps(body, JSON_COMPACT) : NULL;
	if (!a->path || (body && !a->body))
		memory_out();
	if (thread_start(&a->thread, "efctl-page", ahead_main, a, err)) {
		ahead_clear(a);
		return -1;
	}
	a->out = true;
	return 0;
}

bool ahead_is_out(const struct ahead *a)
{
	return a->out;
}

int ahead_take(struct ahead *a, long *ret_status, char **ret_text, size_t *ret_len, struct err *err)
{
	pthread_join(a->thread, NULL);
	const int result = a->result;
	if (result)
		*err = a->err;
	*ret_status = a->status;
	*ret_len = a->len;
	*ret_text = steal_ptr(a->text);
	ahead_clear(a);
	return result;
}
