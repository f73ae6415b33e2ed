/* SPDX-License-Identifier: Apache-2.0
 * Datagrams in, raw JSON lines out (docs/raw-line.md): NetFlow 1, 5, 6, 7, 9, IPFIX and sFlow 5.
 *
 * A decoder belongs to one thread. It does no I/O, reads no clock and takes no lock. It allocates
 * when state is learnt (an exporter, a template, an options record, data held for its template),
 * never for a datagram that brings nothing new. All state of one exporter must go through one
 * decoder.
 *
 * State is kept by exporter address, protocol and observation domain, that of TCP and UDP apart,
 * and by source port where several devices send from one address over UDP; templates and sequence
 * numbers that come over TCP by connection. The newest definition wins. Every table has a ceiling
 * (decode_limits) and a counter for hitting it. */
#ifndef EF_DECODE_DECODE_H
#define EF_DECODE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/ip.h"
#include "common/sink.h"
#include "forwarder/decode/core/counters.h"
#include "forwarder/decode/core/datagram.h"
#include "forwarder/decode/core/report.h"
#include "forwarder/decode/core/settings.h"

struct decoder;
struct fields;

/* What 0 stands for in decode_settings. */
struct decode_settings decode_defaults(void);

struct decoder *decoder_new(const struct decode_settings *settings, struct err *err);
void decoder_free(struct decoder *dec);

/* Other elements from the next datagram on: takes `fields`, as decode_settings.fields. All
 * templates are compiled again, and everything else that was learnt stays. -1: no memory, and the
 * old ones stay. */
int decoder_set_fields(struct decoder *dec, struct fields *fields, struct err *err);

/* The lines of a datagram go to `sink`, what else there is to say of it to *ret_report: its problem
 * says what is wrong after a result other than DECODE_OK. */
enum decode_result decoder_datagram(struct decoder *dec, const struct datagram *dgram,
				    struct sink *sink, struct decode_report *ret_report);

/* A TCP connection is over: its templates and what waits for one go, what was learnt of the
 * exporter stays. A decoder that knows nothing of it does nothing. */
void decoder_stream_end(struct decoder *dec, struct stream *stream);

/* Whom an sFlow datagram names as its agent, where that is another address than the sender's and
 * one that can be an exporter's. */
bool decoder_agent(const struct decoder *dec, const struct datagram *dgram, struct ip *ret_agent);

/* How many bytes the IPFIX message at the start of a TCP stream has: 0 when `len` is too short to
 * tell, SIZE_MAX when it is no IPFIX message (close the connection). */
size_t decode_stream_message(const uint8_t *data, size_t len);

const struct decode_counters *decoder_counters(const struct decoder *dec);

#endif
