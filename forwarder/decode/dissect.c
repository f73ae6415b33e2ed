/* SPDX-License-Identifier: Apache-2.0
 * The start of a packet to JSON: link layer, VLAN tags, MPLS, IP, transport, and what is inside a tunnel. */
#include "forwarder/decode/dissect.h"

#include "forwarder/decode/dissect_internal.h"

#define VLAN_TAGS_MAX 4  /* tags deeper than the second are passed over */
#define MPLS_LABELS   16 /* deeper stacks are given up; IANA has names for ten */

static bool is_vlan(uint16_t type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_9100 ||
	       type == ETHERTYPE_QINQ_9200;
}

/* IEEE 802.1Q: the first tag is the service's when there are two (IE 243 and 245). */
static uint16_t vlan_tags(struct walk *w, uint16_t type)
{
	for (int n = 0; n < VLAN_TAGS_MAX && is_vlan(type); n++) {
		const uint8_t *tag = cursor_take(&w->in, 4);
		uint16_t tci;

		if (!tag)
			return 0;
		tci = be16(tag);
		type = be16(tag + 2);
		if (n == 0) {
			PUT_U(w, "dot1qVlanId", tci & 0xfff);
			PUT_U(w, "dot1qPriority", tci >> 13);
			if (tci & 0x1000)
				PUT(w, "dot1qDEI", jsonw_bool, true);
		} else if (n == 1) {
			PUT_U(w, "dot1qCustomerVlanId", tci & 0xfff);
			PUT_U(w, "dot1qCustomerPriority", tci >> 13);
			if (tci & 0x1000)
				PUT(w, "dot1qCustomerDEI", jsonw_bool, true);
		}
	}
	return type;
}

/* IEEE 802.2: the Ethernet type behind a SNAP header, 0 for any other. */
static uint16_t llc_type(struct walk *w)
{
	if (cursor_left(&w->in) < 8 || be32(w->in.p) != 0xaaaa0300 || w->in.p[4])
		return 0;
	return be16(cursor_take(&w->in, 8) + 6);
}

void walk_ethernet(struct walk *w)
{
	const uint8_t *header = cursor_take(&w->in, 14);
	uint16_t type;

	if (!header)
		return;
	PUT(w, "destinationMacAddress", jsonw_mac, header);
	PUT(w, "sourceMacAddress", jsonw_mac, header + 6);
	type = vlan_tags(w, be16(header + 12));
	if (type < 0x600)
		type = llc_type(w);
	if (!type)
		return;
	PUT_U(w, "ethernetType", type);
	walk_ethertype(w, type);
}

/* RFC 2516 section 4: version and type, code, session, length; then PPP. */
static void pppoe(struct walk *w)
{
	const uint8_t *header = cursor_take(&w->in, 6);

	if (!header)
		return;
	PUT_U(w, "sflow.pppoeSession", be16(header + 2));
	walk_ppp(w);
}

void walk_ethertype(struct walk *w, uint16_t type)
{
	switch (type) {
	case ETHERTYPE_IPV4:
		walk_ipv4(w);
		break;
	case ETHERTYPE_IPV6:
		walk_ipv6(w);
		break;
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UPSTREAM:
		walk_mpls(w);
		break;
	case ETHERTYPE_PPPOE:
		pppoe(w);
		break;
	case ETHERTYPE_ITAG:
		walk_itag(w);
		break;
	default:
		break;
	}
}

/* PPP protocol field (RFC 1661), with or without HDLC address and control and with field compression. */
void walk_ppp(struct walk *w)
{
	const uint8_t *field;
	uint16_t protocol;

	if (cursor_left(&w->in) >= 2 &&
	    (be16(w->in.p) == 0xff03 || be16(w->in.p) == 0x0f00 || be16(w->in.p) == 0x8f00))
		cursor_take(&w->in, 2);
	if (cursor_left(&w->in) >= 1 && (w->in.p[0] & 1)) {
		protocol = *cursor_take(&w->in, 1);
	} else {
		field = cursor_take(&w->in, 2);
		if (!field)
			return;
		protocol = be16(field);
	}
	switch (protocol) {
	case 0x0021:
	case ETHERTYPE_IPV4: /* Cisco HDLC uses Ethernet types */
		walk_ipv4(w);
		break;
	case 0x0057:
	case ETHERTYPE_IPV6:
		walk_ipv6(w);
		break;
	case 0x0281:
	case 0x0283:
	case ETHERTYPE_MPLS:
		walk_mpls(w);
		break;
	default:
		break;
	}
}

/* Whether an Ethernet header that starts at `at` has a type that one meets in pseudowires. */
static bool looks_like_ethernet(const struct walk *w, size_t at)
{
	uint16_t type;

	if (cursor_left(&w->in) < at + 14)
		return false;
	type = be16(w->in.p + at + 12);
	return type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6 || type == 0x0806 ||
	       is_vlan(type) || type == ETHERTYPE_MPLS || type == ETHERTYPE_PPPOE || type <= 1500;
}

