/* SPDX-License-Identifier: Apache-2.0
 * Carries a plan out. */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/cluster/es.h"
#include "importer/cluster/plan.h"

static int put(struct es *es, const struct plan_item *item, const struct cluster *cluster,
	       const struct mark *mark, struct err *err)
{
	char path[300];
	CLEANUP_JSON json_t *body = json_deep_copy(item->wanted);
	if (!kind_is_yours(item->name))
		kind_write_mark(item->kind, cluster, body, mark);
	snprintf(path, sizeof(path), "%s%s", item->kind->url, item->name);
	if (es_must(es, "PUT", path, body, NULL, err))
		return err_wrap(err, "%s %s", item->group, item->name);
	return 0;
}

/*
 * Servers add defaults and rewrite values, each version others. Where what came out is not what went in, its hash is
 * noted in the asset beside ours, so that the next run can tell the server's hand from the user's.
 */
static int note_stored(struct es *es, const struct plan_item *item, const struct cluster *cluster,
		       struct mark *mark, struct err *err)
{
	char path[300];
	CLEANUP_JSON json_t *reply = NULL;
	snprintf(path, sizeof(path), "%s%s", item->kind->url, item->name);
	if (es_must(es, "GET", path, NULL, &reply, err))
		return -1;
	json_t *found = kind_body(item->kind, reply, item->name);
	if (!found)
		return err_set(err, EF_FAILED, "%s %s was accepted but is not there", item->group,
			       item->name);
	kind_hash(item->kind, found, mark->stored);
	if (strcmp(mark->stored, mark->hash) == 0)
		return 0;
	return put(es, item, cluster, mark, err);
}

int plan_apply(struct plan *p, struct es *es, const struct cluster *cluster, bool force,
	       void (*each)(const struct plan_item *item), struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		struct plan_item *item = &p->item[i];
		if (!item->kind || !plan_writes(item, force))
			continue;
		if (item->action == ACTION_REMOVE) {
			char path[300];
			snprintf(path, sizeof(path), "%s%s", item->kind->url, item->name);
			if (es_must(es, "DELETE", path, NULL, NULL, err))
				return err_wrap(err, "%s %s", item->group, item->name);
			continue;
		}
		struct mark mark = { "", "" };
		memcpy(mark.hash, item->hash, sizeof(mark.hash));
		if (put(es, item, cluster, &mark, err))
			return -1;
		if (!item->kind->exact && !kind_is_yours(item->name) &&
		    note_stored(es, item, cluster, &mark, err))
			return -1;
		if (each)
			each(item);
	}
	return 0;
}
