/* SPDX-License-Identifier: Apache-2.0
 * IPFIX over TCP (RFC 7011 section 10.4): listeners and connections of one worker behind one
 * pollable descriptor. */
#include "forwarder/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>
#include <utlist.h>

#include "common/clock.h"
#include "common/ip.h"
#include "common/log.h"
#include "forwarder/decode/decode.h"
#include "forwarder/udp.h"

#define MESSAGE_MAX   65536 /* an IPFIX message has a length of 16 bits */
#define EVENTS        32
#define READS_MAX     16 /* of one connection before the others have their turn */
#define LISTENERS_MAX 64

#define SHARE 4 /* one address may have this part of the connections when they are needed */

/* An address with connections. */
struct tcp_host {
	struct ip address;
	uint32_t open;
	UT_hash_handle hh;
};

struct tcp_peer {
	struct tcp_peer *prev, *next;
	struct tcp_host *host; /* NULL: it listens */
	int fd;
	bool listens;
	bool gone; /* displaced; events of this round may still name it */
	struct sockaddr_storage from;
	struct stream stream; /* its user's */
	uint64_t heard_ms;    /* accepted, or its last whole message */
	size_t len;           /* bytes in `data` that wait for the rest of their message */
	uint8_t data[];       /* MESSAGE_MAX, not for a listener */
};

struct tcp {
	int epoll;
	uint32_t max;
	uint64_t idle_ms;
	struct tcp_peer *all;
	struct tcp_host *hosts;
	struct tcp_counts counts;
};

#define ADD(t, member, n) __atomic_fetch_add(&(t)->counts.member, (uint64_t)(n), __ATOMIC_RELAXED)

static struct tcp_host *host_find(struct tcp *t, const struct ip *address)
{
	struct tcp_host *host;
	HASH_FIND(hh, t->hosts, address, sizeof(*address), host);
	return host;
}

/* One more connection of that address. NULL: no memory. */
static struct tcp_host *host_join(struct tcp *t, const struct ip *address)
{
	struct tcp_host *host = host_find(t, address);
	if (!host) {
		host = calloc(1, sizeof(*host));
		if (!host)
			return NULL;
		host->address = *address;
		HASH_ADD(hh, t->hosts, address, sizeof(host->address), host);
	}
	host->open++;
	return host;
}

static void host_leave(struct tcp *t, struct tcp_host *host)
{
	if (!host || --host->open)
		return;
	HASH_DEL(t->hosts, host);
	free(host);
}

static struct tcp_peer *tcp_add(struct tcp *t, int fd, bool listens)
{
	struct tcp_peer *c = calloc(1, sizeof(*c) + (listens ? 0 : MESSAGE_MAX));
	if (!c)
		return NULL;
	c->fd = fd;
	c->listens = listens;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	if (epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		free(c);
		return NULL;
	}
	DL_PREPEND(t->all, c);
	return c;
}

static void tell_cut(struct tcp *t, const struct tcp_peer *c)
{
	char text[IP_TEXT_MAX];
	size_t whole = decode_stream_message(c->data, c->len);
	if (!c->len || whole == SIZE_MAX)
		return;
	ADD(t, cut, 1);
	ip_format(&c->host->address, text);
	if (whole)
		log_warn("the connection of %s ended in the middle of a message: %zu of its %zu "
			 "bytes came",
			 text, c->len, whole);
	else
		log_warn("the connection of %s ended in the middle of a message: %zu bytes of it "
			 "came",
			 text, c->len);
}

/* `user`: NULL when all ends. */
static void connection_drop(struct tcp *t, struct tcp_peer *c, const struct tcp_user *user)
{
	if (!c->listens)
		ADD(t, open, -1);
	if (!c->listens && user)
		user->ended(user->arg, &c->stream);
	DL_DELETE(t->all, c);
	host_leave(t, c->host);
	close(c->fd);
	free(c);
}

static int listen_on(struct tcp *t, const char *text, struct err *err)
{
	const int on = 1, off = 0;
	struct listen_address a;
	if (listen_parse(text, false, &a, err) < 0)
		return err_wrap(err, "tcp.listen");
	int fd = socket(a.addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 && errno == EAFNOSUPPORT && listen_without_v6(&a))
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, EF_FAILED, errno, "tcp.listen: %s", text);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a.addr.ss_family == AF_INET6 && a.any)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (const struct sockaddr *)&a.addr, a.len) < 0 || listen(fd, 64) < 0) {
		err_errno(err, EF_FAILED, errno, "tcp.listen: cannot listen on %s", text);
		close(fd);
		return -1;
	}
	if (!tcp_add(t, fd, true)) {
		close(fd);
		return err_set(err, EF_FAILED, "out of memory");
	}
	return 0;
}

