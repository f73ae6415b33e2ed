/* SPDX-License-Identifier: Apache-2.0
 * The tables of exporters and domains, as exporter.c, rank.c and due.c see them; nobody else
 * includes it. */
#ifndef EF_DECODE_TABLE_H
#define EF_DECODE_TABLE_H

#include "forwarder/decode/core/decoder.h"
#include "forwarder/decode/exporter/hashed.h"

#define DUE_SLOTS 128 /* a second each */

struct exporter_table {
	struct domain *last;         /* the one found last: datagrams come in runs */
	struct hashed_table domains; /* by address, protocol, id */
	struct hashed_table exporters;
	struct hashed_table sessions; /* of connections, by connection and domain */
	struct ring ranks[RANKS];     /* who makes room first, comes first */
	struct ring slots[DUE_SLOTS]; /* by the second in which they are due */
	uint64_t at_s;                /* the slot that is looked at next, in seconds */
	/* While a domain is made: neither address makes room. */
	const struct ip *sender, *exporter;
};

#endif
