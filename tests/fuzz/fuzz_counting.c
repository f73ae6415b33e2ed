/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing: what is counted once. Steps of eight octets: records that meter, that count up, and that
 * tell of connections, from a few ports, interfaces and flows; restarts, agents of sFlow, the state
 * on disk, and time. Each line must be clean, and in the end all memory is given back. */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "element_ids.h"
#include "forwarder/decode/decode.h"
#include "forwarder/decode/state.h"
#include "forwarder/decode/tick.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/packet.h"
#include "tests/lib/strict.h"

#define NOW_MS  1700000000000
#define DAY_MS  86400000
#define STEP    8   /* octets */
#define METERED 256 /* templates */
#define TOTALS  257
#define EVENTS  258

struct play {
	struct decoder *dec;
	struct strict strict;
	uint64_t now_ms;
	uint32_t uptime_ms, seq;
	bool told; /* the templates, since the last start */
};

static struct decoder *new_decoder(void)
{
	struct err err = ERR_NONE;
	struct decode_settings settings = {
		.limits = { .exporters = 64, .flows_per_exporter = 512, .memory = 2u << 20 }
	};
	struct decoder *dec = decoder_new(&settings, &err);
	if (!dec)
		abort();
	return dec;
}

static void give(struct play *p, struct packet *packet, uint16_t port, uint8_t sender)
{
	struct decode_report report;
	struct datagram d = {
		.data = packet->data, .len = packet->len, .port = port, .received_ms = p->now_ms
	};
	d.src = ip_from_v4((const uint8_t[]){ 192, 0, 2, sender });
	(void)decoder_datagram(p->dec, &d, &p->strict.sink, &report);
	strict_check(&p->strict);
}

static void begin(struct play *p, struct packet *packet)
{
	packet_u16(packet, 9);
	packet_u16(packet, 1);
	packet_u32(packet, p->uptime_ms);
	packet_u32(packet, (uint32_t)(p->now_ms / 1000));
	packet_u32(packet, p->seq++);
	packet_u32(packet, 7);
}

static void put_template(struct packet *packet, unsigned id, const uint16_t (*fields)[2],
			 unsigned n)
{
	packet_u16(packet, id);
	packet_u16(packet, n);
	for (unsigned i = 0; i < n; i++) {
		packet_u16(packet, fields[i][0]);
		packet_u16(packet, fields[i][1]);
	}
}

static void tell_templates(struct play *p, uint16_t port)
{
	static const uint16_t metered[][2] = {
		{ IE_ingressInterface, 4 },     { IE_egressInterface, 4 },
		{ IE_flowDirection, 1 },        { IE_protocolIdentifier, 1 },
		{ IE_sourceIPv4Address, 4 },    { IE_octetDeltaCount, 4 },
		{ IE_packetDeltaCount, 4 },     { IE_postOctetDeltaCount, 4 },
		{ IE_postPacketDeltaCount, 4 },
	};
	static const uint16_t totals[][2] = {
		{ IE_ingressInterface, 4 },    { IE_protocolIdentifier, 1 },
		{ IE_sourceIPv4Address, 4 },   { IE_flowStartMilliseconds, 8 },
		{ IE_flowEndMilliseconds, 8 }, { IE_octetTotalCount, 8 },
		{ IE_packetTotalCount, 8 },
	};
	static const uint16_t events[][2] = {
		{ IE_firewallEvent, 1 },         { IE_flowId, 4 },
		{ IE_flowStartMilliseconds, 8 }, { IE_initiatorOctets, 4 },
		{ IE_responderOctets, 4 },
	};
	struct packet packet = { .len = 0 };
	begin(p, &packet);
	packet_u16(&packet, 0);
	packet_u16(&packet, 4 + 3 * 4 + 4 * (9 + 7 + 5));
	put_template(&packet, METERED, metered, 9);
	put_template(&packet, TOTALS, totals, 7);
	put_template(&packet, EVENTS, events, 5);
	give(p, &packet, port, 1);
	p->told = true;
}

