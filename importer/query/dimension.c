/* SPDX-License-Identifier: Apache-2.0
 * What flows can be ranked by: names that people use, and the fields of docs/fields.md behind
 * them. */
#include "importer/query/dimension.h"

#include <stdio.h>
#include <string.h>

#include "importer/query/field.h"
#include "importer/query/suggest.h"

#define END "%"

#define NAMED(name_, also_, title_, none_) \
	.name = name_, .also = also_, .title = title_, .none = none_

const struct dimension dimensions[] = {
	{ NAMED("hosts", "talkers", "HOST", "no address"), .fields = { "flow." END ".name" } },
	{ NAMED("clients", NULL, "CLIENT", "no client"), .fields = { "flow.client.name" } },
	{ NAMED("servers", NULL, "SERVER", "no server"), .fields = { "flow.server.name" } },
	{ NAMED("pairs", NULL, "CLIENT → SERVER", "no client and no server"),
	  .fields = { "flow.client.name", "flow.server.name" } },
	{ NAMED("conversations", NULL, "CLIENT → SERVER, SERVICE", "no client, server or service"),
	  .fields = { "flow.client.name", "flow.server.name", "flow.service.name" } },
	{ NAMED("addresses", "ips", "ADDRESS", "no address"), .fields = { END ".ip" }, .ip = true },
	{ NAMED("services", NULL, "SERVICE", "no service"), .fields = { "flow.service.name" } },
	{ NAMED("ports", NULL, "SERVER PORT", "no port"), .fields = { "server.port" },
	  .number = true },
	{ NAMED("protocols", NULL, "PROTOCOL", "no protocol"), .fields = { "network.transport" } },
	{ NAMED("layer7", "l7", "LAYER 7", "no protocol of layer 7"),
	  .fields = { "network.protocol" } },
	{ NAMED("applications", "apps", "APPLICATION", "no application"),
	  .fields = { "network.application" } },
	{ NAMED("app-categories", NULL, "CATEGORY", "no category"),
	  .fields = { "flow.application.category" } },
	{ NAMED("as", NULL, "AS", "no AS"), .fields = { END ".as.number" },
	  .label = END ".as.organization.name", .number = true },
	{ NAMED("countries", NULL, "COUNTRY", "no country"),
	  .fields = { END ".geo.country_iso_code" } },
	{ NAMED("regions", NULL, "REGION", "no region"), .fields = { END ".geo.region_name" } },
	{ NAMED("cities", NULL, "CITY", "no city"), .fields = { END ".geo.city_name" } },
	{ NAMED("networks", NULL, "NETWORK", "no network of yours"),
	  .fields = { "flow." END ".network.name" } },
	{ NAMED("sites", NULL, "SITE", "no site"), .fields = { "flow." END ".network.site" } },
	{ NAMED("roles", NULL, "ROLE", "no role"), .fields = { "flow." END ".network.role" } },
	{ NAMED("zones", NULL, "ZONE", "no zone"), .fields = { "flow." END ".network.zone" } },
	{ NAMED("tenants", NULL, "TENANT", "no tenant"),
	  .fields = { "flow." END ".network.tenant" } },
	{ NAMED("scopes", NULL, "SCOPE", "no scope"), .fields = { "flow." END ".scope" } },
	{ NAMED("macs", "mac", "MAC ADDRESS", "no MAC address"), .fields = { END ".mac" } },
	{ NAMED("mac-vendors", NULL, "VENDOR", "no vendor"),
	  .fields = { "flow." END ".mac_vendor" } },
	{ NAMED("users", NULL, "USER", "no user"), .fields = { END ".user.name" } },
	{ NAMED("exporters", NULL, "EXPORTER", "no exporter"), .fields = { "observer.name" } },
	{ NAMED("exporter-sites", NULL, "SITE", "no site"), .fields = { "flow.exporter.site" } },
	{ NAMED("exporter-tenants", NULL, "TENANT", "no tenant"),
	  .fields = { "flow.exporter.tenant" } },
	{ NAMED("vendors", NULL, "VENDOR", "no vendor"), .fields = { "observer.vendor" } },
	{ NAMED("interfaces", NULL, "INTERFACE", "no interface"),
	  .fields = { "flow." END ".interface" }, .ports = true, .interface = true },
	{ NAMED("links", NULL, "FROM INTERFACE → TO INTERFACE", "no interface"),
	  .fields = { "flow.ingress.interface", "flow.egress.interface" } },
	{ NAMED("vrfs", "vrf", "VRF", "no VRF"), .fields = { "flow.vrf." END ".name" },
	  .ports = true },
	{ NAMED("vlans", "vlan", "VLAN", "no VLAN"), .fields = { "network.vlan.id" } },
	{ NAMED("ssids", NULL, "SSID", "no SSID"), .fields = { "network.name" } },
	{ NAMED("dscp", NULL, "DSCP", "no DSCP"), .fields = { "flow.dscp.name" } },
	{ NAMED("ecn", NULL, "ECN", "no ECN"), .fields = { "flow.ecn" } },
	{ NAMED("flags", NULL, "TCP FLAG", "no flags"), .fields = { "flow.tcp.flags" },
	  .many = true },
	{ NAMED("icmp", NULL, "ICMP", "no ICMP"), .fields = { "flow.icmp.name" } },
	{ NAMED("versions", NULL, "IP VERSION", "no IP"), .fields = { "network.type" } },
	{ NAMED("directions", NULL, "DIRECTION", "no direction"),
	  .fields = { "network.direction" } },
	{ NAMED("formats", NULL, "FORMAT", "no format"), .fields = { "flow.type" } },
	{ NAMED("end-reasons", NULL, "END", "no reason"), .fields = { "flow.end_reason" } },
	{ NAMED("tunnels", NULL, "TUNNEL", "no tunnel"), .fields = { "flow.tunnel.type" } },
	{ NAMED("next-hops", NULL, "NEXT HOP", "no next hop"), .fields = { "flow.next_hop" },
	  .ip = true },
	{ NAMED("bgp-next-hops", NULL, "BGP NEXT HOP", "no BGP next hop"),
	  .fields = { "flow.bgp.next_hop" }, .ip = true },
	{ NAMED("communities", NULL, "COMMUNITY", "no community"),
	  .fields = { "flow.bgp.communities" }, .many = true },
	{ NAMED("processes", NULL, "PROCESS", "no process"), .fields = { "process.name" } },
	{ NAMED("rules", NULL, "RULE", "no rule"), .fields = { "rule.id" } },
	{ NAMED("rule-names", NULL, "RULE", "no name of a rule"), .fields = { "rule.name" } },
	{ NAMED("actions", NULL, "ACTION", "no action"), .fields = { "event.action" } },
	{ NAMED("outcomes", NULL, "OUTCOME", "no outcome"), .fields = { "event.outcome" } },
	{ NAMED("threats", NULL, "THREAT", "no threat"), .fields = { "flow.threat.categories" },
	  .many = true },
	{ NAMED("threat-classes", NULL, "CLASS", "no threat"), .fields = { "flow.threat.class" },
	  .many = true },
	{ NAMED("threat-feeds", NULL, "FEED", "no threat"), .fields = { "flow.threat.feeds" },
	  .many = true },
	{ NAMED("threat-addresses", NULL, "BAD ADDRESS", "no threat"),
	  .fields = { "threat.indicator.ip" }, .ip = true, .many = true },
	{ NAMED("severities", NULL, "SEVERITY", "no threat"),
	  .fields = { "flow.threat.severity" } },
	{ NAMED("dns", NULL, "NAME ASKED FOR", "no DNS"), .fields = { "dns.question.name" },
	  .many = true },
	{ NAMED("dns-types", NULL, "TYPE ASKED FOR", "no DNS"), .fields = { "dns.question.type" },
	  .many = true },
	{ NAMED("dns-codes", NULL, "DNS ANSWER", "no DNS answer"),
	  .fields = { "dns.response_code" }, .many = true },
	{ NAMED("tls", NULL, "TLS SERVER", "no TLS name"), .fields = { "tls.client.server_name" },
	  .many = true },
	{ NAMED("tls-versions", NULL, "TLS VERSION", "no TLS version"),
	  .fields = { "tls.version" } },
	{ NAMED("ja3", NULL, "JA3", "no JA3"), .fields = { "tls.client.ja3" } },
	{ NAMED("ja4", NULL, "JA4", "no JA4"), .fields = { "tls.client.ja4" } },
	{ NAMED("urls", NULL, "URL DOMAIN", "no URL"), .fields = { "url.domain" } },
	{ NAMED("sampling", NULL, "SAMPLING", "not sampled"),
	  .fields = { "flow.sampling.origin" } },
};
const size_t dimensions_len = sizeof(dimensions) / sizeof(dimensions[0]);

