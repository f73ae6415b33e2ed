/* SPDX-License-Identifier: Apache-2.0
 * What of a template tells whether its octets were counted before: by another meter of the same
 * device, by an earlier record of the flow, or by a second counter of the record. */
#include "forwarder/decode/template/counts.h"

#include <string.h>

#include "element_ids.h"

#define PEN_REVERSE 29305 /* RFC 5103 */
#define PEN_NTOP    35632
#define PEN_CERT    6871

/* YAF's own, of before RFC 5103: totals, too. */
#define CERT_REVERSE_OCTETS  12
#define CERT_REVERSE_PACKETS 13

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
};

/* What may become the octets and packets of a record and of the other direction, in the order in
 * which the pipeline prefers them (ingest-pipelines/traffic.yml, traffic_first): the first one that
 * a template has is judged, if it is a total by IANA's registry. */
static const struct {
	uint32_t pen;
	uint16_t id;
	uint8_t part; /* behind COUNT_SUMS */
	bool total;
} sum_rows[] = {
	{ 0, IE_octetDeltaCount, 0, false },
	{ 0, IE_octetTotalCount, 0, true },
	{ 0, IE_initiatorOctets, 0, false },
	{ 0, IE_postOctetDeltaCount, 0, false },
	{ 0, IE_postOctetTotalCount, 0, true },
	{ 0, IE_transportOctetDeltaCount, 0, false },
	{ 0, IE_layer2OctetDeltaCount, 0, false },
	{ 0, IE_layer2OctetTotalCount, 0, true },
	{ 0, IE_postMCastOctetDeltaCount, 0, false },
	{ 0, IE_postMCastOctetTotalCount, 0, true },
	{ 0, IE_packetDeltaCount, 1, false },
	{ 0, IE_packetTotalCount, 1, true },
	{ 0, IE_initiatorPackets, 1, false },
	{ 0, IE_postPacketDeltaCount, 1, false },
	{ 0, IE_postPacketTotalCount, 1, true },
	{ 0, IE_transportPacketDeltaCount, 1, false },
	{ 0, IE_layer2FrameDeltaCount, 1, false },
	{ 0, IE_layer2FrameTotalCount, 1, true },
	{ 0, IE_postMCastPacketDeltaCount, 1, false },
	{ 0, IE_postMCastPacketTotalCount, 1, true },
	{ PEN_REVERSE, IE_octetDeltaCount, 2, false },
	{ PEN_REVERSE, IE_octetTotalCount, 2, true },
	{ 0, IE_responderOctets, 2, false },
	{ PEN_CERT, CERT_REVERSE_OCTETS, 2, true },
	{ PEN_REVERSE, IE_packetDeltaCount, 3, false },
	{ PEN_REVERSE, IE_packetTotalCount, 3, true },
	{ 0, IE_responderPackets, 3, false },
	{ PEN_CERT, CERT_REVERSE_PACKETS, 3, true },
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

#define DELTAS (1u << COUNT_OCTETS | 1u << COUNT_PACKETS)
#define SUMS   (15u << COUNT_SUMS)

static bool has_events(const struct counts *c)
{
	return has(c, COUNT_EVENT) && has(c, COUNT_FLOW_ID) && !has_any(c, DELTAS);
}

static uint8_t what_of(const struct counts *c, const struct spec *specs,
		       const struct field *const *fields, size_t n)
{
	unsigned what = vendor_of(specs, fields, n);
	if (find(specs, n, 0, IE_ingressInterface) >= 0)
		what |= COUNT_METER;
	if (has_any(c, DELTAS) && has_any(c, 1u << COUNT_POST_OCTETS | 1u << COUNT_POST_PACKETS))
		what |= COUNT_POST;
	if (has_events(c))
		what |= COUNT_EVENTS;
	else if (has_any(c, SUMS) && !has(c, COUNT_EVENT) && has(c, COUNT_START))
		what |= COUNT_TOTALS;
	return (uint8_t)what;
}

/* Of connections all that count up, of other records totals alone. */
static void bind_sums(struct counts *c, const struct spec *specs, const struct place *places,
		      size_t n)
{
	unsigned found = 0;
	for (size_t i = 0; i < LEN(sum_rows); i++) {
		int at = found >> sum_rows[i].part & 1
			     ? -1
			     : find(specs, n, sum_rows[i].pen, sum_rows[i].id);
		if (at < 0)
			continue;
		found |= 1u << sum_rows[i].part;
		if (sum_rows[i].total || has_events(c))
			put(c, COUNT_SUMS + sum_rows[i].part, &places[at]);
	}
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
	bind_sums(ret, specs, places, n);
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
	return ret->what & (COUNT_METER | COUNT_POST | COUNT_TOTALS | COUNT_EVENTS) ||
	       has(ret, COUNT_START);
}
