/* SPDX-License-Identifier: Apache-2.0
 * Copies of every datagram to other collectors, from the exporter's own address where the system
 * allows it. */
#include "forwarder/tee.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/ip.h"

#define IP_MF 0x2000 /* more fragments; netinet/ip.h does not go with linux/ip.h */

#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36 /* linux/in6.h, since 4.5; glibc lacks it */
#endif

struct target {
	struct sockaddr_storage addr;
	socklen_t len;
	int plain; /* connected UDP socket: the fallback, and for sources of the other family */
};

struct tee {
	uint32_t n;
	int raw4, raw6;           /* -1: not allowed, or not wanted */
	_Atomic uint16_t packets; /* that were sent in pieces: the next IP id */
	struct target targets[TEE_MAX];
};

static int raw_socket(int family)
{
	const int on = 1;
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
	if (fd >= 0 && family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof(on)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static uint16_t port_of(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)a)->sin6_port
					: ((const struct sockaddr_in *)a)->sin_port;
}

static bool same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	uint16_t port;
	const struct ip one = ip_from_sockaddr((const struct sockaddr *)a, &port);
	const struct ip two = ip_from_sockaddr((const struct sockaddr *)b, &port);
	return memcmp(&one, &two, sizeof(one)) == 0;
}

/* Does efd listen where the target is? The kernel sends to an address of this host from that same
 * address. */
static bool is_own(const struct target *t, const struct strlist *listen)
{
	struct sockaddr_storage source = { 0 };
	socklen_t len = sizeof(source);
	if (getsockname(t->plain, (struct sockaddr *)&source, &len) < 0 ||
	    !same_host(&source, &t->addr))
		return false;
	for (size_t i = 0; i < listen->n; i++) {
		struct listen_address a;
		struct err ignored = ERR_NONE;
		if (listen_parse(listen->item[i], false, &a, &ignored) == 0 &&
		    port_of(&a.addr) == port_of(&t->addr) &&
		    (a.any || same_host(&a.addr, &t->addr)))
			return true;
	}
	return false;
}

static int open_target(struct target *t, const char *text, const struct strlist *listen,
		       struct err *err)
{
	struct listen_address a;
	if (listen_parse(text, true, &a, err) < 0)
		return err_wrap(err, "tee.to");
	t->addr = a.addr;
	t->len = a.len;
	t->plain = socket(a.addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->plain < 0 || connect(t->plain, (const struct sockaddr *)&t->addr, t->len) < 0)
		return err_errno(err, EF_FAILED, errno, "tee.to: cannot send to %s", text);
	if (is_own(t, listen))
		return err_set(err, EF_USAGE,
			       "tee.to: efd itself listens on %s (udp.listen): every copy would be "
			       "copied again",
			       text);
	return 0;
}

struct tee *tee_new(const struct strlist *targets, const struct strlist *listen, bool keep_source,
		    bool *ret_spoofs, struct err *err)
{
	struct tee *t = calloc(1, sizeof(*t));
	if (!t) {
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	t->raw4 = t->raw6 = -1;
	if (targets->n > TEE_MAX) {
		err_set(err, EF_USAGE, "tee.to: more than %d targets", TEE_MAX);
		tee_free(t);
		return NULL;
	}
	for (size_t i = 0; i < targets->n; i++) {
		t->n++;
		if (open_target(&t->targets[i], targets->item[i], listen, err) < 0) {
			tee_free(t);
			return NULL;
		}
	}
	if (keep_source) {
		t->raw4 = raw_socket(AF_INET);
		t->raw6 = raw_socket(AF_INET6);
	}
	*ret_spoofs = t->raw4 >= 0;
	return t;
}

void tee_free(struct tee *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i < t->n; i++)
		if (t->targets[i].plain >= 0)
			close(t->targets[i].plain);
	if (t->raw4 >= 0)
		close(t->raw4);
	if (t->raw6 >= 0)
		close(t->raw6);
	free(t);
}

uint32_t tee_targets(const struct tee *t)
{
	return t->n;
}

/* RFC 8200 section 8.1: a UDP checksum is obligatory over IPv6; RFC 768's sum over pseudo header,
 * header and data. */
static uint32_t sum_bytes(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	for (; len > 1; len -= 2, p += 2)
		sum += (uint32_t)p[0] << 8 | p[1];
	return len ? sum + ((uint32_t)p[0] << 8) : sum;
}

