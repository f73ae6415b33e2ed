/* SPDX-License-Identifier: Apache-2.0
 * efctl remove: takes away one namespace, with the last one what setup installed, and nothing
 * else. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "importer/assets/asset.h"
#include "importer/client/connection.h"
#include "importer/client/es.h"
#include "importer/client/key.h"
#include "importer/client/names.h"
#include "importer/client/streams.h"
#include "importer/commands.h"
#include "importer/core/ask.h"
#include "importer/core/json.h"
#include "importer/core/print.h"
#include "importer/core/table.h"
#include "importer/dictionary/feed_state.h"
#include "importer/install/install.h"
#include "importer/install/ism.h"
#include "importer/remove_host.h"
#include "importer/remove_needed.h"

/* What will go, in order: the data of one namespace, then the assets unless another namespace needs
 * them. */
struct removal {
	/* array of {path, group, name}; of data {stream} too: its number in stream_rows */
	json_t *paths;
	struct stream_data data[STREAMS_ALL];
	bool documents;   /* some of it holds documents of the user's, or may */
	json_t *others;   /* object: the other namespaces that have streams, or were set up */
	struct keys keys; /* those that are revoked */
	bool listed;      /* the record has the namespace */
	size_t kept;
};

/* Whether an asset that was made for the user to change is as it was made. */
static bool as_made(struct install *in, const struct kind *kind, const char *name,
		    const json_t *body)
{
	const struct assets *all = in->rendering.assets;
	size_t folder = strlen(kind->folder);
	for (size_t i = 0; i < assets_count(all); i++) {
		const char *path = assets_at(all, i)->path;
		char its[200], wanted_hash[CANON_HASH_MAX], hash[CANON_HASH_MAX];
		struct err ignored;
		CLEANUP_JSON json_t *wanted = NULL;
		if (strncmp(path, kind->folder, folder) != 0 ||
		    !render_name(&in->rendering, path, its, sizeof(its)) ||
		    strcmp(its, name) != 0 || kind->render(&in->rendering, path, &wanted, &ignored))
			continue;
		kind_hash(kind, wanted, wanted_hash);
		kind_hash(kind, body, hash);
		return strcmp(hash, wanted_hash) == 0;
	}
	return false;
}

static bool is_ours(struct install *in, const struct kind *kind, const char *name,
		    const json_t *body, bool force, struct removal *r)
{
	struct mark mark;
	char hash[CANON_HASH_MAX];
	if (!name_is_of(in->rendering.prefix, name))
		return false;
	if (strcmp(name, NAME(in->rendering.prefix, NAMES_KIBANA)) == 0)
		return true;
	if (!kind_read_mark(kind, body, &mark)) {
		bool yours = kind_is_yours(name);
		if (yours && (force || as_made(in, kind, name, body)))
			return true;
		r->kept++;
		print_plain(stdout, "kept     %-20s %s  %s\n", kind->name, name,
			    yours ? "changed by hand (--force removes it anyway)" : "not ours");
		return false;
	}
	kind_hash(kind, body, hash);
	if (force || kind_untouched(&mark, hash))
		return true;
	r->kept++;
	print_plain(stdout, "kept     %-20s %s  changed by hand (--force removes it, too)\n",
		    kind->name, name);
	return false;
}

static void removal_add(struct removal *r, const char *group, const char *url, const char *name)
{
	char path[400];
	snprintf(path, sizeof(path), "%s%s", url, name);
	json_array_append_new(
	    r->paths, json_pack("{s:s,s:s,s:s}", "path", path, "group", group, "name", name));
}

/* Everything of a kind that carries our mark, whatever this efctl would install. */
static int list_kind(struct install *in, const struct kind *kind, bool force, struct removal *r,
		     struct err *err)
{
	char path[300];
	CLEANUP_JSON json_t *reply = NULL;
	snprintf(path, sizeof(path), "%s%s", kind->url, NAME(es_prefix(in->es), kind->ours));
	int found = es_find(in->es, path, &reply, err);
	if (found <= 0)
		return found;
	const char *name;
	json_t *entry;
	size_t i;
	if (kind->list) {
		json_array_foreach (json_object_get(reply, kind->list), i, entry) {
			name = json_text_at(entry, "name", "");
			if (is_ours(in, kind, name, json_object_get(entry, kind->item), force, r))
				removal_add(r, kind->name, kind->url, name);
		}
		return 0;
	}
	json_object_foreach (reply, name, entry)
		if (is_ours(in, kind, name, entry, force, r))
			removal_add(r, kind->name, kind->url, name);
	return 0;
}

