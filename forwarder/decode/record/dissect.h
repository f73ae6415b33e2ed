/* SPDX-License-Identifier: Apache-2.0
 * The start of a packet to JSON: link layer, VLAN tags, MPLS, IP, transport, and what is inside a
 * tunnel.
 *
 * Members are written as `,"name":value` under IANA's element names; headers inside a tunnel (GRE,
 * NVGRE, ERSPAN, VXLAN, Geneve, GTP-U, L2TP, IP in IP, 802.1ah, MPLS pseudowires) go to one object
 * "sflow.inner" with the same names, which may hold another one, DISSECT_DEPTH deep. Nothing is
 * read beyond `len`; no port is taken from a later fragment. */
#ifndef EF_DECODE_DISSECT_H
#define EF_DECODE_DISSECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forwarder/decode/template/converter.h"

/* What the bytes start with; the numbers are sFlow's header_protocol (sFlow 5, section 5.3). */
enum dissect_link {
	DISSECT_ETHERNET = 1,
	DISSECT_PPP = 7,
	DISSECT_IPV4 = 11,
	DISSECT_IPV6 = 12,
	DISSECT_MPLS = 13,
	DISSECT_POS = 14,
	DISSECT_80211 = 15,
};

#define DISSECT_DEPTH 4

struct seer;

/* Write the members at `p`; returns the place behind them, which is `p` when there is nothing to
 * say. The caller has room for DISSECT_MAX octets and JSONW_SLACK. `*ret_truncated` is set when a
 * header was cut, else left alone. */
char *dissect(char *p, uint32_t link, const uint8_t *bytes, size_t len, bool *ret_truncated);

/* The same, telling `seer` what stands where; `scratch` has the room that dissect() wants. */
void dissect_see(char *scratch, uint32_t link, const uint8_t *bytes, size_t len,
		 const struct seer *seer);

/* Whether dissect() knows this link layer. */
bool dissect_knows(uint32_t link);

#endif
