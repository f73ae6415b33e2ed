/* SPDX-License-Identifier: Apache-2.0
 * The record of an installation: what the cluster remembers of who set it up, with what, and how
 * far that went. */
#include "importer/record/record.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/hash.h"
#include "common/options.h"
#include "importer/client/es.h"
#include "importer/client/names.h"
#include "importer/core/json.h"
#include "importer/core/owner.h"
#include "importer/core/version.h"
#include "importer/record/record_files.h"

static void record_fill(json_t *body)
{
	CLEANUP_JSON json_t *none =
	    json_pack("{s:{},s:{},s:[],s:[]}", "options", "dictionaries", "namespaces", "keys");
	json_object_update_missing(body, none);
}

#define PLACE "the record of this installation (%s/_doc/" NAMES_RECORD ")"

static int damaged(struct err *err, const char *index, const char *member, const char *name,
		   const char *wanted)
{
	return err_set(err, EF_USAGE, PLACE " is damaged: %s%s%.100s is no %s", index, member,
		       *name ? "." : "", name, wanted);
}

static int check_namespaces(const json_t *body, const char *index, struct err *err)
{
	size_t i;
	json_t *value;
	struct err why = ERR_NONE;
	json_array_foreach (json_object_get(body, "namespaces"), i, value) {
		if (!json_is_string(value))
			return damaged(err, index, "namespaces", "", "list of texts");
		if (namespace_check("namespaces", json_string_value(value), &why))
			return err_set(err, EF_USAGE, PLACE " is damaged: %s", index, why.msg);
	}
	return 0;
}

/* Names and places of files that are read and written. */
static int check_tables(const json_t *body, const char *index, struct err *err)
{
	const char *name;
	json_t *value, *files = json_at(body, "dictionaries.files");
	const json_t *dir = json_at(body, "dictionaries.dir");
	if (files && !json_is_object(files))
		return damaged(err, index, "dictionaries", "files", "object");
	if (dir && (!json_is_string(dir) || *json_string_value(dir) != '/'))
		return damaged(err, index, "dictionaries", "dir", "absolute path");
	json_object_foreach (files, name, value)
		if (!record_file_name_fits(name))
			return damaged(err, index, "dictionaries.files", name,
				       "name of a dictionary's file");
	return 0;
}

/* What stands where should be of its type: what was misread would pass for the default. */
static int check_members(const json_t *body, const char *index, struct err *err)
{
	static const struct {
		const char *name, *wanted;
		json_type type;
	} members[] = {
		{ "options", "object", JSON_OBJECT },
		{ "dictionaries", "object", JSON_OBJECT },
		{ "namespaces", "list", JSON_ARRAY },
		{ "keys", "list", JSON_ARRAY },
	};
	const char *name;
	json_t *value;
	size_t i;
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		value = json_object_get(body, members[i].name);
		if (value && json_typeof(value) != members[i].type)
			return damaged(err, index, members[i].name, "", members[i].wanted);
	}
	json_object_foreach (json_object_get(body, "options"), name, value)
		if (!json_is_string(value) && !json_is_null(value))
			return damaged(err, index, "options", name, "text");
	return check_namespaces(body, index, err) || check_tables(body, index, err) ? -1 : 0;
}

static int check_form(const json_t *body, const char *index, struct err *err)
{
	const json_t *format = json_object_get(body, "format");
	const char *version = json_text_at(body, "version", "");
	bool newer = *version && strcmp(version, version_own) != 0;
	if (json_object_size(body) == 0)
		return err_set(err, EF_USAGE, PLACE " is damaged: it is empty", index);
	if (!json_is_integer(format) || json_integer_value(format) < 1)
		return damaged(err, index, "format", "", "number from 1 on");
	if (json_integer_value(format) <= RECORD_FORMAT)
		return check_members(body, index, err);
	return err_set(err, EF_USAGE,
		       PLACE " has form %lld, which efctl %s does not know: use the newer efctl "
			     "that wrote it%s%.60s%s",
		       index, (long long)json_integer_value(format), version_own, newer ? " (" : "",
		       newer ? version : "", newer ? ")" : "");
}

int record_read(struct es *es, struct record *ret, struct err *err)
{
	bool forbidden = false;
	*ret = (struct record){ 0 };
	int there = document_get(es, NAMES_RECORD, &ret->body, &ret->at, &forbidden, &ret->why);
	if (there < 0 && !forbidden) {
		*err = ret->why;
		return -1;
	}
	if (there < 0)
		ret->found = RECORD_FORBIDDEN;
	if (there > 0)
		ret->found = check_form(ret->body, NAME(es_prefix(es), NAMES_INDEX), &ret->why)
				 ? RECORD_UNFIT
				 : RECORD_THERE;
	if (ret->found != RECORD_THERE) {
		json_decref(ret->body);
		ret->body = json_object();
	}
	record_fill(ret->body);
	ret->before = json_deep_copy(ret->body);
	return 0;
}

void record_release(struct record *r)
{
	json_decref(r->body);
	json_decref(r->before);
	json_decref(r->unusable);
	*r = (struct record){ 0 };
}

bool record_is_unknown(const struct record *r)
{
	return r->found == RECORD_FORBIDDEN || r->found == RECORD_UNFIT;
}

