/* SPDX-License-Identifier: Apache-2.0
 * Carries a plan out. */
#include "importer/install/apply.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/install/plan.h"

static int asset_put(struct es *es, const struct plan_item *item, const struct cluster *cluster,
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
 * Servers add defaults and rewrite values, each version others. Where what came out is not what
 * went in, its hash is noted in the asset beside ours, so that the next run can tell the server's
 * hand from the user's. Until then it says that the note is missing: a setup that is interrupted
 * here is gone on with.
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
		mark->stored[0] = '\0';
	return asset_put(es, item, cluster, mark, err);
}

static int apply_one(struct es *es, const struct plan_item *item, const struct cluster *cluster,
		     struct err *err)
{
	if (item->action == ACTION_REMOVE) {
		char path[300];
		snprintf(path, sizeof(path), "%s%s", item->kind->url, item->name);
		if (es_must(es, "DELETE", path, NULL, NULL, err))
			return err_wrap(err, "%s %s", item->group, item->name);
		return 0;
	}
	struct mark mark = { "", "" };
	bool once = item->kind->exact || kind_is_yours(item->name);
	memcpy(mark.hash, item->hash, sizeof(mark.hash));
	if (!once)
		snprintf(mark.stored, sizeof(mark.stored), "%s", MARK_PENDING);
	if (asset_put(es, item, cluster, &mark, err))
		return -1;
	return once ? 0 : note_stored(es, item, cluster, &mark, err);
}

int plan_apply(struct plan *p, struct es *es, const struct cluster *cluster, bool force,
	       void (*each)(const struct plan_item *item), struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		struct plan_item *item = &p->item[i];
		if (item->kind->in_kibana || !plan_writes(item, force))
			continue;
		if (apply_one(es, item, cluster, err))
			return -1;
		item->applied = true;
		if (each)
			each(item);
	}
	return 0;
}