static const char *const ends[] = { "client", "server", "source", "destination" };
#define ENDS (sizeof(ends) / sizeof(ends[0]))
static const char *const ports[] = { "ingress", "egress" };

static const struct dimension *dimension_find(const char *name)
{
	for (size_t i = 0; i < dimensions_len; i++)
		if (strcmp(dimensions[i].name, name) == 0 ||
		    (dimensions[i].also && strcmp(dimensions[i].also, name) == 0))
			return &dimensions[i];
	return NULL;
}

/* The dimension of `client-as`, and which end it is. */
static const struct dimension *dimension_of_end(const char *name, const char **ret_end)
{
	for (size_t i = 0; i < ENDS; i++) {
		size_t n = strlen(ends[i]);
		const struct dimension *d = strncmp(name, ends[i], n) == 0 && name[n] == '-'
						? dimension_find(name + n + 1)
						: NULL;
		if (d && strchr(d->fields[0], '%') && !d->ports) {
			*ret_end = ends[i];
			return d;
		}
	}
	return NULL;
}

/* `with` in the place of '%'. */
static void field_fill(char field[SUBJECT_FIELD], const char *form, const char *with)
{
	const char *at = strchr(form, '%');
	if (at)
		snprintf(field, SUBJECT_FIELD, "%.*s%s%s", (int)(at - form), form, with, at + 1);
	else
		snprintf(field, SUBJECT_FIELD, "%s", form);
}

