/* SPDX-License-Identifier: Apache-2.0
 * Ten thousand random sFlow samples: each is built together with the members that it must give,
 * then decoded and compared. SEED=n repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forwarder/decode/decode.h"
#include "tests/lib/packet.h"
#include "tests/lib/random_fields.h"
#include "tests/lib/rng.h"

#define DATAGRAMS 2500
#define SAMPLES   4
#define DEPTH     3

static void put_ipv4(struct packet *p, json_t *ie, int depth);
static void put_ipv6(struct packet *p, json_t *ie, int depth);

static void put_ports(struct packet *p, json_t *ie, unsigned destination)
{
	unsigned source = 10000 + below(50000);

	packet_u16(p, source);
	packet_u16(p, destination);
	say(ie, "sourceTransportPort", source);
	say(ie, "destinationTransportPort", destination);
}

static void put_ethernet(struct packet *p, json_t *ie, int depth)
{
	static const char *const ids[] = { "dot1qVlanId", "dot1qCustomerVlanId" };
	static const char *const priorities[] = { "dot1qPriority", "dot1qCustomerPriority" };
	unsigned tags = below(3), kind = below(4);
	static const unsigned types[] = { 0x0800, 0x86dd, 0x0806, 0x8847 };

	random_mac(p, ie, "destinationMacAddress");
	random_mac(p, ie, "sourceMacAddress");
	for (unsigned i = 0; i < tags; i++) {
		unsigned vlan = below(4096), priority = below(8);

		packet_u16(p, i == 0 && tags == 2 ? 0x88a8 : 0x8100);
		packet_u16(p, priority << 13 | vlan);
		say(ie, ids[i], vlan);
		say(ie, priorities[i], priority);
	}
	packet_u16(p, types[kind]);
	say(ie, "ethernetType", types[kind]);
	if (kind == 3) {
		unsigned label = below(1 << 20), class = below(8);
		char text[7];

		packet_u32(p, label << 12 | class << 9 | 0x100 | 64);
		snprintf(text, sizeof(text), "%06x", label << 4 | class << 1 | 1);
		say_text(ie, "mplsTopLabelStackSection", text);
		say(ie, "mplsTopLabelExp", class);
		say(ie, "mplsTopLabelTTL", 64);
		say(ie, "mplsLabelStackDepth", 1);
		kind = below(2);
	}
	if (kind == 0)
		put_ipv4(p, ie, depth);
	else if (kind == 1)
		put_ipv6(p, ie, depth);
}

/* A tunnel's payload, in an object of its own. */
static void put_inner(struct packet *p, json_t *ie, int depth,
		      void (*put)(struct packet *, json_t *, int))
{
	json_t *inner = json_object();

	put(p, inner, depth + 1);
	json_object_set_new(ie, "sflow.inner", inner);
}

static void put_gre(struct packet *p, json_t *ie, int depth)
{
	bool keyed = below(2), six = below(2);
	uint32_t key = any32();

	packet_u16(p, keyed ? 0x2000 : 0);
	packet_u16(p, six ? 0x86dd : 0x0800);
	if (keyed) {
		packet_u32(p, key);
		say(ie, "greKey", key);
	}
	put_inner(p, ie, depth, six ? put_ipv6 : put_ipv4);
}

static void put_udp(struct packet *p, json_t *ie, int depth)
{
	bool vxlan = depth < DEPTH && below(2);

	put_ports(p, ie, vxlan ? 4789 : below(1024));
	packet_u16(p, 1000);
	packet_u16(p, 0);
	say(ie, "udpMessageLength", 1000);
	if (vxlan) {
		uint32_t vni = below(1 << 24);

		packet_u32(p, 0x08000000);
		packet_u32(p, vni << 8);
		say(ie, "sflow.vni", vni);
		say(ie, "layer2SegmentId", 1ull << 56 | vni);
		put_inner(p, ie, depth, put_ethernet);
	}
}

