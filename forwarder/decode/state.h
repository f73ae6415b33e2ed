/* SPDX-License-Identifier: Apache-2.0
 * Templates and what else was learnt on disk, so that a restart is not blind. */
#ifndef EF_DECODE_STATE_H
#define EF_DECODE_STATE_H

#include "common/buf.h"
#include "forwarder/decode/decode.h"

/* Appends the state to `out`. -1: no memory or over the buffer's ceiling. */
int decoder_save(const struct decoder *dec, struct buf *out, struct err *err);
/* Some of the exporters: those that `holds` says yes to. */
struct decode_part {
	bool (*holds)(const struct ip *exporter, const void *arg);
	const void *arg;
};
/* Takes the state that decoder_save() wrote into a new decoder, of all exporters when `part` is
 * NULL. Nothing is taken from a damaged file; that its content is not hostile cannot be told, so
 * every entry passes the same checks as what comes over the wire. Times after `now_ms` (on the
 * clock of received_ms) are not believed: what was learnt then would never be too old. */
int decoder_load(struct decoder *dec, const void *data, size_t len, uint64_t now_ms,
		 const struct decode_part *part, struct err *err);

#endif
