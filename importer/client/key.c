/* SPDX-License-Identifier: Apache-2.0
 * The API key of efd: may add documents to the data streams of one namespace, and nothing else; and
 * the file that holds it. */
#include "importer/client/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/conf_dir.h"
#include "common/names.h"
#include "importer/client/connection.h"
#include "importer/client/es.h"
#include "importer/client/probe.h"
#include "importer/client/streams.h"
#include "importer/core/files.h"
#include "importer/core/json.h"
#include "importer/core/owner.h"
#include "importer/core/print.h"

char *key_file_of_efd(void)
{
	return conf_dir_path(CONNECTION_KEY);
}

static char *file_at_home(void)
{
	char *file = NULL;
	const char *home = getenv("HOME");
	if (!home || !*home)
		return strdup("efd-api-key");
	return asprintf(&file, "%s/.efd-api-key", home) < 0 ? NULL : file;
}

/* "<file>-<namespace>". */
static char *file_beside(const char *file, const char *namespace)
{
	char *beside = NULL;
	return asprintf(&beside, "%s-%s", file, namespace) < 0 ? NULL : beside;
}

char *key_file_default(const char *namespace)
{
	CLEANUP_FREE char *own = key_file_of_efd();
	CLEANUP_FREE char *waiting = file_at_home();
	if (!own || !waiting)
		return NULL;
	bool is_own =
	    access(conf_dir(), W_OK) == 0 || (access(own, F_OK) == 0 && access(waiting, F_OK) != 0);
	CLEANUP_FREE char *beside = file_beside(is_own ? own : waiting, namespace);
	if (!beside)
		return NULL;
	return access(beside, F_OK) == 0 ? steal_ptr(beside)
	       : is_own                  ? steal_ptr(own)
					 : steal_ptr(waiting);
}

/* Whether it is `base`, or one beside it for a namespace. */
static bool is_or_beside(const char *file, const char *base)
{
	size_t n = base ? strlen(base) : 0;
	return n && strncmp(file, base, n) == 0 && (!file[n] || file[n] == '-') &&
	       !strchr(file + n, '/');
}

bool key_is_in_place(const char *file)
{
	CLEANUP_FREE char *waiting = file_at_home();
	return waiting && !is_or_beside(file, waiting);
}

static bool is_own(const char *file)
{
	CLEANUP_FREE char *own = key_file_of_efd();
	return is_or_beside(file, own);
}

/* What efd cannot do without. create_doc: no overwriting, no deleting; auto_configure: data streams
 * come into being from their templates. The caller's. */
static json_t *key_privileges(const struct es *es, const char *namespace)
{
	json_t *names = json_array();
	for (size_t i = 0; i < STREAMS; i++)
		json_array_append_new(
		    names,
		    json_sprintf("%s-%s", NAME(es_prefix(es), stream_rows[i].name), namespace));
	return json_pack("[{s:o,s:[s,s]}]", "names", names, "privileges", "create_doc",
			 "auto_configure");
}

/* Whether the credentials of `es` carry all of them: 1, 0, -1. */
static int has_privileges(struct es *es, const char *namespace, struct err *err)
{
	CLEANUP_JSON json_t *body = json_pack("{s:o}", "index", key_privileges(es, namespace)),
			    *reply = NULL;
	if (es_must(es, "POST", "/_security/user/_has_privileges", body, &reply, err))
		return -1;
	return json_is_true(json_object_get(reply, "has_all_requested"));
}

/* The first line; KEY_REFUSED: read, and not judged yet. */
static enum key_found read_line(const char *file, char *text, size_t size)
{
	struct err ignored = ERR_NONE;
	CLEANUP_FILE FILE *f = file_open(file, &ignored);
	if (!f)
		return errno == EACCES ? KEY_UNSEEN : errno == EINVAL ? KEY_ODD : KEY_ABSENT;
	if (!fgets(text, (int)size, f))
		text[0] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	return *text ? KEY_REFUSED : KEY_ABSENT;
}

/* 1: known and strong enough, 0: known, -1: neither, or no answer; with EF_USAGE it was refused. */
static int ask_who(const struct elastic_settings *with_key, struct err *err)
{
	CLEANUP_ES struct es *es = NULL;
	return es_new(with_key, NULL, &es, err) ? -1 : has_privileges(es, with_key->namespace, err);
}

int key_look(const struct elastic_settings *settings, const char *file, enum key_found *ret_found,
	     struct err *err)
{
	char key[512];
	struct err why = ERR_NONE;
	enum key_found found = read_line(file, key, sizeof(key));
	if (found != KEY_REFUSED) {
		*ret_found = found;
		return 0;
	}
	struct elastic_settings with_key = *settings; /* borrows everything but the credentials */
	with_key.api_key = key;
	with_key.user = with_key.password = NULL;
	int strong = ask_who(&with_key, &why);
	explicit_bzero(key, sizeof(key));
	if (strong < 0 && why.code != EF_USAGE) {
		*err = why;
		return -1;
	}
	*ret_found = strong < 0 ? KEY_REFUSED : strong ? KEY_FITS : KEY_WEAK;
	return 0;
}

