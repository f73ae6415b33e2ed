/* SPDX-License-Identifier: Apache-2.0
 * The dictionaries: embedded defaults overlaid by downloaded feeds, by what was discovered, and by
 * the user's files (dict_layers.h), compiled for pipelines. */
#include "importer/dictionary/dict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/assets/asset.h"
#include "importer/assets/render.h"
#include "importer/dictionary/dict_compile.h"
#include "importer/dictionary/dict_layers.h"
#include "importer/dictionary/dict_pack.h"
#include "importer/dictionary/dict_shard.h"
#include "importer/dictionary/dict_simple.h"
#include "importer/dictionary/feed.h"
#include "importer/dictionary/feed_choice.h"

struct dict_entry {
	struct dict_rows rows;
	bool read, compiled;
	json_t *table;     /* what stands for {dictionary: NAME} */
	json_t *pipelines; /* array of {"id", "body"}, empty when inline */
	size_t bytes;      /* of the table, wherever it is */
};

struct dict_set {
	const struct assets *assets;
	const char *prefix; /* of the installation */
	struct dict_layers layers;
	char *dir, *copies;          /* those of `layers` */
	const struct strlist *feeds; /* which are on; NULL: what the rows say */
	size_t inline_left;
	bool placed;
	struct dict_entry entry[]; /* as dict_kinds[] */
};

int dict_set_open(const struct assets *assets, const char *dir, struct dict_set **ret_set,
		  struct err *err)
{
	struct dict_set *set;
	struct stat st;

	if (dir && stat(dir, &st))
		return err_errno(err, EF_USAGE, errno, "dictionaries.dir: cannot read %s", dir);
	if (dir && !S_ISDIR(st.st_mode))
		return err_set(err, EF_USAGE, "dictionaries.dir: %s is not a directory", dir);
	set = calloc(1, sizeof(*set) + dict_kinds_len * sizeof(set->entry[0]));
	if (!set || (dir && !(set->dir = strdup(dir)))) {
		free(set);
		return err_set(err, EF_FAILED, "out of memory");
	}
	set->assets = assets;
	set->layers.dir = set->dir;
	for (size_t i = 0; i < dict_kinds_len; i++)
		dict_rows_init(&set->entry[i].rows, &dict_kinds[i]);
	*ret_set = set;
	return 0;
}

int dict_set_copies(struct dict_set *set, const char *dir, struct err *err)
{
	set->layers.copies = set->copies = strdup(dir);
	return set->copies ? 0 : err_set(err, EF_FAILED, "out of memory");
}

void dict_set_free(struct dict_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < dict_kinds_len; i++) {
		dict_rows_release(&set->entry[i].rows);
		json_decref(set->entry[i].table);
		json_decref(set->entry[i].pipelines);
	}
	free(set->dir);
	free(set->copies);
	free(set);
}

static int entry_find(struct dict_set *set, const char *name, struct dict_entry **ret_entry,
		      struct err *err)
{
	const struct dict_kind *kind = dict_kind_find(name);
	char names[512];

	if (!kind) {
		dict_kind_names(names, sizeof(names));
		return err_set(err, EF_USAGE, "no dictionary is called \"%s\"; there are %s", name,
			       names);
	}
	*ret_entry = &set->entry[kind - dict_kinds];
	return 0;
}

static int read_layer(struct dict_set *set, struct dict_entry *e, const char *name,
		      enum dict_layer layer, struct err *err)
{
	return dict_layers_read(&set->layers, name, layer, &e->rows, err);
}

static int read_feed(struct dict_set *set, struct dict_entry *threats, const char *feed,
		     struct err *err)
{
	CLEANUP_FREE char *name = feed_file(feed);

	return name ? read_layer(set, threats, name, DICT_FEED, err)
		    : err_set(err, EF_FAILED, "out of memory");
}

/* The user's file of a dictionary, if there is one. */
static int read_own(struct dict_set *set, struct dict_entry *e, struct err *err)
{
	char name[80];

	snprintf(name, sizeof(name), "%s.csv", e->rows.kind->name);
	return read_layer(set, e, name, DICT_OWN, err);
}

