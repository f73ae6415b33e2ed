/* SPDX-License-Identifier: Apache-2.0
 * A template compiled to a short program, and the record walk that runs it.
 *
 * When a template arrives everything that depends on it is decided: which elements become JSON, in which order, with
 * which key bytes and converter, which of them carry time, sampling or a name to join. Per record the program is run;
 * it does not look at what a field means. NetFlow 9, IPFIX and the constant templates of NetFlow 1 to 7 share it. */
#ifndef EF_DECODE_RECORD_H
#define EF_DECODE_RECORD_H

#include "forwarder/decode/decode_internal.h"
#include "forwarder/decode/dissect.h"

#define WIDTH_VARIABLE 65535       /* RFC 7011 section 7 */
#define SPECS_MAX      1024        /* elements of a template */
#define PEN_SCOPE      0xffffffffu /* our mark for NetFlow 9 scopes that no element stands for */
#define LIST_DEPTH_MAX 4           /* RFC 6313 lists in lists */
/* JSON of one record's elements; beyond it lists are written as hex text. What else a line has fits into the rest. */
#define RECORD_ROOM_MAX (SINK_LINE_MAX - 65536)

/* One element of a template, as it came over the wire. */
struct spec {
	uint32_t pen;
	uint16_t id;
	uint16_t width; /* bytes, or WIDTH_VARIABLE */
};

/* How bytes become a JSON value. */
enum converter {
	CONV_NONE, /* no value: the key bytes alone */
	CONV_U8,
	CONV_U16,
	CONV_U32,
	CONV_U64,
	CONV_MILLIS, /* unsigned, and a time */
	CONV_UINT,   /* unsigned of an odd width */
	CONV_INT,
	CONV_FLOAT,
	CONV_DOUBLE,
	CONV_BOOL,
	CONV_MAC,
	CONV_IPV4,
	CONV_IPV6,
	CONV_STRING,
	CONV_HEX,
	CONV_SECONDS,
	CONV_NTP_MICRO,
	CONV_NTP_NANO,
	CONV_UPTIME_START, /* 22: milliseconds of the exporter's uptime */
	CONV_UPTIME_END,   /* 21 */
	CONV_DELTA,        /* 158, 159: microseconds before the export time */
	CONV_APPLICATION,
	CONV_BASIC_LIST,
	CONV_TEMPLATE_LIST,
	CONV_MULTI_LIST,
	CONV_FRAME_ETHERNET, /* a piece of a frame: hex text, and what the headers in it say */
	CONV_FRAME_IP,
	CONV_FRAME_MPLS,
	CONV_VARYING, /* by type, once the length is known */
	CONV_ABSENT,  /* never written; from compile time only */
};

/* Where an element is. Elements of variable length cut a record into parts: each ends the part it is in, and places are
 * counted from the start of their part. */
struct place {
	uint16_t at;    /* of a variable element: its enum field_type instead */
	uint16_t width; /* bytes, or WIDTH_VARIABLE */
	uint16_t part;
};

/* One step: 16 bytes. */
struct op {
	const char *key;
	struct place place;
	uint8_t key_len;
	uint8_t conv;
};

/* An element of an options template that something is learnt from (options.c). */
struct bound {
	struct place place;
	uint8_t role, arg;
};

/* Elements that the decoder itself needs. */
enum ref_kind {
	REF_INGRESS,     /* 10 */
	REF_EGRESS,      /* 14 */
	REF_APPLICATION, /* 95 */
	REF_VRF_IN,      /* 234 */
	REF_VRF_OUT,     /* 235 */
	REF_SAMPLER,     /* 48 or 302 */
	REF_DIRECTION,   /* 61: 0 ingress, 1 egress */
	REF_RATE,        /* 50 */
	REF_RATE_OLD,    /* 34 */
	REF_INTERVAL,    /* 305: sampled packets */
	REF_SPACE,       /* 306: packets passed over */
	REF_SIZE,        /* 309: n out of */
	REF_POPULATION,  /* 310: N */
	REF_PROBABILITY, /* 311 */
	REF_INIT,        /* 160 */
	REF_UPTIME_END,  /* 21 */
	REF_DURATION,    /* 161 or 162 */
	REFS
};

#define TIMES_MAX 6

/* An element that says when it was; the first one that is not 0 counts. */
struct time_source {
	struct place place;
	uint8_t conv; /* enum converter */
	bool start;   /* REF_DURATION is to be added */
};

