/* SPDX-License-Identifier: Apache-2.0
 * efctl remove: takes away what setup installed, and nothing else. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "importer/commands.h"
#include "importer/cluster/es.h"
#include "importer/cluster/install.h"
#include "importer/cluster/key.h"
#include "importer/cluster/streams.h"

#define RECORD_NAME "flow@kibana" /* setup's record of Kibana's objects: ours, but without a hash */

/* What will go: texts "url name", in order. */
struct removal {
	json_t *paths; /* array of {path, group, name} */
	size_t kept;
};

static bool is_ours(const struct kind *kind, const char *name, const json_t *body, bool force,
		    struct removal *r)
{
	struct mark mark;
	char hash[CANON_HASH_MAX];
	if (strcmp(name, RECORD_NAME) == 0)
		return true;
	if (!kind_read_mark(kind, body, &mark)) {
		if (kind_is_yours(name) && force)
			return true;
		r->kept++;
		printf("kept     %-20s %s  %s\n", kind->name, name,
		       kind_is_yours(name) ? "yours (--force removes it, too)" : "not ours");
		return false;
	}
	kind_hash(kind, body, hash);
	if (force || strcmp(hash, mark.hash) == 0 || strcmp(hash, mark.stored) == 0)
		return true;
	r->kept++;
	printf("kept     %-20s %s  changed by hand (--force removes it, too)\n", kind->name, name);
	return false;
}

static void add(struct removal *r, const char *group, const char *url, const char *name)
{
	char path[400];
	snprintf(path, sizeof(path), "%s%s", url, name);
	json_array_append_new(
	    r->paths, json_pack("{s:s,s:s,s:s}", "path", path, "group", group, "name", name));
}

/* Everything of a kind that carries our mark, whatever this efctl would install. */
static int list_kind(struct es *es, const struct kind *kind, bool force, struct removal *r,
		     struct err *err)
{
	char path[300];
	CLEANUP_JSON json_t *reply = NULL;
	snprintf(path, sizeof(path), "%s%s", kind->url, kind->ours);
	int found = es_find(es, path, &reply, err);
	if (found <= 0)
		return found;
	const char *name;
	json_t *entry;
	size_t i;
	if (kind->list) {
		json_array_foreach (json_object_get(reply, kind->list), i, entry) {
			name = json_text_at(entry, "name", "");
			if (is_ours(kind, name, json_object_get(entry, kind->item), force, r))
				add(r, kind->name, kind->url, name);
		}
		return 0;
	}
	json_object_foreach (reply, name, entry)
		if (is_ours(kind, name, entry, force, r))
			add(r, kind->name, kind->url, name);
	return 0;
}

/* Data streams, or on a cluster without them plain indices of these names. */
static int list_data(struct es *es, const struct cluster *cluster, struct removal *r,
		     struct err *err)
{
	long status = 0;
	size_t i;
	json_t *entry;
	CLEANUP_JSON json_t *reply = NULL;
	bool streams = cluster->has[CAP_DATA_STREAM];
	const char *path = streams ? "/_data_stream/" STREAMS_ALL
				   : "/_cat/indices/" STREAMS_ALL "?format=json&h=index";
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	if (status != 200)
		return 0;
	json_array_foreach (streams ? json_object_get(reply, "data_streams") : reply, i, entry)
		if (streams)
			add(r, "data stream", "/_data_stream/", json_text_at(entry, "name", ""));
		else
			add(r, "index", "/", json_text_at(entry, "index", ""));
	return 0;
}