/* A protocol and its header; *at is where the IP header has its number. */
static void put_transport(struct packet *p, json_t *ie, int depth, size_t at, bool first)
{
	static const uint8_t protocols[] = { 6, 17, 132, 50, 47, 4 };
	uint8_t protocol = protocols[below(depth < DEPTH ? 6 : 4)];
	unsigned flags = below(0x1000);

	p->data[at] = protocol;
	say(ie, "protocolIdentifier", protocol);
	if (!first) {
		packet_fill(p, 0x45, 24); /* of a later fragment: would read as anything */
		return;
	}
	switch (protocol) {
	case 6:
		put_ports(p, ie, below(65536));
		packet_u64(p, 0);
		packet_u16(p, 0x5000 | flags);
		packet_u16(p, 512);
		packet_u32(p, 0);
		say(ie, "tcpControlBits", flags);
		say(ie, "tcpWindowSize", 512);
		break;
	case 17:
		put_udp(p, ie, depth);
		break;
	case 132:
		put_ports(p, ie, below(65536));
		break;
	case 47:
		put_gre(p, ie, depth);
		break;
	case 4:
		put_inner(p, ie, depth, put_ipv4);
		break;
	default:
		break;
	}
}

static void put_ipv4(struct packet *p, json_t *ie, int depth)
{
	size_t start = p->len, total;
	unsigned tos = below(256), ttl = 1 + below(255), options = below(4) ? 0 : 1 + below(10);
	unsigned fragment = below(4) ? 0x4000 : below(0x2000), id = below(65536);

	packet_u8(p, 0x45 + options);
	packet_u8(p, tos);
	packet_u16(p, 0);
	packet_u16(p, id);
	packet_u16(p, fragment);
	packet_u8(p, ttl);
	packet_u8(p, 0);
	packet_u16(p, 0);
	random_ipv4(p, ie, "sourceIPv4Address");
	random_ipv4(p, ie, "destinationIPv4Address");
	packet_fill(p, 1, options * (size_t)4);
	say(ie, "ipVersion", 4);
	say(ie, "ipClassOfService", tos);
	say(ie, "ipTTL", ttl);
	say(ie, "fragmentFlags", fragment >> 8 & 0xe0);
	if (options)
		say(ie, "ipv4IHL", 5 + options);
	if (fragment & 0x3fff) {
		say(ie, "fragmentIdentification", id);
		say(ie, "fragmentOffset", fragment & 0x1fff);
	}
	put_transport(p, ie, depth, start + 9, !(fragment & 0x1fff));
	total = p->len - start + below(1000); /* the capture may end before the packet */
	p->data[start + 2] = (uint8_t)(total >> 8);
	p->data[start + 3] = (uint8_t)total;
	say(ie, "ipTotalLength", total);
}

static void put_ipv6(struct packet *p, json_t *ie, int depth)
{
	size_t start = p->len, at = start + 6, total;
	unsigned class = below(256), label = below(1 << 20), hops = below(256), next = 0;
	bool extended = below(2), fragmented = below(4) == 0, first = true;

	packet_u32(p, 6u << 28 | class << 20 | label);
	packet_u16(p, 0);
	packet_u8(p, 0);
	packet_u8(p, hops);
	random_ipv6(p, ie, "sourceIPv6Address");
	random_ipv6(p, ie, "destinationIPv6Address");
	if (extended) { /* destination options of random length */
		unsigned words = below(4);

		p->data[at] = 60;
		at = p->len;
		packet_u8(p, 0);
		packet_u8(p, words);
		packet_fill(p, 0, 6 + 8 * (size_t)words);
		next = 60;
	}
	if (fragmented) {
		unsigned offset = below(2) ? below(1 << 13) : 0, more = below(2);

		p->data[at] = 44;
		at = p->len;
		packet_u16(p, 0);
		packet_u16(p, offset << 3 | more);
		packet_u32(p, 77);
		say(ie, "fragmentFlags", more << 5);
		say(ie, "fragmentOffset", offset);
		say(ie, "fragmentIdentification", 77);
		first = offset == 0;
		next = next ? next : 44;
	}
	say(ie, "ipVersion", 6);
	say(ie, "ipClassOfService", class);
	say(ie, "flowLabelIPv6", label);
	say(ie, "ipTTL", hops);
	put_transport(p, ie, depth, at, first);
	say(ie, "nextHeaderIPv6", next ? next : p->data[start + 6]);
	total = p->len - start + below(1000);
	p->data[start + 4] = (uint8_t)((total - 40) >> 8);
	p->data[start + 5] = (uint8_t)(total - 40);
	say(ie, "ipTotalLength", total);
}

