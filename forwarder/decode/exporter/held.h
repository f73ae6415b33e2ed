/* SPDX-License-Identifier: Apache-2.0
 * Data that came before its template: kept for a while, given back when the template arrives.
 *
 * Ceilings are bytes (of all, and a share for each exporter address) and time. Each set is counted
 * once when it comes (held) and once when it goes (held_decoded, held_dropped), or it is there
 * (held_now). */
#ifndef EF_DECODE_HELD_H
#define EF_DECODE_HELD_H

#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/decoder.h"

struct sink;

struct held_link {
	struct held_set *before, *after;
};

struct held_set {
	/* By arrival: of all, of the session, of those of them that wait for the same template. */
	struct held_link links[3];
	struct held_set *bucket; /* of the first that waits for a template: in its bucket */
	struct context ctx;      /* of its datagram; dgram is NULL */
	const uint8_t *origin;   /* where it stood; never read: its datagram may be gone */
	uint16_t id;             /* of the template that it waits for */
	uint32_t len;
	uint8_t data[];
};

/* Keep the set of the datagram at hand; `ctx` is its context, with an id of its own. Dropped and
 * counted where there is no room. */
void held_add(struct decoder *dec, uint16_t id, struct cursor set, const struct context *ctx);
/* Give what waits in the session for `id` (0: for any) to `decode`, by arrival, with its context as
 * the one at hand. Where that returns false the set waits on, and those behind it for `id`. */
void held_release(struct decoder *dec, struct sink *sink, struct session *session,
		  bool (*decode)(struct decoder *, struct sink *, const struct held_set *,
				 uint16_t),
		  uint16_t id);
/* What came from `port` waits in `to` now, a session of the same address. */
void held_move(struct decoder *dec, struct session *from, struct session *to, uint16_t port);
/* Drop what waits for longer than it may, of all exporters. */
void held_expire(struct decoder *dec, uint64_t now_ms);
void held_free(struct decoder *dec, struct session *session);

#endif