/* The downloads of the feeds that are switched on; one that was never downloaded is not there,
 * which `list` tells. */
static int read_feeds(struct dict_set *set, struct dict_entry *threats, struct err *err)
{
	const struct dict_rows *feeds;

	if (dict_set_rows(set, "threat-feeds", &feeds, err))
		return -1;
	for (const struct dict_row *row = feeds->row; row; row = row->hh.next)
		if (feed_is_on(row) && read_feed(set, threats, row->cell[FEED_NAME], err))
			return -1;
	return 0;
}

/* A protocol that is none would never match, and nobody would notice. */
static int check_protocols(struct dict_set *set, const struct dict_rows *rows, const char *column,
			   struct err *err)
{
	CLEANUP_JSON json_t *keywords = json_object();
	int at = dict_kind_column(rows->kind, column);
	const struct dict_rows *protocols;

	if (at < 0)
		return 0;
	if (dict_set_rows(set, "protocols", &protocols, err))
		return -1;
	for (const struct dict_row *row = protocols->row; row; row = row->hh.next)
		if (json_object_set_new(keywords, row->cell[1], json_true()))
			return err_set(err, EF_FAILED, "out of memory");
	for (const struct dict_row *row = rows->row; row; row = row->hh.next)
		if (*row->cell[at] && !json_object_get(keywords, row->cell[at]))
			return dict_row_error(row, err,
					      "no protocol is called \"%s\"; write a keyword of "
					      "protocols.csv, such as tcp",
					      row->cell[at]);
	return 0;
}

static int choose_feeds(struct dict_set *set, struct dict_entry *e, struct err *err)
{
	if (!set->feeds || strcmp(e->rows.kind->name, "threat-feeds") != 0)
		return 0;
	return feeds_choose(&e->rows, set->feeds, err);
}

static int read_entry(struct dict_set *set, struct dict_entry *e, struct err *err)
{
	const struct dict_kind *kind = e->rows.kind;
	const struct asset *asset;
	char path[512];

	if (e->read)
		return 0;
	snprintf(path, sizeof(path), DICT_FOLDER "%s.csv", kind->name);
	asset = assets_find(set->assets, path);
	if (!asset)
		return err_set(err, EF_FAILED, "%s is missing among the assets", path);
	if (dict_rows_read(&e->rows, asset->text, asset->len, asset->origin, err))
		return -1;
	if (kind->shape == DICT_THREATS && read_feeds(set, e, err))
		return -1;
	if (dict_layers_discovered(&set->layers, &e->rows, err) || read_own(set, e, err))
		return -1;
	if (check_protocols(set, &e->rows, "protocol", err) ||
	    check_protocols(set, &e->rows, "transport", err) || choose_feeds(set, e, err))
		return -1;
	e->read = true;
	return 0;
}

int dict_set_choose(struct dict_set *set, const struct strlist *feeds, struct err *err)
{
	struct dict_entry *e = NULL;

	set->feeds = feeds;
	if (entry_find(set, "threat-feeds", &e, err))
		return -1;
	return e->read ? choose_feeds(set, e, err) : 0;
}

int dict_set_rows(struct dict_set *set, const char *name, const struct dict_rows **ret_rows,
		  struct err *err)
{
	struct dict_entry *e = NULL;

	if (entry_find(set, name, &e, err) || read_entry(set, e, err))
		return -1;
	*ret_rows = &e->rows;
	return 0;
}

/* The table goes inline when it still fits there, else to pipelines of its own. */
static int place(struct dict_set *set, struct dict_entry *e, const struct dict_records *records,
		 struct err *err)
{
	const struct dict_kind *kind = e->rows.kind;
	CLEANUP_JSON json_t *table = NULL, *names = NULL, *pipelines = NULL;

	if (dict_records_table(records, 0, records->n, kind->own, &table, err))
		return -1;
	e->bytes = json_dumpb(table, NULL, 0, JSON_COMPACT);
	if (!kind->may_leave || e->bytes <= set->inline_left) {
		set->inline_left -= kind->may_leave ? e->bytes : 0;
		e->table = steal_ptr(table);
		return 0;
	}
	const struct dict_rows *ends;
	if (dict_set_rows(set, "address-elements", &ends, err) ||
	    dict_compile_alternatives(ends, &names, err) ||
	    dict_shard(set->assets, set->prefix, kind, records, names, &pipelines, err))
		return -1;
	json_decref(e->pipelines);
	e->pipelines = steal_ptr(pipelines);
	e->table = json_object();
	return 0;
}

