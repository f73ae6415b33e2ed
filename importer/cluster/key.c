/* SPDX-License-Identifier: Apache-2.0
 * The API key of efd: may add documents to our data streams, and nothing else. */
#include "importer/cluster/key.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "importer/cluster/es.h"
#include "importer/assets/files.h"
#include "importer/cluster/streams.h"

#define KEY_NAME "efd"

char *key_file_default(void)
{
	char *file = NULL;
	const char *home = getenv("HOME");
	if (access("/etc/efd", W_OK) == 0)
		return strdup(KEY_FILE_EFD);
	if (!home || !*home)
		return strdup("efd-api-key");
	return asprintf(&file, "%s/.efd-api-key", home) < 0 ? NULL : file;
}

/* What efd needs. create_doc: no overwriting, no deleting; auto_configure: data streams come into being from their
 * templates. The caller's. */
static json_t *privileges(void)
{
	json_t *names = json_array();
	for (size_t i = 0; i < STREAMS; i++)
		json_array_append_new(names, json_sprintf("%s-*", stream_rows[i].name));
	return json_pack("[{s:o,s:[s,s]}]", "names", names, "privileges", "create_doc",
			 "auto_configure");
}

/* Whether the credentials of `es` carry all of them: 1, 0, -1. */
static int has_privileges(struct es *es, struct err *err)
{
	CLEANUP_JSON json_t *body = json_pack("{s:o}", "index", privileges()), *reply = NULL;
	if (es_must(es, "POST", "/_security/user/_has_privileges", body, &reply, err))
		return -1;
	return json_is_true(json_object_get(reply, "has_all_requested"));
}

static int read_line(const char *file, char *text, size_t size, struct err *err)
{
	CLEANUP_FILE FILE *f = fopen(file, "r");
	if (!f)
		return err_errno(err, EF_USAGE, errno, "cannot read %s", file);
	if (!fgets(text, (int)size, f))
		text[0] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	return 0;
}

/* 1: known and strong enough, 0: known, -1: neither, or no answer; with EF_USAGE it was refused. */
static int ask(const struct elastic_settings *with_key, struct err *err)
{
	CLEANUP_ES struct es *es = NULL;
	return es_new(with_key, NULL, &es, err) ? -1 : has_privileges(es, err);
}

int key_look(const struct elastic_settings *settings, const char *file, enum key_found *ret_found,
	     struct err *err)
{
	char key[512];
	struct err why = ERR_NONE;
	if (read_line(file, key, sizeof(key), &why) || !*key) {
		*ret_found = KEY_ABSENT;
		return 0;
	}
	struct elastic_settings with_key = *settings; /* borrows everything but the credentials */
	with_key.api_key = key;
	with_key.user = with_key.password = NULL;
	int strong = ask(&with_key, &why);
	explicit_bzero(key, sizeof(key));
	if (strong < 0 && why.code != EF_USAGE) {
		*err = why;
		return -1;
	}
	*ret_found = strong < 0 ? KEY_REFUSED : strong ? KEY_FITS : KEY_WEAK;
	return 0;
}

int key_may_be_made(struct es *es, struct err *err)
{
	int may = has_privileges(es, err);
	if (may < 0)
		return err_wrap(err, "API key for efd");
	if (!may)
		return err_set(err, EF_USAGE,
			       "API key for efd: it would have no more privileges than the user "
			       "who makes it, and this "
			       "one lacks some of create_doc and auto_configure on %s-* and the "
			       "other data streams "
			       "(docs/efctl.md has the whole role); or give --no-key",
			       stream_rows[0].name);
	return 0;
}

/* efd runs as a user of its own. Where it was never installed there is no such group, and nothing to share with. */
static void let_efd_read(const char *file)
{
	const struct group *g = strcmp(file, KEY_FILE_EFD) == 0 ? getgrnam("efd") : NULL;
	if (g && chown(file, (uid_t)-1, g->gr_gid) == 0)
		chmod(file, 0640);
}

/* A key that nobody can read any more is of no use: better none than one that lies about. */
static void forget(struct es *es, const char *id)
{
	struct err ignored = ERR_NONE;
	CLEANUP_JSON json_t *body = json_pack("{s:[s],s:b}", "ids", id, "owner", 1);
	es_must(es, "DELETE", "/_security/api_key", body, NULL, &ignored);
}

int key_make(struct es *es, const char *file, bool show, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *body =
	    json_pack("{s:s,s:{s:s},s:{s:{s:[],s:o}}}", "name", KEY_NAME, "metadata", "managed_by",
		      "efctl", "role_descriptors", "efd", "cluster", "index", privileges());
	if (es_must(es, "POST", "/_security/api_key", body, &reply, err)) {
		if (strstr(err->msg, "derived"))
			return err_set(err, EF_USAGE,
				       "an API key cannot make another one with privileges: run "
				       "efctl setup with user "
				       "and password, or with --no-key");
		return err_wrap(err, "API key for efd");
	}
	const char *encoded = json_text_at(reply, "encoded", NULL);
	char line[512];
	int result = -1;
	if (!encoded) /* before Elasticsearch 7.16 the reply has only the two parts; efd wants them in Base64 */
		err_set(err, EF_FAILED,
			"the cluster is too old to give an encoded API key; use user and password");
	else if (snprintf(line, sizeof(line), "%s\n", encoded) >= (int)sizeof(line))
		err_set(err, EF_FAILED, "the cluster gives an API key of %zu characters",
			strlen(encoded));
	else
		result = file_write(file, line, strlen(line), 0600, err);
	if (result)
		forget(es, json_text_at(reply, "id", ""));
	else
		let_efd_read(file);
	if (result == 0 && show)
		fputs(line, stdout);
	explicit_bzero(line, sizeof(line));
	return result;
}

int key_remove(struct es *es, struct err *err)
{
	CLEANUP_JSON json_t *body = json_pack("{s:s,s:b}", "name", KEY_NAME, "owner", 1);
	return es_must(es, "DELETE", "/_security/api_key", body, NULL, err);
}
