/* SPDX-License-Identifier: Apache-2.0
 * The packet dissector, header by header, and every packet again cut at every length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jsonw.h"
#include "forwarder/decode/record/dissect.h"
#include "tests/lib/packet.h"

#define ETHERNET                                           \
	"\"destinationMacAddress\":\"02:00:00:00:00:02\"," \
	"\"sourceMacAddress\":\"02:00:00:00:00:01\","
#define IPV4(total, protocol, from, to)                                                        \
	"\"ipVersion\":4,\"ipClassOfService\":0,\"ipTotalLength\":" #total                     \
	",\"fragmentFlags\":64,\"ipTTL\":64,\"protocolIdentifier\":" #protocol                 \
	",\"sourceIPv4Address\":\"10.0.0." #from "\",\"destinationIPv4Address\":\"10.0.0." #to \
	"\""
#define IPV6(total, next, from, to)                                                            \
	"\"ipVersion\":6,\"ipClassOfService\":0,\"flowLabelIPv6\":0,\"ipTotalLength\":" #total \
	",\"ipTTL\":63,\"sourceIPv6Address\":\"2001:db8::" #from                               \
	"\",\"destinationIPv6Address\":\"2001:db8::" #to "\",\"nextHeaderIPv6\":" #next
#define PORTS(source, destination) \
	",\"sourceTransportPort\":" #source ",\"destinationTransportPort\":" #destination
#define TCP(source, destination, flags) \
	PORTS(source, destination) ",\"tcpControlBits\":" #flags ",\"tcpWindowSize\":4096"
#define UDP(source, destination) PORTS(source, destination) ",\"udpMessageLength\":512"

static char *run(uint32_t link, const uint8_t *bytes, size_t len, bool *ret_truncated)
{
	/* memory of the exact size, so that the sanitizer sees a read too far */
	uint8_t *copy = malloc(len ? len : 1);
	char *out = malloc(DISSECT_MAX + JSONW_SLACK), *end;

	memcpy(copy, bytes, len);
	*ret_truncated = false;
	end = dissect(out, link, copy, len, ret_truncated);
	assert_true(end - out <= DISSECT_MAX);
	*end = '\0';
	if (end > out) {
		assert_int_equal(*out, ',');
		*out = '{';
		end[0] = '}';
		end[1] = '\0';
	}
	free(copy);
	return out;
}

/* The members of the packet, and that every shorter piece of it gives JSON without a key twice. */
static void expect(uint32_t link, struct packet *p, const char *members)
{
	bool truncated;
	const size_t room = strlen(members) + 3;
	char *out, *want = malloc(room);

	packet_close(p);
	out = run(link, p->data, p->len, &truncated);
	snprintf(want, room, "{%s}", members);
	assert_string_equal(out, *members ? want : "");
	assert_false(truncated);
	free(out);
	free(want);
	for (size_t len = 0; len < p->len; len++) {
		out = run(link, p->data, len, &truncated);
		if (*out) {
			json_error_t error;
			json_t *json = json_loads(out, JSON_REJECT_DUPLICATES, &error);

			if (!json)
				fail_msg("%zu octets: %s: %s", len, error.text, out);
			json_decref(json);
		}
		free(out);
	}
}