static int compile_addresses(struct dict_set *set, struct dict_entry *e, struct err *err)
{
	const struct dict_rows *allow = NULL;
	struct dict_records records;
	int rc;

	if (e->rows.kind->shape == DICT_THREATS && dict_set_rows(set, "threat-allow", &allow, err))
		return -1;
	if (dict_compile_records(&e->rows, allow, &records, err))
		return -1;
	rc = place(set, e, &records, err);
	dict_records_release(&records);
	return rc;
}

static int compile(struct dict_set *set, struct dict_entry *e, struct err *err)
{
	int rc;

	if (e->compiled)
		return 0;
	if (read_entry(set, e, err))
		return -1;
	if (!e->pipelines) /* there after a failure, too */
		e->pipelines = json_array();
	switch (e->rows.kind->shape) {
	case DICT_SOURCE:
		rc = err_set(err, EF_USAGE, "dictionary %s is for efctl, not for pipelines",
			     e->rows.kind->name);
		break;
	case DICT_ADDRESSES:
	case DICT_INTERFACES:
	case DICT_APPLICATIONS:
	case DICT_THREATS:
		rc = compile_addresses(set, e, err);
		break;
	default:
		rc = dict_compile_simple(&e->rows, &e->table, err);
		e->bytes = rc ? 0 : json_dumpb(e->table, NULL, 0, JSON_COMPACT);
	}
	if (rc)
		return -1;
	e->compiled = true;
	return 0;
}

static size_t rows_of(const struct dict_rows *rows, enum dict_layer layer)
{
	size_t n = 0;

	for (const struct dict_row *row = rows->row; row; row = row->hh.next)
		n += row->layer == layer;
	return n;
}

/* Those that are not defaults. */
static size_t own_rows(const struct dict_rows *rows)
{
	return rows->n - rows_of(rows, DICT_SHIPPED);
}

/* What the tables that cannot leave `flow` leave of its room. */
static int room_inline(struct dict_set *set, size_t *ret_room, struct err *err)
{
	const struct dict_entry *largest = NULL;
	size_t sum = 0;

	for (size_t i = 0; i < dict_kinds_len; i++) {
		struct dict_entry *e = &set->entry[i];

		if (dict_kinds[i].may_leave || dict_kinds[i].shape == DICT_SOURCE)
			continue;
		if (compile(set, e, err))
			return -1;
		sum += e->bytes;
		if (own_rows(&e->rows) && (!largest || e->bytes > largest->bytes))
			largest = e;
	}
	if (sum > DICT_INLINE_MAX && largest)
		return err_set(err, EF_USAGE,
			       "the tables of the pipeline flow take %zu KB, %u at most; %s alone "
			       "%zu with %zu rows: make it smaller",
			       sum / 1024, DICT_INLINE_MAX / 1024, largest->rows.kind->name,
			       largest->bytes / 1024, largest->rows.n);
	*ret_room = sum > DICT_INLINE_MAX ? 0 : DICT_INLINE_MAX - sum;
	return 0;
}

/* Which of the large ones are inline depends on all of them, so they are compiled together and in
 * one order. */
static int compile_large(struct dict_set *set, struct err *err)
{
	if (!set->placed && room_inline(set, &set->inline_left, err))
		return -1;
	for (size_t i = 0; !set->placed && i < dict_kinds_len; i++)
		if (dict_kinds[i].may_leave && compile(set, &set->entry[i], err))
			return -1;
	set->placed = true;
	return 0;
}

static int compiled(struct dict_set *set, const char *name, struct dict_entry **ret_entry,
		    struct err *err)
{
	struct dict_entry *e = NULL;

	if (entry_find(set, name, &e, err))
		return -1;
	if (e->rows.kind->may_leave ? compile_large(set, err) : compile(set, e, err))
		return -1;
	*ret_entry = e;
	return 0;
}