static uint16_t udp6_checksum(const struct ip6_hdr *ip, const struct udphdr *udp,
			      const struct udp_packet *p)
{
	uint32_t sum = (uint32_t)(sizeof(*udp) + p->len) + IPPROTO_UDP;
	sum = sum_bytes(sum, &ip->ip6_src, 32);
	sum = sum_bytes(sum, udp, sizeof(*udp));
	sum = sum_bytes(sum, p->data, p->len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	uint16_t value = (uint16_t)~sum;
	return htons(value ? value : 0xffff);
}

static ssize_t send_raw(int fd, void *head, size_t head_len, const struct udp_packet *p,
			const void *to, socklen_t to_len)
{
	struct iovec iov[2] = { { head, head_len }, { (void *)(uintptr_t)p->data, p->len } };
	struct msghdr m = { .msg_name = (void *)(uintptr_t)to,
			    .msg_namelen = to_len,
			    .msg_iov = iov,
			    .msg_iovlen = 2 };
	return sendmsg(fd, &m, MSG_DONTWAIT);
}

/* The largest IP packet on the way to the target. */
static size_t path_mtu(const struct target *target)
{
	int mtu = 0;
	socklen_t len = sizeof(mtu);
	if (getsockopt(target->plain, IPPROTO_IP, IP_MTU, &mtu, &len) < 0 || mtu < 576)
		return 576; /* RFC 791: what every host takes */
	return (size_t)mtu;
}

/* Headers that we write ourselves. Length, id and checksum of IP are the kernel's; no UDP checksum
 * (RFC 768). */
struct head_v4 {
	struct iphdr ip;
	struct udphdr udp;
};

/* RFC 791 section 3.2: the kernel does not cut packets whose headers it did not write. All pieces
 * but the last are a multiple of eight bytes, the first one's UDP header included; the id tells the
 * pieces of one packet. */
static ssize_t send_v4_pieces(const struct tee *t, const struct target *target, struct head_v4 head,
			      const struct udp_packet *p)
{
	size_t len = sizeof(head.udp) + p->len, most = (path_mtu(target) - sizeof(head.ip)) / 8 * 8;
	struct sockaddr_in addr = *(const struct sockaddr_in *)&target->addr;
	addr.sin_port = 0;
	for (size_t at = 0; at < len; at += most) {
		size_t n = len - at < most ? len - at : most;
		size_t udp_len = at ? 0 : sizeof(head.udp);
		const struct udp_packet piece = { .data =
						      p->data + (at ? at - sizeof(head.udp) : 0),
						  .len = n - udp_len };
		head.ip.frag_off = htons((uint16_t)(at / 8 | (at + n < len ? IP_MF : 0)));
		if (send_raw(t->raw4, &head, sizeof(head.ip) + udp_len, &piece, &addr,
			     sizeof(addr)) < 0)
			return -1;
	}
	return (ssize_t)p->len;
}

static ssize_t send_v4(struct tee *t, const struct target *target, const struct ip *src,
		       uint16_t port, const struct udp_packet *p)
{
	const struct sockaddr_in *to = (const struct sockaddr_in *)&target->addr;
	struct head_v4 head = { .ip = { .version = 4,
					.ihl = 5,
					.ttl = 64,
					.protocol = IPPROTO_UDP,
					.daddr = to->sin_addr.s_addr },
				.udp = { .source = htons(port),
					 .dest = to->sin_port,
					 .len =
					     htons((uint16_t)(sizeof(struct udphdr) + p->len)) } };
	memcpy(&head.ip.saddr, src->b + 12, 4);
	struct sockaddr_in addr = *to;
	addr.sin_port = 0;
	ssize_t n = send_raw(t->raw4, &head, sizeof(head), p, &addr, sizeof(addr));
	if (n >= 0 || errno != EMSGSIZE)
		return n;
	/* 0 would have the kernel choose one for each piece */
	head.ip.id = htons((uint16_t)(atomic_fetch_add(&t->packets, 1) % UINT16_MAX + 1));
	return send_v4_pieces(t, target, head, p);
}

static ssize_t send_v6(const struct tee *t, const struct sockaddr_in6 *to, const struct ip *src,
		       uint16_t port, const struct udp_packet *p)
{
	struct {
		struct ip6_hdr ip;
		struct udphdr udp;
	} head = { .udp = { .source = htons(port),
			    .dest = to->sin6_port,
			    .len = htons((uint16_t)(sizeof(struct udphdr) + p->len)) } };
	head.ip.ip6_flow = htonl(6u << 28);
	head.ip.ip6_plen = head.udp.len;
	head.ip.ip6_nxt = IPPROTO_UDP;
	head.ip.ip6_hlim = 64;
	memcpy(&head.ip.ip6_src, src->b, 16);
	head.ip.ip6_dst = to->sin6_addr;
	head.udp.check = udp6_checksum(&head.ip, &head.udp, p);
	struct sockaddr_in6 addr = *to;
	addr.sin6_port = 0;
	return send_raw(t->raw6, &head, sizeof(head), p, &addr, sizeof(addr));
}

static bool send_one(struct tee *t, const struct target *target, const struct ip *src,
		     uint16_t port, const struct udp_packet *p)
{
	bool v4 = ip_is_v4(src);
	if (v4 && t->raw4 >= 0 && target->addr.ss_family == AF_INET)
		return send_v4(t, target, src, port, p) >= 0;
	/* one that is too long for the way goes from our own address: the kernel cuts it, with
	 * headers of its own */
	if (!v4 && t->raw6 >= 0 && target->addr.ss_family == AF_INET6) {
		if (send_v6(t, (const struct sockaddr_in6 *)&target->addr, src, port, p) >= 0)
			return true;
		if (errno != EMSGSIZE)
			return false;
	}
	/* nobody listens there: the error of an earlier datagram, and no reason to leave this one
	 * out */
	ssize_t n = send(target->plain, p->data, p->len, MSG_DONTWAIT);
	if (n < 0 && errno == ECONNREFUSED)
		n = send(target->plain, p->data, p->len, MSG_DONTWAIT);
	return n >= 0;
}

uint32_t tee_send(struct tee *t, const struct udp_packet *packet)
{
	uint16_t port;
	struct ip src = ip_from_sockaddr(packet->from, &port);
	uint32_t failed = 0;
	for (uint32_t i = 0; i < t->n; i++)
		failed += !send_one(t, &t->targets[i], &src, port, packet);
	return failed;
}