static void ethernet_and_vlan_tags(void **state)
{
	struct packet p = { 0 }, q = { 0 }, arp = { 0 }, snap = { 0 }, stp = { 0 };

	(void)state;
	packet_ethernet(&p, 0x8100);
	packet_vlan(&p, 0x6064, 0x0800);
	packet_ipv4(&p, 6, 1, 2);
	packet_tcp(&p, 1024, 80, 0x112);
	expect(DISSECT_ETHERNET, &p,
	       ETHERNET
	       "\"dot1qVlanId\":100,\"dot1qPriority\":3,\"ethernetType\":2048," IPV4(40, 6, 1, 2)
		   TCP(1024, 80, 274));

	packet_ethernet(&q, 0x88a8);
	packet_vlan(&q, 0x1fff, 0x8100);
	packet_vlan(&q, 0xf001, 0x86dd);
	packet_ipv6(&q, 17, 1, 0xff);
	packet_udp(&q, 53, 5353);
	expect(DISSECT_ETHERNET, &q,
	       ETHERNET "\"dot1qVlanId\":4095,\"dot1qPriority\":0,\"dot1qDEI\":true,"
			"\"dot1qCustomerVlanId\":1,\"dot1qCustomerPriority\":7,"
			"\"dot1qCustomerDEI\":true,\"ethernetType\":34525," IPV6(
			    48, 17, 1, ff) ",\"protocolIdentifier\":17" UDP(53, 5353));

	packet_ethernet(&arp, 0x0806);
	packet_fill(&arp, 0, 46);
	expect(DISSECT_ETHERNET, &arp, ETHERNET "\"ethernetType\":2054");

	packet_ethernet(&snap, 40);
	packet_hex(&snap, "aaaa03 000000 0800");
	packet_ipv4(&snap, 1, 1, 2);
	packet_hex(&snap, "0303");
	expect(DISSECT_ETHERNET, &snap,
	       ETHERNET "\"ethernetType\":2048," IPV4(
		   22, 1, 1, 2) ",\"icmpTypeCodeIPv4\":771,\"icmpTypeIPv4\":3,\"icmpCodeIPv4\":3");

	packet_ethernet(&stp, 38);
	packet_hex(&stp, "424203 0000000000000000");
	expect(DISSECT_ETHERNET, &stp,
	       "\"destinationMacAddress\":\"02:00:00:00:00:02\","
	       "\"sourceMacAddress\":\"02:00:00:00:00:01\"");
}

static void ipv4_options_fragments_and_padding(void **state)
{
	struct packet options = { 0 }, first = { 0 }, later = { 0 }, padded = { 0 };

	(void)state;
	packet_hex(&options, "46b8 001c 0001 0000 ff 84 0000 0a000001 0a000002 01010101 0bb80050");
	expect(DISSECT_IPV4, &options,
	       "\"ipVersion\":4,\"ipClassOfService\":184,\"ipTotalLength\":28,\"fragmentFlags\":0,"
	       "\"ipTTL\":255,\"protocolIdentifier\":132,\"sourceIPv4Address\":\"10.0.0.1\","
	       "\"destinationIPv4Address\":\"10.0.0.2\",\"ipv4IHL\":6" PORTS(3000, 80));

	packet_hex(&first, "4500 05dc abcd 2000 40 11 0000 0a000001 0a000002 0035 0036 0800 0000");
	expect(
	    DISSECT_IPV4, &first,
	    "\"ipVersion\":4,\"ipClassOfService\":0,\"ipTotalLength\":1500,\"fragmentFlags\":32,"
	    "\"fragmentIdentification\":43981,\"fragmentOffset\":0,\"ipTTL\":64,"
	    "\"protocolIdentifier\":17,\"sourceIPv4Address\":\"10.0.0.1\","
	    "\"destinationIPv4Address\":\"10.0.0.2\"" PORTS(53, 54) ",\"udpMessageLength\":2048");

	packet_hex(&later, "4500 05dc abcd 00b9 40 11 0000 0a000001 0a000002 0035 0036 0800 0000");
	expect(DISSECT_IPV4, &later,
	       "\"ipVersion\":4,\"ipClassOfService\":0,\"ipTotalLength\":1500,\"fragmentFlags\":0,"
	       "\"fragmentIdentification\":43981,\"fragmentOffset\":185,\"ipTTL\":64,"
	       "\"protocolIdentifier\":17,\"sourceIPv4Address\":\"10.0.0.1\","
	       "\"destinationIPv4Address\":\"10.0.0.2\"");

	/* UDP to the VXLAN port without payload: the padding of the frame is no VXLAN header */
	packet_ethernet(&padded, 0x0800);
	packet_ipv4(&padded, 17, 1, 2);
	packet_udp(&padded, 1, 4789);
	packet_close(&padded);
	packet_fill(&padded, 0x08, 18);
	expect(DISSECT_ETHERNET, &padded,
	       ETHERNET "\"ethernetType\":2048," IPV4(28, 17, 1, 2) UDP(1, 4789));
}