/* clang-format off */
struct template {
	uint16_t id;
	uint16_t specs_len, scopes; /* scopes: of the specs, the first are scope fields */
	uint16_t ops_len, bound_len;
	uint16_t parts_len;         /* elements of variable length */
	uint16_t min_len;           /* shortest record; when parts_len is 0 the length of every record */
	bool varying;               /* parts_len > 0 */
	bool lists;                 /* has lists */
	bool frame;                 /* has a piece of a frame to dissect */
	bool options;               /* an options template */
	bool netflow9;              /* ids are NetFlow 9 field types */
	bool unknown;               /* has elements that the registry did not know */
	bool duration_micro;        /* REF_DURATION is in microseconds */
	uint8_t times_len;
	uint32_t refs_set;          /* bit per enum ref_kind */
	uint32_t room;              /* largest JSON of the elements, without those of variable length */
	uint32_t size;              /* bytes of memory */
	uint64_t used_ms;           /* last sent or used */
	struct place refs[REFS];
	struct time_source times[TIMES_MAX]; /* what a record may say about its time, the best first */
	struct op *ops;
	struct bound *bound;        /* bound_len of them; of an options template */
	struct spec *specs;
	uint16_t *part_len;         /* fixed bytes of each part: parts_len + 1 */
};
/* clang-format on */

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
struct record {
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

/* Compile. `specs` is copied. NULL: no memory. A template whose records would be longer than a set can be gets no ops and
 * min_len WIDTH_VARIABLE, so that no record fits it. */
struct template *template_compile(const struct fields *fields, uint16_t id,
				  const struct spec *specs, size_t specs_len, size_t scopes,
				  bool options, bool netflow9);
/* The same for a constant template whose paddingOctets (210) are left out. */
struct template *template_compile_constant(const struct fields *fields, const struct spec *specs,
					   size_t specs_len);

/* The converter for an element of `type` that has `width` bytes. */
enum converter converter_for(unsigned type, size_t width);
/* The longest value of `width` bytes; lists are measured per record, and the text of elements of variable length, too. */
uint32_t converter_room(enum converter conv, uint32_t width);

static inline bool converter_is_list(enum converter conv)
{
	return conv == CONV_BASIC_LIST || conv == CONV_TEMPLATE_LIST || conv == CONV_MULTI_LIST;
}

static inline bool converter_is_frame(enum converter conv)
{
	return conv >= CONV_FRAME_ETHERNET && conv <= CONV_FRAME_MPLS;
}

struct bytes {
	const uint8_t *p;
	size_t len; /* 0: not there */
};

static inline bool record_has(const struct record *rec, enum ref_kind kind)
{
	return rec->tmpl->refs_set >> kind & 1;
}

static inline struct bytes record_bytes(const struct record *rec, struct place place)
{
	if (!rec->parts)
		return (struct bytes){ rec->data + place.at, place.width };
	const struct part *part = &rec->parts[place.part];
	if (place.width == WIDTH_VARIABLE)
		return (struct bytes){ rec->data + part->at, part->len };
	return (struct bytes){ rec->data + part->start + place.at, place.width };
}

/* The bytes of an element that the decoder needs. */
static inline struct bytes record_ref(const struct record *rec, enum ref_kind kind)
{
	if (!record_has(rec, kind))
		return (struct bytes){ NULL, 0 };
	return record_bytes(rec, rec->tmpl->refs[kind]);
}

/* The same as an unsigned integer; 0 when it is not there or wider than 8 bytes. */
static inline uint64_t record_uint(const struct record *rec, enum ref_kind kind)
{
	struct bytes b = record_ref(rec, kind);
	return b.len > 8 ? 0 : be_uint(b.p, b.len);
}

/* Find the parts of the record of varying length at `data`, of which `left` bytes are there; writes parts_len + 1 of them.
 * *ret_room: the largest JSON of the elements, lists not counted. Returns the length of the record, 0 when it does not fit. */
size_t record_locate(const struct template *tmpl, const uint8_t *data, size_t left,
		     struct part *parts, uint32_t *ret_room);

/* How much less than record_locate() or tmpl->room says the frames in the record need: each is counted as the largest one. */
size_t record_frames_spare(struct decoder *dec, const struct record *rec);
/* The largest JSON of the lists in the record. */
size_t record_lists_room(struct decoder *dec, const struct record *rec, unsigned depth);

/* Writes the members ",\"name\":value" of all elements; room for them has been proven. */
char *record_members(struct decoder *dec, const struct record *rec,
		     const struct record_times *times, unsigned depth, char *p);

/* Epoch milliseconds that the record says about itself (docs/raw-line.md, "@timestamp"), 0: nothing. */
uint64_t record_time(const struct decoder *dec, const struct record *rec,
		     const struct record_times *times);

/* One value without its key; NULL: absent. */
char *value_write(struct decoder *dec, const struct record_times *times, unsigned depth, char *p,
		  enum converter conv, struct bytes value);

/* RFC 6313 (list.c). list_room: the largest JSON of a list; list_write writes it. A list that is malformed, deeper than
 * LIST_DEPTH_MAX or in a record larger than RECORD_ROOM_MAX is {"data":"<hex>"}. Both look up nested templates in the domain
 * of the datagram. */
size_t list_room(struct decoder *dec, enum converter conv, struct bytes list, unsigned depth);
char *list_write(struct decoder *dec, enum converter conv, struct bytes list,
		 const struct record_times *times, unsigned depth, char *p);

/* Epoch milliseconds of the element at `v` under a time converter. */
uint64_t time_convert(enum converter conv, const uint8_t *v, size_t width,
		      const struct record_times *times);

#endif
