/* SPDX-License-Identifier: Apache-2.0
 * Proof of effect: whether our pipeline runs on what is sent to a data stream, found out with what
 * efd's own key may do.
 *
 * A key that may only add documents learns it from their reply (`list_executed_pipelines`,
 * Elasticsearch 8.12 and later): the first document for a stream goes ahead by itself, after a
 * start, a reload, and every five minutes. Where replies do not tell, the write index is asked for
 * its default and its final pipeline, which takes view_index_metadata. A pipeline beside ours has a
 * say in what is stored, so nothing is proven with it. A stream without effect is closed (lane.h):
 * what is for it waits. Where nothing can tell, it is sent to, and said. */
#ifndef EF_SHIP_PROOF_H
#define EF_SHIP_PROOF_H

#include "forwarder/ship/shipper_internal.h"

#define PROOF_MS 300000 /* a proof is believed so long */

/* After other endpoints or credentials: nothing is proven. The lock is held. */
void proof_forget(struct shipper *s);

/* The streams of `p` whose effect is to be proven now become the caller's (bits, 0: none), until
 * proof_release(). Waits while others prove one that p cannot be sent without. False: p had better
 * be put back. */
bool proof_claim(struct sender *sender, struct parcel *p, uint32_t *ret_lanes);
void proof_release(struct shipper *s, uint32_t lanes);
/* Those of `lanes` that are to be proven still. */
uint32_t proof_open(struct shipper *s, uint32_t lanes);

/* Asks for those of `lanes` of which replies do not tell. Returns those for which that is all that
 * can be found out now; of the others a document has to tell. */
uint32_t proof_ask(struct sender *sender, uint32_t lanes);
/* What the reply to `p` says of the streams that it was to prove. Documents without effect count as
 * not taken afterwards. */
void proof_read(struct sender *sender, const struct parcel *p, struct bulk_verdicts *v);
/* While there is nothing to send: looks at all streams, once (`first`), and then at those without
 * effect, as far as these credentials may. */
void proof_idle(struct sender *sender, bool first);

/* Whether what is in the parcel has to wait: it is of one stream, and that has no effect. */
bool proof_forbids(struct shipper *s, const struct parcel *p);

#endif