static void ipv6_extension_headers(void **state)
{
	struct packet p = { 0 }, fragment = { 0 }, routing = { 0 }, none = { 0 };

	(void)state;
	packet_ipv6(&p, 0, 1, 2);
	packet_hex(&p, "3c00 0000 0000 0000"); /* hop by hop, then destination options, then AH */
	packet_hex(&p, "3301 0000 0000 0000 0000 0000 0000 0000");
	packet_hex(&p, "3a04 0000 0000 0001 0000 0001 0000 0000 0000 0000 0000 0000");
	packet_hex(&p, "8000 0000");
	expect(DISSECT_IPV6, &p,
	       IPV6(92, 0, 1, 2) ",\"protocolIdentifier\":58,\"icmpTypeCodeIPv6\":32768,"
				 "\"icmpTypeIPv6\":128,\"icmpCodeIPv6\":0");

	packet_ipv6(&fragment, 44, 1, 2);
	packet_hex(&fragment, "0600 0009 01020304");
	packet_tcp(&fragment, 1, 2, 3);
	expect(DISSECT_IPV6, &fragment,
	       IPV6(68, 44, 1, 2) ",\"fragmentFlags\":32,\"fragmentIdentification\":16909060,"
				  "\"fragmentOffset\":1,\"protocolIdentifier\":6");

	packet_ipv6(&routing, 43, 1, 2); /* segment routing, IPv4 inside */
	packet_hex(&routing, "0404 0401 01 80 0007");
	packet_hex(&routing, "20010db80000000000000000000000aa 20010db80000000000000000000000bb");
	packet_ipv4(&routing, 6, 3, 4);
	packet_tcp(&routing, 5, 6, 2);
	expect(DISSECT_IPV6, &routing,
	       IPV6(120, 43, 1,
		    2) ",\"srhSegmentsIPv6Left\":1,\"srhFlagsIPv6\":128,\"srhTagIPv6\":7,"
		       "\"srhActiveSegmentIPv6\":\"2001:db8::bb\",\"protocolIdentifier\":4,"
		       "\"sflow.inner\":{" IPV4(40, 6, 3, 4) TCP(5, 6, 2) "}");

	packet_ipv6(&none, 59, 1, 2);
	expect(DISSECT_IPV6, &none, IPV6(40, 59, 1, 2) ",\"protocolIdentifier\":59");
}

static void mpls_stack_and_pseudowire(void **state)
{
	struct packet ip = { 0 }, wire = { 0 }, bare = { 0 };
	const char *stack = "\"mplsTopLabelStackSection\":\"000640\",\"mplsTopLabelExp\":0,"
			    "\"mplsTopLabelTTL\":254,\"mplsLabelStackSection2\":\"000c81\","
			    "\"mplsLabelStackDepth\":2";
	char want[2048];

	(void)state;
	packet_ethernet(&ip, 0x8847);
	packet_mpls(&ip, 100, 0);
	packet_mpls(&ip, 200, 1);
	packet_ipv4(&ip, 2, 1, 2);
	packet_hex(&ip, "16");
	snprintf(want, sizeof(want), "%s\"ethernetType\":34887,%s,%s,\"igmpType\":22", ETHERNET,
		 stack, IPV4(21, 2, 1, 2));
	expect(DISSECT_ETHERNET, &ip, want);

	packet_mpls(&wire, 100, 0);
	packet_mpls(&wire, 200, 1);
	packet_u32(&wire, 0);
	packet_ethernet(&wire, 0x0806);
	snprintf(want, sizeof(want), "%s,\"sflow.inner\":{%s\"ethernetType\":2054}", stack,
		 ETHERNET);
	expect(DISSECT_MPLS, &wire, want);

	packet_mpls(&bare, 100, 0);
	packet_mpls(&bare, 200, 1);
	packet_ethernet(&bare, 0x0806);
	expect(DISSECT_MPLS, &bare, want);
}

static void point_to_point(void **state)
{
	struct packet p = { 0 }, hdlc = { 0 }, l2tp = { 0 };

	(void)state;
	packet_ethernet(&p, 0x8864);
	packet_hex(&p, "1100 1234 0016 0021");
	packet_ipv4(&p, 50, 1, 2);
	expect(DISSECT_ETHERNET, &p,
	       ETHERNET "\"ethernetType\":34916,\"sflow.pppoeSession\":4660," IPV4(20, 50, 1, 2));

	packet_hex(&hdlc, "0f00 0800");
	packet_ipv4(&hdlc, 50, 1, 2);
	expect(DISSECT_POS, &hdlc, IPV4(20, 50, 1, 2));

	packet_ipv4(&l2tp, 17, 1, 2);
	packet_udp(&l2tp, 1701, 1701);
	packet_hex(&l2tp, "4002 0026 0001 0002 ff03 0021");
	packet_ipv4(&l2tp, 50, 3, 4);
	expect(DISSECT_IPV4, &l2tp,
	       IPV4(60, 17, 1, 2) UDP(1701, 1701) ",\"sflow.l2tpTunnel\":1,\"sflow.l2tpSession\":2,"
						  "\"sflow.inner\":{" IPV4(20, 50, 3, 4) "}");
}

