/* SPDX-License-Identifier: Apache-2.0
 * UDP sockets of one listening address: one for each worker, datagrams spread by the exporter's
 * address. */
#ifndef EF_UDP_H
#define EF_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/err.h"
#include "common/ip.h"

#define UDP_BURST        64    /* datagrams taken by one system call */
#define UDP_DATAGRAM_MAX 65536 /* no IPv4 or IPv6 datagram is longer (jumbograms are not taken) */

struct udp_socket {
	int fd;
	size_t buffer;       /* bytes that the kernel really gives */
	uint32_t drops_seen; /* the kernel's counter as last read; it wraps */
};

/*
 * Opens `n` sockets for `listen` ("2055", "192.0.2.1:2055", "[::1]:2055"; a port alone: all
 * addresses, both families where the system has IPv6). With n > 1 they share the port
 * (SO_REUSEPORT) and a classic BPF program picks the socket from the source address alone: an
 * exporter's datagrams all land on one worker, so that templates and data meet without locks,
 * whatever its source port is and however often NAT changes it.
 *
 * `inherited` are `n` bound sockets of this address from socket activation, -1 where there is none.
 * The kernel lets sockets of different users not share a port, so systemd has to give one for each
 * worker, or efd runs as the user that bound it. *ret_less tells that the kernel gave less than
 * `buffer` bytes. On failure nothing is open.
 */
int udp_open(const char *listen, int n, size_t buffer, const int *inherited,
	     struct udp_socket *ret_sockets, bool *ret_less, struct err *err);

/* Which of `n` sockets the datagrams of an exporter arrive at. */
uint32_t udp_socket_of(const struct ip *exporter, uint32_t n);

/* Splits "[ADDRESS:]PORT" and resolves it (numbers only, no DNS). `any4` is what a port alone means
 * where there is no IPv6. */
struct listen_address {
	struct sockaddr_storage addr;
	socklen_t len;
	bool any; /* a port alone: both families */
};
int listen_parse(const char *text, bool loopback_default, struct listen_address *ret_a,
		 struct err *err);
/* Whether two sockets of one kind cannot have these addresses both. */
bool listen_meet(const struct listen_address *a, const struct listen_address *b);
/* After socket() said EAFNOSUPPORT: the same port of all IPv4 addresses; false when an address was
 * asked for. */
bool listen_without_v6(struct listen_address *a);

/* Memory for a burst of datagrams. One worker, one ring. */
struct udp_ring;
struct udp_ring *udp_ring_new(void); /* NULL: out of memory */
void udp_ring_free(struct udp_ring *ring);

struct udp_packet {
	const uint8_t *data;
	size_t len;
	const struct sockaddr *from;
	bool truncated; /* it was longer than UDP_DATAGRAM_MAX */
};

/* Takes what is there, UDP_BURST at most, without waiting. Returns the number of datagrams, 0 when
 * there is none, -1 with errno. */
int udp_receive(struct udp_socket *s, struct udp_ring *ring);
/* How many datagrams the kernel has dropped since the last call, for want of room in the socket
 * buffer. It is the counter that SO_RXQ_OVFL would send along with each datagram, read when it is
 * asked for, so that the last drops of a burst count too. */
uint32_t udp_drops(struct udp_socket *s);
/* Number i of the last udp_receive(); valid until the next. */
struct udp_packet udp_packet(const struct udp_ring *ring, int i);

#endif