int key_look_beside(const struct elastic_settings *settings, bool named, char **file,
		    enum key_found *ret_found, struct err *err)
{
	struct key key;
	struct err ignored = ERR_NONE;
	if (key_look(settings, *file, ret_found, err))
		return -1;
	if (*ret_found != KEY_WEAK || named ||
	    key_file_find(settings, *file, NULL, &key, &ignored) != 1 || !*key.namespace ||
	    strcmp(key.namespace, settings->namespace) == 0)
		return 0;
	char *beside = file_beside(*file, settings->namespace);
	if (!beside)
		return err_set(err, EF_FAILED, "out of memory");
	free(*file);
	*file = beside;
	return key_look(settings, *file, ret_found, err);
}

enum key_found key_file_id(const char *file, char ret_id[API_KEY_ID_MAX])
{
	char key[512];
	enum key_found found = read_line(file, key, sizeof(key));
	*ret_id = '\0';
	if (found == KEY_REFUSED) {
		api_key_id(key, ret_id);
		found = KEY_FITS;
	}
	explicit_bzero(key, sizeof(key));
	return found;
}

int key_file_find(const struct elastic_settings *settings, const char *file, struct es *es,
		  struct key *ret, struct err *err)
{
	char key[512], id[API_KEY_ID_MAX];
	struct err refused = ERR_NONE;
	if (read_line(file, key, sizeof(key)) != KEY_REFUSED || !api_key_id(key, id)) {
		explicit_bzero(key, sizeof(key));
		return 0;
	}
	struct elastic_settings with_key = *settings; /* borrows everything but the credentials */
	with_key.api_key = key;
	with_key.user = with_key.password = NULL;
	CLEANUP_ES struct es *itself = NULL;
	int there =
	    es_new(&with_key, NULL, &itself, &refused) ? -1 : keys_find(itself, id, ret, &refused);
	explicit_bzero(key, sizeof(key));
	if (there > 0)
		return there;
	if (es)
		return keys_find(es, id, ret, err);
	if (there < 0)
		*err = refused;
	return there;
}

int key_may_be_made(struct es *es, const char *namespace, const char *file, struct err *err)
{
	if (file_is_plain(file, err))
		return err_wrap(err, "API key for efd");
	int may = has_privileges(es, namespace, err);
	if (may < 0)
		return err_wrap(err, "API key for efd");
	if (!may)
		return err_set(err, EF_USAGE,
			       "API key for efd: it would have no more privileges than the user "
			       "who makes it, and this "
			       "one lacks some of create_doc and auto_configure on %s-%s and the "
			       "other data streams "
			       "(docs/efctl.md has the whole role); or give --no-key",
			       NAME(es_prefix(es), stream_rows[0].name), namespace);
	return 0;
}

void key_share(const char *file)
{
	gid_t group = efd_group();
	CLEANUP_FD int fd =
	    is_own(file) ? open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
	if (fd >= 0 && group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) == 0)
		fchmod(fd, 0640);
}

/* A secret that efd, who is a user of its own, is to read; elsewhere it is the caller's alone. */
static int write_key(const char *file, const char *line, struct err *err)
{
	size_t n = strlen(line);
	return is_own(file) ? file_write_guarded(conf_dir(), strrchr(file, '/') + 1, line, n, 0640,
						 efd_group(), err)
			    : file_write(file, line, n, 0600, err);
}

/* A key that nobody can read any more is of no use: better none than one that lies about. */
static void revoke_quietly(struct es *es, const char *id)
{
	struct err ignored = ERR_NONE;
	keys_revoke(es, id, &ignored);
}

/* Elasticsearch before 8.12 does not say in its replies which pipelines ran: there efd looks at the
 * index that it writes to. */
static bool has_to_look(struct es *es)
{
	struct cluster cluster;
	struct err ignored = ERR_NONE;
	return cluster_identify(es, &cluster, &ignored) == 0 && !cluster.serverless &&
	       (cluster.major < 8 || (cluster.major == 8 && cluster.minor < 12));
}

static json_t *wish(struct es *es, const char *namespace, uint64_t life_ms)
{
	json_t *may = key_privileges(es, namespace);
	if (has_to_look(es))
		json_array_append_new(json_object_get(json_array_get(may, 0), "privileges"),
				      json_string("view_index_metadata"));
	json_t *body =
	    json_pack("{s:o,s:{s:s,s:s},s:{s:{s:[],s:o}}}", "name",
		      json_sprintf("%s-%s", NAME(es_prefix(es), KEY_NAME_EVERY), namespace),
		      "metadata", "managed_by", KEY_MANAGER, "namespace", namespace,
		      "role_descriptors", "efd", "cluster", "index", may);
	if (life_ms)
		json_object_set_new(body, "expiration",
				    json_sprintf("%llums", (unsigned long long)life_ms));
	return body;
}

