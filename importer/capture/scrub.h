/* SPDX-License-Identifier: Apache-2.0
 * Flow datagrams of a capture, kept in memory and made nobody's: addresses, MAC addresses and texts
 * are replaced, and what the decoder does not understand is zero.
 *
 * The decoder tells what stands where (forwarder/decode/core/seen.h); nothing else of a datagram
 * gets into what is written. Data that comes before its template is dealt with when that comes, so
 * all stays in memory until the end, which is why there is a ceiling. */
#ifndef EF_IMPORTER_SCRUB_H
#define EF_IMPORTER_SCRUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "importer/capture/pcap.h"
#include "importer/capture/pseudonym.h"

struct scrub;

struct scrub_totals {
	uint64_t datagrams, bytes; /* kept */
	uint64_t not_flow;         /* no datagram of ours, or none that could be read */
	uint64_t records, options_records, counter_samples;
	uint64_t no_template; /* sets that are zero, because their template did not come */
	uint64_t addresses, macs, texts; /* places */
	uint64_t hidden;                 /* bytes that are zero now */
};

/* `names` is lent. At most `bytes` of payload are kept. */
int scrub_new(struct pseudonyms *names, const struct strlist *elements, size_t bytes,
	      struct scrub **ret, struct err *err);
void scrub_free(struct scrub *s);

/* False: it is full, and the datagram was not kept. */
bool scrub_add(struct scrub *s, const struct captured *c);

/* The datagrams kept so far, in order, from 0 on: with other addresses, and data that is zero where
 * nothing is known. False: there is no such one. */
bool scrub_get(struct scrub *s, size_t i, struct captured *ret);

/* How many. */
size_t scrub_kept(const struct scrub *s);

void scrub_totals(const struct scrub *s, struct scrub_totals *ret);

#endif