void record_give_up(struct record *r)
{
	if (r->found == RECORD_UNFIT)
		r->found = RECORD_ABSENT;
}

int record_must_be_known(const struct record *r, struct err *err)
{
	if (!record_is_unknown(r))
		return 0;
	*err = r->why;
	return -1;
}

bool record_changed(const struct record *r)
{
	static const char *const told[] = { "options", "dictionaries", "namespaces",
					    "keys",    "assets",       "serial" };
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (!json_equal(json_object_get(r->body, told[i]),
				json_object_get(r->before, told[i])))
			return true;
	return r->found != RECORD_THERE || strcmp(record_text(r, "version"), version_own) != 0 ||
	       strcmp(record_text(r, "state"), RECORD_APPLIED) != 0;
}

/* A write whose answer got lost, or that went out twice, is found in the document. */
static bool was_written(struct es *es, struct record *r, const char *write, struct err *err)
{
	CLEANUP_JSON json_t *body = NULL;
	struct document_at at;
	if (document_get(es, NAMES_RECORD, &body, &at, NULL, err) <= 0 ||
	    strcmp(json_text_at(body, "write", ""), write) != 0)
		return false;
	r->at = at;
	return true;
}

static int write_failed(enum document_result result, struct err *err)
{
	if (result == DOCUMENT_CHANGED)
		return err_set(err, EF_FAILED,
			       "the record of this installation was changed by somebody else in "
			       "the meantime: run it again");
	return err_wrap(err, "the record of this installation");
}

int record_write(struct es *es, struct record *r, const char *state, struct err *err)
{
	char name[OWNER_NAME_MAX], when[CLOCK_TEXT_MAX], write[17];
	bool made;
	if (record_must_be_known(r, err))
		return -1;
	snprintf(write, sizeof(write), "%016llx", (unsigned long long)hash_seed());
	json_object_set_new(r->body, "write", json_string(write));
	if (state) {
		CLEANUP_JSON json_t *stamp =
		    json_pack("{s:i,s:s,s:s,s:s,s:s}", "format", RECORD_FORMAT, "version",
			      version_own, "state", state, "by", owner_name(name), "at",
			      clock_text(clock_wall_ms(), when));
		json_object_update(r->body, stamp);
	}
	if (!r->at.term && document_index_make(es, &made, err))
		return err_wrap(err, "the record of this installation");
	enum document_result result = document_put(es, NAMES_RECORD, r->body, &r->at, err);
	if (result == DOCUMENT_CHANGED && was_written(es, r, write, err))
		result = DOCUMENT_WRITTEN;
	if (result != DOCUMENT_WRITTEN)
		return write_failed(result, err);
	r->found = RECORD_THERE;
	json_decref(r->before);
	r->before = json_deep_copy(r->body);
	return 0;
}

int record_still_true(struct es *es, const struct record *r, struct err *err)
{
	CLEANUP_JSON json_t *body = NULL;
	struct document_at at = { 0 };
	if (document_get(es, NAMES_RECORD, &body, &at, NULL, err) < 0)
		return -1;
	return at.seq_no == r->at.seq_no && at.term == r->at.term
		   ? 0
		   : write_failed(DOCUMENT_CHANGED, err);
}

int record_delete(struct es *es, struct record *r, struct err *err)
{
	int stays = document_index_clear(es, err);
	if (stays < 0)
		return -1;
	record_release(r);
	r->body = json_object();
	record_fill(r->body);
	r->before = json_deep_copy(r->body);
	return stays;
}

json_t *record_options(const struct record *r)
{
	return json_object_get(r->body, "options");
}

json_t *record_dictionaries(const struct record *r)
{
	return json_object_get(r->body, "dictionaries");
}

json_t *record_tables(const struct record *r)
{
	return json_object_get(record_dictionaries(r), "files");
}

json_t *record_namespaces(const struct record *r)
{
	return json_object_get(r->body, "namespaces");
}

json_t *record_keys(const struct record *r)
{
	return json_object_get(r->body, "keys");
}

const char *record_text(const struct record *r, const char *name)
{
	return json_text_at(r->body, name, "");
}

bool record_namespace_has(const struct record *r, const char *name)
{
	return json_has_text(record_namespaces(r), name);
}

bool record_namespace_add(struct record *r, const char *name)
{
	if (record_namespace_has(r, name))
		return false;
	json_array_append_new(record_namespaces(r), json_string(name));
	return true;
}

bool record_namespace_drop(struct record *r, const char *name)
{
	return json_array_remove(record_namespaces(r), json_position(record_namespaces(r), name)) ==
	       0;
}

void record_key_add(struct record *r, json_t *entry_take)
{
	record_key_drop(r, json_text_at(entry_take, "id", ""), NULL);
	json_array_append_new(record_keys(r), entry_take);
}

static bool says(const json_t *entry, const char *member_name, const char *text)
{
	return text && strcmp(json_text_at(entry, member_name, ""), text) == 0;
}

void record_key_drop(struct record *r, const char *id, const char *namespace)
{
	json_t *list = record_keys(r);
	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *entry = json_array_get(list, i);
		if (says(entry, "id", id) || says(entry, "namespace", namespace))
			json_array_remove(list, i);
	}
}
