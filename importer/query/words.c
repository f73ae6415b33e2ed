/* SPDX-License-Identifier: Apache-2.0
 * The words of the filter language: what may stand before each, what follows it, and which fields
 * of a document it asks. */
#include "importer/query/words.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "importer/query/special.h"
#include "importer/query/suggest.h"

#define PORT 65535
#define AS   4294967295LL
#define ANY  INT64_MAX

/* The row of a word without qualifiers and those of both ends; `src or dst` is made of these. */
#define ENDS(word, takes, max, field)                                             \
	{ word, 0, takes, { "source." field, "destination." field }, max, NULL }, \
	    { word, Q_SRC, takes, { "source." field }, max, NULL },               \
	    { word, Q_DST, takes, { "destination." field }, max, NULL },          \
	    { word, Q_CLIENT, takes, { "client." field }, max, NULL },            \
	{                                                                         \
		word, Q_SERVER, takes, { "server." field }, max, NULL             \
	}
/* The same of what stands in flow.<end>. Client and server are the ends, whichever way round. */
#define FLOW_ENDS(word, takes, field)                                                \
	{ word, 0, takes, { "flow.client." field, "flow.server." field }, 0, NULL }, \
	    { word, Q_SRC, takes, { "flow.source." field }, 0, NULL },               \
	    { word, Q_DST, takes, { "flow.destination." field }, 0, NULL },          \
	    { word, Q_CLIENT, takes, { "flow.client." field }, 0, NULL },            \
	{                                                                            \
		word, Q_SERVER, takes, { "flow.server." field }, 0, NULL             \
	}
#define ONE(word, qualifiers, takes, max, field)              \
	{                                                     \
		word, qualifiers, takes, { field }, max, NULL \
	}
#define OWN(word, qualifiers, read, field)                      \
	{                                                       \
		word, qualifiers, TAKES_OWN, { field }, 0, read \
	}

const struct word_row word_rows[] = {
	/* nfdump's */
	OWN("any", 0, read_any, NULL),
	OWN("ipv4", 0, read_version, "network.type"),
	OWN("inet", 0, read_version, "network.type"),
	OWN("ipv6", 0, read_version, "network.type"),
	OWN("inet6", 0, read_version, "network.type"),
	ENDS("ip", TAKES_ADDRESS, 0, "ip"),
	ENDS("net", TAKES_NETWORK, 0, "ip"),
	ENDS("port", TAKES_NUMBER, PORT, "port"),
	ENDS("as", TAKES_NUMBER, AS, "as.number"),
	ONE("as", Q_PREV, TAKES_NUMBER, AS, "flow.bgp.previous_as"),
	ONE("as", Q_NEXT, TAKES_NUMBER, AS, "flow.bgp.next_as"),
	{ "if",
	  0,
	  TAKES_ID,
	  { "observer.ingress.interface.id", "observer.egress.interface.id" },
	  AS,
	  NULL },
	ONE("if", Q_IN, TAKES_ID, AS, "observer.ingress.interface.id"),
	ONE("if", Q_OUT, TAKES_ID, AS, "observer.egress.interface.id"),
	ONE("packets", 0, TAKES_NUMBER, ANY, "source.packets"),
	ONE("packets", Q_IN, TAKES_NUMBER, ANY, "source.packets"),
	ONE("packets", Q_OUT, TAKES_NUMBER, ANY, "destination.packets"),
	ONE("packets", Q_CLIENT, TAKES_NUMBER, ANY, "client.packets"),
	ONE("packets", Q_SERVER, TAKES_NUMBER, ANY, "server.packets"),
	ONE("bytes", 0, TAKES_NUMBER, ANY, "source.bytes"),
	ONE("bytes", Q_IN, TAKES_NUMBER, ANY, "source.bytes"),
	ONE("bytes", Q_OUT, TAKES_NUMBER, ANY, "destination.bytes"),
	ONE("bytes", Q_CLIENT, TAKES_NUMBER, ANY, "client.bytes"),
	ONE("bytes", Q_SERVER, TAKES_NUMBER, ANY, "server.bytes"),
	ONE("ip", Q_ROUTER, TAKES_ADDRESS, 0, "observer.ip"),
	ONE("ip", Q_NEXT, TAKES_ADDRESS, 0, "flow.next_hop"),
	ONE("ip", Q_BGP, TAKES_ADDRESS, 0, "flow.bgp.next_hop"),
	ONE("ip", Q_BGP | Q_NEXT, TAKES_ADDRESS, 0, "flow.bgp.next_hop"),
	ENDS("mac", TAKES_MAC, 0, "mac"),
	ENDS("geo", TAKES_COUNTRY, 0, "geo.country_iso_code"),
	ONE("latency", Q_CLIENT, TAKES_NUMBER, ANY, "flow.latency.client"),
	ONE("latency", Q_SERVER, TAKES_NUMBER, ANY, "flow.latency.server"),
	ONE("latency", Q_APP, TAKES_NUMBER, ANY, "flow.latency.application"),

	/* ours */
	ENDS("country", TAKES_COUNTRY, 0, "geo.country_iso_code"),
	FLOW_ENDS("name", TAKES_NAME, "name"),
	FLOW_ENDS("site", TAKES_NAME, "network.site"),
	FLOW_ENDS("tenant", TAKES_NAME, "network.tenant"),
	FLOW_ENDS("network", TAKES_NAME, "network.name"),
	ONE("service", 0, TAKES_NAME, 0, "flow.service.name"),
	ONE("app", 0, TAKES_NAME, 0, "network.application"),
};
const size_t word_rows_len = sizeof(word_rows) / sizeof(word_rows[0]);

