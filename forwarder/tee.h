/* SPDX-License-Identifier: Apache-2.0
 * Copies of every datagram to other collectors, from the exporter's own address where the system
 * allows it. */
#ifndef EF_TEE_H
#define EF_TEE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "forwarder/udp.h"

#define TEE_MAX 16

/* Thread-safe: sending needs no state. */
struct tee;

/* Opens sockets to `targets`. *ret_spoofs tells whether the source address is kept: that takes raw
 * sockets (CAP_NET_RAW); where they are not to be had, copies come from efd's own address. A target
 * that is one of `listen`, efd's own addresses, is refused: a copy would be copied for ever. */
struct tee *tee_new(const struct strlist *targets, const struct strlist *listen, bool keep_source,
		    bool *ret_spoofs, struct err *err);
void tee_free(struct tee *t);

/* Sends one copy to each target, never waits. Returns how many could not be sent. */
uint32_t tee_send(struct tee *t, const struct udp_packet *packet);
uint32_t tee_targets(const struct tee *t);

#endif
