/* SPDX-License-Identifier: Apache-2.0
 * What an exporter stated of itself last, and when: a line a minute is enough for what only counts
 * up. */
#include "forwarder/decode/exporter/stated.h"

#include <stdlib.h>

#include "forwarder/decode/core/memory.h"
#include "forwarder/decode/core/when.h"

#define SETS 16
#define WAYS 4 /* places of one name; the one that was written first is taken */

struct stated {
	struct {
		uint64_t name;
		uint64_t at_ms; /* 0: free */
	} rows[SETS][WAYS];
};

static struct stated *stated_of(struct decoder *dec, struct domain *dom)
{
	if (dom->stated || !memory_take(dec, dom->exporter, sizeof(*dom->stated)))
		return dom->stated;
	dom->stated = calloc(1, sizeof(*dom->stated));
	if (!dom->stated)
		memory_return(dec, dom->exporter, sizeof(*dom->stated));
	return dom->stated;
}

bool stated_lately(struct decoder *dec, struct domain *dom, uint64_t name)
{
	uint64_t now_ms = dec->ctx.received_ms;
	struct stated *stated = stated_of(dec, dom);
	if (!stated)
		return false;
	unsigned set = (unsigned)(name >> 32) % SETS, place = 0;
	for (unsigned i = 0; i < WAYS; i++) {
		if (stated->rows[set][i].at_ms && stated->rows[set][i].name == name) {
			place = i;
			break;
		}
		if (stated->rows[set][i].at_ms < stated->rows[set][place].at_ms)
			place = i;
	}
	uint64_t before_ms = stated->rows[set][place].at_ms;
	if (before_ms && stated->rows[set][place].name == name &&
	    !when_is_over(before_ms, STATED_MS - 1, now_ms))
		return true;
	stated->rows[set][place].name = name;
	stated->rows[set][place].at_ms = now_ms;
	return false;
}

void stated_free(struct decoder *dec, struct domain *dom)
{
	if (!dom->stated)
		return;
	memory_return(dec, dom->exporter, sizeof(*dom->stated));
	free(dom->stated);
	dom->stated = NULL;
}
