/* SPDX-License-Identifier: Apache-2.0
 * The packet dissector's network and transport layer: IPv4, IPv6, TCP, UDP, ICMP, SCTP. */
#include "forwarder/decode/dissect_internal.h"

#define EXTENSION_HEADERS_MAX 8

static void ports(struct walk *w, const uint8_t *header)
{
	PUT_U(w, "sourceTransportPort", be16(header));
	PUT_U(w, "destinationTransportPort", be16(header + 2));
}

static void tcp(struct walk *w)
{
	const uint8_t *header = w->in.p;
	size_t have = cursor_left(&w->in);

	if (have < 4) {
		w->in.bad = true;
		return;
	}
	ports(w, header);
	if (have >= 14)
		PUT_U(w, "tcpControlBits", be16(header + 12) & 0x0fff); /* RFC 9565: 12 bits */
	if (have >= 16)
		PUT_U(w, "tcpWindowSize", be16(header + 14));
	if (!cursor_take(&w->in, 20))
		return;
}

static void udp(struct walk *w)
{
	const uint8_t *header = w->in.p;

	if (cursor_left(&w->in) >= 4)
		ports(w, header);
	if (!cursor_take(&w->in, 8))
		return;
	PUT_U(w, "udpMessageLength", be16(header + 4));
	walk_udp_payload(w, be16(header), be16(header + 2));
}

static void icmp(struct walk *w, bool six)
{
	const uint8_t *header = cursor_take(&w->in, 2);

	if (!header)
		return;
	if (six) {
		PUT_U(w, "icmpTypeCodeIPv6", be16(header));
		PUT_U(w, "icmpTypeIPv6", header[0]);
		PUT_U(w, "icmpCodeIPv6", header[1]);
	} else {
		PUT_U(w, "icmpTypeCodeIPv4", be16(header));
		PUT_U(w, "icmpTypeIPv4", header[0]);
		PUT_U(w, "icmpCodeIPv4", header[1]);
	}
}

/* What stands behind an IP header whose protocol is `protocol`. */
static void transport(struct walk *w, uint8_t protocol)
{
	const uint8_t *header;

	switch (protocol) {
	case IP_TCP:
		tcp(w);
		break;
	case IP_UDP:
		udp(w);
		break;
	case IP_ICMP:
		icmp(w, false);
		break;
	case IP_ICMPV6:
		icmp(w, true);
		break;
	case IP_SCTP:
	case IP_DCCP:
	case IP_UDPLITE:
		header = cursor_take(&w->in, 4);
		if (header)
			ports(w, header);
		break;
	case IP_IGMP:
		header = cursor_take(&w->in, 1);
		if (header)
			PUT_U(w, "igmpType", header[0]);
		break;
	case IP_GRE:
		walk_gre(w);
		break;
	case IP_IPV4:
	case IP_IPV6:
		walk_inner(w, walk_ip);
		break;
	case IP_ETHERIP: /* RFC 3378: two octets of version */
		if (cursor_take(&w->in, 2))
			walk_inner(w, walk_ethernet);
		break;
	case IP_ETHERNET: /* RFC 8986 section 10.1 */
		walk_inner(w, walk_ethernet);
		break;
	case IP_MPLS:
		walk_inner(w, walk_mpls);
		break;
	default:
		break;
	}
}

void walk_ip(struct walk *w)
{
	if (!cursor_left(&w->in))
		w->in.bad = true;
	else if (w->in.p[0] >> 4 == 4)
		walk_ipv4(w);
	else if (w->in.p[0] >> 4 == 6)
		walk_ipv6(w);
}

/* The packet that starts at `header` has `total` octets: what follows is padding of the link layer. Offloading leaves 0
 * there, which says nothing. */
static void packet_ends(struct walk *w, const uint8_t *header, size_t total, size_t header_length)
{
	if (total >= header_length && (size_t)(w->in.end - header) > total)
		w->in.end = header + total;
}

