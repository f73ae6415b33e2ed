/* SPDX-License-Identifier: Apache-2.0
 * Plays captures as datagrams to a running efd, with the exporters' own addresses where the system lets us. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "importer/capture/replay.h"

#define SENDERS_MAX 1024 /* exporters that get a socket of their own */

/* One socket an exporter, so that the receiver can tell them apart: by address, else at least by port. */
struct sender {
	struct ip address;
	int fd;
};

struct forward {
	struct sockaddr_storage to;
	socklen_t to_len;
	struct sender sender[SENDERS_MAX];
	size_t n;
	size_t anonymous; /* could not take the exporter's address */
};

static int parse_target(const char *to, struct forward *f, struct err *err)
{
	char host[256], port[16];
	int end = 0;
	if ((sscanf(to, "udp://[%255[^]]]:%5[0-9]%n", host, port, &end) != 2 &&
	     sscanf(to, "udp://%255[^]:]:%5[0-9]%n", host, port, &end) != 2) ||
	    to[end] || strtoul(port, NULL, 10) > 65535 || strtoul(port, NULL, 10) == 0)
		return err_set(err, EF_USAGE,
			       "--to: '%s' must look like udp://127.0.0.1:2055 or udp://[::1]:2055",
			       to);
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *found = NULL;
	int r = getaddrinfo(host, port, &hints, &found);
	if (r != 0)
		return err_set(err, EF_USAGE, "--to: %s: %s", host, gai_strerror(r));
	memcpy(&f->to, found->ai_addr, found->ai_addrlen);
	f->to_len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

/* IP_FREEBIND and IP_TRANSPARENT want CAP_NET_ADMIN; addresses of this machine (127.0.0.0/8 too) need nothing. */
static bool take_address(int fd, int family, const struct ip *ip)
{
	int on = 1;
	if (family == AF_INET && ip_is_v4(ip)) {
		struct sockaddr_in a = { .sin_family = AF_INET };
		memcpy(&a.sin_addr, ip->b + 12, 4);
		setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on));
		return bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
	}
	if (family == AF_INET6) {
		struct sockaddr_in6 a = { .sin6_family = AF_INET6 };
		memcpy(&a.sin6_addr, ip->b, 16);
		setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &on, sizeof(on));
		return bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
	}
	return false;
}

static struct sender *sender_of(struct forward *f, const struct ip *ip, struct err *err)
{
	for (size_t i = 0; i < f->n; i++)
		if (ip_equal(&f->sender[i].address, ip))
			return &f->sender[i];
	if (f->n == SENDERS_MAX)
		return &f->sender[SENDERS_MAX - 1];
	int fd = socket(f->to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		err_errno(err, EF_FAILED, errno, "no socket to send from");
		return NULL;
	}
	f->anonymous += !take_address(fd, f->to.ss_family, ip);
	f->sender[f->n] = (struct sender){ .address = *ip, .fd = fd };
	return &f->sender[f->n++];
}

static int send_one(void *arg, const struct captured *c, struct err *err)
{
	struct forward *f = arg;
	struct sender *s = sender_of(f, &c->dgram.src, err);
	if (!s)
		return -1;
	ssize_t n;
	do
		n = sendto(s->fd, c->dgram.data, c->dgram.len, 0, (struct sockaddr *)&f->to,
			   f->to_len);
	while (n < 0 && (errno == EINTR || errno == ENOBUFS ||
			 errno == ECONNREFUSED)); /* the latter: of the one before */
	if (n < 0)
		return err_errno(err, EF_FAILED, errno, "a datagram of %zu bytes cannot be sent",
				 c->dgram.len);
	return 0;
}

int replay_forward(const struct replay *r, const char *to, struct replay_totals *ret_totals,
		   struct err *err)
{
	struct forward *f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(err, EF_FAILED, "out of memory");
	int result = parse_target(to, f, err);
	if (result == 0)
		result = replay_each(r, send_one, NULL, f, ret_totals, err);
	ret_totals->exporters = f->n;
	if (result == 0 && f->anonymous)
		fprintf(stderr,
			"%zu of %zu exporters' addresses could not be used as source (that needs "
			"root and an address of "
			"this machine, or CAP_NET_ADMIN and a route); efd sees one address and "
			"many ports\n",
			f->anonymous, f->n);
	for (size_t i = 0; i < f->n; i++)
		close(f->sender[i].fd);
	free(f);
	return result;
}
