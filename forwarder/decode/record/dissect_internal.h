/* SPDX-License-Identifier: Apache-2.0
 * What the parts of the packet dissector share. */
#ifndef EF_DECODE_DISSECT_INTERNAL_H
#define EF_DECODE_DISSECT_INTERNAL_H

#include "common/jsonw.h"
#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/seen.h"
#include "forwarder/decode/record/dissect.h"

/* One packet on its way: what is left of it (`bad`: it is cut), and where its members are
 * written. */
struct dissection {
	struct cursor in;
	char *p;
	int depth;
	const struct seer *seer; /* NULL: nobody asks */
};

static inline void note_seen(const struct dissection *d, enum seen what, const uint8_t *at,
			     size_t len)
{
	if (__builtin_expect(d->seer != NULL, 0))
		seer_tell(d->seer, what, at, len);
}

/* The next `n` octets of a header, as cursor_take(): nothing in them but lengths, types and
 * numbers. */
static inline const uint8_t *take_form(struct dissection *d, size_t n)
{
	const uint8_t *p = cursor_take(&d->in, n);
	if (p)
		note_seen(d, SEEN_FORM, p, n);
	return p;
}

/* Ethernet types (IANA ieee-802-numbers). */
enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_TEB = 0x6558, /* transparent Ethernet bridging */
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_PPP = 0x880b,
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_MPLS_UPSTREAM = 0x8848,
	ETHERTYPE_PPPOE = 0x8864,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_ERSPAN2 = 0x88be, /* types I and II */
	ETHERTYPE_ITAG = 0x88e7,    /* 802.1ah */
	ETHERTYPE_QINQ_9100 = 0x9100,
	ETHERTYPE_QINQ_9200 = 0x9200,
	ETHERTYPE_ERSPAN3 = 0x22eb,
	ETHERTYPE_WCCP = 0x883e,
};

/* IP protocol numbers (IANA protocol-numbers). */
enum {
	IP_HOP_BY_HOP = 0,
	IP_ICMP = 1,
	IP_IGMP = 2,
	IP_IPV4 = 4,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_DCCP = 33,
	IP_IPV6 = 41,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_GRE = 47,
	IP_AH = 51,
	IP_ICMPV6 = 58,
	IP_DESTINATION = 60,
	IP_ETHERIP = 97,
	IP_SCTP = 132,
	IP_MOBILITY = 135,
	IP_UDPLITE = 136,
	IP_MPLS = 137,
	IP_HIP = 139,
	IP_SHIM6 = 140,
	IP_ETHERNET = 143,
};

#define PUT(d, name, writer, ...) \
	((d)->p = writer(jsonw_lit((d)->p, ",\"" name "\":"), __VA_ARGS__))
#define PUT_U(d, name, value) PUT(d, name, jsonw_u64, value)

#endif