/* Behind the bottom label nothing says what follows: IP by its version, else a pseudowire with the control word of
 * RFC 4385 (first nibble 0; 1 is its associated channel) or without it. */
static void mpls_payload(struct walk *w)
{
	if (!cursor_left(&w->in)) {
		w->in.bad = true;
		return;
	}
	switch (w->in.p[0] >> 4) {
	case 4:
		walk_ipv4(w);
		return;
	case 6:
		walk_ipv6(w);
		return;
	case 1:
		return;
	case 0:
		if (looks_like_ethernet(w, 4) || !looks_like_ethernet(w, 0)) {
			if (!cursor_take(&w->in, 4))
				return;
		}
		walk_inner(w, walk_ethernet);
		return;
	default:
		if (looks_like_ethernet(w, 0))
			walk_inner(w, walk_ethernet);
	}
}

/* RFC 3032: label, traffic class and bottom flag are the three octets of IE 70 to 79, the TTL is left out there. */
void walk_mpls(struct walk *w)
{
#define SECTION(name)                                          \
	{                                                      \
		",\"" name "\":", sizeof(",\"" name "\":") - 1 \
	}
	static const struct {
		char key[32];
		size_t len;
	} sections[10] = {
		SECTION("mplsTopLabelStackSection"), SECTION("mplsLabelStackSection2"),
		SECTION("mplsLabelStackSection3"),   SECTION("mplsLabelStackSection4"),
		SECTION("mplsLabelStackSection5"),   SECTION("mplsLabelStackSection6"),
		SECTION("mplsLabelStackSection7"),   SECTION("mplsLabelStackSection8"),
		SECTION("mplsLabelStackSection9"),   SECTION("mplsLabelStackSection10"),
	};
#undef SECTION
	for (unsigned n = 0; n < MPLS_LABELS; n++) {
		const uint8_t *entry = cursor_take(&w->in, 4);

		if (!entry)
			return;
		if (n < 10) {
			memcpy(w->p, sections[n].key, sizeof(sections[n].key));
			w->p = jsonw_hex(w->p + sections[n].len, entry, 3);
		}
		if (n == 0) {
			PUT_U(w, "mplsTopLabelExp", (entry[2] >> 1) & 7);
			PUT_U(w, "mplsTopLabelTTL", entry[3]);
		}
		if (entry[2] & 1) {
			PUT_U(w, "mplsLabelStackDepth", n + 1);
			mpls_payload(w);
			return;
		}
	}
}

/* IEEE 802.11 data frames: address 3 or 4 and 1 are the ends that Ethernet would show; then LLC. */
static void wireless(struct walk *w)
{
	const uint8_t *header;
	uint8_t control, flags;
	bool to_ds, from_ds;
	uint16_t type;

	if (cursor_left(&w->in) < 2) {
		w->in.bad = true;
		return;
	}
	control = w->in.p[0];
	flags = w->in.p[1];
	if ((control & 0x0c) != 0x08) /* management and control frames */
		return;
	to_ds = flags & 1;
	from_ds = flags & 2;
	header = cursor_take(&w->in, to_ds && from_ds ? 30 : 24);
	if (!header)
		return;
	PUT(w, "destinationMacAddress", jsonw_mac, to_ds ? header + 16 : header + 4);
	PUT(w, "sourceMacAddress", jsonw_mac,
	    !from_ds ? header + 10 : (to_ds ? header + 24 : header + 16));
	if ((control & 0x80) && !cursor_take(&w->in, 2)) /* QoS control */
		return;
	if ((flags & 0x40) || (control & 0x40)) /* encrypted, or without data */
		return;
	type = llc_type(w);
	if (!type)
		return;
	PUT_U(w, "ethernetType", type);
	walk_ethertype(w, type);
}

bool dissect_knows(uint32_t link)
{
	return link == DISSECT_ETHERNET || link == DISSECT_PPP || link == DISSECT_POS ||
	       link == DISSECT_IPV4 || link == DISSECT_IPV6 || link == DISSECT_MPLS ||
	       link == DISSECT_80211;
}

char *dissect(char *p, uint32_t link, const uint8_t *bytes, size_t len, bool *ret_truncated)
{
	struct walk w = { .in = cursor_over(bytes, len), .p = p };

	switch (link) {
	case DISSECT_ETHERNET:
		walk_ethernet(&w);
		break;
	case DISSECT_IPV4:
	case DISSECT_IPV6:
		walk_ip(&w);
		break;
	case DISSECT_MPLS:
		walk_mpls(&w);
		break;
	case DISSECT_PPP:
	case DISSECT_POS:
		walk_ppp(&w);
		break;
	case DISSECT_80211:
		wireless(&w);
		break;
	default:
		break;
	}
	if (w.in.bad)
		*ret_truncated = true;
	return w.p;
}