static bool confirmed(const struct app *app, size_t n)
{
	char answer[8];
	if (app->flags.yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		fprintf(stderr, "efctl remove: give --yes where nobody can be asked\n");
		return false;
	}
	fprintf(stderr, "Remove these %zu? [y/N] ", n);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* A file whose key worked and now does not held the one that was invalidated; others' keys are left alone. */
static int remove_key(struct install *in, const struct app *app, struct err *err)
{
	enum key_found before, after;
	const char *file = app->setup.key_file;
	if (key_look(&app->elastic, file, &before, err) || key_remove(in->es, err) ||
	    key_look(&app->elastic, file, &after, err))
		return -1;
	if (before > KEY_REFUSED && after == KEY_REFUSED && unlink(file) != 0)
		return err_errno(err, EF_FAILED, errno, "cannot remove %s", file);
	return 0;
}

static int carry_out(struct install *in, const struct app *app, struct removal *r, struct err *err)
{
	size_t i, kept = 0;
	json_t *entry;
	if (in->has_kibana && kibana_remove(&in->kibana, app->flags.force, &kept, err))
		return -1;
	if (kept)
		printf("kept     %zu Kibana objects that were changed by hand (--force removes "
		       "them, too)\n",
		       kept);
	json_array_foreach (r->paths, i, entry) {
		long status = 0;
		CLEANUP_JSON json_t *reply = NULL;
		const char *path = json_text_at(entry, "path", "");
		if (kept && strcmp(json_text_at(entry, "name", ""), RECORD_NAME) == 0)
			continue; /* so that a later --force knows what is ours */
		if (es_call(in->es, "DELETE", path, NULL, &status, &reply, err))
			return -1;
		if (status != 404 &&
		    (status < 200 ||
		     status > 299)) /* 404: gone already, as the record after kibana_remove() */
			return es_fail(in->es, "DELETE", path, status, reply, err);
	}
	return in->cluster.has[CAP_SECURITY] && !app->flags.no_key ? remove_key(in, app, err) : 0;
}

/* Also when they cannot be counted: better to ask once too often. */
static bool has_documents(struct es *es)
{
	struct err ignored = ERR_NONE;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_must(es, "GET", "/" STREAMS_ALL "/_count?ignore_unavailable=true", NULL, &reply,
		    &ignored))
		return true;
	return json_int_at(reply, "count") > 0;
}

/* Everything that will go, in order: documents, then the assets they need. */
static int gather(struct install *in, struct app *app, struct removal *r, struct err *err)
{
	if (list_data(in->es, &in->cluster, r, err))
		return -1;
	size_t streams = json_array_size(r->paths);
	if (streams && !app->flags.data && has_documents(in->es))
		return err_set(err, EF_USAGE,
			       "%s%s still need the templates and pipelines: give --data to delete "
			       "them with all their "
			       "documents, or delete them yourself first",
			       json_text_at(json_array_get(r->paths, 0), "name", "?"),
			       streams > 1 ? " and others" : "");
	for (size_t k = kinds_len; k-- > 0;)
		if ((kinds[k].needs == CAPABILITIES || in->cluster.has[kinds[k].needs]) &&
		    list_kind(in->es, &kinds[k], app->flags.force, r, err))
			return -1;
	return 0;
}

static size_t print_removal(const struct install *in, const struct removal *r)
{
	size_t i, objects = in->has_kibana ? json_object_size(in->kibana.record) : 0;
	json_t *entry;
	json_array_foreach (r->paths, i, entry)
		printf("remove   %-20s %s\n", json_text_at(entry, "group", ""),
		       json_text_at(entry, "name", ""));
	if (objects)
		printf("remove   %-20s %zu\n", "Kibana objects", objects);
	if (objects + i == 0)
		fprintf(stderr, "nothing of ours is there\n");
	return objects + i;
}

int cmd_remove(struct app *app, struct err *err)
{
	CLEANUP_INSTALL struct install in = { 0 };
	CLEANUP_JSON json_t *paths = json_array();
	struct removal r = { .paths = paths };
	if (install_open(&in, app, err) || install_kibana(&in, app, err) ||
	    gather(&in, app, &r, err))
		return -1;
	size_t n = print_removal(&in, &r);
	if (n == 0)
		return EF_DONE;
	if (app->flags.dry_run)
		return EF_DIFFERENT;
	if (!confirmed(app, n))
		return err_set(err, EF_FAILED, "nothing was removed");
	return carry_out(&in, app, &r, err);
}
