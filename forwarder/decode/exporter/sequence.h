/* SPDX-License-Identifier: Apache-2.0
 * Sequence numbers: what was lost, reordered or sent twice, and when an exporter started again. */
#ifndef EF_DECODE_SEQUENCE_H
#define EF_DECODE_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

/* What the number of a datagram counts: datagrams; records sent before it (RFC 7011 section 3.1);
 * records with its own, meta records left out (softflowd's IPFIX). Exporters differ from the
 * standards: it is learnt from the numbers. */
enum sequence_unit { UNIT_DATAGRAM, UNIT_RECORD, UNIT_RECORD_AFTER, SEQUENCE_UNITS };

#define SEQUENCE_RECENT 16
#define SEQUENCE_GAPS   8

struct sequence {
	bool started;
	bool anew;                    /* the next datagram is the first after a restart */
	bool exact;                   /* how many records the last datagram had is known */
	uint8_t unit;                 /* enum sequence_unit */
	int8_t trust[SEQUENCE_UNITS]; /* above 0: the numbers follow one another in this unit */
	uint32_t last_seq, last_records;
	uint32_t uptime_ms;               /* of the newest datagram, as are … */
	uint64_t exported_ms, seen_ms;    /* … its header's time, and when it was received */
	uint8_t low_run;                  /* numbers in a row that are back near 0 (restart.h) */
	uint64_t recent[SEQUENCE_RECENT]; /* marks of the last datagrams, for duplicates */
	uint8_t recent_at, gaps_len, late_run;
	struct sequence_gap {
		uint32_t from, len;
		uint32_t age;       /* in datagrams */
		uint64_t opened_ms; /* when it was seen */
	} gaps[SEQUENCE_GAPS];      /* numbers that have not come yet; by age they become losses */
};

struct decoder;
struct domain;

/* Account for the datagram at hand (after restart_check()), which had `records` records,
 * `meta_records` of them no flows (`exact`: all were counted; some may wait for their template):
 * losses, order, duplicates, and restarts by the numbers alone. uptime_ms 0: the protocol has
 * none. */
void sequence_note(struct decoder *dec, struct domain *dom, uint32_t seq, uint32_t records,
		   uint32_t meta_records, bool exact, uint32_t uptime_ms);
/* Milliseconds since the newest datagram; clocks may step back. */
uint64_t sequence_silence_ms(const struct decoder *dec, const struct sequence *s);
/* The exporter started again with the datagram at hand: its number follows none. */
void sequence_begin_anew(struct decoder *dec, struct domain *dom);
/* The newest datagram, as it was when efd ended: enough to know a restart by, not a loss. */
void sequence_recall(struct domain *dom, uint32_t seq, uint32_t uptime_ms, uint64_t exported_ms);
/* What has been missing for a while at `now_ms` is lost. */
void sequence_settle(struct decoder *dec, struct domain *dom, uint64_t now_ms);

#endif
