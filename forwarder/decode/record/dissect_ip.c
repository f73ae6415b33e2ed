/* SPDX-License-Identifier: Apache-2.0
 * The packet dissector's network and transport layer: IPv4, IPv6, TCP, UDP, ICMP, SCTP. */
#include "forwarder/decode/record/dissect_ip.h"

#include "forwarder/decode/record/dissect_link.h"
#include "forwarder/decode/record/dissect_tunnel.h"

#define EXTENSION_HEADERS_MAX 8

static void ports(struct dissection *d, const uint8_t *header)
{
	PUT_U(d, "sourceTransportPort", be16(header));
	PUT_U(d, "destinationTransportPort", be16(header + 2));
}

static void dissect_tcp(struct dissection *d)
{
	const uint8_t *header = d->in.p;
	size_t have = cursor_left(&d->in);

	if (have < 4) {
		d->in.bad = true;
		return;
	}
	note_seen(d, SEEN_FORM, header, have < 16 ? have : 16); /* then its checksum */
	if (have >= 20)
		note_seen(d, SEEN_FORM, header + 18, 2);
	ports(d, header);
	if (have >= 14)
		PUT_U(d, "tcpControlBits", be16(header + 12) & 0x0fff); /* RFC 9565: 12 bits */
	if (have >= 16)
		PUT_U(d, "tcpWindowSize", be16(header + 14));
	if (!cursor_take(&d->in, 20))
		return;
}

static void dissect_udp(struct dissection *d)
{
	const uint8_t *header = d->in.p;

	if (cursor_left(&d->in) >= 4) {
		note_seen(d, SEEN_FORM, header, cursor_left(&d->in) < 6 ? 4 : 6);
		ports(d, header);
	}
	if (!cursor_take(&d->in, 8))
		return;
	PUT_U(d, "udpMessageLength", be16(header + 4));
	dissect_udp_payload(d, be16(header), be16(header + 2));
}

static void icmp(struct dissection *d, bool six)
{
	const uint8_t *header = take_form(d, 2);

	if (!header)
		return;
	if (six) {
		PUT_U(d, "icmpTypeCodeIPv6", be16(header));
		PUT_U(d, "icmpTypeIPv6", header[0]);
		PUT_U(d, "icmpCodeIPv6", header[1]);
	} else {
		PUT_U(d, "icmpTypeCodeIPv4", be16(header));
		PUT_U(d, "icmpTypeIPv4", header[0]);
		PUT_U(d, "icmpCodeIPv4", header[1]);
	}
}

/* What stands behind an IP header whose protocol is `protocol`. */
static void dissect_transport(struct dissection *d, uint8_t protocol)
{
	const uint8_t *header;

	switch (protocol) {
	case IP_TCP:
		dissect_tcp(d);
		break;
	case IP_UDP:
		dissect_udp(d);
		break;
	case IP_ICMP:
		icmp(d, false);
		break;
	case IP_ICMPV6:
		icmp(d, true);
		break;
	case IP_SCTP:
	case IP_DCCP:
	case IP_UDPLITE:
		header = take_form(d, 4);
		if (header)
			ports(d, header);
		break;
	case IP_IGMP:
		header = take_form(d, 1);
		if (header)
			PUT_U(d, "igmpType", header[0]);
		break;
	case IP_GRE:
		dissect_gre(d);
		break;
	case IP_IPV4:
	case IP_IPV6:
		dissect_inner(d, dissect_ip);
		break;
	case IP_ETHERIP: /* RFC 3378: two octets of version */
		if (take_form(d, 2))
			dissect_inner(d, dissect_ethernet);
		break;
	case IP_ETHERNET: /* RFC 8986 section 10.1 */
		dissect_inner(d, dissect_ethernet);
		break;
	case IP_MPLS:
		dissect_inner(d, dissect_mpls);
		break;
	default:
		break;
	}
}

void dissect_ip(struct dissection *d)
{
	if (!cursor_left(&d->in))
		d->in.bad = true;
	else if (d->in.p[0] >> 4 == 4)
		dissect_ipv4(d);
	else if (d->in.p[0] >> 4 == 6)
		dissect_ipv6(d);
}

/* The packet that starts at `header` has `total` octets: what follows is padding of the link layer.
 * Offloading leaves 0 there, which says nothing. */
static void packet_ends(struct dissection *d, const uint8_t *header, size_t total,
			size_t header_length)
{
	if (total >= header_length && (size_t)(d->in.end - header) > total)
		d->in.end = header + total;
}

