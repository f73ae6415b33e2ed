/* SPDX-License-Identifier: Apache-2.0
 * What a cluster made of the documents that it took, counted and told. */
#ifndef EF_SHIP_ACCOUNT_H
#define EF_SHIP_ACCOUNT_H

#include "forwarder/ship/shipper_internal.h"

/* Those of `p` that are settled by the verdicts: stored, there already, in a failure store, or
 * dropped by a pipeline. `lanes`: bits of the streams that took some of them. */
void account_taken(const struct sender *sender, const struct parcel *p,
		   const struct bulk_verdicts *v, uint32_t lanes);

#endif
