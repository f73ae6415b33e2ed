/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing: any text as a filter, and as a time; what is taken becomes a query, what is not has a
 * message that says where. */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/query/filter.h"
#include "importer/query/when.h"
#include "tests/fuzz/fuzz.h"

#define NOW 1796207400000ULL

static void field_is_named(void *arg, const char *field)
{
	(void)arg;
	if (!*field)
		abort();
}

/* `types`: of a cluster's fields, or NULL. */
static void filter_is_whole(const char *text, const json_t *types)
{
	struct err err = ERR_NONE;
	CLEANUP_FILTER struct filter *f = NULL;
	const char *field;
	if (filter_parse(text, types, &f, &err)) {
		if (f || strncmp(err.msg, "filter, column ", 15) != 0)
			abort();
		return;
	}
	CLEANUP_JSON json_t *query = filter_query(f);
	CLEANUP_FREE char *json = json_dumps(query, 0);
	if (!json || json_object_size(query) != 1)
		abort();
	const enum filter_cost cost = filter_cost(f, &field);
	CLEANUP_FREE char *kql = NULL;
	if (filter_kql(f, &kql, &err) && cost != FILTER_SCRIPT)
		abort();
	filter_fields(f, field_is_named, NULL);
}

static void time_is_whole(const char *text)
{
	struct err err = ERR_NONE;
	uint64_t ms, until;
	if (when_parse("time", text, NOW, &ms, &until, &err) == 0 && until < ms)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	if (!text)
		abort();
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	CLEANUP_JSON json_t *types =
	    json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "a.b", "long", "a.c", "float", "a.d", "ip",
		      "a.e", "date", "a.f", "boolean", "a.g", "keyword", "a", "object");
	filter_is_whole(text, NULL);
	filter_is_whole(text, types);
	time_is_whole(text);
	free(text);
	return 0;
}
