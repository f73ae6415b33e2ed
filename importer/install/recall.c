/* SPDX-License-Identifier: Apache-2.0
 * The user's tables of an installation whose record got lost: what they were, and where they came
 * from, by the copy of it in a component template. */
#include "importer/install/recall.h"

#include <stdio.h>

#include "common/cleanup.h"
#include "importer/client/advice.h"
#include "importer/client/es.h"
#include "importer/client/names.h"
#include "importer/core/json.h"

json_t *recall_note(const struct record *r)
{
	const char *name;
	json_t *entry, *note = json_deep_copy(record_dictionaries(r));
	json_object_foreach (json_object_get(note, "files"), name, entry) {
		json_object_del(entry, "parts");
		json_object_del(entry, "packed");
	}
	return note;
}

/* Whether somebody wrote something else there. */
static bool is_note(const json_t *note)
{
	const char *name;
	json_t *entry, *files = json_object_get(note, "files");
	json_object_foreach (files, name, entry)
		if (!json_is_string(json_object_get(entry, "hash")) ||
		    !json_is_string(json_object_get(entry, "source")))
			return false;
	return json_object_size(files) > 0 && json_is_string(json_object_get(note, "dir")) &&
	       json_is_string(json_object_get(note, "host"));
}

void recall_tables(struct es *es, struct record *r)
{
	char path[NAME_ROOM + 30];
	const char *name = NAME(es_prefix(es), NAMES_COPY);
	struct err ignored = ERR_NONE;
	CLEANUP_JSON json_t *reply = NULL;
	if (r->found != RECORD_ABSENT)
		return;
	snprintf(path, sizeof(path), "/_component_template/%s", name);
	if (es_find(es, path, &reply, &ignored) <= 0)
		return;
	json_t *note = json_at(json_called(json_object_get(reply, "component_templates"), name),
			       "component_template._meta.tables");
	if (is_note(note))
		json_object_update(record_dictionaries(r), note);
}

const char *recall_dir(const struct record *r, char *ret_text)
{
	return advice_word(json_text_at(record_dictionaries(r), "dir", "DIR"), ret_text);
}
