/* SPDX-License-Identifier: Apache-2.0
 * The kinds of dictionaries: their columns and the form they are compiled to, one const row
 * each. */
#include "importer/dictionary/dict_kind.h"

#include <stdio.h>
#include <string.h>

#include "importer/dictionary/feed.h"

#define KEY      .key = true, .required = true
#define OPEN_KEY .key = true /* may be empty */
#define MUST     .required = true
#define UPTO(n)  .type = DICT_COUNT, .max = (n)
#define WHOLE    4294967295.0
#define RATE     16777215.0 /* one in so many: no device has more, docs/counting.md */
#define METERS   .type = DICT_WORD, .words = "ingress egress both"

static const struct dict_column services[] = {
	{ .name = "port", UPTO(65535), KEY },
	{ .name = "transport", .type = DICT_WORD, KEY },
	{ .name = "name", .type = DICT_TEXT, MUST },
};
static const struct dict_column protocols[] = {
	{ .name = "number", UPTO(255), KEY },
	{ .name = "keyword", .type = DICT_WORD, MUST },
	{ .name = "name" },
};
static const struct dict_column icmp[] = {
	{ .name = "family", .type = DICT_WORD, KEY },
	{ .name = "type", UPTO(255), KEY },
	{ .name = "code", UPTO(255), OPEN_KEY },
	{ .name = "name", .type = DICT_TEXT, MUST },
};
static const struct dict_column dscp[] = {
	{ .name = "value", UPTO(63), KEY },
	{ .name = "keyword", .type = DICT_TEXT, MUST },
	{ .name = "name" },
};
static const struct dict_column tcp_flags[] = {
	{ .name = "mask", UPTO(32768), KEY, .min = 1 },
	{ .name = "keyword", .type = DICT_TEXT, MUST },
	{ .name = "name" },
};
static const struct dict_column numbers[] = {
	{ .name = "value", UPTO(255), KEY },
	{ .name = "name", .type = DICT_TEXT, MUST },
};
static const struct dict_column engines[] = {
	{ .name = "engine", UPTO(255), KEY },
	{ .name = "name", .type = DICT_TEXT, MUST },
};
static const struct dict_column firewall_events[] = {
	{ .name = "scheme", .type = DICT_TEXT, KEY },
	{ .name = "value", UPTO(65535), KEY },
	{ .name = "name", .type = DICT_TEXT, MUST },
};
static const struct dict_column forwarding_status[] = {
	{ .name = "value", UPTO(255), KEY },
	{ .name = "status", .type = DICT_TEXT, MUST },
	{ .name = "name", .type = DICT_TEXT, MUST },
};
static const struct dict_column enumerations[] = {
	{ .name = "element", .type = DICT_TEXT, KEY },
	{ .name = "value", UPTO(WHOLE), KEY },
	{ .name = "name", .type = DICT_TEXT, MUST },
};
static const struct dict_column server_ports[] = {
	{ .name = "port", UPTO(65535), KEY, .min = 1 },
	{ .name = "name", .type = DICT_TEXT, MUST },
};
static const struct dict_column appids[] = {
	{ .name = "engine", .type = DICT_WORD, KEY },
	{ .name = "id", .type = DICT_TEXT, KEY },
	{ .name = "name", .type = DICT_TEXT, MUST },
};
static const struct dict_column special_purpose[] = {
	{ .name = "prefix", .type = DICT_PREFIX, KEY },
	{ .name = "name", .type = DICT_TEXT, MUST },
	{ .name = "global", .type = DICT_BOOL, MUST },
	{ .name = "multicast", .type = DICT_BOOL },
};
static const struct dict_column networks[] = {
	{ .name = "prefix", .type = DICT_PREFIX, KEY },
	{ .name = "name" },
	{ .name = "site" },
	{ .name = "role" },
	{ .name = "zone" },
	{ .name = "tenant" },
	{ .name = "internal", .type = DICT_BOOL },
	{ .name = "country" },
	{ .name = "region" },
	{ .name = "city" },
	{ .name = "latitude", .type = DICT_REAL, .min = -90, .max = 90 },
	{ .name = "longitude", .type = DICT_REAL, .min = -180, .max = 180 },
	{ .name = "as_number", UPTO(WHOLE) },
	{ .name = "as_name" },
	{ .name = "services", .type = DICT_SERVES },
};
static const struct dict_column exporters[] = {
	{ .name = "prefix", .type = DICT_SENDER, KEY },
	{ .name = "name" },
	{ .name = "vendor" },
	{ .name = "product" },
	{ .name = "type" },
	{ .name = "version" },
	{ .name = "site" },
	{ .name = "serial" },
	{ .name = "appids", .type = DICT_WORD },
	{ .name = "totals", .type = DICT_BOOL },
	{ .name = "out", .type = DICT_WORD, .words = "reverse copy" },
	{ .name = "meters", METERS },
};
static const struct dict_column interfaces[] = {
	{ .name = "exporter", .type = DICT_EXPORTER, KEY },
	{ .name = "interface", UPTO(WHOLE), KEY },
	{ .name = "name" },
	{ .name = "alias" },
	{ .name = "speed", UPTO(1e15) },
	{ .name = "role" },
	{ .name = "totals", .type = DICT_BOOL },
	{ .name = "meters", METERS },
};
static const struct dict_column sampling[] = {
	{ .name = "exporter", .type = DICT_EXPORTER, KEY },
	{ .name = "interface", UPTO(WHOLE), OPEN_KEY },
	{ .name = "rate", UPTO(RATE), MUST, .min = 1 },
	{ .name = "override", .type = DICT_BOOL },
};
static const struct dict_column applications[] = {
	{ .name = "prefix", .type = DICT_PREFIX, OPEN_KEY },
	{ .name = "protocol", .type = DICT_WORD, OPEN_KEY },
	{ .name = "port", .type = DICT_PORTS, OPEN_KEY },
	{ .name = "application", .type = DICT_TEXT, MUST },
};
static const struct dict_column hosts[] = {
	{ .name = "address", .type = DICT_ADDRESS, KEY },
	{ .name = "name", .type = DICT_TEXT, MUST },
	{ .name = "services", .type = DICT_SERVES },
};
static const struct dict_column threats[] = {
	{ .name = "prefix", .type = DICT_PREFIX, KEY },
	{ .name = "feed", .type = DICT_TEXT, KEY },
	{ .name = "category", .type = DICT_WORD },
	{ .name = "severity", UPTO(100), .min = 1 },
	{ .name = "reference" },
};
static const struct dict_column threat_allow[] = {
	{ .name = "prefix", .type = DICT_PREFIX, KEY },
	{ .name = "note" },
};
static const struct dict_column threat_feeds[] = {
	[FEED_NAME] = { .name = "feed", .type = DICT_TEXT, KEY },
	[FEED_URL] = { .name = "url", .type = DICT_TEXT, MUST },
	[FEED_FORMAT] = { .name = "format", .type = DICT_TEXT, MUST },
	[FEED_CATEGORY] = { .name = "category", .type = DICT_WORD, MUST },
	[FEED_SEVERITY] = { .name = "severity", UPTO(100), MUST, .min = 1 },
	[FEED_ENABLED] = { .name = "enabled", .type = DICT_BOOL, MUST },
	[FEED_TERMS] = { .name = "terms", .type = DICT_TEXT, MUST },
	[FEED_INTERVAL] = { .name = "interval", .type = DICT_TEXT, MUST },
	[FEED_USE] = { .name = "use", .type = DICT_WORD },
};
static const struct dict_column oui[] = {
	{ .name = "prefix", .type = DICT_MAC, KEY },
	{ .name = "vendor", .type = DICT_TEXT, MUST },
};
static const struct dict_column elements[] = {
	{ .name = "element", .type = DICT_TEXT, KEY },
	{ .name = "conversion", .type = DICT_WORD, MUST },
	{ .name = "field" },
	{ .name = "rare", .type = DICT_WORD },
};
static const struct dict_column address_elements[] = {
	{ .name = "element", .type = DICT_TEXT, KEY },
	{ .name = "family", .type = DICT_WORD, MUST },
	{ .name = "end", .type = DICT_WORD, MUST },
};

