/* SPDX-License-Identifier: Apache-2.0
 * The words of the filter language: what may stand before each, what follows it, and which fields
 * of a document it asks. */
#include "importer/query/words.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "importer/query/named.h"
#include "importer/query/special.h"
#include "importer/query/suggest.h"

#define PORT 65535
#define AS   4294967295LL
#define ANY  INT64_MAX

/* The row of a word without qualifiers and those of the ends; `src or dst` is made of these. */
#define ENDS(word, takes, max, field)                                             \
	{ word, 0, takes, { "source." field, "destination." field }, max, NULL }, \
	    { word, Q_SRC, takes, { "source." field }, max, NULL },               \
	    { word, Q_DST, takes, { "destination." field }, max, NULL },          \
	    { word, Q_CLIENT, takes, { "client." field }, max, NULL },            \
	{                                                                         \
		word, Q_SERVER, takes, { "server." field }, max, NULL             \
	}
/* The same of what stands in flow.<end>: client and server are the ends, whichever way round. */
#define FLOW_ENDS(word, takes, field)                                                \
	{ word, 0, takes, { "flow.client." field, "flow.server." field }, 0, NULL }, \
	    { word, Q_SRC, takes, { "flow.source." field }, 0, NULL },               \
	    { word, Q_DST, takes, { "flow.destination." field }, 0, NULL },          \
	    { word, Q_CLIENT, takes, { "flow.client." field }, 0, NULL },            \
	{                                                                            \
		word, Q_SERVER, takes, { "flow.server." field }, 0, NULL             \
	}
/* Ways of a router: in, out, or either. */
#define WAYS(word, takes, max, before, behind)                                              \
	{ word, 0, takes, { before "ingress" behind, before "egress" behind }, max, NULL }, \
	    { word, Q_IN, takes, { before "ingress" behind }, max, NULL },                  \
	{                                                                                   \
		word, Q_OUT, takes, { before "egress" behind }, max, NULL                   \
	}
