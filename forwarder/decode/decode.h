/* SPDX-License-Identifier: Apache-2.0
 * Datagrams in, raw JSON lines out (docs/raw-line.md): NetFlow 1, 5, 6, 7, 9, IPFIX and sFlow 5.
 *
 * A decoder belongs to one thread. It does no I/O, reads no clock and takes no lock. It allocates
 * when state is learnt (an exporter, a template, an options record, data held for its template),
 * never for a datagram that brings nothing new. All state of one exporter must go through one
 * decoder.
 *
 * Templates and state are kept by exporter address, protocol and observation domain, those of TCP
 * and UDP apart, and by source port where several devices send from one address; the newest
 * definition wins. Every table has a ceiling (decode_limits) and a
 * counter for hitting it. */
#ifndef EF_DECODE_DECODE_H
#define EF_DECODE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/ip.h"
#include "forwarder/decode/core/protocol.h"
#include "forwarder/decode/counters.h"
#include "forwarder/decode/sink.h"

struct decoder;
struct fields;

struct datagram {
	const uint8_t *data;
	size_t len;
	struct ip src;
	uint16_t port;        /* source port; 0: from a file */
	bool stream;          /* a message that came over TCP */
	uint64_t received_ms; /* since the epoch */
};

struct decode_limits {
	uint32_t exporters;              /* exporter and domain pairs */
	uint32_t domains_per_exporter;   /* of them, made by one sender address */
	uint32_t templates_per_exporter; /* of one exporter address, all its domains */
	uint32_t flows_per_exporter;     /* whose sums are kept: those that count up */
	uint32_t options_per_exporter;   /* learnt names and rates, likewise */
	uint64_t memory; /* bytes of all state together (an exporter may have an eighth) */
	uint64_t
	    held_bytes;   /* sets that wait for their template (an exporter may have an eighth) */
	uint64_t held_ms; /* and for how long */
	uint64_t template_ms; /* a template that nobody used or sent for so long is forgotten */
};

struct decode_options {
	/* Taken: freed with the decoder, and when decoder_new() fails. NULL: the compiled rows
	 * alone. */
	struct fields *fields;
	/* What the tables of exporters and of what they say start their hashes with: a secret of
	 * hash_seed() where others may send, so that they cannot aim at one bucket; with 0
	 * exporters' lines come in the same order each time. */
	uint64_t hash_seed;
	struct decode_limits limits; /* 0 in a member: the default of decode_defaults() */
	/* A clock further from the receive time is off. 0: default. */
	uint64_t clock_skew_ms;
	/* Since when datagrams are listened for: what a flow counted before is not known. 0:
	 * always. */
	uint64_t listening_ms;
	uint64_t exporter_line_ms; /* interval of an exporter's own line. 0: default */
	bool no_silent_lines;      /* no line of an exporter that sent nothing since its last one */
	bool no_options_join;      /* leave out "options" */
	bool no_hold;              /* drop data that comes before its template */
	bool no_agents; /* the exporter of sFlow is the sender, whatever agent it names */
};

/* What 0 stands for in decode_options. */
struct decode_options decode_defaults(void);

struct decoder *decoder_new(const struct decode_options *options, struct err *err);
void decoder_free(struct decoder *dec);

/* Other elements from the next datagram on: takes `fields`, as decode_options.fields. All templates
 * are compiled again, and everything else that was learnt stays. -1: no memory, and the old ones
 * stay. */
int decoder_set_fields(struct decoder *dec, struct fields *fields, struct err *err);

enum decode_result {
	DECODE_OK,
	DECODE_SHORT,           /* shorter than its header */
	DECODE_UNKNOWN_VERSION, /* not a protocol of ours */
	DECODE_MALFORMED, /* something in it was wrong; what came before and after was decoded */
	DECODE_REFUSED,   /* a ceiling: the exporter is not known and there is no room for it */
};

enum decode_result decoder_datagram(struct decoder *dec, const struct datagram *dgram,
				    struct sink *sink);

/* What was wrong with the last datagram: valid after a result other than DECODE_OK, until the next
 * datagram. */
struct decode_problem {
	const char *reason; /* static text: "set is longer than the message" */
	size_t offset;      /* in the datagram, bytes */
	uint32_t value;     /* the number found there: version, set id, length... */
};
const struct decode_problem *decoder_problem(const struct decoder *dec);

/* What a person should hear of, though nothing is wrong with the datagram: one of those that the
 * last datagram brought, or NULL. */
struct decode_notice {
	const char *text; /* static: "… of another sender" */
	struct ip who;    /* what the text is about */
};
const struct decode_notice *decoder_notice(const struct decoder *dec);

/* Whom an sFlow datagram names as its agent, where that is another address than the sender's and
 * one that can be an exporter's. */
bool decoder_agent(const struct decoder *dec, const struct datagram *dgram, struct ip *ret_agent);

/* How many bytes the IPFIX message at the start of a TCP stream has: 0 when `len` is too short to
 * tell, SIZE_MAX when it is no IPFIX message (close the connection). */
size_t decode_stream_message(const uint8_t *data, size_t len);

const struct decode_counters *decoder_counters(const struct decoder *dec);

#endif
