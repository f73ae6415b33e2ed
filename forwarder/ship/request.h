/* SPDX-License-Identifier: Apache-2.0
 * One request of a sender: an endpoint is picked and asked or given a parcel, and its answer judged
 * as a whole. */
#ifndef EF_SHIP_REQUEST_H
#define EF_SHIP_REQUEST_H

#include "forwarder/ship/shipper_internal.h"

/* A handle with a copy of the shipper's settings, in place of the one before. The lock is held. -1:
 * nothing changed. */
int request_connect(struct sender *sender, struct err *err);
void request_disconnect(struct sender *sender);

enum answer {
	ANSWER_BULK,     /* judged: verdicts are filled in */
	ANSWER_SPLIT,    /* too large, or refused as a whole: halves tell which part it is */
	ANSWER_REJECTED, /* refused as a whole, and it is this one document */
	ANSWER_REFUSED,  /* refused as a whole, and so is everything else */
	ANSWER_BUSY,     /* 429 for the whole */
	ANSWER_AGAIN,    /* at once: the cluster does not know a word of the request, and now we
			    know that */
	ANSWER_NONE,     /* nothing settled: the endpoint is left alone for a while */
};
/* Sends the parcel to an endpoint that may be used, waiting for one. ANSWER_NONE: not now. */
enum answer sender_attempt(struct sender *sender, struct parcel *p, bool again,
			   struct bulk_verdicts *ret_v);
/* GET of `path` at an endpoint that may be used now; the reply is the sender's. The status; 0: no
 * answer. */
long request_ask(struct sender *sender, const char *path);
/* Says on the log and to shipper_problem() why data waits. */
void sender_trouble(struct shipper *s, const char *text, uint64_t pause_ms);
/* The beginning of a reply, for a message. */
void sender_first_line(const struct buf *body, char text[200]);
/* The first sender, while there is nothing to send and nothing was heard of the cluster yet, asks
 * whether it would take data, as far as that can be told without sending any. */
void sender_ask(struct sender *sender);

enum asked {
	ASKED_WELL,
	ASKED_NOBODY, /* no endpoint may be asked now */
	ASKED_UNREACHABLE,
	ASKED_DENIED,     /* the credentials are refused */
	ASKED_UNPREPARED, /* efctl setup was never there */
	ASKED_WRONG,      /* somebody else answers, or something between us */
	ASKED_NOT_NOW,    /* busy, or it cannot at the moment */
};
/* The question itself, whether it has to be asked or not. */
enum asked sender_ask_now(struct sender *sender);

#endif
