/* SPDX-License-Identifier: Apache-2.0
 * The packet dissector's tunnels: GRE and what it carries, VXLAN, Geneve, GTP-U, L2TP, MPLS in UDP, 802.1ah. */
#include "forwarder/decode/dissect_internal.h"

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

void walk_inner(struct walk *w, void (*header)(struct walk *))
{
	char *before = w->p, *members;

	if (w->depth == DISSECT_DEPTH)
		return;
	w->depth++;
	members = w->p = jsonw_lit(w->p, ",\"sflow.inner\":");
	header(w);
	if (w->p == members) {
		w->p = before;
		return;
	}
	*members = '{'; /* over the comma of the first member */
	*w->p++ = '}';
}

void walk_inner_ethertype(struct walk *w, uint16_t type)
{
	switch (type) {
	case ETHERTYPE_TEB:
		walk_inner(w, walk_ethernet);
		break;
	case ETHERTYPE_IPV4:
	case ETHERTYPE_IPV6:
		walk_inner(w, walk_ip);
		break;
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UPSTREAM:
		walk_inner(w, walk_mpls);
		break;
	case ETHERTYPE_PPP:
		walk_inner(w, walk_ppp);
		break;
	default:
		break;
	}
}

/* IEEE 802.1ah: flags and 24 bits of service instance, then the customer's frame. */
void walk_itag(struct walk *w)
{
	const uint8_t *tag = cursor_take(&w->in, 4);

	if (!tag)
		return;
	PUT_U(w, "dot1qServiceInstanceId", be24(tag + 1));
	PUT_U(w, "dot1qServiceInstancePriority", tag[0] >> 5);
	walk_inner(w, walk_ethernet);
}

/* ERSPAN type II has 8 octets, type III 12 and with its O flag 8 more (draft-foschiano-erspan). */
static void erspan(struct walk *w, bool three)
{
	const uint8_t *header = cursor_take(&w->in, three ? 12 : 8);

	if (!header)
		return;
	PUT_U(w, "sflow.erspanSession", be16(header + 2) & 0x3ff);
	if (three && (header[11] & 1) && !cursor_take(&w->in, 8))
		return;
	walk_inner(w, walk_ethernet);
}

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000, /* RFC 1701 */
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACKNOWLEDGEMENT = 0x0080, /* version 1 only */
	GRE_VERSION = 0x0007,
};

/* What the flags of a GRE header announce, passed over; false when it is cut or cannot be followed. */
static bool gre_options(struct walk *w, uint16_t flags, const uint8_t **ret_key)
{
	if ((flags & (GRE_CHECKSUM | GRE_ROUTING)) && !cursor_take(&w->in, 4))
		return false;
	if (flags & GRE_KEY) {
		*ret_key = cursor_take(&w->in, 4);
		if (!*ret_key)
			return false;
		PUT_U(w, "greKey", be32(*ret_key));
	}
	if ((flags & GRE_SEQUENCE) && !cursor_take(&w->in, 4))
		return false;
	if ((flags & GRE_VERSION) == 1 && (flags & GRE_ACKNOWLEDGEMENT) && !cursor_take(&w->in, 4))
		return false;
	return !(flags & GRE_ROUTING); /* source routes of unknown length */
}

/* RFC 2784 and 2890; version 1 is PPTP's (RFC 2637 section 4.1). */
void walk_gre(struct walk *w)
{
	const uint8_t *header = cursor_take(&w->in, 4), *key = NULL;
	uint16_t flags, type;

	if (!header)
		return;
	flags = be16(header);
	type = be16(header + 2);
	if (!gre_options(w, flags, &key))
		return;
	switch (type) {
	case ETHERTYPE_ERSPAN2:
		if (flags & GRE_SEQUENCE)
			erspan(w, false);
		else
			walk_inner(w, walk_ethernet); /* type I has no header of its own */
		return;
	case ETHERTYPE_ERSPAN3:
		erspan(w, true);
		return;
	case ETHERTYPE_WCCP:
		if (cursor_left(&w->in) && w->in.p[0] >> 4 != 4 &&
		    !cursor_take(&w->in, 4)) /* version 2 redirect header */
			return;
		walk_inner(w, walk_ip);
		return;
	case ETHERTYPE_TEB:
		if (key) /* RFC 7637 */
			PUT_U(w, "layer2SegmentId", SEGMENT_NVGRE | be24(key));
		break;
	default:
		break;
	}
	walk_inner_ethertype(w, type);
}