struct tcp *tcp_new(const struct strlist *listen, uint32_t max_connections, uint64_t idle_ms,
		    struct err *err)
{
	struct tcp *t = calloc(1, sizeof(*t));
	if (!t) {
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	t->max = max_connections;
	t->idle_ms = idle_ms;
	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	int failed = t->epoll < 0 ? err_errno(err, EF_FAILED, errno, "tcp.listen") : 0;
	if (!failed && listen->n > LISTENERS_MAX)
		failed =
		    err_set(err, EF_USAGE, "tcp.listen: more than %d addresses", LISTENERS_MAX);
	for (size_t i = 0; i < listen->n && !failed; i++)
		failed = listen_on(t, listen->item[i], err);
	if (!failed)
		return t;
	tcp_free(t);
	return NULL;
}

void tcp_free(struct tcp *t)
{
	if (!t)
		return;
	while (t->all)
		connection_drop(t, t->all, NULL);
	if (t->epoll >= 0)
		close(t->epoll);
	free(t);
}

int tcp_fd(const struct tcp *t)
{
	return t->epoll;
}

/* Of `host`, or of all. */
static struct tcp_peer *find_idlest(const struct tcp *t, const struct tcp_host *host)
{
	struct tcp_peer *c, *idlest = NULL;
	DL_FOREACH(t->all, c)
	if (!c->listens && !c->gone && (!host || c->host == host) &&
	    (!idlest || c->heard_ms < idlest->heard_ms))
		idlest = c;
	return idlest;
}

/* The address with the most connections, where these are too many beside one that has `open`. */
static const struct tcp_host *find_crowd(const struct tcp *t, uint32_t open)
{
	const struct tcp_host *host, *most = NULL;
	for (host = t->hosts; host; host = host->hh.next)
		if (!most || host->open > most->open)
			most = host;
	return most && most->open > t->max / SHARE && most->open > open + 1 ? most : NULL;
}

static void tell_crowd(const struct tcp *t, const struct tcp_host *crowd, const struct ip *from)
{
	char many[IP_TEXT_MAX], few[IP_TEXT_MAX];
	ip_format(&crowd->address, many);
	ip_format(from, few);
	log_warn("%s has %u of the %u connections that tcp.connections allows: one of them is "
		 "closed for %s",
		 many, crowd->open, t->max, few);
}

static void tell_refused(const struct tcp *t, const struct ip *from)
{
	char text[IP_TEXT_MAX];
	ip_format(from, text);
	log_warn("the connection of %s is refused: all %u that tcp.connections allows are in use",
		 text, t->max);
}

/* Who connects and says nothing must not keep exporters out, nor one who connects often. */
static bool make_room(struct tcp *t, const struct ip *from, uint64_t now)
{
	if (t->counts.open < t->max)
		return true;
	struct tcp_peer *victim = find_idlest(t, NULL);
	if (victim && now >= victim->heard_ms + t->idle_ms) {
		ADD(t, displaced, 1);
		victim->gone = true;
		return true;
	}
	const struct tcp_host *host = host_find(t, from);
	const struct tcp_host *crowd = find_crowd(t, host ? host->open : 0);
	victim = crowd ? find_idlest(t, crowd) : NULL;
	if (!victim) {
		tell_refused(t, from);
		return false;
	}
	tell_crowd(t, crowd, from);
	ADD(t, crowded, 1);
	victim->gone = true;
	return true;
}

static void accept_one(struct tcp *t, int fd, const struct sockaddr_storage *from,
		       const struct tcp_user *user)
{
	const int on = 1;
	uint64_t now = clock_now_ms();
	uint16_t port;
	const struct ip address = ip_from_sockaddr((const struct sockaddr *)from, &port);
	struct tcp_host *host = NULL;
	if (user->allows(user->arg, (const struct sockaddr *)from) && make_room(t, &address, now))
		host = host_join(t, &address);
	struct tcp_peer *c = host ? tcp_add(t, fd, false) : NULL;
	if (!c) {
		host_leave(t, host);
		ADD(t, refused, 1);
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	c->host = host;
	c->from = *from;
	c->heard_ms = now;
	ADD(t, accepted, 1);
	ADD(t, open, 1);
}

/* True: some came, which may have sent something already. */
static bool accept_all(struct tcp *t, const struct tcp_peer *listener, const struct tcp_user *user)
{
	struct sockaddr_storage from;
	bool came = false;
	for (;;) {
		socklen_t len = sizeof(from);
		int fd = accept4(listener->fd, (struct sockaddr *)&from, &len,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			break;
		accept_one(t, fd, &from, user);
		came = true;
	}
	if (errno == EMFILE || errno == ENFILE)
		log_error("tcp.listen: cannot accept a connection: %s; raise LimitNOFILE (ulimit "
			  "-n), or lower "
			  "tcp.connections",
			  strerror(errno));
	return came;
}

static void drop_gone(struct tcp *t, const struct tcp_user *user)
{
	struct tcp_peer *c, *next;
	DL_FOREACH_SAFE(t->all, c, next)
	if (c->gone) {
		tell_cut(t, c);
		connection_drop(t, c, user);
	}
}

static void tell_broken(const struct tcp_peer *c, const uint8_t *data, size_t len)
{
	char text[IP_TEXT_MAX];
	ip_format(&c->host->address, text);
	if (data[0] == 0 && data[1] == 10 && len >= 4)
		log_warn("the connection of %s is closed: a message of %u bytes cannot be, its "
			 "header alone has 16",
			 text, data[2] << 8 | data[3]);
	else
		log_warn("the connection of %s is closed: over TCP there is nothing but IPFIX, and "
			 "a message of version %u is none",
			 text, data[0] << 8 | data[1]);
}

/* Hands on the whole messages at the front; false when the stream makes no sense or the handler is
 * done with it. */
static bool take_messages(struct tcp_peer *c, const struct tcp_user *user)
{
	size_t at = 0;
	while (at < c->len) {
		size_t len = decode_stream_message(c->data + at, c->len - at);
		if (len == SIZE_MAX) {
			tell_broken(c, c->data + at, c->len - at);
			return false;
		}
		if (len == 0 || len > c->len - at)
			break;
		if (!user->message(user->arg, c->data + at, len, (const struct sockaddr *)&c->from,
				   &c->stream))
			return false;
		at += len;
		c->heard_ms = clock_now_ms();
	}
	memmove(c->data, c->data + at, c->len - at);
	c->len -= at;
	return true;
}

/* True: there may be more. */
static bool read_connection(struct tcp *t, struct tcp_peer *c, const struct tcp_user *user)
{
	for (int i = 0; i < READS_MAX; i++) {
		ssize_t n = recv(c->fd, c->data + c->len, MESSAGE_MAX - c->len, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return false;
		if (n > 0)
			c->len += (size_t)n;
		if (n > 0 && take_messages(c, user))
			continue;
		if (n > 0)
			ADD(t, broken, 1);
		else
			tell_cut(t, c);
		connection_drop(t, c, user);
		return false;
	}
	return true;
}

bool tcp_service(struct tcp *t, const struct tcp_user *user)
{
	struct epoll_event events[EVENTS];
	const uint64_t closed = t->counts.displaced + t->counts.crowded;
	int n = epoll_wait(t->epoll, events, EVENTS, 0);
	bool more = n == EVENTS;
	for (int i = 0; i < n; i++) {
		struct tcp_peer *c = events[i].data.ptr;
		if (c->listens)
			more |= accept_all(t, c, user);
		else if (!c->gone)
			more |= read_connection(t, c, user);
	}
	if (t->counts.displaced + t->counts.crowded != closed)
		drop_gone(t, user);
	return more;
}

struct tcp_counts tcp_get_counts(const struct tcp *t)
{
	return (struct tcp_counts){
		.accepted = __atomic_load_n(&t->counts.accepted, __ATOMIC_RELAXED),
		.displaced = __atomic_load_n(&t->counts.displaced, __ATOMIC_RELAXED),
		.crowded = __atomic_load_n(&t->counts.crowded, __ATOMIC_RELAXED),
		.refused = __atomic_load_n(&t->counts.refused, __ATOMIC_RELAXED),
		.broken = __atomic_load_n(&t->counts.broken, __ATOMIC_RELAXED),
		.cut = __atomic_load_n(&t->counts.cut, __ATOMIC_RELAXED),
		.open = __atomic_load_n(&t->counts.open, __ATOMIC_RELAXED),
	};
}
