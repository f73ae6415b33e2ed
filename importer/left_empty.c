/* SPDX-License-Identifier: Apache-2.0
 * Questions about fields that the installation leaves empty: told beside the answer. */
#include "importer/left_empty.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/core/json.h"
#include "importer/core/print.h"
#include "importer/doctor_profiles.h"
#include "importer/record/record.h"

/* What is left out, whatever the profile, where databases are not asked. */
static const struct lookup_row {
	const char *option, *value, *field; /* of any end */
	const char *flag, *who;             /* `who` still has it */
} lookup_rows[] = {
	{ "setup.geo", "off", ".geo.country_iso_code", "--geo off", "your networks" },
	{ "setup.geo", "off", ".geo.region_name", "--geo off", "your networks" },
	{ "setup.geo", "off", ".geo.city_name", "--geo off", "your networks" },
	{ "setup.geo", "off", ".geo.location", "--geo off", "your networks" },
	{ "setup.geo", "country", ".geo.region_name", "--geo country", "your networks" },
	{ "setup.geo", "country", ".geo.city_name", "--geo country", "your networks" },
	{ "setup.geo", "country", ".geo.location", "--geo country", "your networks" },
	{ "setup.as_lookup", "off", ".as.number", "--as-lookup off",
	  "your networks and exporters" },
	{ "setup.as_lookup", "off", ".as.organization.name", "--as-lookup off", "your networks" },
};

static bool is_end_of(const char *field, const char *name)
{
	static const char *const ends[] = { "source", "destination", "client", "server" };
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const size_t n = strlen(ends[i]);
		if (strncmp(field, ends[i], n) == 0 && strcmp(field + n, name) == 0)
			return true;
	}
	return false;
}

static bool lookup_lacks(const json_t *options, const char *field, char text[LEFT_EMPTY_TEXT])
{
	for (size_t i = 0; i < sizeof(lookup_rows) / sizeof(lookup_rows[0]); i++) {
		const struct lookup_row *row = &lookup_rows[i];
		const char *value = json_string_value(json_object_get(options, row->option));
		if (!value || strcmp(value, row->value) != 0 || !is_end_of(field, row->field))
			continue;
		snprintf(text, LEFT_EMPTY_TEXT,
			 "%s is empty but for what %s say: this installation has %s "
			 "(docs/cost.md)",
			 field, row->who, row->flag);
		return true;
	}
	return false;
}

bool left_empty(const struct assets *assets, const json_t *options, const json_t *fields,
		char text[LEFT_EMPTY_TEXT])
{
	struct err none = ERR_NONE;
	CLEANUP_JSON json_t *paths = NULL;
	const char *profile = json_string_value(json_object_get(options, "setup.profile"));
	size_t i;
	json_t *one;
	if (profile && profile_left_out(assets, profile, &paths, &none))
		return false;
	json_array_foreach (fields, i, one) {
		const char *field = json_string_value(one);
		if (paths && profile_lacks(field, paths)) {
			snprintf(text, LEFT_EMPTY_TEXT,
				 "%s is empty in records of this installation: it has --profile %s "
				 "(docs/cost.md)",
				 field, profile);
			return true;
		}
		if (lookup_lacks(options, field, text))
			return true;
	}
	return false;
}

/* Clauses whose only member has the name of the field. */
static bool is_clause(const char *name)
{
	static const char *const clauses[] = { "term", "terms", "range", "prefix", "wildcard" };
	for (size_t i = 0; i < sizeof(clauses) / sizeof(clauses[0]); i++)
		if (strcmp(clauses[i], name) == 0)
			return true;
	return false;
}

/* The fields of one clause. */
static void clause_asked(const char *clause, const json_t *value, json_t *fields)
{
	const char *name;
	json_t *any;
	const json_t *exists = json_object_get(value, "field");
	if (strcmp(clause, "exists") == 0 && json_is_string(exists))
		json_array_append(fields, (json_t *)exists);
	if (is_clause(clause))
		json_object_foreach ((json_t *)value, name, any)
			json_array_append_new(fields, json_string(name));
}

void left_empty_asked(const json_t *query, json_t *fields)
{
	size_t i;
	const char *name;
	json_t *value;
	json_array_foreach (query, i, value)
		left_empty_asked(value, fields);
	json_object_foreach ((json_t *)query, name, value) {
		clause_asked(name, value, fields);
		left_empty_asked(value, fields);
	}
}

void left_empty_ranked(const struct subject *subject, json_t *fields)
{
	for (size_t side = 0; side < subject->sides; side++)
		for (size_t i = 0; i < subject->fields; i++)
			json_array_append_new(fields, json_string(subject->side[side].field[i]));
}

json_t *left_empty_options(struct es *es)
{
	struct err none = ERR_NONE;
	struct record record = { 0 };
	json_t *options = NULL;
	if (record_read(es, &record, &none) == 0 && record.found == RECORD_THERE)
		options = json_incref(record_options(&record));
	record_release(&record);
	return options;
}

bool left_empty_of(const struct app *app, const json_t *options, const json_t *query,
		   const struct subject *subject, char text[LEFT_EMPTY_TEXT])
{
	CLEANUP_JSON json_t *fields = json_array();
	if (subject)
		left_empty_ranked(subject, fields);
	left_empty_asked(query, fields);
	return left_empty(app->assets, options, fields, text);
}

void left_empty_say(const struct app *app, struct es *es, const json_t *query,
		    const struct subject *subject)
{
	char text[LEFT_EMPTY_TEXT];
	CLEANUP_JSON json_t *options = left_empty_options(es);
	if (left_empty_of(app, options, query, subject, text))
		print_plain(stderr, "%s\n", text);
}
