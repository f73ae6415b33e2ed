/* SPDX-License-Identifier: Apache-2.0
 * Plays captures as datagrams to a running efd, with the exporters' own addresses where the system
 * lets us. */
#include "importer/capture/forward.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "importer/capture/replay.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"

/* Who sent: devices behind one address differ in the port alone. */
struct origin {
	struct ip address;
	uint32_t port;
};

/* One socket for each, so that the receiver can tell them apart, too: by address and port, else at
 * least by port. The ceiling is the system's on open files. */
struct source_socket {
	struct origin origin;
	int fd;
	UT_hash_handle hh;
};

struct forward {
	struct sockaddr_storage to;
	socklen_t to_len;
	struct source_socket *senders;
	struct source_socket *last; /* captures have runs of one exporter */
	size_t anonymous;           /* could not take the exporter's address */
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

/* IP_FREEBIND and IP_TRANSPARENT want CAP_NET_ADMIN; addresses of this machine (127.0.0.0/8 too)
 * need nothing. */
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

static struct source_socket *add_sender(struct forward *f, const struct origin *origin,
					struct err *err)
{
	struct source_socket *s = malloc(sizeof(*s));
	if (!s) {
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	*s = (struct source_socket){ .origin = *origin,
				     .fd = socket(f->to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0) };
	if (s->fd < 0) {
		err_errno(err, EF_FAILED, errno,
			  "no socket for exporter number %u of the capture: each address and port "
			  "sends from a socket of its own; "
			  "raise `ulimit -n`, or replay it in parts",
			  HASH_COUNT(f->senders) + 1);
		free(s);
		return NULL;
	}
	f->anonymous += !take_address(s->fd, f->to.ss_family, &origin->address);
	HASH_ADD(hh, f->senders, origin, sizeof(s->origin), s);
	return s;
}

static struct source_socket *sender_of_address(const struct forward *f, const struct ip *ip)
{
	struct source_socket *s = f->senders;
	while (s && !ip_equal(&s->origin.address, ip))
		s = s->hh.next;
	return s;
}

static struct source_socket *sender_of(struct forward *f, const struct datagram *d, struct err *err)
{
	const struct origin origin = { d->src, d->port };
	struct source_socket *s = f->last;
	if (s && memcmp(&s->origin, &origin, sizeof(origin)) == 0)
		return s;
	HASH_FIND(hh, f->senders, &origin, sizeof(origin), s);
	struct err none = ERR_NONE;
	if (!s)
		s = add_sender(f, &origin, &none);
	if (!s) /* one with a new port for each datagram does not need a socket for each */
		s = sender_of_address(f, &d->src);
	if (!s)
		*err = none;
	f->last = s;
	return s;
}

static void free_senders(struct forward *f)
{
	struct source_socket *s = f->senders, *next;
	HASH_CLEAR(hh, f->senders);
	for (; s; s = next) {
		next = s->hh.next;
		close(s->fd);
		free(s);
	}
}

/* As many open files as the system lets us have: an exporter takes one. */
static void raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int send_one(void *arg, const struct captured *c, struct err *err)
{
	struct forward *f = arg;
	struct source_socket *s = sender_of(f, &c->dgram, err);
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
	struct forward f = { 0 };
	raise_file_limit();
	if (parse_target(to, &f, err))
		return -1;
	const struct replay_calls calls = { .each = send_one, .arg = &f };
	int result = replay_each(r, &calls, ret_totals, err);
	ret_totals->exporters = HASH_COUNT(f.senders);
	if (result == 0 && f.anonymous)
		print_plain(
		    stderr,
		    "%zu of %u exporters' addresses could not be used as source (that needs "
		    "root and an address of "
		    "this machine, or CAP_NET_ADMIN and a route); efd sees one address and "
		    "many ports\n",
		    f.anonymous, HASH_COUNT(f.senders));
	free_senders(&f);
	return result;
}