static int unknown_name(const char *name, struct err *err)
{
	struct suggestion near = suggest_for(name);
	for (size_t i = 0; i < dimensions_len; i++)
		suggest_try(&near, dimensions[i].name);
	if (near.best)
		return err_set(err, EF_USAGE, "'%.60s' is nothing to rank by; did you mean '%s'?",
			       name, near.best);
	return err_set(
	    err, EF_USAGE,
	    "'%.60s' is nothing to rank by; hosts, services, applications, as, countries "
	    "are, a field such as dns.question.name is, and docs/efctl.md lists all",
	    name);
}

static const struct subject_side interface_sides[] = {
	{ .sent = "flow.ingress.reverse_bytes",
	  .received = "flow.ingress.bytes",
	  .packets_sent = "flow.ingress.reverse_packets",
	  .packets_received = "flow.ingress.packets",
	  .peer = "flow.client.name" },
	{ .sent = "flow.egress.bytes",
	  .received = "flow.egress.reverse_bytes",
	  .packets_sent = "flow.egress.packets",
	  .packets_received = "flow.egress.reverse_packets",
	  .peer = "flow.client.name" },
};

/* By the order of `ends`. */
static const struct subject_side end_sides[ENDS] = {
	{ .sent = "client.bytes", .received = "server.bytes", .peer = "flow.server.name" },
	{ .sent = "server.bytes", .received = "client.bytes", .peer = "flow.client.name" },
	{ .sent = "source.bytes",
	  .received = "destination.bytes",
	  .peer = "flow.destination.name" },
	{ .sent = "destination.bytes", .received = "source.bytes", .peer = "flow.source.name" },
};

