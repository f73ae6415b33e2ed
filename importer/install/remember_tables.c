/* SPDX-License-Identifier: Apache-2.0
 * Which of the user's dictionaries count: his files here, or the copies of them beside the record.
 */
#include "importer/install/remember_tables.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "importer/client/advice.h"
#include "importer/client/es.h"
#include "importer/client/settings.h"
#include "importer/core/json.h"
#include "importer/core/owner.h"
#include "importer/dictionary/dict_app.h"
#include "importer/dictionary/dict_layers.h"
#include "importer/install/recall.h"
#include "importer/install/remember.h"
#include "importer/record/record_files.h"

struct tables {
	const json_t *before; /* files that the record knows */
	json_t *files, *kept; /* those that count, and of them the copies */
	const struct tables_told *told;
	const struct record *record;
	char *dir;                         /* where the user's files are, whole path, or NULL */
	char source[OWNER_HOST_MAX + 300]; /* host:dir */
	size_t here;                       /* files there */
};

static int table_note(struct tables *t, const char *name, struct err *err)
{
	CLEANUP_FREE char *path = NULL;
	json_t *before = json_object_get(t->before, name);
	if (asprintf(&path, "%s/%s", t->dir, name) < 0)
		return err_set(err, EF_FAILED, "out of memory");
	if (!record_file_name_fits(name) || access(path, F_OK) != 0)
		return 0;
	if (before)
		json_object_set_new(t->files, name, json_deep_copy(before));
	t->here++;
	return record_file_note(t->files, name, path, t->source, err);
}

static int note_feeds(struct tables *t, struct err *err)
{
	CLEANUP_FREE char *path = NULL;
	int result = 0;
	if (asprintf(&path, "%s/" DICT_FEEDS, t->dir) < 0)
		return err_set(err, EF_FAILED, "out of memory");
	DIR *dir = opendir(path);
	for (struct dirent *e; dir && result == 0 && (e = readdir(dir));) {
		char name[300];
		snprintf(name, sizeof(name), DICT_FEEDS "/%s", e->d_name);
		result = table_note(t, name, err);
	}
	if (dir)
		closedir(dir);
	return result;
}

static int note_discovered(void *arg, const char *name, struct err *err)
{
	return table_note(arg, name, err);
}

static int note_here(struct tables *t, struct err *err)
{
	if (!t->dir)
		return 0;
	for (const struct dict_kind *k = dict_kinds; k < dict_kinds + dict_kinds_len; k++) {
		char name[128];
		snprintf(name, sizeof(name), "%s.csv", k->name);
		if (table_note(t, name, err))
			return -1;
	}
	return note_feeds(t, err) || dict_discovered_each(t->dir, note_discovered, t, err) ? -1 : 0;
}

static void table_keep(struct tables *t, const char *name, json_t *entry)
{
	json_object_set(t->files, name, entry);
	json_object_set(t->kept, name, entry);
}

static bool is_from_here(const struct tables *t, const json_t *entry)
{
	return strcmp(json_text_at(entry, "source", ""), t->source) == 0;
}

/* A file that came from this very directory and is not in it any more. */
static void look_at_gone(struct tables *t, const char *name, json_t *entry, bool all)
{
	const struct tables_told *told = t->told;
	if (all || !told->lost)
		table_keep(t, name, entry);
	if (all)
		return; /* told once: see tell_kept() */
	json_array_append_new(told->gone, json_string(name));
	json_array_append_new(told->notes, json_sprintf("%s is not in %s any more: setup deletes "
							"its table when somebody agrees",
							name, t->source));
	if (told->lost)
		json_array_append_new(
		    told->lost, json_sprintf("%s, which is not in %s any more, would be deleted",
					     name, t->source));
}

/* What the record knows and no file here stands for. A directory that lost all it had may be an
 * unmounted one, or that of a host made anew: nobody deleted these. `others`: also what is from
 * elsewhere counts. */
static void keep_rest(struct tables *t, bool others)
{
	const char *name;
	json_t *entry;
	bool all = true;
	json_object_foreach ((json_t *)t->before, name, entry)
		all &= !is_from_here(t, entry) || !json_object_get(t->files, name);
	json_object_foreach ((json_t *)t->before, name, entry) {
		if (json_object_get(t->files, name))
			continue;
		if (is_from_here(t, entry))
			look_at_gone(t, name, entry, all);
		else if (others)
			table_keep(t, name, entry);
	}
}