static bool may_hold_documents(const struct stream_data *d)
{
	return d->documents || !d->counted;
}

/* What setup wrote of the threat feeds that it was told to load is nobody's data. */
static bool holds_documents(struct install *in, const struct app *app, size_t stream,
			    const struct stream_data *d)
{
	if (!may_hold_documents(d))
		return false;
	return !d->counted || strcmp(stream_rows[stream].name, "logs-ti_flow") != 0 ||
	       !feed_state_is_alone(in->es, app->elastic.namespace);
}

/* Data streams of the namespace by their exact names, or on a cluster without them plain indices of
 * these names. */
static int list_data(struct install *in, const struct app *app, struct removal *r, struct err *err)
{
	bool streams = in->cluster.has[CAP_DATA_STREAM];
	if (streams_of(in->es, streams, app->elastic.namespace, r->data, r->others, err))
		return -1;
	for (size_t i = 0; i < STREAMS_ALL; i++) {
		char name[200];
		if (!r->data[i].exists)
			continue;
		snprintf(name, sizeof(name), "%s-%s", NAME(es_prefix(in->es), stream_rows[i].name),
			 app->elastic.namespace);
		bool documents = holds_documents(in, app, i, &r->data[i]);
		if (documents && !app->flags.data)
			return err_set(err, EF_USAGE,
				       "%s still has documents, which need the templates and "
				       "pipelines: use --data to delete everything in namespace "
				       "%s, or delete it yourself first",
				       name, app->elastic.namespace);
		r->documents = r->documents || documents;
		removal_add(r, streams ? "data stream" : "index", streams ? "/_data_stream/" : "/",
			    name);
		json_object_set_new(json_array_get(r->paths, json_array_size(r->paths) - 1),
				    "stream", json_integer((json_int_t)i));
	}
	return 0;
}

/* Documents are gone for good: the name of what is deleted has to be typed. Assets can be installed
 * again. */
static bool confirmed(const struct app *app, const struct removal *r, size_t n)
{
	char question[300], answer[128];
	const char *namespace = app->elastic.namespace;
	if (app->flags.yes)
		return true;
	if (!ask_can()) {
		print_plain(stderr, "efctl remove: use --yes when there is no terminal\n");
		return false;
	}
	if (r->documents)
		snprintf(question, sizeof(question),
			 "This deletes documents for good. Type the name of the namespace (%s) to "
			 "go on: ",
			 namespace);
	else
		snprintf(question, sizeof(question), "Remove these %zu? [y/N] ", n);
	return r->documents
		   ? ask_line(question, answer, sizeof(answer)) && strcmp(answer, namespace) == 0
		   : ask_yes(question);
}

static bool removes_keys(const struct install *in, const struct app *app)
{
	return !app->flags.no_key && in->cluster.has[CAP_SECURITY];
}

/* Whose keys go: those of the namespace, with the last one all of ours. */
static const char *namespace_of_keys(const struct app *app, const struct removal *r)
{
	return json_object_size(r->others) ? app->elastic.namespace : NULL;
}

static int list_keys(struct install *in, const struct app *app, struct removal *r, struct err *err)
{
	if (!removes_keys(in, app))
		return 0;
	if (keys_of(in->es, namespace_of_keys(app, r), &r->keys, err))
		return err_wrap(err, "which API keys would be revoked; --no-key keeps them");
	return 0;
}

static int remove_keys(struct install *in, const struct app *app, const struct removal *r,
		       struct err *err)
{
	return removes_keys(in, app)
		   ? key_remove(in->es, namespace_of_keys(app, r), app->setup.key_file, err)
		   : 0;
}

/* Streams that were empty when the user was asked may not be so any more. */
static int still_empty(struct install *in, const struct app *app, const struct removal *r,
		       struct err *err)
{
	for (size_t i = 0; i < STREAMS_ALL; i++) {
		struct stream_data now;
		if (!r->data[i].exists || app->flags.data)
			continue;
		if (streams_look(in->es, stream_rows[i].name, app->elastic.namespace, &now, err))
			return -1;
		if (holds_documents(in, app, i, &now))
			return err_set(err, EF_FAILED,
				       "%s-%s got documents in the meantime; nothing was removed",
				       NAME(es_prefix(in->es), stream_rows[i].name),
				       app->elastic.namespace);
	}
	return 0;
}

