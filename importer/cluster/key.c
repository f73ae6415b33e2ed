/* SPDX-License-Identifier: Apache-2.0
 * The API key of efd: may add documents to our data streams, and nothing else. */
#include "importer/cluster/key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/cluster/es.h"
#include "importer/assets/files.h"
#include "importer/cluster/streams.h"

#define KEY_NAME "efd"

/* create_doc: no overwriting, no deleting; auto_configure: data streams come into being from their templates. */
#define KEY_BODY                                                                                   \
	"{\"name\":\"" KEY_NAME "\",\"metadata\":{\"managed_by\":\"efctl\"},\"role_descriptors\":" \
	"{\"efd\":{\"cluster\":[],"                                                                \
	"\"index\":[{\"names\":[\"logs-flow-*\",\"logs-flow.failed-*\",\"metrics-flow.counters-*"  \
	"\","                                                                                      \
	"\"metrics-flow.exporters-*\"],\"privileges\":[\"create_doc\",\"auto_configure\"]}]}}}"

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

int key_works(const struct elastic_settings *settings, const char *file, struct err *err)
{
	char key[512];
	struct err ignored = ERR_NONE;
	if (read_line(file, key, sizeof(key), &ignored) || !*key)
		return 0;
	struct elastic_settings with_key = *settings; /* borrows everything but the credentials */
	with_key.api_key = key;
	with_key.user = with_key.password = NULL;
	CLEANUP_ES struct es *es = NULL;
	CLEANUP_JSON json_t *reply = NULL;
	long status = 0;
	if (es_new(&with_key, NULL, &es, err))
		return -1;
	struct err refused = ERR_NONE;
	if (es_call(es, "GET", "/_security/_authenticate", NULL, &status, &reply, &refused)) {
		explicit_bzero(key, sizeof(key));
		if (refused.code == EF_USAGE)
			return 0;
		*err = refused;
		return -1;
	}
	explicit_bzero(key, sizeof(key));
	return status == 200;
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
	CLEANUP_JSON json_t *body = json_loads(KEY_BODY, 0, NULL), *reply = NULL;
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
	else if (show)
		fputs(line, stdout);
	explicit_bzero(line, sizeof(line));
	return result;
}

int key_remove(struct es *es, struct err *err)
{
	CLEANUP_JSON json_t *body = json_pack("{s:s,s:b}", "name", KEY_NAME, "owner", 1);
	return es_must(es, "DELETE", "/_security/api_key", body, NULL, err);
}
