/* SPDX-License-Identifier: Apache-2.0
 * IPFIX over TCP: silent connections make room for new ones, and nobody who is not allowed gets
 * one. */
#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "forwarder/tcp.h"

static const uint8_t message[16] = { 0, 10, 0, 16 }; /* RFC 7011 section 3.1: no sets */

struct seen {
	bool allows;
	int messages;
	unsigned ended;
};

static bool allows(void *arg, const struct sockaddr *from)
{
	(void)from;
	return ((struct seen *)arg)->allows;
}

static bool count(void *arg, const uint8_t *data, size_t len, const struct sockaddr *from,
		  struct stream *stream)
{
	(void)data, (void)from, (void)stream;
	((struct seen *)arg)->messages += len == sizeof(message);
	return true;
}

static void ended(void *arg, struct stream *stream)
{
	(void)stream;
	((struct seen *)arg)->ended++;
}

/* A free port of 127.0.0.1, as text for tcp.listen. */
static uint16_t free_port(char text[32])
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	snprintf(text, 32, "127.0.0.1:%u", ntohs(a.sin_port));
	return ntohs(a.sin_port);
}

/* Listens there; up to `max` connections, the silent ones make room after `idle_ms`. */
static struct tcp *start(uint32_t max, uint64_t idle_ms, uint16_t *ret_port)
{
	struct err err = ERR_NONE;
	char text[32], *item[] = { text };
	*ret_port = free_port(text);
	struct tcp *t = tcp_new(&(const struct strlist){ item, 1 }, max, idle_ms, &err);
	assert_non_null(t);
	return t;
}

/* From 127.0.0.<host>. */
static int join_from(struct tcp *t, const struct tcp_user *user, uint16_t port, uint8_t host)
{
	const struct sockaddr_in from = { .sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(0x7f000000u + host) };
	const struct sockaddr_in a = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	tcp_service(t, user);
	return fd;
}

static int join(struct tcp *t, const struct tcp_user *user, uint16_t port)
{
	return join_from(t, user, port, 1);
}

static bool is_closed(int fd)
{
	char byte;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	return poll(&p, 1, 0) > 0 && recv(fd, &byte, 1, 0) <= 0;
}

static void silent_ones_make_room(void **state)
{
	(void)state;
	struct seen seen = { .allows = true };
	const struct tcp_user user = { &seen, allows, count, ended };
	uint16_t port;
	struct tcp *t = start(2, 200, &port);
	int silent = join(t, &user, port), exporter = join(t, &user, port);
	usleep(250000);
	assert_int_equal(send(silent, message, 5, 0), 5); /* half a head is no message */
	assert_int_equal(send(exporter, message, sizeof(message), 0), sizeof(message));
	tcp_service(t, &user);
	assert_int_equal(seen.messages, 1);
	int newcomer = join(t, &user, port);
	assert_true(is_closed(silent));
	assert_false(is_closed(exporter) || is_closed(newcomer));
	struct tcp_counts c = tcp_get_counts(t);
	assert_int_equal(c.displaced, 1);
	assert_int_equal(seen.ended, 1);
	assert_int_equal(c.cut, 1); /* the half head */
	assert_int_equal(c.open, 2);
	seen.allows = false;
	usleep(250000);
	int stranger = join(t, &user, port);
	assert_true(is_closed(stranger));
	assert_false(is_closed(exporter) || is_closed(newcomer));
	assert_int_equal(tcp_get_counts(t).refused, 1);
	tcp_free(t);
	close(silent);
	close(exporter);
	close(newcomer);
	close(stranger);
}

/* All connections are busy, and most are of one address: that makes room for others. */
static void no_address_holds_all(void **state)
{
	(void)state;
	struct seen seen = { .allows = true };
	const struct tcp_user user = { &seen, allows, count, ended };
	uint16_t port;
	struct tcp *t = start(8, 60000, &port);
	int many[9], others[7];
	for (unsigned i = 0; i < 9; i++)
		many[i] = join_from(t, &user, port, 66);
	assert_true(is_closed(many[8])); /* nobody has more than it */
	assert_int_equal(tcp_get_counts(t).refused, 1);
	for (unsigned i = 0; i < 7; i++)
		others[i] = join_from(t, &user, port, (uint8_t)(100 + i));
	unsigned kept = 0, got_in = 0;
	for (unsigned i = 0; i < 8; i++)
		kept += !is_closed(many[i]);
	for (unsigned i = 0; i < 7; i++)
		got_in += !is_closed(others[i]);
	assert_int_equal(kept, 2); /* a quarter */
	assert_int_equal(got_in, 6);
	struct tcp_counts c = tcp_get_counts(t);
	assert_int_equal(c.crowded, 6);
	assert_int_equal(seen.ended, 6);
	assert_int_equal(c.refused, 2);
	assert_int_equal(c.open, 8);
	tcp_free(t);
	for (unsigned i = 0; i < 9; i++)
		close(many[i]);
	for (unsigned i = 0; i < 7; i++)
		close(others[i]);
}

/* What is there is read to its end, in as many calls as that takes: the last one says so. */
static void all_is_read_in_the_end(void **state)
{
	(void)state;
	struct seen seen = { .allows = true };
	const struct tcp_user user = { &seen, allows, count, ended };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	uint16_t port;
	struct tcp *t = start(100, 60000, &port);
	int fd[50];
	to.sin_port = htons(port);
	for (unsigned i = 0; i < 50; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(fd[i], (const struct sockaddr *)&to, sizeof(to)), 0);
		assert_int_equal(send(fd[i], message, sizeof(message), 0), sizeof(message));
	}
	while (tcp_service(t, &user))
		;
	assert_int_equal(seen.messages, 50);
	for (unsigned i = 0; i < 50; i++)
		close(fd[i]);
	while (tcp_service(t, &user))
		;
	assert_int_equal(seen.ended, 50);
	assert_int_equal(tcp_get_counts(t).cut, 0);
	tcp_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silent_ones_make_room),
		cmocka_unit_test(no_address_holds_all),
		cmocka_unit_test(all_is_read_in_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