int dict_table(struct dict_set *set, const char *name, json_t **ret_table, struct err *err)
{
	struct dict_entry *e = NULL;

	if (compiled(set, name, &e, err))
		return -1;
	*ret_table = json_incref(e->table);
	return 0;
}

int dict_marks(struct dict_set *set, const char *name, const char *column, json_t **ret_marks,
	       struct err *err)
{
	const struct dict_rows *rows;

	if (dict_set_rows(set, name, &rows, err))
		return -1;
	int at = dict_kind_column(rows->kind, column);
	return at < 0 ? err_set(err, EF_USAGE, "dictionary %s has no column %s", name, column)
		      : dict_compile_marks(rows, at, ret_marks, err);
}

void dict_set_prefix(struct dict_set *set, const char *prefix)
{
	set->prefix = prefix;
}

int dict_calls(struct dict_set *set, const char *name, json_t **ret_processors, struct err *err)
{
	json_t *calls = json_array();
	struct dict_entry *e = NULL;

	if (compiled(set, name, &e, err)) {
		json_decref(calls);
		return -1;
	}
	if (json_array_size(e->pipelines)) {
		char id[NAME_ROOM + 100];
		snprintf(id, sizeof(id), "%s%s", NAME(set->prefix, DICT_PIPELINE), name);
		json_array_append_new(calls, json_pack("{s:{s:s}}", "pipeline", "name", id));
	}
	*ret_processors = calls;
	return 0;
}

int dict_pipelines(struct dict_set *set, dict_pipeline_fn *each, void *arg, struct err *err)
{
	size_t k;
	json_t *pipeline;

	if (compile_large(set, err))
		return -1;
	for (size_t i = 0; i < dict_kinds_len; i++)
		json_array_foreach (set->entry[i].pipelines, k, pipeline)
			if (each(arg, json_string_value(json_object_get(pipeline, "id")),
				 json_object_get(pipeline, "body"), err))
				return -1;
	return 0;
}

int dict_info(struct dict_set *set, const char *name, struct dict_info *ret_info, struct err *err)
{
	struct dict_info info = { 0 };
	struct dict_entry *e = NULL;

	if (entry_find(set, name, &e, err))
		return -1;
	if (e->rows.kind->shape == DICT_SOURCE ? read_entry(set, e, err)
					       : compiled(set, name, &e, err))
		return -1;
	info.kind = e->rows.kind;
	info.rows = e->rows.n;
	info.bytes = e->bytes;
	info.pipelines = (unsigned)json_array_size(e->pipelines);
	info.found_rows = rows_of(&e->rows, DICT_DISCOVERED);
	info.own_rows = own_rows(&e->rows) - info.found_rows;
	*ret_info = info;
	return 0;
}

int dict_own(struct dict_set *set, char ret_names[DICT_OWN_MAX], struct err *err)
{
	char names[DICT_OWN_MAX] = "";

	for (size_t i = 0; i < dict_kinds_len; i++) {
		size_t n = strlen(names);

		if (dict_kinds[i].shape == DICT_SOURCE)
			continue;
		if (read_entry(set, &set->entry[i], err))
			return -1;
		if (own_rows(&set->entry[i].rows))
			snprintf(names + n, sizeof(names) - n, "%s%s", n ? ", " : "",
				 dict_kinds[i].name);
	}
	snprintf(ret_names, DICT_OWN_MAX, "%s", *names ? names : DICT_OWN_NONE);
	return 0;
}

static int render_table(void *arg, const char *name, json_t **ret_table, struct err *err)
{
	return dict_table(arg, name, ret_table, err);
}

static int render_marks(void *arg, const char *name, const char *column, json_t **ret_marks,
			struct err *err)
{
	return dict_marks(arg, name, column, ret_marks, err);
}

static int render_calls(void *arg, const char *name, json_t **ret_processors, struct err *err)
{
	return dict_calls(arg, name, ret_processors, err);
}

void dict_set_render(struct dict_set *set, struct render_dictionaries *ret)
{
	*ret = (struct render_dictionaries){
		.arg = set, .table = render_table, .marks = render_marks, .calls = render_calls
	};
}
