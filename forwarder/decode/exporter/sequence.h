/* SPDX-License-Identifier: Apache-2.0
 * Sequence numbers: what was lost, reordered or sent twice, and when an exporter started again. */
#ifndef EF_DECODE_SEQUENCE_H
#define EF_DECODE_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "forwarder/decode/core/domain.h"

struct decoder;

/* Account for the datagram at hand (after restart_check()), which had `records` records,
 * `meta_records` of them no flows (`exact`: all were counted; some may wait for their template):
 * losses, order, duplicates, and restarts by the numbers alone. uptime_ms 0: the protocol has
 * none. */
void sequence_note(struct decoder *dec, struct session *session, uint32_t seq, uint32_t records,
		   uint32_t meta_records, bool exact, uint32_t uptime_ms);
/* Milliseconds since the newest datagram; clocks may step back. */
uint64_t sequence_silence_ms(const struct decoder *dec, const struct sequence *s);
/* The exporter started again with the datagram at hand: its number follows none. */
void sequence_begin_anew(struct decoder *dec, struct session *session);
/* The newest datagram, as it was when efd ended: enough to know a restart by, not a loss. */
void sequence_recall(struct session *session, uint32_t seq, uint32_t uptime_ms,
		     uint64_t exported_ms);
/* What has been missing for a while at `now_ms` is lost. */
void sequence_settle(struct decoder *dec, struct session *session, uint64_t now_ms);

#endif