static void put_metered(struct packet *packet, const uint8_t *s)
{
	packet_u16(packet, 4 + 30);
	packet_u32(packet, s[3] & 15);
	packet_u32(packet, s[4] & 64 ? s[4] * 100u : s[4] & 15u);
	packet_u8(packet, s[5] % 3);
	packet_u8(packet, s[5] & 64 ? 1 : 6);
	packet_u32(packet, 0x0a000000u + (s[6] & 7));
	packet_u32(packet, s[6]);
	packet_u32(packet, 1);
	packet_u32(packet, s[7] & 1 ? s[6] : s[7]);
	packet_u32(packet, 1);
}

static void put_totals(struct play *p, struct packet *packet, const uint8_t *s)
{
	packet_u16(packet, 4 + 41);
	packet_u32(packet, s[3] & 3);
	packet_u8(packet, 6);
	packet_u32(packet, 0x0a000000u + s[4]);
	packet_u64(packet, NOW_MS - (s[5] & 3) * 1000u);
	packet_u64(packet, p->now_ms);
	packet_u64(packet, s[6] * 1000u);
	packet_u64(packet, s[7]);
}

static void put_event(struct packet *packet, const uint8_t *s)
{
	packet_u16(packet, 4 + 21);
	packet_u8(packet, s[3] % 7);
	packet_u32(packet, s[4]);
	packet_u64(packet, NOW_MS - (s[5] & 3) * 1000u);
	packet_u32(packet, s[6]);
	packet_u32(packet, s[7]);
}

static void record(struct play *p, const uint8_t *s)
{
	const uint16_t port = (uint16_t)(2000 + (s[1] & 3));
	struct packet packet = { .len = 0 };
	if (!p->told || (s[1] & 0xf0) == 0xf0)
		tell_templates(p, port);
	begin(p, &packet);
	packet_u16(&packet, METERED + s[2] % 3u);
	if (s[2] % 3 == 0)
		put_metered(&packet, s);
	else if (s[2] % 3 == 1)
		put_totals(p, &packet, s);
	else
		put_event(&packet, s);
	give(p, &packet, port, 1);
}

/* Names one of four agents, 127.0.0.1 among them. */
static void sflow(struct play *p, const uint8_t *s)
{
	struct packet packet = { .len = 0 };
	packet_hex(&packet, "00000005 00000001");
	packet_u32(&packet, (s[1] & 3) ? 0xc0000200u + (s[1] & 3) : 0x7f000001u);
	packet_u32(&packet, s[2] & 1);
	packet_u32(&packet, p->seq++);
	packet_u32(&packet, p->uptime_ms);
	packet_u32(&packet, 0);
	give(p, &packet, 6343, (uint8_t)(1 + (s[3] & 3)));
}

static void restore(struct play *p)
{
	struct err err = ERR_NONE;
	struct buf state;
	buf_init(&state, 8u << 20);
	if (decoder_save(p->dec, &state, &err))
		abort();
	decoder_free(p->dec);
	p->dec = new_decoder();
	if (decoder_load(p->dec, state.data, state.len, p->now_ms, NULL, &err))
		abort();
	buf_release(&state);
}

static void step(struct play *p, const uint8_t *s)
{
	p->now_ms += s[0] / 8 * 1000u;
	p->uptime_ms += s[0] / 8 * 1000u;
	switch (s[0] % 8) {
	case 4:
		p->uptime_ms = 1000;
		p->seq = s[1];
		p->told = s[2] & 1;
		break;
	case 5:
		p->now_ms += s[1] * 60000u;
		p->uptime_ms += s[1] * 60000u;
		decoder_tick(p->dec, p->now_ms, &p->strict.sink);
		strict_check(&p->strict);
		break;
	case 6:
		sflow(p, s);
		break;
	case 7:
		restore(p);
		break;
	default:
		record(p, s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play p = { .dec = new_decoder(), .now_ms = NOW_MS, .uptime_ms = 3600000 };
	strict_init(&p.strict);
	for (size_t at = 0; at + STEP <= size; at += STEP)
		step(&p, data + at);
	p.now_ms += 2 * DAY_MS; /* everybody is silent: nothing is left of anybody */
	decoder_tick(p.dec, p.now_ms, &p.strict.sink);
	strict_check(&p.strict);
	const struct decode_counters *c = decoder_counters(p.dec);
	if (c->exporters_now || c->memory_now || c->devices_now)
		abort();
	strict_release(&p.strict);
	decoder_free(p.dec);
	return 0;
}