#define COLUMNS(c) .column = (c), .columns = sizeof(c) / sizeof((c)[0])

const struct dict_kind dict_kinds[] = {
	{ .name = "services",
	  .text = "names of services by port",
	  .shape = DICT_SERVICES,
	  COLUMNS(services) },
	{ .name = "server-ports",
	  .text = "ports that servers listen on",
	  .shape = DICT_MAP,
	  COLUMNS(server_ports),
	  .value = "name" },
	{ .name = "protocols",
	  .text = "IP protocols",
	  .shape = DICT_LIST,
	  COLUMNS(protocols),
	  .value = "keyword" },
	{ .name = "icmp",
	  .text = "ICMP types and codes",
	  .shape = DICT_MAP,
	  COLUMNS(icmp),
	  .value = "name" },
	{ .name = "dscp",
	  .text = "code points of differentiated services",
	  .shape = DICT_LIST,
	  COLUMNS(dscp),
	  .value = "keyword" },
	{ .name = "tcp-flags",
	  .text = "TCP control bits",
	  .shape = DICT_BITS,
	  COLUMNS(tcp_flags),
	  .value = "keyword" },
	{ .name = "end-reasons",
	  .text = "why a flow ended",
	  .shape = DICT_LIST,
	  COLUMNS(numbers),
	  .value = "name" },
	{ .name = "firewall-events",
	  .text = "events of firewalls",
	  .shape = DICT_MAP,
	  COLUMNS(firewall_events),
	  .value = "name" },
	{ .name = "nat-events",
	  .text = "events of address translation",
	  .shape = DICT_LIST,
	  COLUMNS(numbers),
	  .value = "name" },
	{ .name = "forwarding-status",
	  .text = "what became of the packets",
	  .shape = DICT_MAP,
	  COLUMNS(forwarding_status) },
	{ .name = "application-engines",
	  .text = "who classified an application",
	  .shape = DICT_LIST,
	  COLUMNS(engines),
	  .value = "name" },
	{ .name = "enumerations",
	  .text = "values of further elements",
	  .shape = DICT_MAP,
	  COLUMNS(enumerations),
	  .value = "name" },
	{ .name = "appids",
	  .text = "application ids of NBAR, nDPI and vendors",
	  .shape = DICT_MAP,
	  COLUMNS(appids),
	  .value = "name",
	  .separator = ':' },
	{ .name = "special-purpose",
	  .text = "special-purpose and multicast addresses",
	  .shape = DICT_ADDRESSES,
	  COLUMNS(special_purpose) },
	{ .name = "networks",
	  .text = "your networks: name, site, role, place, AS",
	  .shape = DICT_ADDRESSES,
	  COLUMNS(networks),
	  .own = "name",
	  .inherits = true,
	  .measures = true,
	  .may_leave = true,
	  .discovered = true },
	{ .name = "exporters",
	  .text = "your exporters",
	  .shape = DICT_ADDRESSES,
	  COLUMNS(exporters),
	  .inherits = true,
	  .discovered = true },
	{ .name = "interfaces",
	  .text = "interfaces of exporters",
	  .shape = DICT_INTERFACES,
	  COLUMNS(interfaces),
	  .may_leave = true,
	  .discovered = true },
	{ .name = "sampling",
	  .text = "sampling rates of exporters",
	  .shape = DICT_MAP,
	  COLUMNS(sampling) },
	{ .name = "applications",
	  .text = "your applications by server, protocol and port",
	  .shape = DICT_APPLICATIONS,
	  COLUMNS(applications),
	  .discovered = true },
	{ .name = "hosts",
	  .text = "names of hosts",
	  .shape = DICT_ADDRESSES,
	  COLUMNS(hosts),
	  .own = "name",
	  .may_leave = true,
	  .discovered = true },
	{ .name = "threats",
	  .text = "threat indicators: your own and the feeds'",
	  .shape = DICT_THREATS,
	  COLUMNS(threats),
	  .may_leave = true,
	  .seldom = true },
	{ .name = "oui",
	  .text = "vendors by MAC prefix",
	  .shape = DICT_ADDRESSES,
	  COLUMNS(oui),
	  .own = "vendor",
	  .may_leave = true },
	{ .name = "threat-allow",
	  .text = "addresses that are never a threat",
	  .shape = DICT_SOURCE,
	  COLUMNS(threat_allow) },
	{ .name = "threat-feeds",
	  .text = "feeds that can be downloaded",
	  .shape = DICT_SOURCE,
	  COLUMNS(threat_feeds) },
	{ .name = "address-elements",
	  .text = "elements of a raw record that hold addresses",
	  .shape = DICT_ENDS,
	  COLUMNS(address_elements) },
	{ .name = "elements",
	  .text = "fields that values of elements go to",
	  .shape = DICT_PATHS,
	  COLUMNS(elements) },
};
const size_t dict_kinds_len = sizeof(dict_kinds) / sizeof(dict_kinds[0]);

const struct dict_kind *dict_kind_find(const char *name)
{
	for (size_t i = 0; i < dict_kinds_len; i++)
		if (strcmp(dict_kinds[i].name, name) == 0)
			return &dict_kinds[i];
	return NULL;
}

int dict_kind_column(const struct dict_kind *kind, const char *name)
{
	for (size_t i = 0; i < kind->columns; i++)
		if (strcmp(kind->column[i].name, name) == 0)
			return (int)i;
	return -1;
}

void dict_kind_names(char *text, size_t size)
{
	size_t n = 0;

	*text = '\0';
	for (size_t i = 0; i < dict_kinds_len && n < size; i++)
		n +=
		    (size_t)snprintf(text + n, size - n, "%s%s", i ? ", " : "", dict_kinds[i].name);
}
