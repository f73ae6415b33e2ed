/* SPDX-License-Identifier: Apache-2.0
 * What an exporter stated of itself last, and when: a line a minute is enough for what only counts
 * up. */
#ifndef EF_DECODE_STATED_H
#define EF_DECODE_STATED_H

#include "forwarder/decode/core/decoder.h"

#define STATED_MS 60000

/* Whether the domain has stated what is called `name` (a hash) within STATED_MS before the datagram
 * at hand; if not, that it does now is noted. The last 64 of a domain are known, as far as they do
 * not fall on the same places. */
bool stated_lately(struct decoder *dec, struct domain *dom, uint64_t name);
void stated_free(struct decoder *dec, struct domain *dom);

#endif
