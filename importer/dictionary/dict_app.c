/* SPDX-License-Identifier: Apache-2.0
 * Dictionaries in efctl: their options, and their pipelines in the plan and on the cluster. */
#include "importer/dictionary/dict_app.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "importer/cluster/es.h"
#include "importer/cluster/kind.h"

#define AT(field) offsetof(struct dictionary_settings, field)

static const struct opt dictionary_rows[] = {
	{ .name = "dictionaries.dir",
	  .type = OPT_TEXT,
	  .offset = AT(dir),
	  .preset = DICT_DIR,
	  .arg = "DIR",
	  .help = "Your CSV files, laid over the defaults row by row (docs/dictionaries.md). "
		  "Downloaded feeds are kept below it." },
	{ .name = "dictionaries.mmdb",
	  .type = OPT_LIST,
	  .offset = AT(mmdb),
	  .flag = "mmdb",
	  .arg = "FILE,…",
	  .help = "MMDB files that `efctl dictionaries lookup` reads." },
};

struct opt_table dictionary_options(struct dictionary_settings *s)
{
	return (
	    struct opt_table){ .title = "Dictionaries", OPT_ROWS(dictionary_rows), .settings = s };
}

const char *dict_dir(const struct app *app)
{
	const char *dir = app->dictionaries.dir;

	if (dir && strcmp(dir, DICT_DIR) == 0 && access(dir, F_OK))
		return NULL;
	return dir;
}

int dict_open(const struct app *app, struct dict_set **ret_set, struct err *err)
{
	return dict_set_open(app->assets, dict_dir(app), ret_set, err);
}

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
	there =
	    es_find(es, "/_ingest/pipeline/" DICT_PIPELINE "*?filter_path=*.description,*._meta",
		    &found, err);
	if (there < 0)
		return -1;
	if (!there)
		found = json_object();
	/* Callers go before what they call: the shorter names first. */
	for (int shards = 0; shards < 2; shards++) {
		json_object_foreach (found, id, body) {
			char path[256];
			bool shard = strpbrk(id + strlen(DICT_PIPELINE), "0123456789") != NULL;
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
