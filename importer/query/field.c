/* SPDX-License-Identifier: Apache-2.0
 * Fields of a document: which there are, of what type, and what asking for one costs. */
#include "importer/query/field.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/ip.h"
#include "flow_fields.h" /* made from the mapping */
#include "importer/query/suggest.h"

/* By name, as the mapping has them. */
static const struct field_row {
	const char *name, *type;
} field_rows[] = { FLOW_FIELDS };
#define FIELD_ROWS (sizeof(field_rows) / sizeof(field_rows[0]))

const char *const field_indexed[] = { "@timestamp",
				      "tags",
				      "event.action",
				      "event.outcome",
				      "network.type",
				      "network.transport",
				      "network.protocol",
				      "network.application",
				      "network.name",
				      "network.direction",
				      "network.vlan.id",
				      "source.ip",
				      "source.nat.ip",
				      "source.user.name",
				      "source.geo.country_iso_code",
				      "destination.ip",
				      "destination.port",
				      "destination.nat.ip",
				      "destination.user.name",
				      "destination.geo.country_iso_code",
				      "client.ip",
				      "client.nat.ip",
				      "client.user.name",
				      "client.geo.country_iso_code",
				      "server.ip",
				      "server.nat.ip",
				      "server.user.name",
				      "server.geo.country_iso_code",
				      "source.as.organization.name",
				      "destination.as.organization.name",
				      "client.as.organization.name",
				      "server.as.organization.name",
				      "source.domain",
				      "destination.domain",
				      "client.domain",
				      "server.domain",
				      "flow.source.network.name",
				      "flow.source.network.site",
				      "flow.source.network.role",
				      "flow.source.network.zone",
				      "flow.source.network.tenant",
				      "flow.source.scope",
				      "flow.source.threat",
				      "flow.destination.network.name",
				      "flow.destination.network.site",
				      "flow.destination.network.role",
				      "flow.destination.network.zone",
				      "flow.destination.network.tenant",
				      "flow.destination.scope",
				      "flow.destination.threat",
				      "flow.client.name",
				      "flow.client.network.name",
				      "flow.client.network.site",
				      "flow.client.network.role",
				      "flow.client.network.zone",
				      "flow.client.network.tenant",
				      "flow.client.scope",
				      "flow.client.threat",
				      "flow.server.name",
				      "flow.server.network.name",
				      "flow.server.network.site",
				      "flow.server.network.role",
				      "flow.server.network.zone",
				      "flow.server.network.tenant",
				      "flow.server.scope",
				      "flow.server.threat",
				      "flow.type",
				      "flow.direction",
				      "flow.biflow",
				      "flow.locality",
				      "flow.end_reason",
				      "flow.service.name",
				      "flow.application.category",
				      "flow.sampling.origin",
				      "flow.tcp.flags",
				      "flow.icmp.name",
				      "flow.dscp.name",
				      "flow.next_hop",
				      "flow.bgp.next_hop",
				      "flow.vrf.ingress.name",
				      "flow.vrf.egress.name",
				      "flow.forwarding.status",
				      "flow.firewall.event",
				      "flow.nat.event",
				      "flow.tunnel.type",
				      "flow.tunnel.id",
				      "flow.duplicate.reason",
				      "flow.ingress.interface",
				      "flow.egress.interface",
				      "flow.exporter.domain",
				      "flow.exporter.site",
				      "flow.exporter.tenant",
				      "flow.threat.class",
				      "flow.threat.category",
				      "flow.threat.categories",
				      "flow.threat.severity",
				      "flow.threat.feeds",
				      "observer.name",
				      "observer.vendor",
				      "rule.id",
				      "rule.name",
				      "user.name",
				      "process.name",
				      "host.name",
				      "dns.question.name",
				      "tls.client.server_name",
				      "tls.client.ja3",
				      "tls.client.ja4",
				      "url.domain",
				      NULL };

bool field_can_be(const char *word)
{
	struct prefix prefix;
	struct err none = ERR_NONE;
	const size_t len = strlen(word);
	if (!strchr(word, '.') || word[0] == '.' || word[len - 1] == '.' || strstr(word, "..") ||
	    strchr(word, '*') || strchr(word, '/') || !isalpha((unsigned char)word[0]))
		return false;
	return prefix_parse(word, true, &prefix, &none) != 0;
}

enum filter_cost field_cost(const char *field)
{
	for (const char *const *f = field_indexed; *f; f++)
		if (strcmp(*f, field) == 0)
			return FILTER_INDEXED;
	return FILTER_VALUES;
}

static enum field_kind type_of(const char *type)
{
	static const struct {
		const char *type;
		enum field_kind means;
	} rows[] = {
		{ "long", FIELD_WHOLE },          { "integer", FIELD_WHOLE },
		{ "short", FIELD_WHOLE },         { "byte", FIELD_WHOLE },
		{ "unsigned_long", FIELD_WHOLE }, { "float", FIELD_REAL },
		{ "half_float", FIELD_REAL },     { "scaled_float", FIELD_REAL },
		{ "double", FIELD_REAL },         { "ip", FIELD_ADDRESS },
		{ "date", FIELD_DATE },           { "date_nanos", FIELD_DATE },
		{ "boolean", FIELD_TRUE },        { "object", FIELD_FOLDER },
		{ "nested", FIELD_FOLDER },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].type, type) == 0)
			return rows[i].means;
	return FIELD_TEXT;
}

/* `whole` begins with the names of `field` and goes on behind a dot. */
static bool field_is_below(const char *whole, const char *field)
{
	const size_t len = strlen(field);
	return strncmp(whole, field, len) == 0 && whole[len] == '.';
}

enum field_kind field_kind_of(const json_t *types, const char *field)
{
	const char *type = json_string_value(json_object_get(types, field));
	enum field_kind found = FIELD_UNKNOWN;
	if (type)
		return type_of(type);
	for (size_t i = 0; i < FIELD_ROWS; i++) {
		const struct field_row *row = &field_rows[i];
		if (strcmp(row->type, "flattened") == 0 && field_is_below(field, row->name))
			return FIELD_TEXT;
		if (!types && strcmp(row->name, field) == 0)
			return type_of(row->type);
		if (!types && field_is_below(row->name, field))
			found = FIELD_FOLDER;
	}
	return found;
}

/* The field of the mapping that was meant by one that is none, or NULL where none is near. */
static const char *field_near(const char *field)
{
	struct suggestion near = suggest_for(field);
	for (size_t i = 0; i < FIELD_ROWS; i++)
		suggest_try(&near, field_rows[i].name);
	/* service.name is flow.service.name */
	for (size_t i = 0; i < FIELD_ROWS && !near.best; i++) {
		const char *name = field_rows[i].name;
		const size_t n = strlen(name), len = strlen(field);
		if (n > len && name[n - len - 1] == '.' && strcmp(name + n - len, field) == 0)
			near.best = name;
	}
	return near.best;
}

const char *field_wrong(const char *field, enum field_kind type, char text[FIELD_WRONG_TEXT])
{
	const char *near = field_near(field);
	if (type == FIELD_FOLDER)
		return "has fields, and no value of its own";
	if (!near)
		return "is no field of a record; docs/fields.md has all";
	if (strcmp(near, field) == 0)
		return "is a field that the records asked do not have (efctl setup --profile)";
	snprintf(text, FIELD_WRONG_TEXT, "is no field of a record; did you mean '%.100s'?", near);
	return text;
}
