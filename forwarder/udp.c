/* SPDX-License-Identifier: Apache-2.0
 * UDP sockets of one listening address: one for each worker, datagrams spread by the exporter's
 * address. */
#include "forwarder/udp.h"

#include <endian.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29 /* linux/in6.h; glibc lacks it */
#endif

/* ---- addresses ----------------------------------------------------------- */

/* The address in front of the last colon, without brackets, into `host` ("": there is none). */
static int split_host(const char *text, const char *colon, char host[64], struct err *err)
{
	size_t n = colon ? (size_t)(colon - text) : 0;
	const char *start = text;
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		start++;
		n -= 2;
	} else if (n && memchr(text, ':', n)) {
		return err_set(err, EF_USAGE, "'%s': write IPv6 addresses as [address]:port", text);
	}
	if (n >= 64)
		return err_set(err, EF_USAGE, "'%s' is no [address:]port", text);
	memcpy(host, start, n);
	host[n] = '\0';
	return 0;
}

static bool is_port(const char *text)
{
	char *end;
	return *text >= '0' && *text <= '9' && strtoul(text, &end, 10) <= 65535 && !*end;
}

int listen_parse(const char *text, bool loopback_default, struct listen_address *ret_a,
		 struct err *err)
{
	char host[64];
	const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
	if (split_host(text, colon, host, err) < 0)
		return -1;
	if (!is_port(port))
		return err_set(err, EF_USAGE, "'%s': '%s' is no port number", text, port);
	if (!*host && loopback_default)
		memcpy(host, "127.0.0.1", sizeof("127.0.0.1"));
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
					.ai_family = *host ? AF_UNSPEC : AF_INET6,
					.ai_socktype = SOCK_DGRAM };
	struct addrinfo *found = NULL;
	if (getaddrinfo(*host ? host : NULL, port, &hints, &found) != 0)
		/* the interface of a link-local address (fe80::1%eth0) may not be there yet */
		return err_set(err, strchr(host, '%') ? EF_FAILED : EF_USAGE,
			       "'%s': '%s' is no IPv4 or IPv6 address", text, host);
	memset(ret_a, 0, sizeof(*ret_a));
	memcpy(&ret_a->addr, found->ai_addr, found->ai_addrlen);
	ret_a->len = found->ai_addrlen;
	ret_a->any = !*host;
	freeaddrinfo(found);
	return 0;
}

static in_port_t port_of(const struct listen_address *a)
{
	return a->addr.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&a->addr)->sin6_port
					     : ((const struct sockaddr_in *)&a->addr)->sin_port;
}

/* All addresses of its family. */
static bool is_all(const struct listen_address *a)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&a->addr;
	return a->addr.ss_family == AF_INET6
		   ? IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr)
		   : ((const struct sockaddr_in *)&a->addr)->sin_addr.s_addr == INADDR_ANY;
}

bool listen_meet(const struct listen_address *a, const struct listen_address *b)
{
	if (port_of(a) != port_of(b) || !port_of(a))
		return false;
	if (a->any || b->any)
		return true;
	return a->addr.ss_family == b->addr.ss_family &&
	       (is_all(a) || is_all(b) || memcmp(&a->addr, &b->addr, sizeof(a->addr)) == 0);
}

bool listen_without_v6(struct listen_address *a)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&a->addr;
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = six->sin6_port };
	if (!a->any || a->addr.ss_family != AF_INET6)
		return false;
	memcpy(&a->addr, &four, sizeof(four));
	a->len = sizeof(four);
	return true;
}

/* ---- sockets -------------------------------------------------------------- */

#define SPREAD 0x9e3779b1u /* spreads neighbours: exporters are often consecutive */

/*
 * Which of n sockets a datagram goes to: a hash of the IP source address, modulo n. The kernel runs
 * this with the UDP payload at offset 0; SKF_NET_OFF reaches the IP header. IPv4: the source is the
 * word at 12. IPv6: four words at 8.
 */
static int attach_spread(int fd, int n)
{
	const uint32_t net = (uint32_t)SKF_NET_OFF;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, net), /* version and header length */
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 2, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, net + 12),
		BPF_JUMP(BPF_JMP | BPF_JA, 10, 0, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, net + 8),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, net + 12),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, net + 16),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, net + 20),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, SPREAD),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, (uint32_t)n),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program));
}

/* The same in C. */
uint32_t udp_socket_of(const struct ip *exporter, uint32_t n)
{
	uint32_t word[4], x;
	memcpy(word, exporter->b, sizeof(word));
	x = ip_is_v4(exporter) ? word[3] : word[0] ^ word[1] ^ word[2] ^ word[3];
	return (be32toh(x) * SPREAD >> 16) % n;
}

/* What the kernel really gives, in the same unit as what was asked for (it counts twice the size,
 * for its own part). */
static size_t set_buffer(int fd, size_t bytes)
{
	int want = (int)bytes, got = 0;
	socklen_t len = sizeof(got);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &want, sizeof(want)) <
	    0) /* past the sysctl: CAP_NET_ADMIN */
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &want, sizeof(want));
	getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &len);
	return (size_t)got / 2;
}