static const struct qualifier_row {
	const char *word;
	unsigned bit;
} qualifier_rows[] = {
	{ "src", Q_SRC },         { "dst", Q_DST },       { "in", Q_IN },
	{ "out", Q_OUT },         { "ingress", Q_IN },    { "egress", Q_OUT },
	{ "prev", Q_PREV },       { "previous", Q_PREV }, { "next", Q_NEXT },
	{ "bgp", Q_BGP },         { "bgpnext", Q_BGP },   { "router", Q_ROUTER },
	{ "exporter", Q_ROUTER }, { "nat", Q_NAT },       { "xlate", Q_NAT },
	{ "tun", Q_TUN },         { "client", Q_CLIENT }, { "server", Q_SERVER },
	{ "app", Q_APP },         { "min", Q_MIN },       { "max", Q_MAX },
};
#define QUALIFIERS (sizeof(qualifier_rows) / sizeof(qualifier_rows[0]))

const struct word_row *word_find(const char *word, unsigned qualifiers)
{
	for (size_t i = 0; i < word_rows_len; i++)
		if (word_rows[i].qualifiers == qualifiers &&
		    strcasecmp(word_rows[i].word, word) == 0)
			return &word_rows[i];
	return NULL;
}

bool word_exists(const char *word)
{
	for (size_t i = 0; i < word_rows_len; i++)
		if (strcasecmp(word_rows[i].word, word) == 0)
			return true;
	return false;
}

unsigned word_qualifier(const char *word)
{
	for (size_t i = 0; i < QUALIFIERS; i++)
		if (strcasecmp(qualifier_rows[i].word, word) == 0)
			return qualifier_rows[i].bit;
	return 0;
}

const char *word_near(const char *word)
{
	static const char *const joins[] = { "and", "or", "not" };
	struct suggestion s = suggest_for(word);
	for (size_t i = 0; i < word_rows_len; i++)
		suggest_try(&s, word_rows[i].word);
	for (size_t i = 0; i < QUALIFIERS; i++)
		suggest_try(&s, qualifier_rows[i].word);
	for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]); i++)
		suggest_try(&s, joins[i]);
	return s.best;
}
