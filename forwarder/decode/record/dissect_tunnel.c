/* SPDX-License-Identifier: Apache-2.0
 * The packet dissector's tunnels: GRE and what it carries, VXLAN, Geneve, GTP-U, L2TP, MPLS in UDP,
 * 802.1ah. */
#include "forwarder/decode/record/dissect_tunnel.h"

#include "forwarder/decode/record/dissect_ip.h"
#include "forwarder/decode/record/dissect_link.h"

/* UDP ports (IANA service names). */
enum {
	PORT_L2TP = 1701,
	PORT_GTPU = 2152,
	PORT_VXLAN = 4789,
	PORT_VXLAN_GPE = 4790,
	PORT_GENEVE = 6081,
	PORT_MPLS = 6635,
	PORT_VXLAN_LINUX = 8472, /* Linux' before IANA assigned 4789 */
};

/* Overlay types in the top octet of layer2SegmentId (IE 351). */
#define SEGMENT_VXLAN (1ull << 56)
#define SEGMENT_NVGRE (2ull << 56)

void dissect_inner(struct dissection *d, void (*header)(struct dissection *))
{
	char *before = d->p, *members;

	if (d->depth == DISSECT_DEPTH)
		return;
	d->depth++;
	members = d->p = jsonw_lit(d->p, ",\"sflow.inner\":");
	header(d);
	if (d->p == members) {
		d->p = before;
		return;
	}
	*members = '{'; /* over the comma of the first member */
	*d->p++ = '}';
}

void dissect_inner_ethertype(struct dissection *d, uint16_t type)
{
	switch (type) {
	case ETHERTYPE_TEB:
		dissect_inner(d, dissect_ethernet);
		break;
	case ETHERTYPE_IPV4:
	case ETHERTYPE_IPV6:
		dissect_inner(d, dissect_ip);
		break;
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UPSTREAM:
		dissect_inner(d, dissect_mpls);
		break;
	case ETHERTYPE_PPP:
		dissect_inner(d, dissect_ppp);
		break;
	default:
		break;
	}
}

/* IEEE 802.1ah: flags and 24 bits of service instance, then the customer's frame. */
void dissect_itag(struct dissection *d)
{
	const uint8_t *tag = take_form(d, 4);

	if (!tag)
		return;
	PUT_U(d, "dot1qServiceInstanceId", be24(tag + 1));
	PUT_U(d, "dot1qServiceInstancePriority", tag[0] >> 5);
	dissect_inner(d, dissect_ethernet);
}

/* ERSPAN type II has 8 octets, type III 12 and with its O flag 8 more (draft-foschiano-erspan). */
static void erspan(struct dissection *d, bool three)
{
	const uint8_t *header = take_form(d, three ? 12 : 8);

	if (!header)
		return;
	PUT_U(d, "sflow.erspanSession", be16(header + 2) & 0x3ff);
	if (three && (header[11] & 1) && !take_form(d, 8))
		return;
	dissect_inner(d, dissect_ethernet);
}

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000, /* RFC 1701 */
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACKNOWLEDGEMENT = 0x0080, /* version 1 only */
	GRE_VERSION = 0x0007,
};

/* What the flags of a GRE header announce, passed over; false when it is cut or cannot be
 * followed. */
static bool gre_options(struct dissection *d, uint16_t flags, const uint8_t **ret_key)
{
	if ((flags & (GRE_CHECKSUM | GRE_ROUTING)) && !cursor_take(&d->in, 4))
		return false;
	if (flags & GRE_KEY) {
		*ret_key = take_form(d, 4);
		if (!*ret_key)
			return false;
		PUT_U(d, "greKey", be32(*ret_key));
	}
	if ((flags & GRE_SEQUENCE) && !take_form(d, 4))
		return false;
	if ((flags & GRE_VERSION) == 1 && (flags & GRE_ACKNOWLEDGEMENT) && !take_form(d, 4))
		return false;
	return !(flags & GRE_ROUTING); /* source routes of unknown length */
}

/* RFC 2784 and 2890; version 1 is PPTP's (RFC 2637 section 4.1). */
void dissect_gre(struct dissection *d)
{
	const uint8_t *header = take_form(d, 4), *key = NULL;
	uint16_t flags, type;

	if (!header)
		return;
	flags = be16(header);
	type = be16(header + 2);
	if (!gre_options(d, flags, &key))
		return;
	switch (type) {
	case ETHERTYPE_ERSPAN2:
		if (flags & GRE_SEQUENCE)
			erspan(d, false);
		else
			dissect_inner(d, dissect_ethernet); /* type I has no header of its own */
		return;
	case ETHERTYPE_ERSPAN3:
		erspan(d, true);
		return;
	case ETHERTYPE_WCCP:
		if (cursor_left(&d->in) && d->in.p[0] >> 4 != 4 &&
		    !take_form(d, 4)) /* version 2 redirect header */
			return;
		dissect_inner(d, dissect_ip);
		return;
	case ETHERTYPE_TEB:
		if (key) /* RFC 7637 */
			PUT_U(d, "layer2SegmentId", SEGMENT_NVGRE | be24(key));
		break;
	default:
		break;
	}
	dissect_inner_ethertype(d, type);
}