static void side_count(struct subject_side *at, const struct subject_side *by)
{
	at->sent = by->sent;
	at->received = by->received;
	at->packets_sent = by->packets_sent;
	at->packets_received = by->packets_received;
	at->peer = by->peer;
}

/* What the values at either side sent and received. `end`: the only one, or NULL. */
static void subject_count(struct subject *s, const struct dimension *d, const char *end)
{
	size_t first = 0;
	if (d->interface) {
		s->sent = "OUT";
		s->received = "IN";
		s->whole = false;
	} else if (!d->ports) {
		s->sent = "SENT";
		s->received = "RECEIVED";
		s->peers = "PEERS";
	} else {
		return;
	}
	while (end && strcmp(ends[first], end) != 0)
		first++;
	for (size_t side = 0; side < s->sides; side++)
		side_count(&s->side[side],
			   d->interface ? &interface_sides[side] : &end_sides[first + side]);
}

static enum subject_kind kind_of(const struct dimension *d)
{
	return d->number ? SUBJECT_NUMBER : d->ip ? SUBJECT_ADDRESS : SUBJECT_TEXT;
}

/* The dimension's fields at each side, from number `first` on. */
static void fields_fill(struct subject *s, const struct dimension *d, const char *end, size_t first)
{
	for (size_t side = 0; side < s->sides && side < 2; side++) {
		const char *with = end ? end : d->ports ? ports[side] : ends[side];
		for (size_t i = first; i < s->fields && d->fields[i - first]; i++)
			field_fill(s->side[side].field[i], d->fields[i - first], with);
		if (d->label)
			field_fill(s->side[side].label, d->label, with);
	}
}

/* The fields of one dimension behind those that are there, at each side. */
static int subject_add(struct subject *s, const struct dimension *d, const char *end,
		       struct err *err)
{
	size_t first = s->fields;
	bool two = strchr(d->fields[0], '%') && !end;
	for (size_t i = 0; i < 3 && d->fields[i]; i++) {
		if (s->fields == SUBJECT_FIELDS)
			return err_set(err, EF_USAGE, "at most %d fields can be ranked together",
				       SUBJECT_FIELDS);
		s->kind[s->fields++] = kind_of(d);
	}
	if (two && s->sides == 1) {
		s->side[1] = s->side[0];
		s->sides = 2;
	}
	fields_fill(s, d, end, first);
	if (two || end)
		subject_count(s, d, end);
	s->many |= d->many;
	return 0;
}

static void title_add(struct subject *s, const char *title, const char *none)
{
	size_t n = strlen(s->title), m = strlen(s->none);
	snprintf(s->title + n, sizeof(s->title) - n, "%s%s", n ? ", " : "", title);
	snprintf(s->none + m, sizeof(s->none) - m, "%s%s", m ? " and " : "", none);
}

static int subject_add_name(struct subject *s, const char *name, struct err *err)
{
	const char *end = NULL;
	const struct dimension *d = dimension_find(name);
	struct dimension plain = { .title = name, .none = "none", .many = true };
	char title[80];
	if (!d)
		d = dimension_of_end(name, &end);
	if (!d && strchr(name, '.')) {
		if (strlen(name) >= SUBJECT_FIELD || strchr(name, '%'))
			return err_set(err, EF_USAGE, "'%.80s' is no field of docs/fields.md",
				       name);
		const enum field_kind type = field_kind_of(NULL, name);
		plain.fields[0] = name;
		plain.number = type == FIELD_WHOLE || type == FIELD_REAL;
		plain.ip = type == FIELD_ADDRESS;
		d = &plain;
	}
	if (!d)
		return unknown_name(name, err);
	if (s->fields && d->interface)
		return err_set(err, EF_USAGE,
			       "'%s' cannot be ranked together with something else: its figures "
			       "are of its own; 'links' can",
			       name);
	const size_t first = s->fields;
	if (subject_add(s, d, end, err))
		return -1;
	s->named[first] = d == &plain;
	snprintf(title, sizeof(title), "%s%s%s", end ? end : "", end ? " " : "", d->title);
	for (char *c = title; end && *c != ' '; c++)
		*c = (char)(*c - 'a' + 'A');
	title_add(s, title, d->none);
	return 0;
}