/* ---- random records and samples ---- */

static void put_header(struct packet *p, json_t *ie, bool discarded)
{
	struct packet header = { 0 };
	unsigned link = below(3);
	static const uint32_t links[] = { 1, 11, 12 };
	bool wrong = below(8) == 0;
	uint32_t length;

	if (link == 0)
		put_ethernet(&header, ie, 0);
	else if (link == 1)
		put_ipv4(&header, ie, 0);
	else
		put_ipv6(&header, ie, 0);
	length = !wrong     ? (uint32_t)header.len + below(9000)
		 : below(2) ? 1 + below((uint32_t)header.len - 1)
			    : (1u << 20) + 1 + below(1000);
	packet_sflow_header(p, links[link], length, &header);
	say(ie, "sflow.stripped", 4);
	if (link)
		say(ie, "sflow.headerProtocol", links[link]);
	say(ie,
	    wrong       ? "sflow.frameLength"
	    : discarded ? "droppedOctetDeltaCount"
			: "octetDeltaCount",
	    length);
}

static void put_router(struct packet *p, json_t *ie)
{
	size_t start;
	bool six = below(2);
	unsigned source = below(33), destination = below(33);

	packet_u32(p, 1002);
	start = packet_open(p);
	packet_u32(p, six ? 2 : 1);
	if (six)
		random_ipv6(p, ie, "ipNextHopIPv6Address");
	else
		random_ipv4(p, ie, "ipNextHopIPv4Address");
	packet_u32(p, source);
	packet_u32(p, destination);
	packet_shut(p, start);
	say(ie, six ? "sourceIPv6PrefixLength" : "sourceIPv4PrefixLength", source);
	say(ie, six ? "destinationIPv6PrefixLength" : "destinationIPv4PrefixLength", destination);
}

static void put_gateway(struct packet *p, json_t *ie)
{
	size_t start;
	uint32_t as = 1 + below(400000), segments = below(3), communities = below(5), last = 0;
	json_t *path = json_array(), *list = json_array();

	packet_u32(p, 1003);
	start = packet_open(p);
	packet_u32(p, 1);
	random_ipv4(p, ie, "bgpNextHopIPv4Address");
	for (uint32_t i = 0; i < 3; i++)
		packet_u32(p, as + i);
	packet_u32(p, segments);
	for (uint32_t i = 0; i < segments; i++) {
		uint32_t count = 1 + below(5);
		json_t *set = below(2) ? json_array() : NULL;

		packet_u32(p, set ? 1 : 2);
		packet_u32(p, count);
		for (uint32_t k = 0; k < count; k++) {
			last = 1 + any32() / 2;
			packet_u32(p, last);
			json_array_append_new(set ? set : path, json_integer(last));
			if (i == 0 && k == 0)
				say(ie, "bgpNextAdjacentAsNumber", last);
		}
		if (set)
			json_array_append_new(path, set);
	}
	packet_u32(p, communities);
	for (uint32_t i = 0; i < communities; i++) {
		uint32_t community = any32();

		packet_u32(p, community);
		json_array_append_new(list, json_integer(community));
	}
	packet_u32(p, 100);
	packet_shut(p, start);
	say(ie, "sflow.extended_gateway.as", as);
	say(ie, "bgpSourceAsNumber", as + 1);
	say(ie, "bgpPrevAdjacentAsNumber", as + 2);
	json_object_set_new(ie, "sflow.extended_gateway.dst_as_path", path);
	if (last)
		say(ie, "bgpDestinationAsNumber", last);
	json_object_set_new(ie, "sflow.extended_gateway.communities", list);
	say(ie, "sflow.extended_gateway.localpref", 100);
}

static void put_function(struct packet *p, json_t *ie)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	size_t start, inside, n = below(26);
	char text[27] = "";

	memcpy(text, letters, n);
	packet_u32(p, 1038);
	start = packet_open(p);
	inside = packet_open(p);
	packet_bytes(p, text, n);
	packet_shut(p, inside);
	packet_shut(p, start);
	say_text(ie, "sflow.extended_function.symbol", text);
}