/* What is gone already is fine, as the record is after kibana_remove(). */
static int delete_path(struct install *in, const char *path, struct err *err)
{
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_call(in->es, "DELETE", path, NULL, &status, &reply, err))
		return -1;
	return status == 404 || (status >= 200 && status < 300)
		   ? 0
		   : es_fail(in->es, "DELETE", path, status, reply, err);
}

static int delete_paths(struct install *in, const struct removal *r, bool keep_record,
			struct err *err)
{
	size_t i;
	json_t *entry;
	json_array_foreach (r->paths, i, entry) {
		if (keep_record && strcmp(json_text_at(entry, "name", ""),
					  NAME(es_prefix(in->es), NAMES_KIBANA)) == 0)
			continue; /* so that a later --force knows what is ours */
		if (delete_path(in, json_text_at(entry, "path", ""), err))
			return err_wrap(err,
					"remove stopped after %zu of %zu; run it again to continue",
					i, json_array_size(r->paths));
	}
	return 0;
}

/* What is known of the feeds is known of the whole installation, and stays with the others. */
static int delete_data(struct install *in, const struct removal *r, struct err *err)
{
	CLEANUP_JSON json_t *feeds = NULL;
	const char *other = json_object_iter_key(json_object_iter(r->others));
	return feed_state_read(in->es, &feeds, err) || delete_paths(in, r, false, err) ||
		       feed_state_keep(in->es, other, feeds, err)
		   ? -1
		   : 0;
}

/* What is taken away comes back with the next record of an efd that ships there. */
static void tell_of_efd(const struct app *app)
{
	CLEANUP_FREE char *name = connection_namespace(&app->elastic);
	if (name && strcmp(name, app->elastic.namespace) == 0)
		print_plain(stdout,
			    "note: efd on this host still ships to namespace %s; `efctl setup "
			    "--namespace NAME` with another one changes that\n",
			    name);
}

/* Takes the namespace out of the record, which stays for the others. */
static int forget_namespace(struct install *in, const struct app *app, const struct removal *r,
			    struct err *err)
{
	if (!r->listed)
		return 0;
	if (!app->flags.no_key)
		record_key_drop(&in->record, NULL, app->elastic.namespace);
	return record_write(in->es, &in->record, NULL, err);
}

/* An index of ours counts without a record, too: it got lost, or never came there. */
static bool has_record(const struct install *in)
{
	return in->record.found == RECORD_THERE || in->index == INDEX_OURS;
}

static int forget_all(struct install *in, struct err *err)
{
	if (!has_record(in))
		return 0;
	int stays = record_delete(in->es, &in->record, err);
	if (stays > 0)
		print_plain(stdout, "kept     %-20s %s  also used by others\n", "index",
			    NAME(es_prefix(in->es), NAMES_INDEX));
	return stays < 0 ? -1 : 0;
}

static int carry_out(struct install *in, const struct app *app, struct removal *r, struct err *err)
{
	size_t kept = 0;
	if (still_empty(in, app, r, err))
		return -1;
	if (json_object_size(r->others)) { /* they need everything else */
		tell_of_efd(app);
		return delete_data(in, r, err) || remove_keys(in, app, r, err) ||
			       forget_namespace(in, app, r, err)
			   ? -1
			   : 0;
	}
	if (in->has_kibana && kibana_remove(&in->kibana, app->flags.force, &kept, err))
		return -1;
	if (kept)
		print_plain(
		    stdout,
		    "kept     %zu Kibana objects that were changed by hand (--force removes "
		    "them, too)\n",
		    kept);
	if (delete_paths(in, r, kept > 0, err))
		return -1;
	if (remove_keys(in, app, r, err) || remove_host(in, app, err))
		return -1;
	lease_stop(in->lease);
	return forget_all(in, err);
}

/* What was set up is in use, also where no document came yet. */
static void list_record(struct install *in, const struct app *app, struct removal *r)
{
	size_t i;
	json_t *name;
	r->listed = record_namespace_drop(&in->record, app->elastic.namespace);
	json_array_foreach (record_namespaces(&in->record), i, name)
		if (json_is_string(name))
			json_object_set_new(r->others, json_string_value(name), json_true());
}

/* Nobody else's template or pipeline is to lose what it is made of. */
static int spare_needed(struct install *in, struct removal *r, struct err *err)
{
	size_t i;
	json_t *entry;
	CLEANUP_JSON json_t *needed = json_array();
	if (remove_needed(in->es, &in->cluster, r->paths, needed, err))
		return -1;
	json_array_foreach (needed, i, entry) {
		r->kept++;
		print_plain(stdout, "kept     %-20s %s  needed by %s\n",
			    json_text_at(entry, "group", ""), json_text_at(entry, "name", ""),
			    json_text_at(entry, "by", ""));
	}
	return 0;
}

