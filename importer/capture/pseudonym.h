/* SPDX-License-Identifier: Apache-2.0
 * Other addresses, MAC addresses and texts for those of a capture, always the same ones under one
 * key.
 *
 * Addresses are mapped by Crypto-PAn (Xu, Fan, Ammar, Moon: Prefix-Preserving IP Address
 * Anonymization, ICNP 2002; AES-128): two that have their first n bits in common have exactly these
 * in common afterwards. What an address is for stays: private ones stay in their range, as do
 * those of a link, loopback, shared (RFC 6598), multicast and reserved ones; global ones become
 * global ones. So prefixes are kept within a range; and between global IPv4 addresses that have
 * fewer than 16 bits in common nearly always. IPv4 in IPv6 (mapped, 64:ff9b::/96) is mapped as
 * IPv4. Unspecified, loopback and broadcast addresses and well-known multicast groups are nobody's
 * and stay as they are. */
#ifndef EF_IMPORTER_PSEUDONYM_H
#define EF_IMPORTER_PSEUDONYM_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/ip.h"

#define PSEUDONYM_KEY 32

struct pseudonyms;

/* NULL as key: a random one, which nobody ever learns. */
int pseudonyms_new(const uint8_t key[PSEUDONYM_KEY], struct pseudonyms **ret, struct err *err);
void pseudonyms_free(struct pseudonyms *p);

/* Crypto-PAn itself, for all 32 bits. */
void pseudonym_pan(struct pseudonyms *p, const uint8_t in[4], uint8_t out[4]);

/* Of 4, 16 and 6 bytes; `in` and `out` may be one. */
void pseudonym_ipv4(struct pseudonyms *p, const uint8_t *in, uint8_t *out);
void pseudonym_ipv6(struct pseudonyms *p, const uint8_t *in, uint8_t *out);
/* Zero and broadcast stay; of others it stays whether they are a group's, and all are locally
 * administered, so nobody's. */
void pseudonym_mac(struct pseudonyms *p, const uint8_t *in, uint8_t *out);
/* Letters, as many as there were bytes; NULs at the end stay. */
void pseudonym_text(struct pseudonyms *p, const uint8_t *in, size_t len, uint8_t *out);
void pseudonym_ip(struct pseudonyms *p, const struct ip *in, struct ip *out);

#endif
