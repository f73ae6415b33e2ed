/* SPDX-License-Identifier: Apache-2.0
 * Whether what a question names is there: the data stream, and fields that it says itself. */
#include "importer/query/known.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/es.h"
#include "importer/client/remote.h"
#include "importer/core/json.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"
#include "importer/query/field.h"

#define LINE_MAX_BYTES 3500 /* of a request; engines take 4,096 */

/* What may stand in a URL as it is; a field of another name cannot be asked for alone. */
static bool name_is_plain(const char *name)
{
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			return false;
	return true;
}

static char *path_of(const struct app *app, const json_t *names)
{
	CLEANUP_FREE char *pattern = query_pattern(app);
	char *path = NULL;
	size_t len, i;
	json_t *name;
	FILE *out = open_memstream(&path, &len);
	if (!out)
		memory_out();
	print_plain(
	    out, "/%s/_field_caps?ignore_unavailable=true&allow_no_indices=true&fields=", pattern);
	fflush(out);
	const size_t head = len;
	print_plain(out, "%%40timestamp"); /* what stands before an @ could be a password */
	json_array_foreach (names, i, name)
		if (name_is_plain(json_string_value(name)))
			print_plain(out, ",%s", json_string_value(name));
	if (fclose(out) || !path)
		memory_out();
	if (len > LINE_MAX_BYTES)
		snprintf(path + head, len - head, "*");
	return path;
}

bool known_is_ours(const struct query *q, const struct known_field *more, size_t n)
{
	bool foreign;
	filter_named(q->filter, &foreign);
	for (size_t i = 0; i < n && !foreign; i++)
		foreign = field_kind_of(NULL, more[i].name) == FIELD_UNKNOWN;
	return !foreign;
}

/* ---- data streams ---- */