static void gre_and_its_payloads(void **state)
{
	struct packet ip = { 0 }, nvgre = { 0 }, span2 = { 0 }, span3 = { 0 }, pptp = { 0 };

	(void)state;
	packet_ipv4(&ip, 47, 1, 2);
	packet_hex(&ip, "b000 86dd 0000 0000 00000009 00000001");
	packet_ipv6(&ip, 50, 3, 4);
	packet_fill(&ip, 0, 8);
	expect(DISSECT_IPV4, &ip,
	       IPV4(84, 47, 1, 2) ",\"greKey\":9,\"sflow.inner\":{" IPV6(
		   48, 50, 3, 4) ",\"protocolIdentifier\":50}");

	packet_ipv4(&nvgre, 47, 1, 2);
	packet_hex(&nvgre, "2000 6558 00138801");
	packet_ethernet(&nvgre, 0x0806);
	expect(DISSECT_IPV4, &nvgre,
	       IPV4(42, 47, 1, 2) ",\"greKey\":1280001,\"layer2SegmentId\":144115188075860872,"
				  "\"sflow.inner\":{" ETHERNET "\"ethernetType\":2054}");

	packet_ipv4(&span2, 47, 1, 2);
	packet_hex(&span2, "1000 88be 00000001 1001 0065 00000000");
	packet_ethernet(&span2, 0x0806);
	expect(DISSECT_IPV4, &span2,
	       IPV4(50, 47, 1, 2) ",\"sflow.erspanSession\":101,\"sflow.inner\":{" ETHERNET
				  "\"ethernetType\":2054}");

	packet_ipv4(&span3, 47, 1, 2);
	packet_hex(&span3, "1000 22eb 00000001 2001 0065 00000000 00000001 1111111111111111");
	packet_ethernet(&span3, 0x0806);
	expect(DISSECT_IPV4, &span3,
	       IPV4(62, 47, 1, 2) ",\"sflow.erspanSession\":101,\"sflow.inner\":{" ETHERNET
				  "\"ethernetType\":2054}");

	packet_ipv4(&pptp, 47, 1, 2);
	packet_hex(&pptp, "3081 880b 00160001 00000001 00000002 21");
	packet_ipv4(&pptp, 50, 3, 4);
	expect(DISSECT_IPV4, &pptp,
	       IPV4(57, 47, 1, 2) ",\"greKey\":1441793,\"sflow.inner\":{" IPV4(20, 50, 3, 4) "}");
}