/* An unknown format, to be passed over. */
static void put_unknown(struct packet *p)
{
	size_t start;

	packet_u32(p, 0xabc << 12 | below(4096));
	start = packet_open(p);
	packet_fill(p, below(256), 4 * (size_t)below(8));
	packet_shut(p, start);
}

static json_t *put_sample(struct packet *p, uint32_t seq)
{
	json_t *ie = json_object();
	bool discarded = below(4) == 0;
	uint32_t in = below(1 << 20), out = below(1 << 20), pool = any32(), drops = below(3);
	size_t start;

	packet_u32(p, discarded ? 5 : 3);
	start = packet_open(p);
	packet_u32(p, seq);
	packet_u32(p, 0);
	packet_u32(p, in);
	if (discarded) {
		packet_u32(p, drops);
		packet_u32(p, in);
		packet_u32(p, out);
		packet_u32(p, 256);
		say(ie, "sflow.discardReason", 256);
		say(ie, "droppedPacketDeltaCount", 1);
	} else {
		packet_u32(p, 1000);
		packet_u32(p, pool);
		packet_u32(p, drops);
		packet_u32(p, 0);
		packet_u32(p, in);
		packet_u32(p, 0);
		packet_u32(p, out);
		say(ie, "sflow.samplePool", pool);
		say(ie, "packetDeltaCount", 1);
	}
	say(ie, "ingressInterface", in);
	say(ie, "egressInterface", out);
	if (drops)
		say(ie, "sflow.drops", drops);
	packet_u32(p, 5);
	put_router(p, ie);
	put_header(p, ie, discarded);
	put_unknown(p);
	put_gateway(p, ie);
	put_function(p, ie);
	packet_shut(p, start);
	return ie;
}

/* ---- the test ---- */

static int keep(struct sink *sink, size_t need)
{
	(void)need;
	return sink->cur ? -1 : 0;
}

static void check_lines(char *text, json_t *const *want)
{
	int n = 0;

	for (char *line = text, *end; *line; line = end + 1, n++) {
		json_error_t error;
		json_t *json, *ie;

		end = strchr(line, '\n');
		*end = '\0';
		assert_true(n < SAMPLES);
		json = json_loads(line, JSON_REJECT_DUPLICATES, &error);
		if (!json)
			fail_msg("%s: %s", error.text, line);
		ie = json_object_get(json, "ie");
		if (!json_equal(ie, want[n]) || !json_object_get(json, "tags") !=
						    !json_object_get(want[n], "sflow.frameLength"))
			fail_msg("got %s\nwant %s", line, json_dumps(want[n], 0));
		json_decref(json);
	}
	assert_int_equal(n, SAMPLES);
}

static void random_samples(void **unused)
{
	const struct decode_settings settings = { .fields = NULL };
	static char memory[1 << 20];
	struct err err;
	struct decoder *dec = decoder_new(&settings, &err);

	(void)unused;
	assert_non_null(dec);
	for (uint32_t i = 0; i < DATAGRAMS; i++) {
		struct packet p = { 0 };
		struct datagram dgram = { .data = p.data, .received_ms = 1700000000000 };
		struct sink sink = { .cur = memory, .end = memory + sizeof(memory), .more = keep };
		struct decode_report report;
		json_t *want[SAMPLES];

		for (int k = 0; k < LINE_KINDS; k++)
			sink.head[k].id_at = -1;
		packet_sflow(&p, i, SAMPLES);
		for (uint32_t k = 0; k < SAMPLES; k++)
			want[k] = put_sample(&p, k);
		dgram.len = p.len;
		assert_int_equal(decoder_datagram(dec, &dgram, &sink, &report), DECODE_OK);
		*sink.cur = '\0';
		check_lines(memory, want);
		for (int k = 0; k < SAMPLES; k++)
			json_decref(want[k]);
	}
	assert_int_equal(decoder_counters(dec)->records[PROTO_SFLOW5], DATAGRAMS * SAMPLES);
	assert_int_equal(decoder_counters(dec)->skipped_structures, DATAGRAMS * SAMPLES);
	decoder_free(dec);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(random_samples) };
	const char *seed = getenv("SEED");

	rng.state = seed ? strtoull(seed, NULL, 10) : 20231114;
	printf("# SEED=%llu\n", (unsigned long long)rng.state);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
