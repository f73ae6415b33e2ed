/* SPDX-License-Identifier: Apache-2.0
 * The endpoints of one cluster: taken in turn, left alone for a while after a failure, tried by one
 * sender first. */
#ifndef EF_SHIP_ENDPOINT_H
#define EF_SHIP_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "forwarder/ship/parcel.h"

#define ENDPOINTS_MAX    64
#define ENDPOINT_URL_MAX 1024

#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 30000
#define BUSY_MAX_MS    5000 /* of an endpoint that answers, but is busy */
/* No Retry-After (RFC 9110 section 10.2.3) is believed beyond it: a proxy in maintenance, or one
 * with a wrong clock, says days. */
#define RETRY_AFTER_MAX_MS 300000

/* Thread-safe; times are milliseconds on any clock that only grows. */
struct endpoints;

struct endpoints *endpoints_new(const struct strlist *urls, struct err *err);
void endpoints_free(struct endpoints *e);
/* Takes a new list; what was known of the old ones is forgotten. */
int endpoints_replace(struct endpoints *e, const struct strlist *urls, struct err *err);

/* The next endpoint that may be used: its number (one of an older list means nothing to a newer
 * one), with its URL copied to ret_url. -1: none now, *ret_wait_ms tells when to ask again.
 * `*ret_fresh` is true when nothing was heard of it since the start or since its last failure. */
int endpoints_pick(struct endpoints *e, uint64_t now_ms, char ret_url[ENDPOINT_URL_MAX],
		   bool *ret_fresh, uint64_t *ret_wait_ms);

/* It answered. */
void endpoints_worked(struct endpoints *e, int number);
/* It took a request of documents. */
void endpoints_passed(struct endpoints *e, int number);

/* A request as a whole was refused in a way that can be of one document in it (a proxy that looks
 * into bodies), or of the endpoint. */
enum refusal {
	REFUSAL_LOOK, /* it took others since: a part of the request tells which document it is */
	REFUSAL_DOCUMENT, /* it refuses this one document again and again, and takes others */
	REFUSAL_ALL,      /* it takes nothing, as far as one knows: the data waits */
};
enum refusal endpoints_refused(struct endpoints *e, int number, uint32_t items, struct refusals *r);
/* Leaves it alone for a time that doubles with each failure, with jitter; for `retry_after_ms`, if
 * that is longer, up to RETRY_AFTER_MAX_MS. A shorter one is no leave to ask again and again: a
 * server that says 0, or a date of the past by our clock, would be asked without a pause. `away`:
 * it does not take data at all; otherwise it is only busy. Returns the pause. */
uint64_t endpoints_failed(struct endpoints *e, int number, uint64_t now_ms, int64_t retry_after_ms,
			  bool away);

/* True when every endpoint was away at its last use. */
bool endpoints_all_away(struct endpoints *e);
uint32_t endpoints_count(struct endpoints *e, uint32_t *ret_up);

/* A pause for attempt n (from 0): BACKOFF_MIN_MS doubled n times up to BACKOFF_MAX_MS, half of it
 * random. */
uint64_t backoff_ms(uint32_t n);

#endif