static void overlays(void **state)
{
	struct packet vxlan = { 0 }, gpe = { 0 }, geneve = { 0 }, gtp = { 0 };

	(void)state;
	packet_ipv4(&vxlan, 17, 1, 2);
	packet_udp(&vxlan, 50000, 4789);
	packet_hex(&vxlan, "08000000 00138800");
	packet_ethernet(&vxlan, 0x8100);
	packet_vlan(&vxlan, 5, 0x0800);
	packet_ipv4(&vxlan, 6, 3, 4);
	packet_tcp(&vxlan, 7, 8, 0x10);
	expect(DISSECT_IPV4, &vxlan,
	       IPV4(94, 17, 1, 2) UDP(
		   50000, 4789) ",\"layer2SegmentId\":72057594037932936,\"sflow.vni\":5000,"
				"\"sflow.inner\":{" ETHERNET
				"\"dot1qVlanId\":5,\"dot1qPriority\":0,\"ethernetType\":2048," IPV4(
				    40, 6, 3, 4) TCP(7, 8, 16) "}");

	packet_ipv4(&gpe, 17, 1, 2);
	packet_udp(&gpe, 50000, 4790);
	packet_hex(&gpe, "0c000001 00000700");
	packet_ipv4(&gpe, 50, 3, 4);
	expect(DISSECT_IPV4, &gpe,
	       IPV4(56, 17, 1, 2)
		   UDP(50000, 4790) ",\"layer2SegmentId\":72057594037927943,\"sflow.vni\":7,"
				    "\"sflow.inner\":{" IPV4(20, 50, 3, 4) "}");

	packet_ipv6(&geneve, 17, 1, 2);
	packet_udp(&geneve, 50000, 6081);
	packet_hex(&geneve, "02006558 00000700 0102030405060708");
	packet_ethernet(&geneve, 0x0806);
	expect(DISSECT_IPV6, &geneve,
	       IPV6(78, 17, 1, 2) ",\"protocolIdentifier\":17" UDP(
		   50000, 6081) ",\"sflow.vni\":7,\"sflow.inner\":{" ETHERNET
				"\"ethernetType\":2054}");

	packet_ipv4(&gtp, 17, 1, 2);
	packet_udp(&gtp, 2152, 2152);
	packet_hex(&gtp, "34ff 0020 00000042 00000085 01 10 09 00");
	packet_ipv4(&gtp, 50, 3, 4);
	expect(DISSECT_IPV4, &gtp,
	       IPV4(64, 17, 1, 2) UDP(
		   2152,
		   2152) ",\"gtpuFlags\":52,\"gtpuMsgType\":255,\"gtpuTEid\":66,\"gtpuPduType\":1,"
			 "\"gtpuQFI\":9,\"sflow.inner\":{" IPV4(20, 50, 3, 4) "}");
}

static void tunnels_in_tunnels_end(void **state)
{
	struct packet p = { 0 };

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		packet_ipv4(&p, 4, i, i);
	packet_hex(&p, "00");
	expect(DISSECT_IPV4, &p,
	       IPV4(121, 4, 0, 0) ",\"sflow.inner\":{" IPV4(101, 4, 1, 1) ",\"sflow.inner\":{" IPV4(
		   81, 4, 2, 2) ",\"sflow.inner\":{" IPV4(61, 4, 3,
							  3) ",\"sflow.inner\":{" IPV4(41, 4, 4,
										       4) "}}}}");
}

static void customer_frames(void **state)
{
	struct packet itag = { 0 }, wireless = { 0 };

	(void)state;
	packet_ethernet(&itag, 0x88e7);
	packet_hex(&itag, "60 001234");
	packet_ethernet(&itag, 0x0806);
	expect(DISSECT_ETHERNET, &itag,
	       ETHERNET "\"ethernetType\":35047,\"dot1qServiceInstanceId\":4660,"
			"\"dot1qServiceInstancePriority\":3,\"sflow.inner\":{" ETHERNET
			"\"ethernetType\":2054}");

	packet_hex(&wireless, "8801 0000 020000000009 020000000001 020000000002 0000 0000");
	packet_hex(&wireless, "aaaa03000000 0806");
	expect(DISSECT_80211, &wireless, ETHERNET "\"ethernetType\":2054");
}

static void cut_headers_give_what_is_there(void **state)
{
	struct packet p = { 0 };
	bool truncated;
	char *out;

	(void)state;
	packet_ipv4(&p, 6, 1, 2);
	packet_tcp(&p, 1024, 80, 2);
	packet_close(&p);
	out = run(DISSECT_IPV4, p.data, 25, &truncated);
	assert_string_equal(out, "{" IPV4(40, 6, 1, 2) PORTS(1024, 80) "}");
	assert_true(truncated);
	free(out);
	out = run(DISSECT_IPV4, p.data, 19, &truncated);
	assert_string_equal(out, "");
	assert_true(truncated);
	free(out);
	out = run(99, p.data, p.len, &truncated);
	assert_string_equal(out, "");
	assert_false(truncated);
	free(out);
	assert_true(dissect_knows(DISSECT_ETHERNET));
	assert_false(dissect_knows(2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ethernet_and_vlan_tags),
		cmocka_unit_test(ipv4_options_fragments_and_padding),
		cmocka_unit_test(ipv6_extension_headers),
		cmocka_unit_test(mpls_stack_and_pseudowire),
		cmocka_unit_test(point_to_point),
		cmocka_unit_test(gre_and_its_payloads),
		cmocka_unit_test(overlays),
		cmocka_unit_test(tunnels_in_tunnels_end),
		cmocka_unit_test(customer_frames),
		cmocka_unit_test(cut_headers_give_what_is_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
