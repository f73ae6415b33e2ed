/* SPDX-License-Identifier: Apache-2.0
 * Which domains there is something to do for, by time: a wheel of seconds, so that nobody walks
 * over those for which there is nothing. */
#ifndef EF_DECODE_DUE_H
#define EF_DECODE_DUE_H

#include "forwarder/decode/core/decoder.h"

/* A new one; and one whose line_due_ms or grace_ms is another now: the earlier of them counts. */
void due_begin(struct decoder *dec, struct domain *dom);
void due_set(struct decoder *dec, struct domain *dom);
/* Calls `each` for domains that are due, at most `most` of them; it may free its domain, else that
 * is put where it is due next. True: there are more, for the next call with the same time. */
bool due_each(struct decoder *dec, uint64_t now_ms, uint32_t most,
	      void (*each)(struct domain *, void *), void *arg);

#endif
