/* SPDX-License-Identifier: Apache-2.0
 * Takes dictionaries' pipelines away that nothing needs any more. */
#include "importer/install/dict_prune.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/es.h"
#include "importer/install/kind.h"

static int note_wanted(void *arg, const char *id, json_t *body, struct err *err)
{
	(void)body;
	return json_object_set_new(arg, id, json_true()) ? err_set(err, EF_FAILED, "out of memory")
							 : 0;
}

int dict_prune(struct es *es, struct dict_set *set, unsigned grace_ms, size_t *ret_removed,
	       struct err *err)
{
	CLEANUP_JSON json_t *wanted = json_object(), *found = NULL;
	const char *id;
	json_t *body;
	size_t removed = 0;
	int there;

	if (dict_pipelines(set, note_wanted, wanted, err))
		return -1;
	char all[NAME_ROOM + 80];
	const char *bare = NAME(es_prefix(es), DICT_PIPELINE);
	snprintf(all, sizeof(all), "/_ingest/pipeline/%s*?filter_path=*.description,*._meta", bare);
	there = es_find(es, all, &found, err);
	if (there < 0)
		return -1;
	if (!there)
		found = json_object();
	/* Callers go before what they call: the shorter names first. */
	for (int shards = 0; shards < 2; shards++) {
		json_object_foreach (found, id, body) {
			char path[400];
			bool shard = strpbrk(id + strlen(bare), "0123456789") != NULL;
			struct mark mark;

			if (json_object_get(wanted, id) || shard != shards ||
			    !kind_read_mark(kind_pipeline, body, &mark))
				continue;
			if (removed++ == 0)
				nanosleep(
				    &(struct timespec){ .tv_sec = grace_ms / 1000,
							.tv_nsec = grace_ms % 1000 * 1000000L },
				    NULL);
			snprintf(path, sizeof(path), "/_ingest/pipeline/%s", id);
			if (es_must(es, "DELETE", path, NULL, NULL, err))
				return -1;
		}
	}
	*ret_removed = removed;
	return 0;
}
