/* SPDX-License-Identifier: Apache-2.0
 * The packet dissector's tunnels: GRE and what it carries, VXLAN, Geneve, GTP-U, L2TP, MPLS in UDP,
 * 802.1ah. */
#ifndef EF_DECODE_DISSECT_TUNNEL_H
#define EF_DECODE_DISSECT_TUNNEL_H

#include "forwarder/decode/record/dissect_internal.h"

/* Tunnels whose header is at hand. */
void dissect_gre(struct dissection *d);
void dissect_udp_payload(struct dissection *d, uint16_t source_port, uint16_t destination_port);
void dissect_itag(struct dissection *d);
/* Go on with `header` inside "sflow.inner". */
void dissect_inner(struct dissection *d, void (*header)(struct dissection *));
void dissect_inner_ethertype(struct dissection *d, uint16_t type);

#endif