/* RFC 7348; the generic protocol extension names what is inside. */
static void vxlan(struct walk *w, bool generic)
{
	static const uint16_t types[] = { 0, ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_TEB,
					  0, ETHERTYPE_MPLS };
	const uint8_t *header;
	uint8_t flags;

	if (cursor_left(&w->in) &&
	    !(w->in.p[0] & 0x08)) /* no valid network identifier: not VXLAN */
		return;
	header = cursor_take(&w->in, 8);
	if (!header)
		return;
	flags = header[0];
	PUT_U(w, "layer2SegmentId", SEGMENT_VXLAN | be24(header + 4));
	PUT_U(w, "sflow.vni", be24(header + 4));
	if (!generic || !(flags & 0x04))
		walk_inner(w, walk_ethernet);
	else if (header[3] < sizeof(types) / sizeof(types[0]))
		walk_inner_ethertype(w, types[header[3]]);
}

/* RFC 8926. */
static void geneve(struct walk *w)
{
	const uint8_t *header;

	if (cursor_left(&w->in) && w->in.p[0] >> 6) /* a version to come */
		return;
	header = cursor_take(&w->in, 8);
	if (!header)
		return;
	PUT_U(w, "sflow.vni", be24(header + 4));
	if (cursor_take(&w->in, (size_t)(header[0] & 0x3f) * 4))
		walk_inner_ethertype(w, be16(header + 2));
}

/* The extension headers of GTP-U, each a length in four octets, its content, the type of the next; false when cut. */
static bool gtpu_extensions(struct walk *w, uint8_t next)
{
	for (int n = 0; next && n < 8; n++) {
		const uint8_t *extension = w->in.p;
		size_t length = cursor_left(&w->in) ? (size_t)extension[0] * 4 : 4;

		if (!length || !cursor_take(&w->in, length))
			return false;
		if (next == 0x85 && n == 0) { /* PDU session container, TS 38.415 */
			PUT_U(w, "gtpuPduType", extension[1] >> 4);
			PUT_U(w, "gtpuQFI", extension[2] & 0x3f);
		}
		next = extension[length - 1];
	}
	return !next;
}

/* 3GPP TS 29.281: GTP-U version 1; a user packet (message 255) follows the extension headers. */
static void gtpu(struct walk *w)
{
	const uint8_t *header, *options;

	if (cursor_left(&w->in) && w->in.p[0] >> 5 != 1)
		return;
	header = cursor_take(&w->in, 8);
	if (!header)
		return;
	PUT_U(w, "gtpuFlags", header[0]);
	PUT_U(w, "gtpuMsgType", header[1]);
	PUT_U(w, "gtpuTEid", be32(header + 4));
	if (header[0] & 7) { /* sequence, N-PDU number, next extension */
		options = cursor_take(&w->in, 4);
		if (!options)
			return;
		if (header[0] & 2)
			PUT_U(w, "gtpuSequenceNum", be16(options));
		if ((header[0] & 4) && !gtpu_extensions(w, options[3]))
			return;
	}
	if (header[1] == 255)
		walk_inner(w, walk_ip);
}

/* RFC 2661 section 3.1: data messages carry PPP. */
static void l2tp(struct walk *w)
{
	const uint8_t *field = cursor_take(&w->in, 2);
	uint16_t flags;

	if (!field)
		return;
	flags = be16(field);
	if ((flags & 0x800f) != 2) /* a control message, or not version 2 */
		return;
	if ((flags & 0x4000) && !cursor_take(&w->in, 2))
		return;
	field = cursor_take(&w->in, 4);
	if (!field)
		return;
	PUT_U(w, "sflow.l2tpTunnel", be16(field));
	PUT_U(w, "sflow.l2tpSession", be16(field + 2));
	if ((flags & 0x0800) && !cursor_take(&w->in, 4))
		return;
	if (flags & 0x0200) {
		field = cursor_take(&w->in, 2);
		if (!field || !cursor_take(&w->in, be16(field)))
			return;
	}
	walk_inner(w, walk_ppp);
}

void walk_udp_payload(struct walk *w, uint16_t source_port, uint16_t destination_port)
{
	if (!cursor_left(&w->in))
		return; /* the capture ends behind the header: nothing is cut */
	switch (destination_port) {
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX:
	case PORT_VXLAN_GPE:
		vxlan(w, destination_port == PORT_VXLAN_GPE);
		break;
	case PORT_GENEVE:
		geneve(w);
		break;
	case PORT_GTPU:
		gtpu(w);
		break;
	case PORT_L2TP:
		l2tp(w);
		break;
	case PORT_MPLS:
		walk_inner(w, walk_mpls);
		break;
	default:
		if (source_port == PORT_L2TP)
			l2tp(w);
	}
}
