/* SPDX-License-Identifier: Apache-2.0
 * Random addresses for packets, each with what it means as JSON. Include it once. */
#ifndef EF_TESTS_LIB_RANDOM_FIELDS_H
#define EF_TESTS_LIB_RANDOM_FIELDS_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/lib/packet.h"
#include "tests/lib/rng.h"

static struct rng rng;

static inline uint32_t below(uint32_t n)
{
	return rng_below(&rng, n);
}

static inline uint32_t any32(void)
{
	return below(0xffff) << 16 | below(0xffff);
}

static inline void say(json_t *ie, const char *key, uint64_t value)
{
	json_object_set_new(ie, key, json_integer((json_int_t)value));
}

static inline void say_text(json_t *ie, const char *key, const char *value)
{
	json_object_set_new(ie, key, json_string(value));
}

static inline void random_mac(struct packet *p, json_t *ie, const char *key)
{
	uint8_t b[6];
	char text[18];

	for (int i = 0; i < 6; i++)
		b[i] = (uint8_t)below(256);
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
		 b[5]);
	packet_bytes(p, b, 6);
	say_text(ie, key, text);
}

static inline void random_ipv4(struct packet *p, json_t *ie, const char *key)
{
	uint32_t address = htonl(any32());
	char text[INET_ADDRSTRLEN];

	packet_bytes(p, &address, 4);
	say_text(ie, key, inet_ntop(AF_INET, &address, text, sizeof(text)));
}

static inline void random_ipv6(struct packet *p, json_t *ie, const char *key)
{
	uint8_t b[16] = { 0x20, 0x01 };
	char text[INET6_ADDRSTRLEN];

	for (int i = 2; i < 16; i++)
		b[i] = below(3) ? 0 : (uint8_t)below(256);
	packet_bytes(p, b, 16);
	say_text(ie, key, inet_ntop(AF_INET6, b, text, sizeof(text)));
}

#endif
