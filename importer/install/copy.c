/* SPDX-License-Identifier: Apache-2.0
 * The copy of the record in the component template flow@installation: written with the assets, so
 * it tells whether record and assets are of the same setup. */
#include "importer/install/copy.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/client/names.h"
#include "importer/core/json.h"
#include "importer/core/version.h"
#include "importer/install/install.h"
#include "importer/install/installed.h"
#include "importer/install/recall.h"
#include "importer/install/remember.h"
#include "importer/install/remember_tables.h"

#define SERIAL     "serial"
#define SERIAL_MAX (1LL << 53) /* what a number in JSON may be everywhere */

/* 0 where it is none. */
static long long serial_of(const json_t *holder)
{
	long long serial = json_int_at(holder, SERIAL);
	return serial > 0 && serial < SERIAL_MAX ? serial : 0;
}

/* Of what the assets are made from. */
static void copy_hash(const json_t *record, char ret_hash[CANON_HASH_MAX])
{
	const char *name;
	json_t *entry;
	CLEANUP_JSON json_t *told = json_object();
	json_object_set(told, "options", json_object_get(record, "options"));
	json_object_foreach (json_at(record, "dictionaries.files"), name, entry)
		json_object_set(told, name, json_object_get(entry, "hash"));
	canon_hash(told, ret_hash);
}

/* The number of what the record says now. It is the same as before where that is the same, so that
 * who goes on after an interruption comes to the same end; and the installed copy's where that says
 * the same: so a record that got lost, and was found out, changes no asset. */
static long long serial_now(const struct install *in, const char *hash)
{
	const struct record *r = &in->record;
	char before[CANON_HASH_MAX];
	copy_hash(r->before, before);
	long long was = serial_of(r->before);
	long long is = was + (r->found != RECORD_THERE || strcmp(before, hash) != 0);
	bool behind = in->copy.serial > was || (is > was && in->copy.serial >= is);
	return behind ? in->copy.serial + (strcmp(in->copy.hash, hash) != 0) : is;
}

void copy_set(struct install *in)
{
	json_t *v = in->rendering.variables;
	char hash[CANON_HASH_MAX];
	copy_hash(in->record.body, hash);
	long long serial = serial_now(in, hash);
	json_object_set_new(in->record.body, SERIAL, json_integer(serial));
	json_object_set_new(v, SERIAL, json_integer(serial));
	json_object_set_new(v, "version", json_string(version_own));
	json_object_set_new(v, "record", json_string(hash));
	json_object_set(v, "options", record_options(&in->record));
	json_object_set_new(v, "tables", recall_note(&in->record));
}

static struct plan_item *copy_item(struct install *in)
{
	const char *name = NAME(es_prefix(in->es), NAMES_COPY);
	for (size_t i = 0; i < in->plan.n; i++)
		if (strcmp(in->plan.item[i].name, name) == 0)
			return &in->plan.item[i];
	return NULL;
}

static enum copy_age age_of(const struct record *r, const json_t *meta)
{
	char hash[CANON_HASH_MAX];
	long long record = serial_of(r->before), copy = serial_of(meta);
	bool applied = strcmp(record_text(r, "state"), RECORD_APPLIED) == 0;
	copy_hash(r->before, hash);
	bool same = strcmp(json_text_at(meta, "record", hash), hash) == 0;
	if (r->found != RECORD_THERE)
		return COPY_FITS;
	if (copy > record)
		return COPY_RECORD_OLDER;
	if (same || !applied)
		return COPY_FITS;
	return copy < record ? COPY_ASSETS_OLDER : COPY_RECORD_OLDER;
}

/* An efctl from before the copy had the options: what its assets tell of them. */
static void look_at_assets(const struct install *in, const struct app *app, json_t *list)
{
	size_t i;
	json_t *entry;
	struct err ignored = ERR_NONE;
	CLEANUP_JSON json_t *found = json_array();
	installed_find(in, app, found, &ignored);
	json_array_foreach (found, i, entry)
		json_array_append_new(list, json_pack("{s:O,s:O,s:O,s:O}", "option",
						      json_object_get(entry, "option"), "from",
						      json_object_get(entry, "installed"), "to",
						      json_object_get(entry, "wanted"), "keep",
						      json_object_get(entry, "keep")));
}

/* The rendered one has the number that was known before this one was seen. */
static void correct_serial(struct install *in, struct plan_item *item)
{
	copy_set(in);
	json_object_set(json_object_get(item->wanted, "_meta"), SERIAL,
			json_object_get(in->rendering.variables, SERIAL));
	kind_hash(item->kind, item->wanted, item->hash);
	item->action = plan_compare(item->kind, item->name, item->wanted, item->found);
}

void copy_look(struct install *in, const struct app *app)
{
	struct plan_item *item = copy_item(in);
	struct copy *c = &in->copy;
	json_decref(c->back);
	c->age = COPY_FITS;
	c->back = json_array();
	if (!item || !item->found || !item->wanted || item->action == ACTION_DRIFTED ||
	    item->action == ACTION_FOREIGN) /* what somebody else wrote tells nothing */
		return;
	const json_t *meta = json_object_get(item->found, "_meta");
	const json_t *options = json_object_get(meta, "options");
	c->serial = serial_of(meta);
	snprintf(c->hash, sizeof(c->hash), "%s", json_text_at(meta, "record", ""));
	correct_serial(in, item);
	c->age = age_of(&in->record, meta);
	if (c->age == COPY_FITS)
		return;
	if (!json_is_object(options)) {
		look_at_assets(in, app, c->back);
		return;
	}
	remember_back(app, &in->record, options, c->back);
	remember_tables_back(app, &in->record, json_object_get(meta, "tables"), c->back);
}

bool copy_takes_back(const struct install *in)
{
	return in->copy.age == COPY_RECORD_OLDER && json_array_size(in->copy.back);
}

void copy_back_text(const struct install *in, char *ret_text, size_t size)
{
	size_t i, n = 0;
	json_t *entry;
	*ret_text = '\0';
	json_array_foreach (in->copy.back, i, entry) {
		n += (size_t)snprintf(
		    ret_text + n, size - n, "%s%s %s -> %s (%s keeps it)", n ? ", " : "",
		    json_text_at(entry, "option", ""), json_text_at(entry, "from", "none"),
		    json_text_at(entry, "to", "none"), json_text_at(entry, "keep", ""));
		if (n >= size)
			return;
	}
}
