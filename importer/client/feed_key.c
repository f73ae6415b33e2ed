/* SPDX-License-Identifier: Apache-2.0
 * The API key of the timer that refreshes the threat feeds: may look at the installation, change
 * pipelines, and write down what it did. */
#include "importer/client/feed_key.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/client/names.h"
#include "importer/core/files.h"
#include "importer/core/json.h"

/* Neither of these is that of a key of efd, for which namespaces stand behind "efd-". */
#define KEY_NAME    "efctl-feeds"
#define KEY_MANAGER "efctl-feeds"

/* manage_index_templates: to compare with what is installed, nothing less may read templates. */
static json_t *feed_privileges(const char *indices)
{
	return json_pack("{s:[s,s,s,s],s:[{s:[s],s:[s,s,s,s]},{s:[s],s:[s,s,s]}]}", "cluster",
			 "monitor", "manage_ingest_pipelines", "manage_index_templates", "read_ilm",
			 indices, "names", "logs-ti_flow-*", "privileges", "create_doc",
			 "auto_configure", "read", "view_index_metadata", "names", NAMES_INDEX,
			 "privileges", "read", "write", "view_index_metadata");
}

static int has_privileges(struct es *es, struct err *err)
{
	CLEANUP_JSON json_t *body = feed_privileges("index"), *reply = NULL;

	if (es_must(es, "POST", "/_security/user/_has_privileges", body, &reply, err))
		return -1;
	return json_is_true(json_object_get(reply, "has_all_requested"));
}

int feed_key_fits(const struct elastic_settings *settings, const char *file, struct err *err)
{
	struct err why = ERR_NONE;
	CLEANUP_FILE FILE *f = file_open(file, &why);
	CLEANUP_ES struct es *es = NULL;
	struct elastic_settings with_key = *settings; /* borrows all but the credentials */
	char key[512] = "";

	if (!f || !fgets(key, sizeof(key), f))
		return 0;
	key[strcspn(key, "\r\n")] = '\0';
	with_key.api_key = key;
	with_key.user = with_key.password = NULL;
	int fits = es_new(&with_key, NULL, &es, &why) ? -1 : has_privileges(es, &why);
	explicit_bzero(key, sizeof(key));
	if (fits < 0 && why.code == EF_USAGE) /* refused */
		return 0;
	if (fits < 0)
		*err = why;
	return fits;
}

/* A key that nobody can read any more is of no use. */
static void revoke_quietly(struct es *es, const char *id)
{
	struct err ignored = ERR_NONE;
	CLEANUP_JSON json_t *body = json_pack("{s:[s],s:b}", "ids", id, "owner", 1);

	es_must(es, "DELETE", "/_security/api_key", body, NULL, &ignored);
}

int feed_key_make(struct es *es, const char *dir, const char *name, gid_t group, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_JSON json_t *body =
	    json_pack("{s:s,s:{s:s},s:{s:o}}", "name", KEY_NAME, "metadata", "managed_by",
		      KEY_MANAGER, "role_descriptors", "feeds", feed_privileges("index"));
	char line[512];

	if (es_must(es, "POST", "/_security/api_key", body, &reply, err))
		return err_wrap(err, "API key for the timer of the threat feeds");
	const char *encoded = json_text_at(reply, "encoded", NULL);
	int n = encoded ? snprintf(line, sizeof(line), "%s\n", encoded) : (int)sizeof(line);
	int result = n < (int)sizeof(line)
			 ? file_write_guarded(dir, name, line, (size_t)n, 0640, group, err)
			 : err_set(err, EF_FAILED, "the cluster gives no API key that can be used");
	if (result)
		revoke_quietly(es, json_text_at(reply, "id", ""));
	explicit_bzero(line, sizeof(line));
	return result;
}

int feed_key_remove(struct es *es, struct err *err)
{
	CLEANUP_JSON json_t *body = json_pack("{s:s,s:b}", "name", KEY_NAME, "owner", 1);

	return es_must(es, "DELETE", "/_security/api_key", body, NULL, err);
}
