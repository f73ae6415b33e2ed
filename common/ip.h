/* SPDX-License-Identifier: Apache-2.0
 * IP addresses and prefixes of both families in one type: IPv4 is held as ::ffff:a.b.c.d (RFC 4291
 * section 2.5.5.2). */
#ifndef EF_COMMON_IP_H
#define EF_COMMON_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "common/err.h"

struct ip {
	uint8_t b[16];
};

struct prefix {
	struct ip ip; /* bits after `len` are zero */
	uint8_t len;  /* 0…128; an IPv4 prefix /n is 96 + n */
};

#define IP_TEXT_MAX 46 /* INET6_ADDRSTRLEN */

static inline bool ip_equal(const struct ip *a, const struct ip *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool ip_is_v4(const struct ip *ip);
struct ip ip_from_v4(const uint8_t bytes[4]);
struct ip ip_from_v6(const uint8_t bytes[16]);
/* The address of an AF_INET or AF_INET6 socket address; `ret_port` may be NULL. */
struct ip ip_from_sockaddr(const struct sockaddr *sa, uint16_t *ret_port);

/* Canonical text (RFC 5952), NUL-terminated; `text` has IP_TEXT_MAX bytes. Returns its length. */
size_t ip_format(const struct ip *ip, char *text);
/* "192.0.2.1" or "2001:db8::1"; nothing else. */
int ip_parse(const char *text, struct ip *ret_ip, struct err *err);
/* "192.0.2.0/24", "2001:db8::/32", or an address alone. Host bits must be zero unless `loose`. */
int prefix_parse(const char *text, bool loose, struct prefix *ret_prefix, struct err *err);
bool prefix_holds(const struct prefix *prefix, const struct ip *ip);

#endif