/* Before Elasticsearch 7.16 the reply has only the two parts; efd wants them in Base64. */
static int take_new(const json_t *reply, const char *namespace, struct key_new *ret,
		    struct err *err)
{
	static const char base64[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789+/=-_";
	const char *encoded = json_text_at(reply, "encoded", NULL);
	struct key *key = &ret->key;
	*key = (struct key){ .created_ms = clock_wall_ms(),
			     .expires_ms = (uint64_t)json_int_at(reply, "expiration") };
	snprintf(key->id, sizeof(key->id), "%s", json_text_at(reply, "id", ""));
	snprintf(key->name, sizeof(key->name), "%s", json_text_at(reply, "name", ""));
	snprintf(key->namespace, sizeof(key->namespace), "%s", namespace);
	if (!encoded)
		return err_set(
		    err, EF_FAILED,
		    "the cluster is too old to give an encoded API key; use user and password");
	if (encoded[strspn(encoded, base64)])
		return err_set(err, EF_FAILED, "the cluster gives an API key that is no Base64");
	if (snprintf(ret->line, sizeof(ret->line), "%s\n", encoded) >= (int)sizeof(ret->line))
		return err_set(err, EF_FAILED, "the cluster gives an API key of %zu characters",
			       strlen(encoded));
	return 0;
}

json_t *key_record(const struct key *key, const char *file)
{
	char host[OWNER_HOST_MAX], stamp[CLOCK_TEXT_MAX] = "";
	CLEANUP_FREE char *whole = realpath(file, NULL);
	if (key->expires_ms)
		clock_text(key->expires_ms, stamp);
	return json_pack("{s:s,s:s,s:s,s:o,s:o}", "id", key->id, "name", key->name, "namespace",
			 key->namespace, "expires", *stamp ? json_string(stamp) : json_null(),
			 "file", json_sprintf("%s:%s", owner_host(host), whole ? whole : file));
}

int key_mint(struct es *es, const char *namespace, uint64_t life_ms, struct key_new *ret,
	     struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL, *body = wish(es, namespace, life_ms);
	if (es_must(es, "POST", "/_security/api_key", body, &reply, err)) {
		if (strstr(err->msg, "derived"))
			return err_set(err, EF_USAGE,
				       "an API key cannot make another one with privileges: run "
				       "efctl with user and password (or setup with --no-key)");
		return err_wrap(err, "API key for efd");
	}
	if (take_new(reply, namespace, ret, err) == 0)
		return 0;
	revoke_quietly(es, json_text_at(reply, "id", ""));
	return -1;
}

void key_new_wipe(struct key_new *k)
{
	explicit_bzero(k, sizeof(*k));
}

static int kept(struct es *es, const struct key_new *k, int result)
{
	if (result)
		revoke_quietly(es, k->key.id);
	return result;
}

int key_keep(struct es *es, const struct key_new *k, const char *file, struct err *err)
{
	return kept(es, k, write_key(file, k->line, err));
}

int key_keep_instead(struct es *es, const struct key_new *k, const char *file, struct err *err)
{
	return kept(es, k, file_replace(file, k->line, strlen(k->line), err));
}

int key_make(struct es *es, const char *namespace, const char *file, uint64_t life_ms, bool show,
	     struct key *ret, struct err *err)
{
	CLEANUP_KEY_NEW struct key_new made = { 0 };
	if (key_mint(es, namespace, life_ms, &made, err) || key_keep(es, &made, file, err))
		return -1;
	if (show)
		fputs(made.line, stdout);
	if (ret)
		*ret = made.key;
	return 0;
}

int key_remove(struct es *es, const char *namespace, const char *file, struct err *err)
{
	char id[API_KEY_ID_MAX];
	struct keys keys;
	bool is_held = false;
	int result = 0;
	key_file_id(file, id);
	if (keys_of(es, namespace, &keys, err))
		return -1;
	for (size_t i = 0; i < keys.n && result == 0; i++) {
		const struct key *key = &keys.list[i];
		result = keys_revoke(es, key->id, err);
		is_held = is_held || (result == 0 && strcmp(key->id, id) == 0);
	}
	keys_release(&keys);
	if (is_held && unlink(file) != 0)
		return err_errno(err, EF_FAILED, errno, "cannot remove %s", file);
	if (is_held)
		print_plain(stdout, "removed  %-20s %s\n", "API key file", file);
	return result;
}
