/* SPDX-License-Identifier: Apache-2.0
 * efctl keys rotate: a new API key where efd reads it, and an end to the old one once efd is seen
 * to store documents with the new one. */
#include "importer/keys_rotate.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "importer/client/advice.h"
#include "importer/client/streams.h"
#include "importer/core/ask.h"
#include "importer/core/files.h"
#include "importer/core/print.h"
#include "importer/efd_metrics.h"

#define LOOK_MS 1000

struct rotation {
	struct keys_run *run;
	struct app *app;
	const char *file, *url;
	struct key old, new;
	bool old_counts; /* it may still be used */
	bool others;     /* efd of other namespaces may use the old one, too */
	bool seen, revoked;
};

/* ---- the old one ------------------------------------------------------------ */

static int no_old_key(const struct rotation *r, enum key_found found, struct err *err)
{
	if (found == KEY_ABSENT)
		return err_set(err, EF_USAGE,
			       "there is no API key in %s: %s makes one, and --key-file names "
			       "another file",
			       r->file, ADVICE(r->app, "keys create"));
	if (found == KEY_ODD)
		return file_is_plain(r->file, err);
	if (found == KEY_UNSEEN)
		return err_set(err, EF_USAGE,
			       "the API key in %s is not yours to read: run it as root", r->file);
	return err_set(err, EF_USAGE,
		       "this cluster knows no API key of efctl's that is the one in %s: it may be "
		       "another cluster's, or somebody else made it, and it stays as it is; "
		       "--key-file names another file",
		       r->file);
}

static int find_old(struct rotation *r, struct err *err)
{
	char id[API_KEY_ID_MAX];
	const char *namespace = r->app->elastic.namespace;
	enum key_found found = key_file_id(r->file, id);
	if (found != KEY_FITS)
		return no_old_key(r, found, err);
	int there = *id ? key_file_find(&r->app->elastic, r->file, r->run->es, &r->old, err) : 0;
	if (there <= 0)
		return there ? there : no_old_key(r, found, err);
	if (*r->old.namespace && strcmp(r->old.namespace, namespace) != 0)
		return err_set(
		    err, EF_USAGE,
		    "%s holds the API key of namespace %s, not of %s: give --namespace %s, "
		    "or name another file with --key-file",
		    r->file, r->old.namespace, namespace, r->old.namespace);
	r->old_counts = !r->old.revoked && key_end(r->old.expires_ms, clock_wall_ms()) != KEY_ENDED;
	return 0;
}

/* A key of an earlier version may write to every namespace, and efd of each may use it. Streams
 * that cannot be seen may be there. */
static void look_for_others(struct rotation *r)
{
	struct err unseen = ERR_NONE;
	struct stream_data data[STREAMS_ALL];
	CLEANUP_JSON json_t *others = json_object();
	if (!*r->old.namespace)
		r->others = streams_of(r->run->es, true, r->app->elastic.namespace, data, others,
				       &unseen) ||
			    json_object_size(others) > 0;
}

/* ---- the new one ------------------------------------------------------------ */

/* As long as the old one was to last, unless somebody says otherwise. */
static uint64_t life_ms(const struct rotation *r)
{
	if (r->app->flags.expires)
		return (uint64_t)r->app->flags.expires;
	return r->old.expires_ms > r->old.created_ms ? r->old.expires_ms - r->old.created_ms : 0;
}

static int replace(struct rotation *r, struct err *err)
{
	CLEANUP_KEY_NEW struct key_new made = { 0 };
	if (key_may_be_made(r->run->es, r->app->elastic.namespace, r->file, err) ||
	    keys_begin(r->run, err) ||
	    key_mint(r->run->es, r->app->elastic.namespace, life_ms(r), &made, err) ||
	    key_keep_instead(r->run->es, &made, r->file, err))
		return -1;
	if (r->app->flags.show_key)
		fputs(made.line, stdout);
	r->new = made.key;
	record_key_add(&r->run->record, key_record(&r->new, r->file));
	return keys_end(r->run, err);
}

/* The lease was given back while efd was waited for. */
static int revoke_old(struct rotation *r, struct err *err)
{
	if (keys_begin(r->run, err) || keys_revoke(r->run->es, r->old.id, err))
		return -1;
	r->revoked = true;
	record_key_drop(&r->run->record, r->old.id, NULL);
	return keys_end(r->run, err);
}