int subject_parse(const char *names, struct subject *ret, struct err *err)
{
	struct subject s = { .sides = 1,
			     .whole = true,
			     .sent = "TO SERVER",
			     .received = "TO CLIENT",
			     .peers = "CLIENTS" };
	s.side[0].sent = "client.bytes";
	s.side[0].received = "server.bytes";
	s.side[0].peer = "flow.client.name";
	for (const char *at = names, *end = NULL; end != names + strlen(names); at = end + 1) {
		char name[80];
		size_t n = strcspn(at, ",");
		snprintf(name, sizeof(name), "%.*s", (int)(n < 79 ? n : 79), at);
		if (!s.whole)
			return err_set(err, EF_USAGE,
				       "'interfaces' cannot be ranked together with something "
				       "else: their figures are of their own; 'links' can");
		if (subject_add_name(&s, name, err))
			return -1;
		end = at + n;
	}
	if (s.fields > 1) /* a label is of one value alone */
		s.side[0].label[0] = s.side[1].label[0] = '\0';
	*ret = s;
	return 0;
}

bool subject_is(const char *word)
{
	struct subject s;
	struct err err = ERR_NONE;
	return subject_parse(word, &s, &err) == 0;
}

json_t *subject_none(const struct subject *s)
{
	json_t *each = json_array();
	for (size_t side = 0; side < s->sides; side++) {
		json_t *any = json_array();
		for (size_t i = 0; i < s->fields; i++)
			json_array_append_new(
			    any, json_pack("{s:{s:s}}", "exists", "field", s->side[side].field[i]));
		/* several values: only what has none of them has no row (rank_request.c) */
		json_array_append_new(
		    each, json_pack("{s:{s:o}}", "bool", s->fields > 1 ? "should" : "filter", any));
	}
	return json_pack("{s:{s:o}}", "bool", "must_not", each);
}

/* A name may hold NULs, which would hide what is behind them and make one row of two: a symbol
 * stands for each. */
static size_t text_add(char *text, size_t at, const json_t *key)
{
	static const char nul[] = "␀";
	if (json_is_integer(key) || json_is_real(key))
		return at + (size_t)snprintf(text + at, SUBJECT_TEXT_MAX - at, "%.0f",
					     json_number_value(key));
	size_t len = json_string_length(key);
	for (size_t i = 0; i < len && at + sizeof(nul) < SUBJECT_TEXT_MAX - 8; i++) {
		const char c = json_string_value(key)[i];
		memcpy(text + at, c ? &c : nul, c ? 1 : sizeof(nul) - 1);
		at += c ? 1 : sizeof(nul) - 1;
	}
	return at + (size_t)snprintf(text + at, SUBJECT_TEXT_MAX - at, "%s",
				     json_is_string(key)                       ? ""
				     : json_is_null(key) || json_is_array(key) ? "(none)"
									       : "?");
}

const char *subject_text(const struct subject *s, const json_t *key, char text[SUBJECT_TEXT_MAX])
{
	size_t at = 0, n = json_array_size(key);
	bool arrow = strstr(s->title, " → ");
	text[0] = '\0';
	for (size_t i = 0; i < n && at < SUBJECT_TEXT_MAX - 16; i++) {
		if (i)
			at += (size_t)snprintf(text + at, SUBJECT_TEXT_MAX - at, "%s",
					       arrow && i == 1 ? " → " : ", ");
		at = text_add(text, at, json_array_get(key, i));
	}
	return text;
}
