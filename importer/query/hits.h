/* SPDX-License-Identifier: Apache-2.0
 * The documents of a search's reply, taken out of it as text: nothing is made of them but one line
 * each. */
#ifndef EF_IMPORTER_HITS_H
#define EF_IMPORTER_HITS_H

#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

#define HITS_MAX   10000        /* documents of a reply: the most that engines give at once */
#define HITS_BYTES (256U << 20) /* of all of them, and of the rest: no reply is longer */
#define HITS_DEPTH 1000         /* of objects and arrays within one another: engines take as many */

struct hits {
	struct buf rest;      /* the reply, with 0, 1, 2, … in the places of the documents */
	struct buf text;      /* the documents, one behind the other */
	size_t end[HITS_MAX]; /* where in `text` each one ends */
	size_t n;
};

void hits_init(struct hits *h);
void hits_release(struct hits *h);

/*
 * Reads a reply (RFC 8259) of `len` octets, and takes the value of each `_source` in its
 * `hits.hits` out of it. Numbers, escapes, repeated members and their order stay as they are
 * written. What is dropped is blanks and comments between them, which engines accept and store, so
 * that a document is one line; what is replaced is
 * - characters that would steer a terminal (common/plain.h), by \uXXXX, which says the same;
 * - octets that are no UTF-8, by \ufffd;
 * - milliseconds since 1970, as efd ships `@timestamp` and event.start, .end, .created and
 *   .ingested, by the form that engines show.
 * -1: it is no JSON, or more than the ceilings above, and `err` says where; then `h` holds nothing
 * of use.
 */
int hits_cut(struct hits *h, const char *reply, size_t len, struct err *err);

/* The document with that number, without an end of its own; NULL: there is none. */
const char *hits_text(const struct hits *h, size_t number, size_t *ret_len);

#endif
