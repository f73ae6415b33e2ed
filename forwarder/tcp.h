/* SPDX-License-Identifier: Apache-2.0
 * IPFIX over TCP (RFC 7011 section 10.4): listeners and connections of one worker behind one pollable descriptor. */
#ifndef EF_TCP_H
#define EF_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/conf.h"
#include "common/err.h"

struct tcp;

/* One whole IPFIX message; false closes the connection. */
typedef bool (*tcp_message_fn)(void *arg, const uint8_t *data, size_t len,
			       const struct sockaddr *from);

struct tcp *tcp_new(const struct strlist *listen, uint32_t max_connections, struct err *err);
void tcp_free(struct tcp *t);
/* Readable when tcp_service() has something to do. */
int tcp_fd(const struct tcp *t);
/* Accepts, reads what is there, hands on whole messages. Never waits. */
void tcp_service(struct tcp *t, tcp_message_fn message, void *arg);

struct tcp_counts {
	uint64_t accepted;
	uint64_t refused; /* over the ceiling */
	uint64_t broken;  /* closed by us: no IPFIX, or not allowed */
	uint64_t open;
};
/* Any thread. */
struct tcp_counts tcp_get_counts(const struct tcp *t);

#endif
