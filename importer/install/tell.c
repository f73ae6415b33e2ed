/* SPDX-License-Identifier: Apache-2.0
 * What status and doctor say of the record of an installation.
 */
#include "importer/install/tell.h"

#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/client/names.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"
#include "importer/core/owner.h"
#include "importer/core/version.h"
#include "importer/install/install.h"
#include "importer/install/installed.h"
#include "importer/install/mend.h"
#include "importer/install/remember.h"
#include "importer/install/unfit.h"

/* Whether somebody says to be at work; whose lease it is, is the caller's. */
static bool is_at_work(const struct install *in, json_t **ret_lease)
{
	struct err ignored = ERR_NONE;
	struct document_at at;
	return document_get(in->es, NAMES_LEASE, ret_lease, &at, NULL, &ignored) > 0 &&
	       !owner_is_dead(json_text_at(*ret_lease, "process", ""));
}

/* A setup that has not come to its end may still be at it: its lease tells. */
static void tell_unfinished(const struct install *in, const struct app *app, json_t *list)
{
	CLEANUP_JSON json_t *lease = NULL;
	const struct record *r = &in->record;
	const char *by = record_text(r, "by"), *began = record_text(r, "at");
	if (is_at_work(in, &lease))
		finding_add(list, ODD,
			    "the setup that %s began on %s has not finished: %s said on %s that it "
			    "is running (efctl %s)",
			    by, began, json_text_at(lease, "by", "?"),
			    json_text_at(lease, "at", "?"), json_text_at(lease, "command", "?"));
	else
		finding_add(
		    list, BAD,
		    "the setup that %s began on %s (efctl %s) did not finish: %s continues it", by,
		    began, record_text(r, "version"), MEND(in, app, ""));
}

static void tell_state(const struct install *in, const struct app *app, json_t *list)
{
	const struct record *r = &in->record;
	const char *version = record_text(r, "version");
	if (strcmp(record_text(r, "state"), RECORD_APPLIED) != 0)
		tell_unfinished(in, app, list);
	else
		finding_add(list, FINE, "set up by %s on %s, efctl %s", record_text(r, "by"),
			    record_text(r, "at"), version);
	if (version_compare(version_own, version) == VERSION_OLDER)
		finding_add(list, BAD,
			    "this is efctl %s, which is older than what is installed: use efctl %s "
			    "or a newer one",
			    version_own, version);
}

/* An efctl that knows no record deletes the copy of it when it sets up. */
static bool copy_is_gone(const struct install *in)
{
	for (size_t i = 0; i < in->plan.n; i++)
		if (strcmp(in->plan.item[i].name, NAME(es_prefix(in->es), NAMES_COPY)) == 0)
			return in->plan.item[i].action == ACTION_CREATE;
	return false;
}

static void tell_absent(const struct install *in, const struct app *app, json_t *list)
{
	struct err ignored = ERR_NONE;
	CLEANUP_JSON json_t *found = json_array();
	const char *host = json_text_at(record_dictionaries(&in->record), "host", NULL);
	installed_find(in, app, found, &ignored);
	bool tables = installed_has_tables(found);
	finding_add(list, ODD,
		    "this installation has no record: it was made by an efctl that kept none, or "
		    "the index %s was lost; %s creates one from what is installed%s%s",
		    NAME(es_prefix(in->es), NAMES_INDEX), MEND(in, app, ""),
		    !tables ? ""
		    : host  ? ", and takes your tables from where they came from, which is on "
			    : " (DIR: where the files of your tables are)",
		    tables && host ? host : "");
}

/* A record and assets of two times. */
static void tell_copy(const struct install *in, const struct app *app, json_t *list)
{
	char back[400];
	CLEANUP_JSON json_t *lease = NULL;
	copy_back_text(in, back, sizeof(back));
	if (in->copy.age == COPY_RECORD_OLDER)
		finding_add(list, BAD,
			    COPY_OLDER
			    "; %s follows the record and brings the assets in line with it%s%s",
			    MEND(in, app, ""), *back ? ", which takes back " : "", back);
	if (in->copy.age == COPY_ASSETS_OLDER && is_at_work(in, &lease)) /* the record is first */
		finding_add(list, ODD,
			    "the record is newer than the assets: %s is running (efctl %s)",
			    json_text_at(lease, "by", "?"), json_text_at(lease, "command", "?"));
	else if (in->copy.age == COPY_ASSETS_OLDER)
		finding_add(list, BAD, COPY_NEWER "; %s brings them to what the record says%s%s",
			    MEND(in, app, ""), *back ? ": " : "", back);
}

void tell_record(const struct install *in, const struct app *app, json_t *list)
{
	const struct record *r = &in->record;
	const char *namespace = app->elastic.namespace;
	if (record_is_unknown(r))
		finding_add(list, UNKNOWN, "the record of the installation was not read: %s%s",
			    r->why.msg, unfit_ways(app, r, (char[UNFIT_MAX]){ 0 }));
	if (r->found == RECORD_ABSENT && install_is_there(in))
		tell_absent(in, app, list);
	if (r->found != RECORD_THERE)
		return;
	tell_state(in, app, list);
	if (copy_is_gone(in))
		finding_add(
		    list, BAD,
		    "the component template %s is missing: an older efctl that knows no record has "
		    "changed this installation; %s restores what the record says",
		    NAME(es_prefix(in->es), NAMES_COPY), MEND(in, app, ""));
	tell_copy(in, app, list);
	if (!record_namespace_has(r, namespace))
		finding_add(list, ODD, "namespace %s was not set up: %s adds it", namespace,
			    MEND(in, app, ""));
}

json_t *tell_options(const struct install *in)
{
	const char *name;
	json_t *value, *text = json_string("");
	json_object_foreach (record_options(&in->record), name, value) {
		const char *said = json_string_value(text);
		json_t *more = json_sprintf(
		    "%s%s%s %s", said, *said ? ", " : "",
		    strncmp(name, "setup.", 6) == 0 ? name + 6 : name,
		    json_is_string(value) ? remember_shown(json_string_value(value)) : "?");
		json_decref(text);
		text = more;
	}
	if (*json_string_value(text))
		return text;
	json_decref(text);
	return json_string("none");
}
