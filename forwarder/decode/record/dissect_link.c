/* SPDX-License-Identifier: Apache-2.0
 * The packet dissector's link layer: Ethernet with its tags, PPP and PPPoE, MPLS. */
#include "forwarder/decode/record/dissect_link.h"

#include "forwarder/decode/record/dissect_ip.h"
#include "forwarder/decode/record/dissect_tunnel.h"

#define VLAN_TAGS_MAX 4  /* tags deeper than the second are passed over */
#define MPLS_LABELS   16 /* deeper stacks are given up; IANA has names for ten */

static bool is_vlan(uint16_t type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_9100 ||
	       type == ETHERTYPE_QINQ_9200;
}

/* IEEE 802.1Q: the first tag is the service's when there are two (IE 243 and 245). */
static uint16_t vlan_tags(struct dissection *d, uint16_t type)
{
	for (int n = 0; n < VLAN_TAGS_MAX && is_vlan(type); n++) {
		const uint8_t *tag = take_form(d, 4);
		uint16_t tci;

		if (!tag)
			return 0;
		tci = be16(tag);
		type = be16(tag + 2);
		if (n == 0) {
			PUT_U(d, "dot1qVlanId", tci & 0xfff);
			PUT_U(d, "dot1qPriority", tci >> 13);
			if (tci & 0x1000)
				PUT(d, "dot1qDEI", jsonw_bool, true);
		} else if (n == 1) {
			PUT_U(d, "dot1qCustomerVlanId", tci & 0xfff);
			PUT_U(d, "dot1qCustomerPriority", tci >> 13);
			if (tci & 0x1000)
				PUT(d, "dot1qCustomerDEI", jsonw_bool, true);
		}
	}
	return type;
}

uint16_t dissect_llc(struct dissection *d)
{
	if (cursor_left(&d->in) < 8 || be32(d->in.p) != 0xaaaa0300 || d->in.p[4])
		return 0;
	return be16(take_form(d, 8) + 6);
}

void dissect_ethernet(struct dissection *d)
{
	const uint8_t *header = cursor_take(&d->in, 14);
	uint16_t type;

	if (!header)
		return;
	note_seen(d, SEEN_MAC, header, 6);
	note_seen(d, SEEN_MAC, header + 6, 6);
	note_seen(d, SEEN_FORM, header + 12, 2);
	PUT(d, "destinationMacAddress", jsonw_mac, header);
	PUT(d, "sourceMacAddress", jsonw_mac, header + 6);
	type = vlan_tags(d, be16(header + 12));
	if (type < 0x600)
		type = dissect_llc(d);
	if (!type)
		return;
	PUT_U(d, "ethernetType", type);
	dissect_ethertype(d, type);
}

/* RFC 2516 section 4: version and type, code, session, length; then PPP. */
static void pppoe(struct dissection *d)
{
	const uint8_t *header = take_form(d, 6);

	if (!header)
		return;
	PUT_U(d, "sflow.pppoeSession", be16(header + 2));
	dissect_ppp(d);
}

void dissect_ethertype(struct dissection *d, uint16_t type)
{
	switch (type) {
	case ETHERTYPE_IPV4:
		dissect_ipv4(d);
		break;
	case ETHERTYPE_IPV6:
		dissect_ipv6(d);
		break;
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UPSTREAM:
		dissect_mpls(d);
		break;
	case ETHERTYPE_PPPOE:
		pppoe(d);
		break;
	case ETHERTYPE_ITAG:
		dissect_itag(d);
		break;
	default:
		break;
	}
}

/* PPP protocol field (RFC 1661), with or without HDLC address and control and with field
 * compression. */
void dissect_ppp(struct dissection *d)
{
	const uint8_t *field;
	uint16_t protocol;

	if (cursor_left(&d->in) >= 2 &&
	    (be16(d->in.p) == 0xff03 || be16(d->in.p) == 0x0f00 || be16(d->in.p) == 0x8f00))
		take_form(d, 2);
	if (cursor_left(&d->in) >= 1 && (d->in.p[0] & 1)) {
		protocol = *take_form(d, 1);
	} else {
		field = take_form(d, 2);
		if (!field)
			return;
		protocol = be16(field);
	}
	switch (protocol) {
	case 0x0021:
	case ETHERTYPE_IPV4: /* Cisco HDLC uses Ethernet types */
		dissect_ipv4(d);
		break;
	case 0x0057:
	case ETHERTYPE_IPV6:
		dissect_ipv6(d);
		break;
	case 0x0281:
	case 0x0283:
	case ETHERTYPE_MPLS:
		dissect_mpls(d);
		break;
	default:
		break;
	}
}

/* Whether an Ethernet header that starts at `at` has a type that one meets in pseudowires. */
static bool looks_like_ethernet(const struct dissection *d, size_t at)
{
	uint16_t type;

	if (cursor_left(&d->in) < at + 14)
		return false;
	type = be16(d->in.p + at + 12);
	return type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6 || type == 0x0806 ||
	       is_vlan(type) || type == ETHERTYPE_MPLS || type == ETHERTYPE_PPPOE || type <= 1500;
}

/* Behind the bottom label nothing says what follows: IP by its version, else a pseudowire with the
 * control word of RFC 4385 (first nibble 0; 1 is its associated channel) or without it. */
static void mpls_payload(struct dissection *d)
{
	if (!cursor_left(&d->in)) {
		d->in.bad = true;
		return;
	}
	switch (d->in.p[0] >> 4) {
	case 4:
		dissect_ipv4(d);
		return;
	case 6:
		dissect_ipv6(d);
		return;
	case 1:
		return;
	case 0:
		if (looks_like_ethernet(d, 4) || !looks_like_ethernet(d, 0)) {
			if (!take_form(d, 4))
				return;
		}
		dissect_inner(d, dissect_ethernet);
		return;
	default:
		if (looks_like_ethernet(d, 0))
			dissect_inner(d, dissect_ethernet);
	}
}

/* RFC 3032: label, traffic class and bottom flag are the three octets of IE 70 to 79, the TTL is
 * left out there. */
void dissect_mpls(struct dissection *d)
{
#define SECTION(name)                                          \
	{                                                      \
		",\"" name "\":", sizeof(",\"" name "\":") - 1 \
	}
	static const struct {
		char key[JSONW_STEP];
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
		const uint8_t *entry = take_form(d, 4);

		if (!entry)
			return;
		if (n < 10) {
			d->p = jsonw_padded(d->p, sections[n].key, sections[n].len);
			d->p = jsonw_hex(d->p, entry, 3);
		}
		if (n == 0) {
			PUT_U(d, "mplsTopLabelExp", (entry[2] >> 1) & 7);
			PUT_U(d, "mplsTopLabelTTL", entry[3]);
		}
		if (entry[2] & 1) {
			PUT_U(d, "mplsLabelStackDepth", n + 1);
			mpls_payload(d);
			return;
		}
	}
}