void dissect_ipv4(struct dissection *d)
{
	const uint8_t *header;
	uint16_t fragment;
	size_t length;

	if (cursor_left(&d->in) && d->in.p[0] >> 4 != 4)
		return;
	header = cursor_take(&d->in, 20);
	if (!header)
		return;
	length = (size_t)(header[0] & 15) * 4;
	if (length < 20)
		return;
	packet_ends(d, header, be16(header + 2), length);
	note_seen(d, SEEN_FORM, header, 10);
	note_seen(d, SEEN_IPV4, header + 12, 4);
	note_seen(d, SEEN_IPV4, header + 16, 4);
	fragment = be16(header + 6);
	d->p = jsonw_lit(d->p, ",\"ipVersion\":4");
	PUT_U(d, "ipClassOfService", header[1]);
	PUT_U(d, "ipTotalLength", be16(header + 2));
	PUT_U(d, "fragmentFlags", (fragment >> 8) & 0xe0);
	if (fragment & 0x3fff) { /* more to come, or an offset */
		PUT_U(d, "fragmentIdentification", be16(header + 4));
		PUT_U(d, "fragmentOffset", fragment & 0x1fff);
	}
	PUT_U(d, "ipTTL", header[8]);
	PUT_U(d, "protocolIdentifier", header[9]);
	PUT(d, "sourceIPv4Address", jsonw_ipv4, header + 12);
	PUT(d, "destinationIPv4Address", jsonw_ipv4, header + 16);
	if (length > 20) {
		PUT_U(d, "ipv4IHL", length / 4);
		if (!cursor_take(&d->in, length - 20))
			return;
	}
	note_seen(d, SEEN_IPV4_HEADER, header, length);
	if (!(fragment & 0x1fff))
		dissect_transport(d, header[9]);
}

/* RFC 8754: the segment that is active is the destination; flags, tag and segments left are
 * told. */
static void segment_routing(struct dissection *d, const uint8_t *header, size_t length)
{
	if (header[2] != 4 || length < 8)
		return;
	note_seen(d, SEEN_FORM, header, 8);
	for (size_t at = 8, n = header[4] + 1u; n && at + 16 <= length; n--, at += 16)
		note_seen(d, SEEN_IPV6, header + at, 16);
	PUT_U(d, "srhSegmentsIPv6Left", header[3]);
	PUT_U(d, "srhFlagsIPv6", header[5]);
	PUT_U(d, "srhTagIPv6", be16(header + 6));
	if (length >= 8 + 16 * ((size_t)header[3] + 1))
		PUT(d, "srhActiveSegmentIPv6", jsonw_ipv6, header + 8 + 16 * header[3]);
}

/* Octets of the extension header at hand (RFC 8200 section 4, RFC 4302 for AH): 0 when `type` is
 * none, more than there are when it is cut. */
static size_t extension_length(const struct dissection *d, uint8_t type)
{
	size_t units = cursor_left(&d->in) < 2 ? 255 : d->in.p[1];

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

/* Pass over the extension headers; the protocol behind them. *ret_payload: a transport header
 * stands at hand. */
static uint8_t extensions(struct dissection *d, uint8_t type, bool *ret_payload)
{
	bool routed = false, fragmented = false;

	*ret_payload = false;
	for (int n = 0; n < EXTENSION_HEADERS_MAX; n++) {
		const uint8_t *header = d->in.p;
		size_t length = extension_length(d, type);

		if (!length) {
			*ret_payload = true;
			return type;
		}
		if (!cursor_take(&d->in, length))
			return type;
		note_seen(d, SEEN_FORM, header, type == IP_FRAGMENT ? length : 2);
		if (type == IP_ROUTING && !routed) {
			routed = true;
			segment_routing(d, header, length);
		}
		if (type == IP_FRAGMENT && !fragmented) {
			uint16_t fragment = be16(header + 2);

			fragmented = true;
			PUT_U(d, "fragmentFlags", (fragment & 1) << 5);
			PUT_U(d, "fragmentIdentification", be32(header + 4));
			PUT_U(d, "fragmentOffset", fragment >> 3);
			if (fragment >> 3)
				return header[0];
		}
		type = header[0];
	}
	return type;
}

void dissect_ipv6(struct dissection *d)
{
	const uint8_t *header;
	uint32_t first;
	uint16_t length;
	uint8_t protocol;
	bool payload;

	if (cursor_left(&d->in) && d->in.p[0] >> 4 != 6)
		return;
	header = cursor_take(&d->in, 40);
	if (!header)
		return;
	note_seen(d, SEEN_FORM, header, 8);
	note_seen(d, SEEN_IPV6, header + 8, 16);
	note_seen(d, SEEN_IPV6, header + 24, 16);
	first = be32(header);
	d->p = jsonw_lit(d->p, ",\"ipVersion\":6");
	PUT_U(d, "ipClassOfService", (first >> 20) & 0xff);
	PUT_U(d, "flowLabelIPv6", first & 0xfffff);
	length = be16(header + 4);
	if (length || header[6] != IP_HOP_BY_HOP) /* else a jumbogram (RFC 2675) */
		PUT_U(d, "ipTotalLength", length + 40u);
	if (length)
		packet_ends(d, header, length + 40u, 40);
	PUT_U(d, "ipTTL", header[7]);
	PUT(d, "sourceIPv6Address", jsonw_ipv6, header + 8);
	PUT(d, "destinationIPv6Address", jsonw_ipv6, header + 24);
	PUT_U(d, "nextHeaderIPv6", header[6]);
	protocol = extensions(d, header[6], &payload);
	PUT_U(d, "protocolIdentifier", protocol);
	if (payload)
		dissect_transport(d, protocol);
}