static bool has_tables(const char *dir)
{
	for (size_t i = 0; i < dict_kinds_len; i++) {
		char path[500];
		snprintf(path, sizeof(path), "%.300s/%s.csv", dir, dict_kinds[i].name);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* The files of before are of another host, or their directory is not there: those that happen to be
 * in the usual directory here are others. */
static void leave_local(struct app *app, const struct tables *t)
{
	const char *usual = dict_dir(app);
	if (usual && has_tables(usual))
		json_array_append_new(
		    t->told->notes,
		    json_sprintf("the files in %s were not taken: the tables are those of "
				 "before; --dictionaries-dir %s takes them",
				 usual, usual));
	free(app->dictionaries.dir);
	app->dictionaries.dir = NULL;
}

bool remember_tables_reset(const struct app *app)
{
	for (size_t i = 0; i < app->flags.reset.n; i++)
		if (strstr(app->flags.reset.item[i], "dictionaries"))
			return true;
	return false;
}

static bool is_dir_named(const struct app *app)
{
	return remember_tables_reset(app) || settings_named(app, REMEMBER_TABLES);
}

/* The directory of before; "": there was none. */
static const char *dir_before(const struct record *r)
{
	return json_text_at(record_dictionaries(r), "dir", "");
}

static bool is_here(const struct record *r)
{
	char host[OWNER_HOST_MAX];
	return access(dir_before(r), R_OK | X_OK) == 0 &&
	       strcmp(json_text_at(record_dictionaries(r), "host", ""), owner_host(host)) == 0;
}

int remember_dir(struct app *app, const struct record *r, struct err *err)
{
	if (is_dir_named(app) || !is_here(r))
		return 0;
	char *copy = strdup(dir_before(r));
	if (!copy)
		return err_set(err, EF_FAILED, "out of memory");
	free(app->dictionaries.dir);
	app->dictionaries.dir = copy;
	return 0;
}

static int set_dir(struct app *app, const struct record *r, struct tables *t, struct err *err)
{
	char host[OWNER_HOST_MAX];
	if (remember_dir(app, r, err))
		return -1;
	owner_host(host);
	if (!is_dir_named(app) && *dir_before(r) && !is_here(r) && !t->told->local)
		leave_local(app, t);
	t->dir = dict_dir(app) ? realpath(dict_dir(app), NULL) : NULL;
	const char *dir = t->dir ? t->dir : app->dictionaries.dir;
	snprintf(t->source, sizeof(t->source), "%s:%.290s", host, dir ? dir : "");
	return 0;
}

/* "3 rows from fw1:/etc/efd/dictionaries"; null where there is none. `other` is what it takes the
 * place of. */
static json_t *rows_text(const json_t *entry, const json_t *other)
{
	const char *source = json_text_at(entry, "source", "?");
	bool same = other && strcmp(json_text_at(other, "source", "?"), source) == 0;
	if (!entry)
		return json_null();
	return json_sprintf("%lld rows%s%s", json_int_at(entry, "rows"),
			    same ? ", changed in " : " from ", source);
}

static bool same_table(const json_t *one, const json_t *other)
{
	return strcmp(json_text_at(one, "hash", ""), json_text_at(other, "hash", "")) == 0;
}

static void tell_changes(const struct tables *t)
{
	const char *name;
	json_t *entry;
	CLEANUP_JSON json_t *all = json_copy(t->files);
	json_object_update_missing(all, (json_t *)t->before);
	json_object_foreach (all, name, entry) {
		json_t *old = json_object_get(t->before, name),
		       *new = json_object_get(t->files, name);
		if (old && new &&same_table(old, new))
			continue;
		json_array_append_new(t->told->changes,
				      json_pack("{s:s,s:o,s:o}", "option", name, "from",
						rows_text(old, NULL), "to", rows_text(new, old)));
	}
}

void remember_tables_back(const struct app *app, const struct record *r, const json_t *copied,
			  json_t *list)
{
	const char *name;
	json_t *entry;
	char dir[ADVICE_MAX];
	const json_t *before = json_at(r->before, "dictionaries.files");
	const json_t *now = record_tables(r), *had = json_object_get(copied, "files");
	CLEANUP_JSON json_t *all = json_object();
	json_object_update(all, (json_t *)had);
	json_object_update_missing(all, (json_t *)now);
	advice_word(json_text_at(copied, "dir", "DIR"), dir);
	if (is_dir_named(app))
		return;
	json_object_foreach (all, name, entry) {
		const json_t *was = json_object_get(had, name), *is = json_object_get(now, name);
		if (!same_table(was, is) && same_table(is, json_object_get(before, name)))
			json_array_append_new(
			    list, json_pack("{s:s,s:o,s:o,s:o}", "option", name, "from",
					    rows_text(was, NULL), "to", rows_text(is, was), "keep",
					    json_sprintf("--dictionaries-dir %s", dir)));
	}
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	remove(path);
	return 0;
}

void remember_no_copies(char *folder)
{
	if (folder)
		nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	free(folder);
}

static int bring(struct es *es, const struct tables *t, char **ret_copies, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *folder = NULL;
	if (asprintf(&folder, "%s/efctl-XXXXXX", tmp && *tmp ? tmp : "/tmp") < 0)
		return err_set(err, EF_FAILED, "out of memory");
	if (!mkdtemp(folder)) {
		err_set(err, EF_FAILED, "cannot make the folder %s", folder);
		free(folder);
		return -1;
	}
	if (record_files_bring(es, t->kept, folder, err)) {
		remember_no_copies(folder);
		return -1;
	}
	*ret_copies = folder;
	return 0;
}

/* Where the copies come from: of one, which stands for all. */
static void tell_kept(const struct tables *t)
{
	const char *name = json_object_iter_key(json_object_iter(t->kept));
	const json_t *entry = json_object_get(t->kept, name);
	size_t n = json_object_size(t->kept);
	json_array_append_new(
	    t->told->notes,
	    json_sprintf(
		"%zu of your dictionaries %s as installed (%s from %s%s): "
		"--dictionaries-dir DIR takes those of DIR, --reset dictionaries.dir drops "
		"what was installed",
		n, n == 1 ? "stays" : "stay", name, json_text_at(entry, "source", "?"),
		is_from_here(t, entry) ? ", where it is not any more" : ""));
}

/* What is missing, and the commands that do without. */
static void tell_ways(const struct app *app, const struct tables *t, struct err *why)
{
	char text[sizeof(why->msg)], take[ADVICE_MAX + 40], dir[ADVICE_MAX];
	snprintf(text, sizeof(text), "%s", why->msg);
	snprintf(take, sizeof(take), "setup --yes --dictionaries-dir %s",
		 recall_dir(t->record, dir));
	err_set(why, EF_USAGE,
		"%.400s; %s where that is takes it from there, %s takes the shipped tables in its "
		"place",
		text, ADVICE(app, take), ADVICE(app, "setup --yes --reset dictionaries.dir"));
}

static int use_copies(struct app *app, struct es *es, struct tables *t, char **ret_copies,
		      struct err *err)
{
	struct err why = ERR_NONE;
	if (json_object_size(t->kept) == 0)
		return 0;
	if (bring(es, t, ret_copies, &why)) {
		if (why.code == EF_USAGE)
			tell_ways(app, t, &why);
		if (t->told->strict || why.code != EF_USAGE) {
			*err = why;
			return -1;
		}
		json_array_append_new(t->told->notes, json_string(why.msg));
		return 0;
	}
	tell_kept(t);
	return 0;
}

/* The record's member: nothing where no file counts. */
static void write_down(struct record *r, const struct tables *t)
{
	char host[OWNER_HOST_MAX];
	json_t *d = record_dictionaries(r);
	CLEANUP_JSON json_t *files = json_incref(t->files);
	if (json_object_size(files) == 0) {
		json_object_clear(d);
		return;
	}
	if (t->here) {
		json_object_set_new(d, "dir", json_string(t->dir));
		json_object_set_new(d, "host", json_string(owner_host(host)));
	}
	json_object_set(d, "files", files);
}

int remember_tables(struct app *app, struct es *es, struct record *r,
		    const struct tables_told *told, char **ret_copies, struct err *err)
{
	json_t *recorded = record_tables(r);
	CLEANUP_JSON json_t *files = json_object(), *kept = json_object(), *before = json_object();
	if (json_is_object(recorded))
		json_object_update(before, recorded);
	struct tables t = {
		.before = before, .files = files, .kept = kept, .told = told, .record = r
	};
	if (set_dir(app, r, &t, err))
		return -1;
	int result = note_here(&t, err);
	if (result == 0 && !remember_tables_reset(app))
		keep_rest(&t, !is_dir_named(app));
	if (result == 0)
		result = use_copies(app, es, &t, ret_copies, err);
	if (result == 0 && r->found == RECORD_THERE)
		tell_changes(&t);
	if (result == 0)
		write_down(r, &t);
	free(t.dir);
	return result;
}
