/* SPDX-License-Identifier: Apache-2.0
 * Which interfaces of a device meter packets that come in and which those that go out, learnt from
 * its records.
 *
 * A packet that two meters of one device count is in two records. The one of the egress meter is
 * the duplicate exactly when the interface by which the packet came in meters ingress. Kept by
 * exporter address, interface and kind of packet, never by domain: the two records may come from
 * two line cards. */
#ifndef EF_DECODE_METER_H
#define EF_DECODE_METER_H

#include "forwarder/decode/core/decoder.h"
#include "forwarder/decode/template/counts.h"

struct meter;

enum meter_way { METERED_IN, METERED_OUT, METERED_UNKNOWN };

/* What a record is, bit by bit. */
enum {
	METER_DUPLICATE = 1, /* its packets were counted where they came in */
	METER_NOT_IN =
	    2, /* other records count what came in by its input interface (so of a duplicate), … */
	METER_NOT_OUT = 4, /* … what went out by its output interface */
	METER_PART_IN =
	    8, /* what came in by its input is metered only where it went out, and not everywhere */
	METER_PART_OUT =
	    16, /* what went out by its output only where it came in, and not everywhere */
	METER_VERDICTS = 32
};

#define METER_ROWS_MAX 8192 /* interfaces and kinds of one exporter; half of it is used */

/* What is known of the interfaces below METER_FLAT for one kind of packet, so that a record costs
 * two octets and one verdict. */
#define METER_FLAT 1024
#define METER_SLOW 0xff /* meter_judge() has to look */
struct meter_flat {
	uint8_t flags[METER_FLAT];
	uint8_t verdict[2][64][8]; /* by way, flags of the input, ways of the output */
};

/* For the records that are received at `now_ms`; NULL: the exporter has never said where it
 * meters. */
const struct meter_flat *meter_flat(struct decoder *dec, struct exporter *exporter,
				    enum packet_kind kind);

static inline unsigned meter_look(const struct meter_flat *flat, unsigned way, uint32_t in,
				  uint32_t out)
{
	if ((in | out | way << 9) >= METER_FLAT) /* also a way above METERED_OUT */
		return METER_SLOW;
	return flat->verdict[way][flat->flags[in]][flat->flags[out] & 7];
}

/* Learn from a record of `kind` which was metered `way` between two interfaces (0: not known), and
 * judge it. */
unsigned meter_judge(struct decoder *dec, struct exporter *exporter, enum meter_way way,
		     enum packet_kind kind, uint32_t in, uint32_t out);

/* The same of a sample that does not say which way it was metered, because its packet went out by
 * the interface by which it came in, and that took it: as that interface is known to meter. Where
 * it meters both ways `even` decides, so that of each packet one sample is a duplicate. Teaches
 * nothing; 0 where nothing is known. */
unsigned meter_judge_hairpin(const struct exporter *exporter, enum packet_kind kind,
			     uint32_t interface, bool even);

/* A flow lasted so long. */
#define METER_LONGEST_S 3600 /* no active timeout is longer */
void meter_lasted(struct exporter *exporter, uint64_t ms);

/* For the state on disk: calls `each` for what is known; a kind of PACKET_KINDS with the longest
 * time of a flow in seconds as its interface. */
enum { METER_INGRESS = 1, METER_EGRESS = 2 };
void meter_each(const struct exporter *exporter,
		void (*each)(enum packet_kind kind, uint32_t interface, unsigned ways, void *),
		void *arg);
void meter_restore(struct decoder *dec, struct exporter *exporter, enum packet_kind kind,
		   uint32_t interface, unsigned ways);
void meter_free(struct decoder *dec, struct exporter *exporter);

#endif
