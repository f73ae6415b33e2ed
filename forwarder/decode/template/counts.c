/* SPDX-License-Identifier: Apache-2.0
 * What of a template tells whether its octets were counted before: by another meter of the same
 * device, by an earlier record of the flow, or by a second counter of the record. */
#include "forwarder/decode/template/counts.h"

#include <string.h>

#include "element_ids.h"

#define PEN_REVERSE 29305 /* RFC 5103 */
#define PEN_NTOP    35632

/* NetFlow 9 type 65 is FortiOS' own (FLOW_FLAGS). */
#define FORTIOS_FLOW_FLAGS 65

/* The first row of an element that a template has is taken. */
static const struct {
	uint32_t pen;
	uint16_t id;
	uint8_t element;
} rows[] = {
	{ 0, IE_octetDeltaCount, COUNT_OCTETS },
	{ 0, IE_packetDeltaCount, COUNT_PACKETS },
	{ 0, IE_postOctetDeltaCount, COUNT_POST_OCTETS },
	{ 0, IE_postPacketDeltaCount, COUNT_POST_PACKETS },
	{ 0, IE_protocolIdentifier, COUNT_PROTOCOL },
	{ 0, IE_firewallEvent, COUNT_EVENT },
	{ 0, IE_flowId, COUNT_FLOW_ID },
	{ 0, IE_sourceIPv6Address, COUNT_IPV6 },
	{ 0, IE_destinationIPv6Address, COUNT_IPV6 },
	{ 0, IE_octetTotalCount, COUNT_SUMS },
	{ 0, IE_packetTotalCount, COUNT_SUMS + 1 },
	{ PEN_REVERSE, IE_octetTotalCount, COUNT_SUMS + 2 },
	{ PEN_REVERSE, IE_packetTotalCount, COUNT_SUMS + 3 },
	{ 0, IE_initiatorOctets, COUNT_SUMS },
	{ 0, IE_initiatorPackets, COUNT_SUMS + 1 },
	{ 0, IE_responderOctets, COUNT_SUMS + 2 },
	{ 0, IE_responderPackets, COUNT_SUMS + 3 },
};

static const struct {
	uint16_t id;
	uint8_t conv;
} start_rows[] = {
	{ IE_flowStartMilliseconds, CONV_UINT },      { IE_flowStartSysUpTime, CONV_UPTIME_START },
	{ IE_flowStartMicroseconds, CONV_NTP_MICRO }, { IE_flowStartNanoseconds, CONV_NTP_NANO },
	{ IE_flowStartSeconds, CONV_SECONDS },
};

static const uint16_t key_ids[] = {
	IE_protocolIdentifier,     IE_ipClassOfService,
	IE_sourceTransportPort,    IE_sourceIPv4Address,
	IE_ingressInterface,       IE_destinationTransportPort,
	IE_flowDirection,          IE_destinationIPv4Address,
	IE_sourceIPv6Address,      IE_vlanId,
	IE_destinationIPv6Address, IE_flowId,
	IE_sourceMacAddress,       IE_destinationMacAddress,
	IE_ingressVRFID,
};

#define LEN(array) (sizeof(array) / sizeof(*(array)))
_Static_assert(LEN(key_ids) <= COUNT_KEYS_MAX, "room for all keys");

static int find(const struct spec *specs, size_t n, uint32_t pen, uint16_t id)
{
	for (size_t i = 0; i < n; i++)
		if (specs[i].id == id && specs[i].pen == pen && specs[i].width)
			return (int)i;
	return -1;
}

static bool has(const struct counts *c, unsigned element)
{
	return c->has >> element & 1;
}

static void put(struct counts *c, unsigned element, const struct place *place)
{
	if (has(c, element))
		return;
	c->at[element] = *place;
	c->has |= 1u << element;
}

static uint8_t kind_of(const struct spec *specs, size_t n)
{
	if (find(specs, n, 0, IE_mplsTopLabelStackSection) >= 0)
		return KIND_MPLS;
	if (find(specs, n, 0, IE_sourceIPv4Address) >= 0 ||
	    find(specs, n, 0, IE_destinationIPv4Address) >= 0)
		return KIND_IPV4;
	if (find(specs, n, 0, IE_sourceIPv6Address) >= 0 ||
	    find(specs, n, 0, IE_destinationIPv6Address) >= 0)
		return KIND_IPV6;
	return KIND_LAYER2;
}

/* Whose they are, as far as their elements tell. */
static unsigned vendor_of(const struct spec *specs, const struct field *const *fields, size_t n)
{
	unsigned what = 0;
	for (size_t i = 0; i < n; i++) {
		if (fields[i]->pen == PEN_NTOP)
			what |= COUNT_REVERSES;
		if (specs[i].pen == 0 && specs[i].id == FORTIOS_FLOW_FLAGS)
			what |= COUNT_FORTINET;
	}
	return what;
}

static bool has_any(const struct counts *c, unsigned elements)
{
	return c->has & elements;
}

static uint8_t what_of(const struct counts *c, const struct spec *specs,
		       const struct field *const *fields, size_t n)
{
	unsigned what = vendor_of(specs, fields, n);
	bool deltas = has_any(c, 1u << COUNT_OCTETS | 1u << COUNT_PACKETS);
	bool totals = find(specs, n, 0, IE_octetTotalCount) >= 0 ||
		      find(specs, n, 0, IE_packetTotalCount) >= 0;
	if (find(specs, n, 0, IE_ingressInterface) >= 0)
		what |= COUNT_METER;
	if (deltas && has_any(c, 1u << COUNT_POST_OCTETS | 1u << COUNT_POST_PACKETS))
		what |= COUNT_POST;
	if (has(c, COUNT_EVENT) && has(c, COUNT_FLOW_ID) && !deltas)
		what |= COUNT_EVENTS;
	else if (totals && !deltas && !has(c, COUNT_EVENT) && has(c, COUNT_START))
		what |= COUNT_TOTALS;
	return (uint8_t)what;
}

bool counts_bind(const struct spec *specs, const struct field *const *fields,
		 const struct place *places, size_t n, struct counts *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < LEN(rows); i++) {
		int at = find(specs, n, rows[i].pen, rows[i].id);
		if (at >= 0)
			put(ret, rows[i].element, &places[at]);
	}
	for (size_t i = 0; i < LEN(start_rows); i++) {
		int at = find(specs, n, 0, start_rows[i].id);
		if (at < 0 || has(ret, COUNT_START))
			continue;
		put(ret, COUNT_START, &places[at]);
		ret->start_conv = start_rows[i].conv;
	}
	for (size_t i = 0; i < LEN(key_ids); i++) {
		int at = find(specs, n, 0, key_ids[i]);
		if (at >= 0)
			ret->keys[ret->keys_len++] = places[at];
	}
	ret->kind = kind_of(specs, n);
	ret->what = what_of(ret, specs, fields, n);
	return ret->what & (COUNT_METER | COUNT_POST | COUNT_TOTALS | COUNT_EVENTS);
}
