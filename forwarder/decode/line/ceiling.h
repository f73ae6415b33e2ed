/* SPDX-License-Identifier: Apache-2.0
 * The ceiling over what an exporter makes us write, in proportion to what he sends.
 *
 * A record of one byte can become a line with all the names that its exporter taught: 65 KB were
 * 422 MB. In ten seconds, and the ten before them, an exporter address has some bytes of lines
 * and decode_limits.output for each byte that came from it; no rate is fixed, for caches are
 * flushed in bursts. A line beyond that is not written: it counts as lost, and is told. */
#ifndef EF_DECODE_CEILING_H
#define EF_DECODE_CEILING_H

#include "common/sink.h"
#include "forwarder/decode/core/decoder.h"

#define OUTPUT_FIRST  65536
#define OUTPUT_FACTOR 128
#define OUTPUT_SPAN   10000 /* ms */

/* Around the lines of a datagram, or of what waited. */
void ceiling_begin(struct decoder *dec, const struct sink *sink);
void ceiling_end(struct decoder *dec, const struct sink *sink);
/* `bytes` came from the exporter, at received_ms. */
void ceiling_receive(struct exporter *root, uint64_t received_ms, size_t bytes);
/* So many of them waited, and are decoded now. */
void ceiling_receive_held(struct exporter *root, size_t bytes);
/* There is no room for `need` bytes up to dec->out_end: make some. -1: the line is not written. */
int ceiling_raise(struct decoder *dec, struct sink *sink, size_t need);

#endif