/* "lab" of "eu:.ds-logs-flow-lab-2026.11.01-000001", or of "logs-flow-lab"; the caller's. */
static char *namespace_of(const char *index, const char *stream)
{
	const char *at = strstr(index, stream);
	if (!at || at[strlen(stream)] != '-')
		return NULL;
	at += strlen(stream) + 1;
	return strndup(at, strcspn(at, "-"));
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Their names with commas between them, each once; the caller's. */
static char *namespaces_text(const json_t *indices, const char *stream)
{
	const size_t n = json_array_size(indices);
	CLEANUP_FREE char **names = calloc(n + 1, sizeof(*names));
	char *text = NULL;
	size_t len, found = 0;
	FILE *out = open_memstream(&text, &len);
	if (!names || !out)
		memory_out();
	for (size_t i = 0; i < n; i++) {
		const char *index = json_string_value(json_array_get(indices, i));
		char *name = index ? namespace_of(index, stream) : NULL;
		if (name)
			names[found++] = name;
	}
	qsort(names, found, sizeof(*names), compare_texts);
	for (size_t i = 0; i < found; i++)
		if (!i || strcmp(names[i], names[i - 1]) != 0)
			print_plain(out, "%s%s", i ? ", " : "", names[i]);
	for (size_t i = 0; i < found; i++)
		free(names[i]);
	if (fclose(out) || !text)
		memory_out();
	return text;
}

static int no_stream(const struct app *app, struct es *es, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	const char *stream = NAME(app->elastic.prefix, "logs-flow");
	char name[NAME_ROOM + 20], path[NAME_ROOM + 120];
	long status = 0;
	snprintf(name, sizeof(name), "%s-*", stream);
	CLEANUP_FREE char *pattern = remote_pattern(name, &app->kibana.remote);
	snprintf(path, sizeof(path),
		 "/%.500s/_field_caps?ignore_unavailable=true&allow_no_indices=true&fields="
		 "%%40timestamp",
		 pattern ? pattern : name);
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	CLEANUP_FREE char *others = namespaces_text(json_object_get(reply, "indices"), stream);
	if (!*others)
		return err_set(err, EF_FAILED,
			       "there is no %s-%s, and no other namespace: no flow record has been "
			       "stored yet (efctl doctor), or this account may not read any",
			       stream, app->elastic.namespace);
	return err_set(err, EF_FAILED,
		       "there is no %s-%s: no flow record has been stored in that namespace; "
		       "those with records are %.600s (--namespace)",
		       stream, app->elastic.namespace, others);
}

/* ---- fields ---- */

/* {"source.ip": "ip", …}; one that is of several types in several indices is asked as a text. */
static json_t *types_of(const json_t *fields)
{
	json_t *types = json_object(), *kinds;
	const char *name;
	json_object_foreach ((json_t *)fields, name, kinds) {
		const char *one = json_object_iter_key(json_object_iter(kinds));
		if (one)
			json_object_set_new(
			    types, name,
			    json_string(json_object_size(kinds) == 1 ? one : "keyword"));
	}
	return types;
}

static bool field_has_values(const json_t *fields, const char *name)
{
	const char *kind;
	json_t *caps;
	json_object_foreach (json_object_get(fields, name), kind, caps)
		if (json_is_false(json_object_get(caps, "aggregatable")))
			return false;
	return true;
}

static int more_check(const struct known_field *more, const json_t *fields, const json_t *types,
		      struct err *err)
{
	char text[FIELD_WRONG_TEXT];
	enum field_kind type = field_kind_of(types, more->name);
	if (field_kind_of(NULL, more->name) == FIELD_FOLDER)
		type = FIELD_FOLDER;
	if (type == FIELD_FOLDER && !more->values)
		return 0;
	if (type == FIELD_FOLDER || type == FIELD_UNKNOWN)
		return err_set(err, EF_USAGE, "%s: '%.80s' %s", more->where, more->name,
			       field_wrong(more->name, type, text));
	if (more->values && !field_has_values(fields, more->name))
		return err_set(err, EF_USAGE,
			       "%s: the field %.80s is kept without values, so nothing can be "
			       "sorted or ranked by it (docs/fields.md: index)",
			       more->where, more->name);
	return 0;
}

static int fields_check(const struct app *app, struct query *q, const struct known_field *more,
			size_t n, const json_t *fields, struct err *err)
{
	bool foreign;
	CLEANUP_JSON json_t *types = types_of(fields);
	if (json_array_size(filter_named(q->filter, &foreign))) {
		struct filter *filter = NULL;
		if (filter_parse_words(&app->args, q->first, types, &filter, err))
			return -1;
		filter_free(q->filter);
		q->filter = filter;
	}
	for (size_t i = 0; i < n; i++)
		if (more_check(&more[i], fields, types, err))
			return -1;
	return 0;
}

int known_check(const struct app *app, struct es *es, struct query *q,
		const struct known_field *more, size_t n, struct err *err)
{
	bool foreign;
	CLEANUP_JSON json_t *names = json_deep_copy(filter_named(q->filter, &foreign));
	CLEANUP_JSON json_t *reply = NULL;
	long status = 0;
	for (size_t i = 0; i < n; i++)
		json_array_append_new(names, json_string(more[i].name));
	CLEANUP_FREE char *path = path_of(app, names);
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	const json_t *indices = json_object_get(reply, "indices");
	const json_t *fields = json_object_get(reply, "fields");
	if (status == 404 || (json_is_array(indices) && !json_array_size(indices)))
		return no_stream(app, es, err);
	/* a server without this API: the search says itself what it lacks */
	if (status == 400 || status == 405 || (status < 300 && !json_is_object(fields)))
		return 0;
	if (status >= 300)
		return es_fail(es, "GET", path, status, reply, err);
	return fields_check(app, q, more, n, fields, err);
}

size_t known_of_subject(const struct subject *s, const char *where, struct known_field *more,
			size_t n)
{
	for (size_t i = 0; i < s->fields && n < KNOWN_MAX; i++)
		if (s->named[i])
			more[n++] = (struct known_field){ where, s->side[0].field[i], true };
	return n;
}
