/* SPDX-License-Identifier: Apache-2.0
 * efctl flows: the records themselves. */
#include <stdio.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/commands.h"
#include "importer/core/json.h"
#include "importer/core/print.h"
#include "importer/query/query.h"

int cmd_flows(struct app *app, struct err *err)
{
	CLEANUP_QUERY struct query q = { 0 };
	CLEANUP_ES struct es *es = NULL;
	CLEANUP_JSON json_t *body = NULL, *reply = NULL;
	if (query_read(app, 0, &q, err))
		return -1;
	body = json_pack("{s:I,s:[{s:s}],s:o}", "size", (json_int_t)app->flags.count, "sort",
			 "@timestamp", "desc", "query", query_clause(&q));
	if (app->flags.show_query) {
		query_show(app, body);
		return 0;
	}
	query_say(&q);
	if (app_connect(app, &es, err) || query_search(app, es, &q, body, &reply, err))
		return -1;
	size_t i;
	json_t *hit;
	json_array_foreach (json_at(reply, "hits.hits"), i, hit)
		print_json(stdout, json_object_get(hit, "_source"), JSON_COMPACT);
	return 0;
}
