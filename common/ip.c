/* SPDX-License-Identifier: Apache-2.0
 * IP addresses and prefixes of both families in one type: IPv4 is held as ::ffff:a.b.c.d (RFC 4291
 * section 2.5.5.2). */
#include "common/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

bool ip_is_v4(const struct ip *ip)
{
	return memcmp(ip->b, mapped, sizeof(mapped)) == 0;
}

struct ip ip_from_v4(const uint8_t bytes[4])
{
	struct ip ip;
	memcpy(ip.b, mapped, sizeof(mapped));
	memcpy(ip.b + 12, bytes, 4);
	return ip;
}

struct ip ip_from_v6(const uint8_t bytes[16])
{
	struct ip ip;
	memcpy(ip.b, bytes, 16);
	return ip;
}

struct ip ip_from_sockaddr(const struct sockaddr *sa, uint16_t *ret_port)
{
	struct ip ip = { { 0 } };
	uint16_t port = 0;
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, sa, sizeof(in));
		ip = ip_from_v4((const uint8_t *)&in.sin_addr);
		port = ntohs(in.sin_port);
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, sa, sizeof(in6));
		ip = ip_from_v6((const uint8_t *)&in6.sin6_addr);
		port = ntohs(in6.sin6_port);
	}
	if (ret_port)
		*ret_port = port;
	return ip;
}

size_t ip_format(const struct ip *ip, char *text)
{
	if (ip_is_v4(ip))
		inet_ntop(AF_INET, ip->b + 12, text, IP_TEXT_MAX);
	else
		inet_ntop(AF_INET6, ip->b, text, IP_TEXT_MAX);
	return strlen(text);
}

int ip_parse(const char *text, struct ip *ret_ip, struct err *err)
{
	uint8_t bytes[16];
	if (inet_pton(AF_INET, text, bytes) == 1)
		*ret_ip = ip_from_v4(bytes);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		*ret_ip = ip_from_v6(bytes);
	else
		return err_set(err, EF_USAGE, "'%s' is not an IPv4 or IPv6 address", text);
	return 0;
}

static struct ip masked(const struct ip *ip, unsigned len)
{
	struct ip out = { { 0 } };
	memcpy(out.b, ip->b, len / 8);
	if (len % 8)
		out.b[len / 8] = (uint8_t)(ip->b[len / 8] & (0xff00 >> (len % 8)));
	return out;
}

int prefix_parse(const char *text, bool loose, struct prefix *ret_prefix, struct err *err)
{
	char address[IP_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	if (n >= sizeof(address))
		return err_set(err, EF_USAGE, "'%s' is not an address prefix", text);
	memcpy(address, text, n);
	address[n] = '\0';

	struct prefix p;
	if (ip_parse(address, &p.ip, err))
		return -1;
	bool v4 = strchr(address, ':') == NULL;
	unsigned long len = v4 ? 32 : 128;
	if (slash) {
		char *end;
		unsigned long most = len;
		len = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end || len > most)
			return err_set(err, EF_USAGE, "'%s': the prefix length must be 0 to %lu",
				       text, most);
	}
	p.len = (uint8_t)(v4 ? len + 96 : len);
	struct ip base = masked(&p.ip, p.len);
	if (!loose && !ip_equal(&base, &p.ip)) {
		char want[IP_TEXT_MAX];
		ip_format(&base, want);
		return err_set(err, EF_USAGE, "'%s' has bits set after the prefix; meant %s/%lu?",
			       text, want, len);
	}
	p.ip = base;
	*ret_prefix = p;
	return 0;
}

bool prefix_holds(const struct prefix *prefix, const struct ip *ip)
{
	struct ip base = masked(ip, prefix->len);
	return ip_equal(&base, &prefix->ip);
}
