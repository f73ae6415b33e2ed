/* SPDX-License-Identifier: Apache-2.0
 * The packet dissector's network and transport layer: IPv4, IPv6, TCP, UDP, ICMP, SCTP. */
#ifndef EF_DECODE_DISSECT_IP_H
#define EF_DECODE_DISSECT_IP_H

#include "forwarder/decode/record/dissect_internal.h"

/* The header at hand and what is behind it; each leaves the packet where it cannot go on. */
void dissect_ip(struct dissection *d); /* by the version in the first octet */
void dissect_ipv4(struct dissection *d);
void dissect_ipv6(struct dissection *d);

#endif
