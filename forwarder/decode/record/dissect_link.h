/* SPDX-License-Identifier: Apache-2.0
 * The packet dissector's link layer: Ethernet with its tags, PPP and PPPoE, MPLS. */
#ifndef EF_DECODE_DISSECT_LINK_H
#define EF_DECODE_DISSECT_LINK_H

#include "forwarder/decode/record/dissect_internal.h"

/* The header at hand and what is behind it; each leaves the packet where it cannot go on. */
void dissect_ethernet(struct dissection *d);
void dissect_mpls(struct dissection *d);
void dissect_ppp(struct dissection *d);
/* What stands behind an Ethernet type. */
void dissect_ethertype(struct dissection *d, uint16_t type);
/* IEEE 802.2: the Ethernet type behind a SNAP header, 0 for any other. */
uint16_t dissect_llc(struct dissection *d);

#endif
