/* SPDX-License-Identifier: Apache-2.0
 * What flow lines get from what was counted before: whether their octets are new (docs/raw-line.md,
 * "count"). */
#ifndef EF_DECODE_COUNT_H
#define EF_DECODE_COUNT_H

#include "forwarder/decode/exporter/meter.h"
#include "forwarder/decode/record/record.h"
#include "forwarder/decode/template/counts.h"

/* Flows of this exporter last longer than a minute, and its octets have room for more than can pass
 * in one: where such a number comes the pipeline has to know how long they last. */
#define COUNT_HUGE      256
#define COUNT_HUGE_BITS 43 /* below 200 GB/s for 60 s (docs/counting.md) */

/* What the records of a set are judged by. */
struct count_run {
	const struct counts *counts;
	unsigned what;   /* COUNT_… and COUNT_HUGE; 0: nothing is to be done */
	bool directed;   /* they say where they were metered */
	bool both_kinds; /* IPv4 or IPv6: each says itself */
	/* Only their interfaces are to be judged, which stand at fixed places in four octets each:
	 * what is known of them. NULL: count_write() does it. */
	const struct meter_flat *flat;
	uint16_t in_at, out_at, way_at;
	uint16_t octets_at; /* with COUNT_HUGE: where they stand in eight octets */
};

#define COUNT_ROOM 512 /* largest JSON of it */

void count_prepare(struct decoder *dec, const struct template *tmpl, struct count_run *ret);
/* Learns how long flows last, from one record a second. */
void count_lasted(struct decoder *dec, const struct data_record *rec,
		  const struct record_times *times);
/* Learns from the record; writes `,"count":{…}`, or nothing. */
char *count_write(struct decoder *dec, const struct data_record *rec,
		  const struct record_times *times, struct count_run *run, char *p);

/* `,"count":{…}` by what meter_judge() found (exporter/meter.h), padded. */
struct count_text {
	uint8_t len;
	char text[2 * JSONW_STEP];
};
extern const struct count_text count_texts[METER_VERDICTS];

/* With COUNT_HUGE: whether the octets of this record are so many. */
static inline bool count_is_huge(const struct data_record *rec, const struct count_run *run)
{
	return be64(rec->data + run->octets_at) >> COUNT_HUGE_BITS;
}

/* The same, where that is all there is to do. */
static inline char *count_put(struct decoder *dec, const struct data_record *rec,
			      const struct record_times *times, struct count_run *run, char *p)
{
	if (__builtin_expect(run->what & COUNT_HUGE, 0)) {
		if (count_is_huge(rec, run))
			return count_write(dec, rec, times, run, p);
		if (run->what == COUNT_HUGE)
			return p;
	}
	if (__builtin_expect(run->flat != NULL, 1)) {
		unsigned verdict =
		    meter_look(run->flat, rec->data[run->way_at], be32(rec->data + run->in_at),
			       be32(rec->data + run->out_at));
		if (verdict == 0)
			return p;
		if (__builtin_expect(verdict != METER_SLOW, 1))
			return jsonw_padded(p, count_texts[verdict].text, count_texts[verdict].len);
	}
	return count_write(dec, rec, times, run, p);
}

#endif
