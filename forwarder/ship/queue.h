/* SPDX-License-Identifier: Apache-2.0
 * The memory queue, with the spool behind it: what waits, what is being sent, and how much may be
 * sent at a time. */
#ifndef EF_SHIP_QUEUE_H
#define EF_SHIP_QUEUE_H

#include "forwarder/ship/shipper_internal.h"

#define QUEUE_WAKE_MS 500 /* who waits looks around so often */

/* Waits for `what` at most `ms`; the lock is held. */
void queue_wait(struct shipper *s, pthread_cond_t *what, uint64_t ms);
/* Wakes everybody; the lock is held. */
void queue_wake_all(struct shipper *s);

/* ---- the packer's side ---- */

/* The oldest parcel, NULL: none. The lock is held. */
struct parcel *queue_pop(struct shipper *s);
/* A parcel was put into the list. The lock is held. */
void queue_count(struct shipper *s, const struct parcel *p);
bool queue_has_room(const struct shipper *s, const struct parcel *p);
/* Copies the parcel to the spool and frees it; false when the disk failed, and it is the caller's
 * still. */
bool queue_spool(struct shipper *s, struct parcel *p);
/* Takes the parcel: it is given up, counted and said. */
void queue_lose(struct shipper *s, struct parcel *p, const char *why);
void queue_tell_torn(struct shipper *s);
void queue_tell_waiting(struct shipper *s, const char *until);

/* ---- the senders' side ---- */

enum queue_take { TAKE_PARCEL, TAKE_NOTHING, TAKE_END };
/* The next parcel, of memory and spool in turns (*spool_first: whose it is). TAKE_NOTHING: there is
 * none now; TAKE_END: nothing will come any more. Waits while the window is full. */
enum queue_take shipper_take(struct shipper *s, bool *spool_first, struct parcel **ret_p);
/* After TAKE_NOTHING: until there may be one. */
void shipper_wait(struct shipper *s);
/* The window of requests under way, as TCP has one: half of it when the cluster is busy, one more
 * after a round of successes. */
void shipper_was_busy(struct shipper *s);
void shipper_went_well(struct shipper *s);
/* A taken parcel is settled: every item is somewhere for good. */
void shipper_settled(struct shipper *s, struct parcel *p);
/* It could not be sent: back to where it is safe (spool, else the head of the queue). One whose
 * lane is closed, or that was refused, goes behind the others. */
void shipper_put_back(struct shipper *s, struct parcel *p);
/* Keeps a parcel of a closed lane until it opens: in the spool, or in memory, where a lane has at
 * most half of ship.memory and gives up its oldest beyond it (counted as lost). Where the source
 * waits, nothing more is taken of the queue until there is room instead. */
void shipper_park(struct shipper *s, struct parcel *p);
/* Sleeps, less when the shipper gives up; true when it did. */
bool shipper_pause(struct shipper *s, uint64_t ms);
bool shipper_gives_up(struct shipper *s);
/* True when there is a spool and no endpoint takes data: what is in memory had better be on
 * disk. */
bool shipper_away(struct shipper *s);
/* Text for shipper_problem(); NULL: everything works again. */
void shipper_set_problem(struct shipper *s, const char *text);

#endif
