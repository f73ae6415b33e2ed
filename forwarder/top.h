/* SPDX-License-Identifier: Apache-2.0
 * The exporters with the most records, found in a table that may be large. */
#ifndef EF_TOP_H
#define EF_TOP_H

#include <stdbool.h>

#include "forwarder/decode/tick.h"

#define WORKER_TOP 32 /* exporters in a list */

struct top {
	struct exporter_info list[WORKER_TOP]; /* the most first */
	size_t n;
	uint32_t part, parts; /* of the table: the next one to look at, how many there are */
	uint32_t rest;        /* calls until the next list is begun */
};

/* Looks at a part of the table: once a second, so that many exporters take longer but hold nothing
 * up. True: that was the last one, and the list is complete until the next call. */
bool top_continue(struct top *top, const struct decoder *decoder);
/* Looks at all of it. */
void top_all(struct top *top, const struct decoder *decoder);

#endif
