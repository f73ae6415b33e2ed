/* SPDX-License-Identifier: Apache-2.0
 * NetFlow 1, 5, 6 and 7: fixed records, decoded as constant templates of IANA elements. */
#include "forwarder/decode/wire/netflow5.h"

#include <stdlib.h>

#include "element_ids.h"
#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/problem.h"
#include "forwarder/decode/core/seen.h"
#include "forwarder/decode/exporter/device.h"
#include "forwarder/decode/exporter/exporter.h"
#include "forwarder/decode/exporter/restart.h"
#include "forwarder/decode/exporter/sequence.h"
#include "forwarder/decode/line/context.h"
#include "forwarder/decode/line/set.h"
#include "forwarder/decode/template/compile.h"

/* Element ids and widths in the order of the record. The formats share their
 * first 36 bytes: addresses, next hop, interfaces, packets, bytes, first and last uptime, ports. */
#define COMMON                                                                \
	{ 0, IE_sourceIPv4Address, 4 }, { 0, IE_destinationIPv4Address, 4 },  \
	    { 0, IE_ipNextHopIPv4Address, 4 }, { 0, IE_ingressInterface, 2 }, \
	    { 0, IE_egressInterface, 2 }, { 0, IE_packetDeltaCount, 4 },      \
	    { 0, IE_octetDeltaCount, 4 }, { 0, IE_flowStartSysUpTime, 4 },    \
	    { 0, IE_flowEndSysUpTime, 4 }, { 0, IE_sourceTransportPort, 2 },  \
	{                                                                     \
		0, IE_destinationTransportPort, 2                             \
	}
/* TCP flags, protocol, type of service, AS numbers, prefix lengths */
#define COMMON5                                                                       \
	{ 0, IE_tcpControlBits, 1 }, { 0, IE_protocolIdentifier, 1 },                 \
	    { 0, IE_ipClassOfService, 1 }, { 0, IE_bgpSourceAsNumber, 2 },            \
	    { 0, IE_bgpDestinationAsNumber, 2 }, { 0, IE_sourceIPv4PrefixLength, 1 }, \
	{                                                                             \
		0, IE_destinationIPv4PrefixLength, 1                                  \
	}

static const struct spec netflow1_specs[] = {
	COMMON,
	{ 0, IE_paddingOctets, 2 },
	{ 0, IE_protocolIdentifier, 1 },
	{ 0, IE_ipClassOfService, 1 },
	{ 0, IE_tcpControlBits, 1 },
	{ 0, IE_paddingOctets, 7 },
};

static const struct spec netflow5_specs[] = {
	COMMON,
	{ 0, IE_paddingOctets, 1 },
	COMMON5,
	{ 0, IE_paddingOctets, 2 },
};

/* Encapsulation sizes have no element and are left out; then the next hop within the peer. */
static const struct spec netflow6_specs[] = {
	COMMON,
	{ 0, IE_paddingOctets, 1 },
	COMMON5,
	{ 0, IE_paddingOctets, 2 },
	{ 0, IE_bgpNextHopIPv4Address, 4 },
};

/* Two fields of validity flags have no element; at the end the router that the switch works for. */
static const struct spec netflow7_specs[] = {
	COMMON,
	{ 0, IE_paddingOctets, 1 },
	COMMON5,
	{ 0, IE_paddingOctets, 2 },
	{ 0, IE_exporterIPv4Address, 4 },
};

#define SPECS(specs) (specs), sizeof(specs) / sizeof(*(specs))

static const struct format {
	uint16_t version;
	uint8_t protocol;
	uint8_t header_len;
	uint8_t most; /* records of a datagram: what fits into 1,464 bytes, or less */
	const struct spec *specs;
	size_t specs_len;
} formats[] = {
	{ 1, PROTO_NETFLOW1, 16, 24, SPECS(netflow1_specs) },
	{ 5, PROTO_NETFLOW5, 24, 30, SPECS(netflow5_specs) },
	{ 6, PROTO_NETFLOW6, 24, 27, SPECS(netflow6_specs) },
	{ 7, PROTO_NETFLOW7, 24, 27, SPECS(netflow7_specs) },
};

#define FORMATS (sizeof(formats) / sizeof(*formats))

int netflow5_bind(struct decoder *dec, const struct fields *fields)
{
	struct template *made[FORMATS];
	bool whole = true;
	for (size_t i = 0; i < FORMATS; i++) {
		made[i] = template_compile_constant(dec->compiler, fields, formats[i].specs,
						    formats[i].specs_len);
		whole = whole && made[i];
	}
	for (size_t i = 0; i < FORMATS; i++) {
		free(whole ? dec->netflow5[i] : made[i]);
		if (whole)
			dec->netflow5[i] = made[i];
	}
	return whole ? 0 : -1;
}

enum decode_result netflow5_datagram(struct decoder *dec, const struct datagram *dgram,
				     struct sink *sink)
{
	struct cursor c = cursor_over(dgram->data, dgram->len);
	uint16_t version = cursor_u16(&c), count = cursor_u16(&c);
	uint32_t uptime_ms = cursor_u32(&c), seconds = cursor_u32(&c), nanoseconds = cursor_u32(&c);
	size_t i = 0;
	while (formats[i].version != version)
		i++;
	uint32_t seq = version == 1 ? 0 : cursor_u32(&c);
	uint16_t engine = version == 5 || version == 6 ? cursor_u16(&c) : 0;
	uint16_t sampling = version == 5 || version == 6 ? cursor_u16(&c) : 0;
	if (version == 7)
		cursor_u32(&c); /* reserved */
	if (c.bad) {
		problem_at(dec, &dec->counters.short_datagram, "shorter than its header",
			   dgram->data, (uint32_t)dgram->len);
		return DECODE_SHORT;
	}
	/* No exporter says so: it is something else that begins with these numbers (QUIC does). */
	if (count > formats[i].most) {
		problem_at(dec, &dec->counters.malformed_header,
			   "a number of records that its version cannot have", dgram->data + 2,
			   count);
		return problem_result(dec);
	}
	struct session *session =
	    device_session(dec, dgram, (enum protocol)formats[i].protocol, engine);
	if (!session)
		return DECODE_REFUSED;

	struct domain *dom = session->domain;
	seen_form(dec, dgram->data, c.p);
	context_start(dec, dgram, session, seq, seconds * 1000ull + nanoseconds / 1000000);
	dec->ctx.uptime_ms = uptime_ms;
	dec->ctx.has_uptime = true;
	dom->header_rate = sampling & 0x3fff; /* the top two bits are the mode */

	/* The count is not believed where the datagram is shorter; bytes after the last record are
	 * no record. */
	size_t record_len = dec->netflow5[i]->min_len, fit = cursor_left(&c) / record_len;
	if (fit < count)
		problem_at(dec, &dec->counters.malformed_header,
			   "fewer records than the header says", dgram->data + 2, count);
	size_t records = fit < count ? fit : count;
	data_records(dec, sink, dec->netflow5[i], cursor_sub(&c, records * record_len), false);
	if (version != 1) {
		restart_check(dec, dom, seq, uptime_ms);
		sequence_note(dec, session, seq, (uint32_t)records, 0, true, uptime_ms);
	}
	return problem_result(dec);
}
