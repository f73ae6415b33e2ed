/* SPDX-License-Identifier: Apache-2.0
 * The record walk: runs a template's program over the bytes of a record.
 *
 * The program does not look at what a field means: all that was decided when the template was
 * compiled (template/compile.h). NetFlow 9, IPFIX and the constant templates of NetFlow 1 to 7
 * share it. */
#ifndef EF_DECODE_RECORD_H
#define EF_DECODE_RECORD_H

#include "common/sink.h"
#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/decoder.h"
#include "forwarder/decode/record/dissect.h"
#include "forwarder/decode/template/compile.h"

#define LIST_DEPTH_MAX 4 /* RFC 6313 lists in lists */
/* JSON of one record's elements; beyond it lists are written as hex text. What else a line has fits
 * into the rest. */
#define RECORD_ROOM_MAX (SINK_LINE_MAX - 65536)

/* A part of one record: where it starts, and the element of variable length that ends it. */
struct part {
	uint16_t start, at, len;
};

/* Working memory of a decoder. */
struct record_scratch {
	struct spec specs[SPECS_MAX];                         /* the template being read */
	struct part parts[LIST_DEPTH_MAX + 1][SPECS_MAX + 1]; /* by depth of lists */
	char members[DISSECT_MAX + JSONW_SLACK];              /* of a frame that is only measured */
};

/* A record. */
struct data_record {
	const struct template *tmpl;
	const uint8_t *data;
	size_t len;
	const struct part *parts; /* NULL when the template has a fixed length */
};

/* What values are relative to. */
struct record_times {
	uint64_t exported_ms;
	uint32_t uptime_ms; /* of the exporter, at exported_ms */
	bool has_uptime;
};

/* How records are written, and what came of it. */
struct record_writer {
	struct decoder *dec;
	const struct record_times *times;
	bool lists_as_hex; /* in: the lists of the record make it too large */
	bool truncated;    /* out: a frame in the record was cut; only ever set */
};

static inline bool record_has(const struct data_record *rec, enum ref_kind kind)
{
	return rec->tmpl->refs_set >> kind & 1;
}

static inline struct bytes record_bytes(const struct data_record *rec, struct place place)
{
	if (!rec->parts)
		return (struct bytes){ rec->data + place.at, place.width };
	const struct part *part = &rec->parts[place.part];
	if (place.width == WIDTH_VARIABLE)
		return (struct bytes){ rec->data + part->at, part->len };
	return (struct bytes){ rec->data + part->start + place.at, place.width };
}

/* The bytes of an element that the decoder needs. */
static inline struct bytes record_ref(const struct data_record *rec, enum ref_kind kind)
{
	if (!record_has(rec, kind))
		return (struct bytes){ NULL, 0 };
	return record_bytes(rec, rec->tmpl->refs[kind]);
}

/* The same as an unsigned integer; 0 when it is not there or wider than 8 bytes. */
static inline uint64_t record_uint(const struct data_record *rec, enum ref_kind kind)
{
	struct bytes b = record_ref(rec, kind);
	return b.len > 8 ? 0 : be_uint(b.p, b.len);
}

/* Find the parts of the record of varying length at `data`, of which `left` bytes are there; writes
 * parts_len + 1 of them. *ret_room: the largest JSON of the elements, lists not counted. Returns
 * the length of the record, 0 when it does not fit. */
size_t record_locate(const struct template *tmpl, const uint8_t *data, size_t left,
		     struct part *parts, uint32_t *ret_room);

/* How much less than record_locate() or tmpl->room says the frames in the record need: each is
 * counted as the largest one. */
size_t record_frames_spare(struct decoder *dec, const struct data_record *rec);
/* The largest JSON of the lists in the record. */
size_t record_lists_room(struct record_writer *out, const struct data_record *rec, unsigned depth);

/* What the times of one record are relative to: what the set says, and what the record itself says
 * of the exporter's uptime. Returns `own`, or `times` where it says nothing. */
const struct record_times *record_times_read(const struct decoder *dec,
					     const struct data_record *rec,
					     const struct record_times *times,
					     struct record_times *own);
static inline const struct record_times *record_times_own(const struct decoder *dec,
							  const struct data_record *rec,
							  const struct record_times *times,
							  struct record_times *own)
{
	if (!(rec->tmpl->refs_set & (1u << REF_INIT | 1u << REF_UPTIME_END)))
		return times;
	return record_times_read(dec, rec, times, own);
}

/* Writes the members ",\"name\":value" of all elements; room for them has been proven. out->times:
 * the record's own. */
char *record_members(struct record_writer *out, const struct data_record *rec, unsigned depth,
		     char *p);

/* Epoch milliseconds that the record says about itself (docs/raw-line.md, "@timestamp"), 0:
 * nothing. `times`: the record's own. */
uint64_t record_time(const struct data_record *rec, const struct record_times *times);

/* The same of one element. */
uint64_t record_time_of(const struct data_record *rec, const struct record_times *times,
			struct place place, enum converter conv);

/* One value without its key; NULL: absent. */
char *record_value(struct record_writer *out, unsigned depth, char *p, enum converter conv,
		   struct bytes value);

/* What stands where (core/seen.h), told to the decoder's seer, which is there. `depth` of lists: 1
 * is a record of a set. */
void record_see(struct record_writer *out, const struct data_record *rec, unsigned depth);
void value_see(struct record_writer *out, enum converter conv, struct bytes value, unsigned depth);

#endif
