/* SPDX-License-Identifier: Apache-2.0
 * Builds packets for tests, header after header. Lengths in headers already written are set by
 * packet_close(). */
#ifndef EF_TESTS_LIB_PACKET_H
#define EF_TESTS_LIB_PACKET_H

#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX 2048

struct packet {
	uint8_t data[PACKET_MAX];
	size_t len;
	size_t ip[8]; /* where IP headers start whose length is open */
	uint8_t ips;
};

void packet_u8(struct packet *p, unsigned v);
void packet_u16(struct packet *p, unsigned v);
void packet_u32(struct packet *p, uint32_t v);
void packet_u64(struct packet *p, uint64_t v);
void packet_bytes(struct packet *p, const void *bytes, size_t n);
void packet_fill(struct packet *p, unsigned octet, size_t n);
/* "00 11 aa": hex digits, blanks ignored. */
void packet_hex(struct packet *p, const char *hex);

/* From 02:00:00:00:00:01 to 02:00:00:00:00:02. */
void packet_ethernet(struct packet *p, unsigned type);
/* Tag control information and the type behind it; the type of the tag itself is what came
 * before. */
void packet_vlan(struct packet *p, unsigned tci, unsigned type);
void packet_mpls(struct packet *p, unsigned label, unsigned bottom);
/* 10.0.0.<from> to 10.0.0.<to>, TTL 64. */
void packet_ipv4(struct packet *p, unsigned protocol, unsigned from, unsigned to);
/* 2001:db8::<from> to 2001:db8::<to>, hop limit 63. */
void packet_ipv6(struct packet *p, unsigned next, unsigned from, unsigned to);
void packet_tcp(struct packet *p, unsigned source, unsigned destination, unsigned flags);
void packet_udp(struct packet *p, unsigned source, unsigned destination);
/* Set the open lengths. */
void packet_close(struct packet *p);

/* Write a length of 4 octets that is not known yet; what packet_shut() needs to set it and pad to a
 * multiple of 4. */
size_t packet_open(struct packet *p);
void packet_shut(struct packet *p, size_t start);
/* Header of an sFlow datagram of agent 192.0.2.9, sub-agent 3. */
void packet_sflow(struct packet *p, uint32_t seq, unsigned samples);
/* A flow sample: sequence 7, source 17, rate 256, pool 4096, from interface 17 to 18; its records
 * follow, then packet_shut() with the result. */
size_t packet_sflow_flow(struct packet *p, unsigned records);
/* A sampled header of 4 stripped octets. */
void packet_sflow_header(struct packet *p, uint32_t protocol, uint32_t frame_length,
			 const struct packet *header);

#endif