/* RFC 7348; the generic protocol extension names what is inside. */
static void vxlan(struct dissection *d, bool generic)
{
	static const uint16_t types[] = { 0, ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_TEB,
					  0, ETHERTYPE_MPLS };
	const uint8_t *header;
	uint8_t flags;

	if (cursor_left(&d->in) &&
	    !(d->in.p[0] & 0x08)) /* no valid network identifier: not VXLAN */
		return;
	header = take_form(d, 8);
	if (!header)
		return;
	flags = header[0];
	PUT_U(d, "layer2SegmentId", SEGMENT_VXLAN | be24(header + 4));
	PUT_U(d, "sflow.vni", be24(header + 4));
	if (!generic || !(flags & 0x04))
		dissect_inner(d, dissect_ethernet);
	else if (header[3] < sizeof(types) / sizeof(types[0]))
		dissect_inner_ethertype(d, types[header[3]]);
}

/* RFC 8926. */
static void geneve(struct dissection *d)
{
	const uint8_t *header;

	if (cursor_left(&d->in) && d->in.p[0] >> 6) /* a version to come */
		return;
	header = take_form(d, 8);
	if (!header)
		return;
	PUT_U(d, "sflow.vni", be24(header + 4));
	if (cursor_take(&d->in, (size_t)(header[0] & 0x3f) * 4))
		dissect_inner_ethertype(d, be16(header + 2));
}

/* The extension headers of GTP-U, each a length in four octets, its content, the type of the next;
 * false when cut. */
static bool gtpu_extensions(struct dissection *d, uint8_t next)
{
	for (int n = 0; next && n < 8; n++) {
		const uint8_t *extension = d->in.p;
		size_t length = cursor_left(&d->in) ? (size_t)extension[0] * 4 : 4;

		if (!length || !cursor_take(&d->in, length))
			return false;
		note_seen(d, SEEN_FORM, extension, 3);
		note_seen(d, SEEN_FORM, extension + length - 1, 1);
		if (next == 0x85 && n == 0) { /* PDU session container, TS 38.415 */
			PUT_U(d, "gtpuPduType", extension[1] >> 4);
			PUT_U(d, "gtpuQFI", extension[2] & 0x3f);
		}
		next = extension[length - 1];
	}
	return !next;
}

/* 3GPP TS 29.281: GTP-U version 1; a user packet (message 255) follows the extension headers. */
static void gtpu(struct dissection *d)
{
	const uint8_t *header, *options;

	if (cursor_left(&d->in) && d->in.p[0] >> 5 != 1)
		return;
	header = take_form(d, 8);
	if (!header)
		return;
	PUT_U(d, "gtpuFlags", header[0]);
	PUT_U(d, "gtpuMsgType", header[1]);
	PUT_U(d, "gtpuTEid", be32(header + 4));
	if (header[0] & 7) { /* sequence, N-PDU number, next extension */
		options = take_form(d, 4);
		if (!options)
			return;
		if (header[0] & 2)
			PUT_U(d, "gtpuSequenceNum", be16(options));
		if ((header[0] & 4) && !gtpu_extensions(d, options[3]))
			return;
	}
	if (header[1] == 255)
		dissect_inner(d, dissect_ip);
}

/* RFC 2661 section 3.1: data messages carry PPP. */
static void l2tp(struct dissection *d)
{
	const uint8_t *field = take_form(d, 2);
	uint16_t flags;

	if (!field)
		return;
	flags = be16(field);
	if ((flags & 0x800f) != 2) /* a control message, or not version 2 */
		return;
	if ((flags & 0x4000) && !take_form(d, 2))
		return;
	field = take_form(d, 4);
	if (!field)
		return;
	PUT_U(d, "sflow.l2tpTunnel", be16(field));
	PUT_U(d, "sflow.l2tpSession", be16(field + 2));
	if ((flags & 0x0800) && !take_form(d, 4))
		return;
	if (flags & 0x0200) {
		field = take_form(d, 2);
		if (!field || !cursor_take(&d->in, be16(field)))
			return;
	}
	dissect_inner(d, dissect_ppp);
}

void dissect_udp_payload(struct dissection *d, uint16_t source_port, uint16_t destination_port)
{
	if (!cursor_left(&d->in))
		return; /* the capture ends behind the header: nothing is cut */
	switch (destination_port) {
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX:
	case PORT_VXLAN_GPE:
		vxlan(d, destination_port == PORT_VXLAN_GPE);
		break;
	case PORT_GENEVE:
		geneve(d);
		break;
	case PORT_GTPU:
		gtpu(d);
		break;
	case PORT_L2TP:
		l2tp(d);
		break;
	case PORT_MPLS:
		dissect_inner(d, dissect_mpls);
		break;
	default:
		if (source_port == PORT_L2TP)
			l2tp(d);
	}
}
