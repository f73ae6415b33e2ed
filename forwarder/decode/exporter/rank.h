/* SPDX-License-Identifier: Apache-2.0
 * Who makes room when the table of domains or the memory is full.
 *
 * Anybody can make entries: a forged datagram an entry. So first those go of which nothing could be
 * decoded yet, then those that were not heard for long, the oldest first; and the ones that have
 * been talking for a while (RANK_MS) stay as long as they talk. */
#ifndef EF_DECODE_RANK_H
#define EF_DECODE_RANK_H

#include "forwarder/decode/core/decoder.h"

#define RANK_MS 60000 /* from its first to its last datagram */

/* A new one. */
void rank_begin(struct decoder *dec, struct domain *dom);
/* Give it the place that it has earned. */
void rank_renew(struct decoder *dec, struct domain *dom);
/* A place that it had before efd was started. */
void rank_restore(struct decoder *dec, struct domain *dom, enum rank rank);

/* One domain goes; false: none may. */
bool rank_evict(struct decoder *dec, uint64_t now_ms);
/* So many go that `bytes` fit under the ceiling of the memory; none of `exporter`'s. False: they
 * do not. */
bool rank_make_room(struct decoder *dec, const struct exporter *exporter, size_t bytes);

#endif