static void set_options(int fd, int family)
{
	const int off = 0;
	/* groups that other programs joined are none of ours */
	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &off, sizeof(off));
}

static int open_one(const struct listen_address *a, bool shared, int *ret_fd)
{
	const int on = 1, only6 = !a->any;
	int family = a->addr.ss_family;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof(only6));
	if ((shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0) ||
	    bind(fd, (const struct sockaddr *)&a->addr, a->len) < 0) {
		int errnum = errno;
		close(fd);
		errno = errnum;
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

static int bind_failed(const char *listen, bool beside_systemd, struct err *err)
{
	const char *hint =
	    errno == EADDRINUSE && beside_systemd
		? " beside the socket from systemd: give efd.socket one ListenDatagram= line of "
		  "this port for each of udp.workers"
	    : errno == EADDRINUSE ? " (another program, perhaps another efd, has this port)"
	    : errno == EACCES     ? " (ports below 1024 need CAP_NET_BIND_SERVICE)"
				  : "";
	return err_errno(err, EF_FAILED, errno, "udp.listen: cannot listen on %s%s", listen, hint);
}

int udp_open(const char *listen, int n, size_t buffer, const int *inherited,
	     struct udp_socket *ret_sockets, bool *ret_less, struct err *err)
{
	struct listen_address a;
	if (listen_parse(listen, false, &a, err) < 0)
		return err_wrap(err, "udp.listen");
	*ret_less = false;
	for (int i = 0; i < n; i++) {
		int fd = inherited[i];
		if (fd < 0 && open_one(&a, n > 1, &fd) < 0 && errno == EAFNOSUPPORT &&
		    listen_without_v6(&a) && open_one(&a, n > 1, &fd) < 0)
			fd = -1;
		if (fd < 0) {
			bind_failed(listen, inherited[0] >= 0, err);
			while (i-- > 0)
				close(ret_sockets[i].fd);
			return -1;
		}
		set_options(fd, a.addr.ss_family);
		ret_sockets[i] = (struct udp_socket){ .fd = fd, .buffer = set_buffer(fd, buffer) };
		*ret_less |= ret_sockets[i].buffer < buffer;
	}
	if (n > 1 && attach_spread(ret_sockets[0].fd, n) < 0) {
		err_errno(err, EF_FAILED, errno,
			  "udp.listen: %s: the kernel cannot spread exporters over workers; "
			  "set udp.workers to 1",
			  listen);
		for (int i = 0; i < n; i++)
			close(ret_sockets[i].fd);
		return -1;
	}
	return 0;
}

/* ---- bursts --------------------------------------------------------------- */

struct udp_ring {
	struct mmsghdr msg[UDP_BURST];
	struct iovec iov[UDP_BURST];
	struct sockaddr_storage from[UDP_BURST];
	uint8_t *memory; /* touched only as far as datagrams reach */
};

struct udp_ring *udp_ring_new(void)
{
	struct udp_ring *ring = calloc(1, sizeof(*ring));
	if (!ring)
		return NULL;
	ring->memory = mmap(NULL, (size_t)UDP_BURST * UDP_DATAGRAM_MAX, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ring->memory == MAP_FAILED) {
		free(ring);
		return NULL;
	}
	for (int i = 0; i < UDP_BURST; i++) {
		ring->iov[i] =
		    (struct iovec){ ring->memory + (size_t)i * UDP_DATAGRAM_MAX, UDP_DATAGRAM_MAX };
		ring->msg[i].msg_hdr = (struct msghdr){ .msg_name = &ring->from[i],
							.msg_iov = &ring->iov[i],
							.msg_iovlen = 1 };
	}
	return ring;
}

void udp_ring_free(struct udp_ring *ring)
{
	if (!ring)
		return;
	munmap(ring->memory, (size_t)UDP_BURST * UDP_DATAGRAM_MAX);
	free(ring);
}

uint32_t udp_drops(struct udp_socket *s)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);
	if (getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
		return 0;
	uint32_t since = info[SK_MEMINFO_DROPS] - s->drops_seen;
	s->drops_seen = info[SK_MEMINFO_DROPS];
	return since;
}

int udp_receive(struct udp_socket *s, struct udp_ring *ring)
{
	for (int i = 0; i < UDP_BURST; i++)
		ring->msg[i].msg_hdr.msg_namelen = sizeof(ring->from[i]);
	int n = recvmmsg(s->fd, ring->msg, UDP_BURST, MSG_DONTWAIT, NULL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNREFUSED))
		return 0;
	return n;
}

struct udp_packet udp_packet(const struct udp_ring *ring, int i)
{
	const struct mmsghdr *m = &ring->msg[i];
	return (struct udp_packet){ .data = ring->iov[i].iov_base,
				    .len = m->msg_len,
				    .from = (const struct sockaddr *)&ring->from[i],
				    .truncated = m->msg_hdr.msg_flags & MSG_TRUNC };
}