void walk_ipv4(struct walk *w)
{
	const uint8_t *header;
	uint16_t fragment;
	size_t length;

	if (cursor_left(&w->in) && w->in.p[0] >> 4 != 4)
		return;
	header = cursor_take(&w->in, 20);
	if (!header)
		return;
	length = (size_t)(header[0] & 15) * 4;
	if (length < 20)
		return;
	packet_ends(w, header, be16(header + 2), length);
	fragment = be16(header + 6);
	w->p = jsonw_lit(w->p, ",\"ipVersion\":4");
	PUT_U(w, "ipClassOfService", header[1]);
	PUT_U(w, "ipTotalLength", be16(header + 2));
	PUT_U(w, "fragmentFlags", (fragment >> 8) & 0xe0);
	if (fragment & 0x3fff) { /* more to come, or an offset */
		PUT_U(w, "fragmentIdentification", be16(header + 4));
		PUT_U(w, "fragmentOffset", fragment & 0x1fff);
	}
	PUT_U(w, "ipTTL", header[8]);
	PUT_U(w, "protocolIdentifier", header[9]);
	PUT(w, "sourceIPv4Address", jsonw_ipv4, header + 12);
	PUT(w, "destinationIPv4Address", jsonw_ipv4, header + 16);
	if (length > 20) {
		PUT_U(w, "ipv4IHL", length / 4);
		if (!cursor_take(&w->in, length - 20))
			return;
	}
	if (!(fragment & 0x1fff))
		transport(w, header[9]);
}

/* RFC 8754: the segment that is active is the destination; flags, tag and segments left are told. */
static void segment_routing(struct walk *w, const uint8_t *header, size_t length)
{
	if (header[2] != 4 || length < 8)
		return;
	PUT_U(w, "srhSegmentsIPv6Left", header[3]);
	PUT_U(w, "srhFlagsIPv6", header[5]);
	PUT_U(w, "srhTagIPv6", be16(header + 6));
	if (length >= 8 + 16 * ((size_t)header[3] + 1))
		PUT(w, "srhActiveSegmentIPv6", jsonw_ipv6, header + 8 + 16 * header[3]);
}

/* Octets of the extension header at hand (RFC 8200 section 4, RFC 4302 for AH): 0 when `type` is none, more than there
 * are when it is cut. */
static size_t extension_length(const struct walk *w, uint8_t type)
{
	size_t units = cursor_left(&w->in) < 2 ? 255 : w->in.p[1];

	switch (type) {
	case IP_FRAGMENT:
		return 8;
	case IP_AH:
		return (units + 2) * 4;
	case IP_HOP_BY_HOP:
	case IP_ROUTING:
	case IP_DESTINATION:
	case IP_MOBILITY:
	case IP_HIP:
	case IP_SHIM6:
		return (units + 1) * 8;
	default:
		return 0;
	}
}

/* Pass over the extension headers; the protocol behind them. *ret_payload: a transport header stands at hand. */
static uint8_t extensions(struct walk *w, uint8_t type, bool *ret_payload)
{
	bool routed = false, fragmented = false;

	*ret_payload = false;
	for (int n = 0; n < EXTENSION_HEADERS_MAX; n++) {
		const uint8_t *header = w->in.p;
		size_t length = extension_length(w, type);

		if (!length) {
			*ret_payload = true;
			return type;
		}
		if (!cursor_take(&w->in, length))
			return type;
		if (type == IP_ROUTING && !routed) {
			routed = true;
			segment_routing(w, header, length);
		}
		if (type == IP_FRAGMENT && !fragmented) {
			uint16_t fragment = be16(header + 2);

			fragmented = true;
			PUT_U(w, "fragmentFlags", (fragment & 1) << 5);
			PUT_U(w, "fragmentIdentification", be32(header + 4));
			PUT_U(w, "fragmentOffset", fragment >> 3);
			if (fragment >> 3)
				return header[0];
		}
		type = header[0];
	}
	return type;
}

void walk_ipv6(struct walk *w)
{
	const uint8_t *header;
	uint32_t first;
	uint16_t length;
	uint8_t protocol;
	bool payload;

	if (cursor_left(&w->in) && w->in.p[0] >> 4 != 6)
		return;
	header = cursor_take(&w->in, 40);
	if (!header)
		return;
	first = be32(header);
	w->p = jsonw_lit(w->p, ",\"ipVersion\":6");
	PUT_U(w, "ipClassOfService", (first >> 20) & 0xff);
	PUT_U(w, "flowLabelIPv6", first & 0xfffff);
	length = be16(header + 4);
	if (length || header[6] != IP_HOP_BY_HOP) /* else a jumbogram (RFC 2675) */
		PUT_U(w, "ipTotalLength", length + 40u);
	if (length)
		packet_ends(w, header, length + 40u, 40);
	PUT_U(w, "ipTTL", header[7]);
	PUT(w, "sourceIPv6Address", jsonw_ipv6, header + 8);
	PUT(w, "destinationIPv6Address", jsonw_ipv6, header + 24);
	PUT_U(w, "nextHeaderIPv6", header[6]);
	protocol = extensions(w, header[6], &payload);
	PUT_U(w, "protocolIdentifier", protocol);
	if (payload)
		transport(w, protocol);
}