static int removal_gather(struct install *in, struct app *app, struct removal *r, struct err *err)
{
	if (list_data(in, app, r, err))
		return -1;
	list_record(in, app, r);
	if (list_keys(in, app, r, err))
		return -1;
	if (json_object_size(r->others))
		return 0;
	if (install_kibana(in, app, err))
		return -1;
	for (size_t k = kinds_len; k-- > 0;)
		if ((kinds[k].needs == CAPABILITIES || in->cluster.has[kinds[k].needs]) &&
		    list_kind(in, &kinds[k], app->flags.force, r, err))
			return -1;
	int policy = ism_find(in, err);
	if (policy < 0)
		return -1;
	if (policy)
		removal_add(r, "ISM policy", ISM_POLICIES, NAME(es_prefix(in->es), ILM_OURS));
	return spare_needed(in, r, err);
}

static void print_data(const struct stream_data *d)
{
	char number[NUMBER_MAX], size[NUMBER_MAX], when[WHEN_MAX];
	print_plain(stdout, "  %s%s documents, %s, newest %s", d->counted ? "" : "at least ",
		    number_text(d->documents, number), bytes_text(d->bytes, size),
		    d->documents && !d->newest_ms ? "unknown" : when_text(d->newest_ms, when));
}

/* What goes from the record, or with all of it. */
static size_t print_record(const struct install *in, const struct app *app, const struct removal *r)
{
	bool last = json_object_size(r->others) == 0;
	if (last && has_record(in))
		print_plain(stdout, "remove   %-20s %s\n", "record",
			    NAME(es_prefix(in->es), NAMES_INDEX));
	if (!last && r->listed)
		print_plain(stdout, "remove   %-20s %s, from the record\n", "namespace",
			    app->elastic.namespace);
	return last ? has_record(in) : r->listed;
}

static size_t print_removal(const struct install *in, const struct app *app,
			    const struct removal *r)
{
	size_t i, objects = in->has_kibana ? json_object_size(in->kibana.record) : 0;
	json_t *entry;
	const char *other;
	json_array_foreach (r->paths, i, entry) {
		const json_t *stream = json_object_get(entry, "stream");
		print_plain(stdout, "remove   %-20s %s", json_text_at(entry, "group", ""),
			    json_text_at(entry, "name", ""));
		if (stream)
			print_data(&r->data[json_integer_value(stream)]);
		putchar('\n');
	}
	if (objects)
		print_plain(stdout, "remove   %-20s %zu\n", "Kibana objects", objects);
	for (size_t k = 0; k < r->keys.n; k++)
		print_plain(stdout, "remove   %-20s %s  %s\n", "API key", r->keys.list[k].name,
			    r->keys.list[k].id);
	size_t n = objects + i + r->keys.n + print_record(in, app, r);
	json_object_foreach (r->others, other, entry)
		print_plain(stdout,
			    "kept     templates, pipelines, dashboards: used by namespace %s\n",
			    other);
	if (n == 0)
		print_plain(stderr, "nothing of namespace %s is there\n", app->elastic.namespace);
	return n;
}

static int remove_all(struct install *in, struct app *app, struct removal *r, struct err *err)
{
	bool asks = !app->flags.yes && ask_can();
	if (install_open_to_change(in, app, "remove", false, asks, err) ||
	    removal_gather(in, app, r, err))
		return -1;
	size_t n = print_removal(in, app, r);
	if (n == 0)
		return EF_DONE;
	if (remove_host_print(in, app, &r->keys, json_object_size(r->others) == 0, err))
		return -1;
	if (app->flags.dry_run)
		return EF_DIFFERENT;
	if (!confirmed(app, r, n))
		return err_set(err, EF_FAILED, "nothing was removed");
	return install_hold(in, app, err) ? -1 : carry_out(in, app, r, err);
}

int cmd_remove(struct app *app, struct err *err)
{
	CLEANUP_INSTALL struct install in = { 0 };
	CLEANUP_JSON json_t *paths = json_array(), *others = json_object();
	struct removal r = { .paths = paths, .others = others };
	int result = remove_all(&in, app, &r, err);
	keys_release(&r.keys);
	return result;
}