/* An address or a port behind a qualifier and, with src and dst, on one side. */
#define SIDES(word, qualifier, takes, max, field)                                                \
	{                                                                                        \
		word, qualifier, takes, { SIDE_##field("source"), SIDE_##field("destination") }, \
		max,  NULL                                                                       \
	},                                                                                       \
	    { word, (qualifier) | Q_SRC, takes, { SIDE_##field("source") }, max, NULL },         \
	{                                                                                        \
		word, (qualifier) | Q_DST, takes, { SIDE_##field("destination") }, max, NULL     \
	}
#define SIDE_nat_ip(end)      end ".nat.ip"
#define SIDE_nat_port(end)    end ".nat.port"
#define SIDE_tunnel_ip(end)   "flow.tunnel." end ".ip"
#define SIDE_tunnel_port(end) "flow.tunnel." end ".port"
#define ONE(word, qualifiers, takes, max, field)              \
	{                                                     \
		word, qualifiers, takes, { field }, max, NULL \
	}
#define OWN(word, qualifiers, read, field)                      \
	{                                                       \
		word, qualifiers, TAKES_OWN, { field }, 0, read \
	}
#define NAMED(word, field) ONE(word, 0, TAKES_NAME, 0, field)
#define NONE(word, why)    OWN(word, 0, read_refused, why)
#define RATE(word, of, by, times)                                \
	{                                                        \
		word, 0, TAKES_OWN, { of, by }, times, read_rate \
	}

static const char no_order[] = "records have no number";
static const char not_kept[] = "no column of a document holds it (docs/fields.md: index)";
static const char one_tos[] = "what a router marked anew is in a document by its name, where it "
			      "differs: flow.dscp.post_name = EF";
static const char no_payload[] = "documents do not have it";

const struct word_row word_rows[] = {
	/* nfdump's */
	OWN("any", 0, read_any, NULL),
	OWN("ipv4", 0, read_version, "network.type"),
	OWN("inet", 0, read_version, "network.type"),
	OWN("ipv6", 0, read_version, "network.type"),
	OWN("inet6", 0, read_version, "network.type"),
	OWN("proto", 0, read_protocol, "network.transport"),
	OWN("proto", Q_TUN, read_protocol, "flow.tunnel.iana_number"),
	ENDS("ip", TAKES_ADDRESS, 0, "ip"),
	ENDS("net", TAKES_NETWORK, 0, "ip"),
	OWN("host", 0, read_host, NULL),
	OWN("host", Q_SRC, read_host, NULL),
	OWN("host", Q_DST, read_host, NULL),
	ENDS("port", TAKES_NUMBER, PORT, "port"),
	{ "flags", 0, TAKES_OWN, { "network.transport", "flow.tcp.flags" }, 0, read_flags },
	OWN("tos", 0, read_tos, "flow.dscp.name"),
	OWN("tos", Q_SRC, read_tos, "flow.dscp.name"),
	OWN("tos", Q_DST, read_refused, one_tos),
	OWN("icmp-type", 0, read_icmp, "flow.icmp.type"),
	OWN("icmp-code", 0, read_icmp, "flow.icmp.code"),
	{ "icmp", 0, TAKES_OWN, { "flow.icmp.type", "flow.icmp.code" }, 0, read_icmp_word },
	ENDS("as", TAKES_NUMBER, AS, "as.number"),
	ONE("as", Q_PREV, TAKES_NUMBER, AS, "flow.bgp.previous_as"),
	ONE("as", Q_NEXT, TAKES_NUMBER, AS, "flow.bgp.next_as"),
	WAYS("if", TAKES_ID, AS, "observer.", ".interface.id"),
	{ "vlan", 0, TAKES_ID, { "network.vlan.id", "observer.egress.vlan.id" }, PORT, NULL },
	ONE("vlan", Q_SRC, TAKES_ID, PORT, "network.vlan.id"),
	ONE("vlan", Q_DST, TAKES_ID, PORT, "observer.egress.vlan.id"),
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
	OWN("flows", 0, read_flows, NULL),
	OWN("duration", 0, read_duration, "event.duration"),
	RATE("bps", "source.bytes", "event.duration", 8000),
	RATE("pps", "source.packets", "event.duration", 1000),
	RATE("bpp", "source.bytes", "source.packets", 1),
	ONE("ip", Q_ROUTER, TAKES_ADDRESS, 0, "observer.ip"),
	ONE("ip", Q_NEXT, TAKES_ADDRESS, 0, "flow.next_hop"),
	ONE("ip", Q_BGP, TAKES_ADDRESS, 0, "flow.bgp.next_hop"),
	ONE("ip", Q_BGP | Q_NEXT, TAKES_ADDRESS, 0, "flow.bgp.next_hop"),
	ENDS("mac", TAKES_MAC, 0, "mac"),
	ONE("mac", Q_IN | Q_SRC, TAKES_MAC, 0, "source.mac"),
	ONE("mac", Q_IN | Q_DST, TAKES_MAC, 0, "destination.mac"),
	ONE("mac", Q_OUT | Q_SRC, TAKES_MAC, 0, "source.mac"),
	ONE("mac", Q_OUT | Q_DST, TAKES_MAC, 0, "destination.mac"),
	{ "mac", Q_IN, TAKES_MAC, { "source.mac", "destination.mac" }, 0, NULL },
	{ "mac", Q_OUT, TAKES_MAC, { "source.mac", "destination.mac" }, 0, NULL },
	ENDS("geo", TAKES_COUNTRY, 0, "geo.country_iso_code"),
	NAMED("ident", "observer.name"),
	OWN("flowdir", 0, read_flowdir, "flow.direction"),
	OWN("dir", 0, read_flowdir, "flow.direction"),
	OWN("nfversion", 0, read_netflow, "flow.type"),
	{ "fwdstat",
	  0,
	  TAKES_OWN,
	  { "flow.forwarding.status", "flow.forwarding.reason" },
	  0,
	  read_forwarding },
	OWN("mpls", 0, read_mpls, "flow.mpls.labels"),
	OWN("ethertype", 0, read_ethertype, "flow.ethernet.type"),
	ONE("ttl", 0, TAKES_NUMBER, 255, "flow.ttl.min"),
	ONE("ttl", Q_MIN, TAKES_NUMBER, 255, "flow.ttl.min"),
	ONE("ttl", Q_MAX, TAKES_NUMBER, 255, "flow.ttl.max"),
	OWN("observation", 0, read_observation, "flow.exporter.domain"),
	ONE("latency", Q_CLIENT, TAKES_NUMBER, ANY, "flow.latency.client"),
	ONE("latency", Q_SERVER, TAKES_NUMBER, ANY, "flow.latency.server"),
	ONE("latency", Q_APP, TAKES_NUMBER, ANY, "flow.latency.application"),
	ONE("vrf", Q_IN, TAKES_ID, AS, "flow.vrf.ingress.id"),
	ONE("vrf", Q_OUT, TAKES_ID, AS, "flow.vrf.egress.id"),
	SIDES("ip", Q_NAT, TAKES_ADDRESS, 0, nat_ip),
	SIDES("port", Q_NAT, TAKES_NUMBER, PORT, nat_port),
	SIDES("nip", 0, TAKES_ADDRESS, 0, nat_ip),
	SIDES("xip", 0, TAKES_ADDRESS, 0, nat_ip),
	SIDES("xnet", 0, TAKES_NETWORK, 0, nat_ip),
	SIDES("nport", 0, TAKES_NUMBER, PORT, nat_port),
	SIDES("xport", 0, TAKES_NUMBER, PORT, nat_port),
	SIDES("ip", Q_TUN, TAKES_ADDRESS, 0, tunnel_ip),
	SIDES("tunip", 0, TAKES_ADDRESS, 0, tunnel_ip),
	SIDES("port", Q_TUN, TAKES_NUMBER, PORT, tunnel_port),
	OWN("asa", 0, read_asa, "flow.firewall.event"),
	OWN("nat", 0, read_nat, "flow.nat.event"),
	OWN("payload", 0, read_payload, "tls.client.ja3"),
	NONE("count", no_order),
	NONE("sysid", "it is nfdump's own number of an exporter"),
	NONE("mask", not_kept),
	OWN("mask", Q_SRC, read_refused, not_kept),
	OWN("mask", Q_DST, read_refused, not_kept),
	NONE("flowlabel", not_kept),
	NONE("engine", not_kept),
	NONE("engine-type", not_kept),
	NONE("engine-id", not_kept),
	NONE("pblock", not_kept),
	NONE("acl", no_payload),
	OWN("acl", Q_IN, read_refused, no_payload),
	OWN("acl", Q_OUT, read_refused, no_payload),
	NONE("ace", no_payload),
	NONE("xace", no_payload),
	NONE("xevent", no_payload),
	NONE("pf", no_payload),

	/* ours */
	OWN("client", 0, read_end, NULL),
	OWN("server", 0, read_end, NULL),
	FLOW_ENDS("name", TAKES_NAME, "name"),
	FLOW_ENDS("site", TAKES_NAME, "network.site"),
	FLOW_ENDS("tenant", TAKES_NAME, "network.tenant"),
	FLOW_ENDS("network", TAKES_NAME, "network.name"),
	FLOW_ENDS("zone", TAKES_NAME, "network.zone"),
	FLOW_ENDS("role", TAKES_NAME, "network.role"),
	FLOW_ENDS("scope", TAKES_NAME, "scope"),
	ENDS("country", TAKES_COUNTRY, 0, "geo.country_iso_code"),
	ENDS("city", TAKES_NAME, 0, "geo.city_name"),
	ENDS("asname", TAKES_NAME, 0, "as.organization.name"),
	ENDS("domain", TAKES_NAME, 0, "domain"),
	NAMED("service", "flow.service.name"),
	NAMED("app", "network.application"),
	{ "threat",
	  0,
	  TAKES_OWN,
	  { "flow.threat.categories", "flow.threat.class", "flow.threat.severity",
	    "flow.threat.feeds" },
	  0,
	  read_threat },
	OWN("exporter", 0, read_exporter, "observer.name"),
	{ "direction", 0, TAKES_OWN, { "network.direction", "flow.direction" }, 0, read_direction },
	WAYS("interface", TAKES_NAME, 0, "flow.", ".interface"),
	WAYS("vrfname", TAKES_NAME, 0, "flow.vrf.", ".name"),
	{ "user",
	  0,
	  TAKES_NAME,
	  { "user.name", "source.user.name", "destination.user.name" },
	  0,
	  NULL },
	ONE("user", Q_CLIENT, TAKES_NAME, 0, "client.user.name"),
	ONE("user", Q_SERVER, TAKES_NAME, 0, "server.user.name"),
	ONE("user", Q_SRC, TAKES_NAME, 0, "source.user.name"),
	ONE("user", Q_DST, TAKES_NAME, 0, "destination.user.name"),
	NAMED("process", "process.name"),
	{ "rule", 0, TAKES_NAME, { "rule.name", "rule.id" }, 0, NULL },
	NAMED("dns", "dns.question.name"),
	NAMED("tls", "tls.client.server_name"),
	NAMED("dscp", "flow.dscp.name"),
	NAMED("locality", "flow.locality"),
	NAMED("action", "event.action"),
	NAMED("vendor", "observer.vendor"),
	NAMED("tunnel", "flow.tunnel.type"),
	NAMED("tag", "tags"),
	OWN("biflow", 0, read_true, "flow.biflow"),
	OWN("sampled", 0, read_sampled, "flow.sampling.rate"),
	{ "duplicate", 0, TAKES_OWN, { "flow.duplicate.reason" }, 0, read_has },
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

const char *word_qualifiers_text(unsigned qualifiers, char text[WORD_QUALIFIERS_MAX])
{
	static const unsigned first = Q_IN | Q_OUT; /* in src, but src nat */
	size_t len = 0;
	unsigned said = 0;
	text[0] = '\0';
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < QUALIFIERS; i++) {
			const unsigned bit = qualifier_rows[i].bit;
			if (!(qualifiers & bit) || said & bit || (pass == 0) != !!(bit & first))
				continue;
			said |= bit;
			len += (size_t)snprintf(text + len, WORD_QUALIFIERS_MAX - len, "%s%s",
						len ? " " : "", qualifier_rows[i].word);
		}
	return text;
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
