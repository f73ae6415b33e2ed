/* SPDX-License-Identifier: Apache-2.0
 * The start of a packet to JSON: link layer, VLAN tags, MPLS, IP, transport, and what is inside a
 * tunnel. */
#include "forwarder/decode/record/dissect.h"

#include "forwarder/decode/record/dissect_internal.h"
#include "forwarder/decode/record/dissect_ip.h"
#include "forwarder/decode/record/dissect_link.h"

static void note_stations(const struct dissection *d, const uint8_t *header, bool four)
{
	for (size_t at = 4; at <= 16; at += 6)
		note_seen(d, SEEN_MAC, header + at, 6);
	if (four)
		note_seen(d, SEEN_MAC, header + 24, 6);
}

/* IEEE 802.11 data frames: address 3 or 4 and 1 are the ends that Ethernet would show; then LLC. */
static void wireless(struct dissection *d)
{
	const uint8_t *header;
	uint8_t control, flags;
	bool to_ds, from_ds;
	uint16_t type;

	if (cursor_left(&d->in) < 2) {
		d->in.bad = true;
		return;
	}
	note_seen(d, SEEN_FORM, d->in.p, 2);
	control = d->in.p[0];
	flags = d->in.p[1];
	if ((control & 0x0c) != 0x08) /* management and control frames */
		return;
	to_ds = flags & 1;
	from_ds = flags & 2;
	header = cursor_take(&d->in, to_ds && from_ds ? 30 : 24);
	if (!header)
		return;
	note_stations(d, header, to_ds && from_ds);
	PUT(d, "destinationMacAddress", jsonw_mac, to_ds ? header + 16 : header + 4);
	PUT(d, "sourceMacAddress", jsonw_mac,
	    !from_ds ? header + 10 : (to_ds ? header + 24 : header + 16));
	if ((control & 0x80) && !take_form(d, 2)) /* QoS control */
		return;
	if ((flags & 0x40) || (control & 0x40)) /* encrypted, or without data */
		return;
	type = dissect_llc(d);
	if (!type)
		return;
	PUT_U(d, "ethernetType", type);
	dissect_ethertype(d, type);
}

bool dissect_knows(uint32_t link)
{
	return link == DISSECT_ETHERNET || link == DISSECT_PPP || link == DISSECT_POS ||
	       link == DISSECT_IPV4 || link == DISSECT_IPV6 || link == DISSECT_MPLS ||
	       link == DISSECT_80211;
}

static void dissect_link(struct dissection *d, uint32_t link)
{
	switch (link) {
	case DISSECT_ETHERNET:
		dissect_ethernet(d);
		break;
	case DISSECT_IPV4:
	case DISSECT_IPV6:
		dissect_ip(d);
		break;
	case DISSECT_MPLS:
		dissect_mpls(d);
		break;
	case DISSECT_PPP:
	case DISSECT_POS:
		dissect_ppp(d);
		break;
	case DISSECT_80211:
		wireless(d);
		break;
	default:
		break;
	}
}

char *dissect(char *p, uint32_t link, const uint8_t *bytes, size_t len, bool *ret_truncated)
{
	struct dissection d = { .in = cursor_over(bytes, len), .p = p };

	dissect_link(&d, link);
	if (d.in.bad)
		*ret_truncated = true;
	return d.p;
}

void dissect_see(char *scratch, uint32_t link, const uint8_t *bytes, size_t len,
		 const struct seer *seer)
{
	struct dissection d = { .in = cursor_over(bytes, len), .p = scratch, .seer = seer };

	dissect_link(&d, link);
}