const char *keys_rotate_doubt(const char *metrics, const char *url, const char *id,
			      const char *file, char *text, size_t size)
{
	char used[API_KEY_ID_MAX];
	*text = '\0';
	if (!metrics)
		snprintf(
		    text, size,
		    "efd does not answer at %s (its metrics.listen; --efd-url names another place)",
		    url);
	else if (efd_key_documents(metrics, id))
		return text;
	else if (!efd_key(metrics, used))
		snprintf(text, size,
			 "efd at %s tells of no API key: it is older than this efctl, or uses none",
			 url);
	else if (strcmp(used, id) != 0)
		snprintf(text, size,
			 "efd at %s still uses the API key %s: perhaps %s is not what it reads "
			 "(elasticsearch.api_key_file)",
			 url, used, file);
	else
		snprintf(text, size,
			 "efd at %s uses the new API key, but has stored nothing with it yet: "
			 "perhaps no exporter sends; /readyz tells of trouble",
			 url);
	return text;
}

/* Whether efd stored documents with the new key before the time is over; else `doubt` says what
 * speaks against it. */
static bool wait_for_efd(const struct rotation *r, char *doubt, size_t size)
{
	const struct timespec pause = { LOOK_MS / 1000, LOOK_MS % 1000 * 1000000 };
	const uint64_t until = clock_now_ms() + (uint64_t)r->app->flags.efd_wait;
	print_plain(stderr,
		    "waiting %lld s at most for efd at %s to store documents with the new key\n",
		    (long long)r->app->flags.efd_wait / 1000, r->url);
	for (;;) {
		CLEANUP_FREE char *metrics = efd_metrics(r->url);
		if (!*keys_rotate_doubt(metrics, r->url, r->new.id, r->file, doubt, size))
			return true;
		if (clock_now_ms() >= until)
			return false;
		nanosleep(&pause, NULL);
	}
}

static const char *revoke_command(const struct rotation *r, char text[ADVICE_MAX])
{
	char rest[API_KEY_ID_MAX + 40];
	snprintf(rest, sizeof(rest), "keys revoke%s -- %s", ask_can() ? "" : " --yes", r->old.id);
	return advice_command(r->app, rest, text);
}

static int both_stay(const struct rotation *r, const char *doubt, struct err *err)
{
	CLEANUP_FREE char *own = key_file_of_efd();
	char bring[600] = "", revoke[ADVICE_MAX];
	if (!key_is_in_place(r->file) && own)
		snprintf(bring, sizeof(bring),
			 " Bring it to efd's host: sudo install -m 640 -g efd %s %s.", r->file,
			 own);
	return err_set(
	    err, EF_FAILED,
	    "%s. Both API keys stay valid; the new one, %s, is in %s.%s Once "
	    "efd_ship_key_documents_total{id=\"%s\"} of efd's /metrics grows, %s ends the old one",
	    doubt, r->new.id, r->file, bring, r->new.id, revoke_command(r, revoke));
}

/* ---- both ------------------------------------------------------------------- */

static void print_result(const struct rotation *r)
{
	char revoke[ADVICE_MAX];
	if (r->app->flags.json) {
		CLEANUP_JSON json_t *json = json_pack(
		    "{s:s,s:s,s:s,s:s,s:b,s:b}", "old", r->old.id, "new", r->new.id, "namespace",
		    r->new.namespace, "file", r->file, "seen", r->seen, "revoked", r->revoked);
		print_json(stdout, json, JSON_INDENT(2));
		return;
	}
	print_plain(stdout, "created  API key  %s  %s, in %s\n", r->new.id, r->new.name, r->file);
	if (r->revoked)
		print_plain(stdout, "revoked  API key  %s  %s\n", r->old.id, r->old.name);
	else if (!r->old_counts)
		print_plain(stdout, "note: the old one, %s, was no longer valid\n", r->old.id);
	else if (r->seen)
		print_plain(stdout,
			    "note: the old one, %s, is of an earlier version and valid for every "
			    "namespace: once the efd of each has a key of its own, %s ends it\n",
			    r->old.id, revoke_command(r, revoke));
}

int keys_rotate(struct keys_run *run, struct err *err)
{
	struct app *app = run->app;
	char doubt[400] = "";
	struct rotation r = { .run = run,
			      .app = app,
			      .file = app->setup.key_file,
			      .url = app->flags.efd_url ? app->flags.efd_url : EFD_URL };
	if (find_old(&r, err))
		return -1;
	look_for_others(&r);
	if (replace(&r, err)) {
		snprintf(doubt, sizeof(doubt), "%.390s", err->msg);
		return *r.new.id ? both_stay(&r, doubt, err) : -1;
	}
	r.seen = r.old_counts && wait_for_efd(&r, doubt, sizeof(doubt));
	int result = r.seen && !r.others ? revoke_old(&r, err) : 0;
	print_result(&r);
	if (r.old_counts && !r.seen)
		return both_stay(&r, doubt, err);
	return result ? -1 : EF_DONE;
}
