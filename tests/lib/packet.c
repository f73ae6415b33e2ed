/* SPDX-License-Identifier: Apache-2.0
 * Builds packets for tests, header after header. */
#include "tests/lib/packet.h"

#include <stdlib.h>
#include <string.h>

void packet_bytes(struct packet *p, const void *bytes, size_t n)
{
	if (n > PACKET_MAX - p->len)
		abort();
	memcpy(p->data + p->len, bytes, n);
	p->len += n;
}

void packet_u8(struct packet *p, unsigned v)
{
	uint8_t octet = (uint8_t)v;

	packet_bytes(p, &octet, 1);
}

void packet_u16(struct packet *p, unsigned v)
{
	packet_u8(p, v >> 8);
	packet_u8(p, v & 0xff);
}

void packet_u32(struct packet *p, uint32_t v)
{
	packet_u16(p, v >> 16);
	packet_u16(p, v & 0xffff);
}

void packet_u64(struct packet *p, uint64_t v)
{
	packet_u32(p, (uint32_t)(v >> 32));
	packet_u32(p, (uint32_t)v);
}

void packet_fill(struct packet *p, unsigned octet, size_t n)
{
	while (n--)
		packet_u8(p, octet);
}

void packet_hex(struct packet *p, const char *hex)
{
	static const char digits[] = "0123456789abcdef";
	unsigned octet = 0, half = 0;

	for (; *hex; hex++) {
		const char *digit = strchr(digits, *hex);

		if (!digit)
			continue;
		octet = octet << 4 | (unsigned)(digit - digits);
		if (half ^= 1)
			continue;
		packet_u8(p, octet);
		octet = 0;
	}
}

void packet_ethernet(struct packet *p, unsigned type)
{
	packet_hex(p, "020000000002 020000000001");
	packet_u16(p, type);
}

void packet_vlan(struct packet *p, unsigned tci, unsigned type)
{
	packet_u16(p, tci);
	packet_u16(p, type);
}

void packet_mpls(struct packet *p, unsigned label, unsigned bottom)
{
	packet_u32(p, label << 12 | bottom << 8 | 254);
}

void packet_ipv4(struct packet *p, unsigned protocol, unsigned from, unsigned to)
{
	p->ip[p->ips++] = p->len;
	packet_hex(p, "45 00 0000 1234 4000 40");
	packet_u8(p, protocol);
	packet_u16(p, 0);
	packet_u32(p, 0x0a000000 | from);
	packet_u32(p, 0x0a000000 | to);
}

void packet_ipv6(struct packet *p, unsigned next, unsigned from, unsigned to)
{
	p->ip[p->ips++] = p->len;
	packet_hex(p, "60000000 0000");
	packet_u8(p, next);
	packet_u8(p, 63);
	packet_hex(p, "20010db80000000000000000");
	packet_u32(p, from);
	packet_hex(p, "20010db80000000000000000");
	packet_u32(p, to);
}

void packet_tcp(struct packet *p, unsigned source, unsigned destination, unsigned flags)
{
	packet_u16(p, source);
	packet_u16(p, destination);
	packet_hex(p, "00000001 00000002");
	packet_u16(p, 0x5000 | flags);
	packet_hex(p, "1000 0000 0000");
}

void packet_udp(struct packet *p, unsigned source, unsigned destination)
{
	packet_u16(p, source);
	packet_u16(p, destination);
	packet_u16(p, 512);
	packet_u16(p, 0);
}

void packet_close(struct packet *p)
{
	while (p->ips) {
		size_t start = p->ip[--p->ips], length = p->len - start;
		uint8_t *at = p->data + start + 2;

		if (p->data[start] >> 4 == 6) {
			at = p->data + start + 4;
			length -= 40;
		}
		at[0] = (uint8_t)(length >> 8);
		at[1] = (uint8_t)length;
	}
}

size_t packet_open(struct packet *p)
{
	packet_u32(p, 0);
	return p->len;
}

void packet_shut(struct packet *p, size_t start)
{
	size_t length = p->len - start;

	for (int i = 0; i < 4; i++)
		p->data[start - 4 + (size_t)i] = (uint8_t)(length >> (24 - 8 * i));
	packet_fill(p, 0, -length & 3);
}

void packet_sflow(struct packet *p, uint32_t seq, unsigned samples)
{
	packet_hex(p, "00000005 00000001 c0000209 00000003"); /* version, 192.0.2.9, sub-agent 3 */
	packet_u32(p, seq);
	packet_u32(p, 1000);
	packet_u32(p, samples);
}

size_t packet_sflow_flow(struct packet *p, unsigned records)
{
	size_t start;

	packet_u32(p, 1);
	start = packet_open(p);
	packet_hex(p, "00000007 00000011 00000100 00001000 00000000 00000011 00000012");
	packet_u32(p, records);
	return start;
}

void packet_sflow_header(struct packet *p, uint32_t protocol, uint32_t frame_length,
			 const struct packet *header)
{
	size_t start, inside;

	packet_u32(p, 1);
	start = packet_open(p);
	packet_u32(p, protocol);
	packet_u32(p, frame_length);
	packet_u32(p, 4);
	inside = packet_open(p);
	packet_bytes(p, header->data, header->len);
	packet_shut(p, inside);
	packet_shut(p, start);
}
