/* SPDX-License-Identifier: Apache-2.0
 * IPFIX over TCP (RFC 7011 section 10.4): listeners and connections of one worker behind one
 * pollable descriptor. */
#ifndef EF_TCP_H
#define EF_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/conf.h"
#include "common/err.h"
#include "forwarder/decode/core/datagram.h"

struct tcp;

struct tcp_user {
	void *arg;
	/* May this sender connect? */
	bool (*allows)(void *arg, const struct sockaddr *from);
	/* One whole IPFIX message of the connection `stream`; false closes it. */
	bool (*message)(void *arg, const uint8_t *data, size_t len, const struct sockaddr *from,
			struct stream *stream);
	/* It is closed, whoever did so; not called by tcp_free(). */
	void (*ended)(void *arg, struct stream *stream);
};

/* A connection that sent no whole message for `idle_ms` is closed when a new one needs its place;
 * else one of the address that has the most, where that is more than a quarter of all and more than
 * the new one's address has.
 * An exporter may be silent for longer than that while there is room; the system's keep-alive finds
 * those whose other end is gone. */
struct tcp *tcp_new(const struct strlist *listen, uint32_t max_connections, uint64_t idle_ms,
		    struct err *err);
void tcp_free(struct tcp *t);
/* Readable when tcp_service() has something to do. */
int tcp_fd(const struct tcp *t);
/* Accepts, reads what is there, hands on whole messages. Never waits. True: there may be more. */
bool tcp_service(struct tcp *t, const struct tcp_user *user);

struct tcp_counts {
	uint64_t accepted;
	uint64_t refused;   /* over the ceiling, or not allowed */
	uint64_t displaced; /* closed for a new one, after `idle_ms` of silence */
	uint64_t crowded;   /* closed for a new one, because their address had so many */
	uint64_t broken;    /* closed by us: no IPFIX, or its user was done with it */
	uint64_t cut;       /* ended in the middle of a message */
	uint64_t open;
};
/* Any thread. */
struct tcp_counts tcp_get_counts(const struct tcp *t);

#endif
