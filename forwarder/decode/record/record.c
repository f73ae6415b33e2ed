/* SPDX-License-Identifier: Apache-2.0
 * The record walk: runs a template's program over the bytes of a record. */
#include "forwarder/decode/record/record.h"

#include "forwarder/decode/core/seen.h"
#include "forwarder/decode/record/frame.h"
#include "forwarder/decode/record/list.h"

/* ---- values ---- */

/* NTP time stamps (RFC 7011 section 6.1.9): seconds since 1900, or since 2036 when the top bit is
 * clear, and a binary fraction, rounded to the unit that was sent so that .123 stays .123. */
static uint64_t ntp_ms(uint64_t v, bool micro)
{
	uint64_t seconds = v >> 32, fraction = v & 0xffffffff;
	if (v == 0)
		return 0;
	seconds += seconds & 0x80000000 ? 0 : 0x100000000;
	if (seconds < 2208988800)
		return 0;
	if (micro) /* the lowest 11 bits mean nothing */
		fraction = ((fraction & ~0x7ffull) * 1000000 + 0x80000000) >> 32;
	else
		fraction = ((fraction * 1000000000 + 0x80000000) >> 32) / 1000;
	return (seconds - 2208988800) * 1000 + fraction / 1000;
}

/* Signed difference, so that a wrap of the 32 bits between the flow and the export does not matter,
 * nor a flow that ends a little after the export. */
static inline uint64_t uptime_ms(uint32_t v, const struct record_times *times)
{
	int64_t ms = (int64_t)times->exported_ms - (int32_t)(times->uptime_ms - v);
	return ms < 0 ? 0 : (uint64_t)ms;
}

static uint64_t time_convert(enum converter conv, const uint8_t *v, size_t width,
			     const struct record_times *times)
{
	uint64_t n = be_uint(v, width);
	switch (conv) {
	case CONV_SECONDS: /* some send eight octets, and a fraction in the last four */
		return (n >> 32 ? n >> 32 : n) * 1000;
	case CONV_NTP_MICRO:
	case CONV_NTP_NANO:
		return ntp_ms(n, conv == CONV_NTP_MICRO);
	case CONV_UPTIME_START:
	case CONV_UPTIME_END:
		return times->has_uptime ? uptime_ms((uint32_t)n, times) : 0;
	case CONV_DELTA:
		return times->exported_ms > n / 1000 ? times->exported_ms - n / 1000 : 0;
	default:
		return n;
	}
}

/* RFC 6759 section 4: engine id, selector; engine 20 puts the enterprise before the selector. */
static char *put_application(char *p, const uint8_t *v, size_t width)
{
	if (width > 9 && !(v[0] == 20 && width <= 13))
		return jsonw_hex(p, v, width);
	*p++ = '"';
	p = jsonw_u8(p, v[0]);
	*p++ = ':';
	if (v[0] == 20 && width >= 5) {
		p = jsonw_u64_digits(p, be32(v + 1));
		*p++ = ':';
		p = jsonw_u64_digits(p, be_uint(v + 5, width - 5));
	} else {
		p = jsonw_u64_digits(p, be_uint(v + 1, width - 1));
	}
	*p++ = '"';
	return p;
}

static char *put_text(char *p, const uint8_t *v, size_t width)
{
	while (width && v[width - 1] == 0)
		width--;
	return jsonw_string(p, v, width);
}

/* A finite number, or NULL: absent. */
static char *put_real(char *p, enum converter conv, const uint8_t *v)
{
	if (conv == CONV_FLOAT) {
		uint32_t bits = be32(v);
		float single;
		memcpy(&single, &bits, sizeof(single));
		return __builtin_isfinite(single) ? jsonw_float(p, single) : NULL;
	}
	uint64_t bits = be64(v);
	double number;
	memcpy(&number, &bits, sizeof(number));
	return __builtin_isfinite(number) ? jsonw_double(p, number) : NULL;
}

/* What a walk over the elements of a record has with it. */
struct record_walk {
	struct record_writer *out;
	struct decoder *dec;
	const struct template *tmpl;
	const struct record_times *times;
	unsigned depth; /* of lists */
};

/* Values that are rare. NULL: absent. */
static __attribute__((noinline)) char *put_rare(const struct record_walk *w, char *p,
						enum converter conv, const uint8_t *v, size_t width)
{
	switch (conv) {
	case CONV_INT:
		return jsonw_i64(p, be_int(v, width));
	case CONV_FLOAT:
	case CONV_DOUBLE:
		return put_real(p, conv, v);
	case CONV_BOOL: /* RFC 7011 section 6.1.5; some send 0 for false */
		return v[0] > 2 ? NULL : jsonw_bool(p, v[0] == 1);
	case CONV_HEX:
		return jsonw_hex(p, v, width);
	case CONV_SECONDS:
	case CONV_NTP_MICRO:
	case CONV_NTP_NANO:
	case CONV_DELTA:
		return jsonw_epoch_ms(p, time_convert(conv, v, width, w->times), &w->dec->times);
	case CONV_APPLICATION:
		return put_application(p, v, width);
	case CONV_BASIC_LIST:
	case CONV_TEMPLATE_LIST:
	case CONV_MULTI_LIST:
		return list_write(w->out, conv, (struct bytes){ v, width }, w->depth, p);
	case CONV_FRAME_ETHERNET:
	case CONV_FRAME_IP:
	case CONV_FRAME_MPLS:
		return frame_write(w->out, w->tmpl, conv, (struct bytes){ v, width }, p);
	default:
		return NULL;
	}
}

/* Uptime stamps in IPFIX mean nothing until the exporter has said when it started: the bare number,
 * under its own name, over the key that was written. */
static __attribute__((noinline)) char *put_bare_uptime(char *key_at, enum converter conv,
						       const uint8_t *v, size_t width)
{
	char *p = conv == CONV_UPTIME_START ? jsonw_lit(key_at, ",\"flowStartSysUpTime\":")
					    : jsonw_lit(key_at, ",\"flowEndSysUpTime\":");
	return jsonw_u64(p, be_uint(v, width));
}

/* Writes the value at `p` behind its key at `key_at`; returns NULL where it is absent. The hot
 * converters are all here. */
static inline __attribute__((always_inline)) char *put_value(const struct record_walk *w,
							     char *key_at, char *p,
							     enum converter conv, const uint8_t *v,
							     size_t width)
{
	switch (conv) {
	case CONV_NONE:
		return p;
	case CONV_U8:
		return jsonw_u8(p, v[0]);
	case CONV_U16:
		return jsonw_u64(p, be16(v));
	case CONV_U32:
		return jsonw_u64(p, be32(v));
	case CONV_U64:
		return jsonw_u64(p, be64(v));
	case CONV_MILLIS:
		return jsonw_epoch_ms(p, be64(v), &w->dec->times);
	case CONV_UINT:
		return jsonw_u64(p, be_uint(v, width));
	case CONV_MAC:
		return jsonw_mac(p, v);
	case CONV_IPV4:
		return jsonw_ipv4(p, v);
	case CONV_IPV6:
		return jsonw_ipv6(p, v);
	case CONV_STRING:
		return put_text(p, v, width);
	case CONV_UPTIME_START:
	case CONV_UPTIME_END:
		if (w->times->has_uptime)
			return jsonw_epoch_ms(p, uptime_ms((uint32_t)be_uint(v, width), w->times),
					      &w->dec->times);
		/* in an array there is no other name */
		return p - key_at == 1 ? NULL : put_bare_uptime(key_at, conv, v, width);
	default:
		return put_rare(w, p, conv, v, width);
	}
}

char *record_value(struct record_writer *out, unsigned depth, char *p, enum converter conv,
		   struct bytes b)
{
	struct record_walk w = { out, out->dec, NULL, out->times, depth };
	if (conv == CONV_UPTIME_START || conv == CONV_UPTIME_END)
		conv = CONV_UINT;
	return put_value(&w, p, p, conv, b.p, b.len);
}

/* The program. `parts` is a constant NULL or not in each of the two calls. */
static inline __attribute__((always_inline)) char *
record_run(const struct record_walk *w, const uint8_t *data, const struct part *parts, char *p)
{
	const struct op *end = w->tmpl->ops + w->tmpl->ops_len;
	for (const struct op *op = w->tmpl->ops; op < end; op++) {
		enum converter conv = (enum converter)op->conv;
		const uint8_t *v = data + op->place.at;
		size_t width = op->place.width;
		char *key_at = p, *value_at = jsonw_padded(p, op->key, op->key_len);
		if (parts && width == WIDTH_VARIABLE) {
			v = data + parts[op->place.part].at;
			width = parts[op->place.part].len;
			if (conv >= CONV_VARYING)
				conv = converter_for(conv - CONV_VARYING, width);
		} else if (parts) {
			v += parts[op->place.part].start;
		}
		p = put_value(w, key_at, value_at, conv, v, width);
		if (__builtin_expect(p == NULL, 0)) /* in an array a place must stay */
			p = op->key_len > 1 ? key_at : jsonw_lit(value_at, "null");
	}
	return p;
}

/* ---- the record ---- */

const struct record_times *record_times_read(const struct decoder *dec,
					     const struct data_record *rec,
					     const struct record_times *times,
					     struct record_times *own)
{
	*own = *times;
	uint64_t init = record_uint(rec, REF_INIT);
	if (init && init <= times->exported_ms) {
		own->uptime_ms = (uint32_t)(times->exported_ms - init);
		own->has_uptime = true;
	}
	/* A flow cannot end long after its export: some exporters count uptime from elsewhere. Then
	 * the end is the export, and the start keeps its distance. */
	uint32_t end = (uint32_t)record_uint(rec, REF_UPTIME_END);
	int32_t ahead = (int32_t)(end - own->uptime_ms);
	if (record_has(rec, REF_UPTIME_END) && ahead > 0 &&
	    (uint64_t)ahead > dec->settings.clock_skew_ms)
		own->uptime_ms = end;
	return own;
}

char *record_members(struct record_writer *out, const struct data_record *rec, unsigned depth,
		     char *p)
{
	struct record_walk w = { out, out->dec, rec->tmpl, out->times, depth };
	return rec->parts ? record_run(&w, rec->data, rec->parts, p)
			  : record_run(&w, rec->data, NULL, p);
}

uint64_t record_time(const struct data_record *rec, const struct record_times *times)
{
	const struct template *t = rec->tmpl;
	for (const struct time_source *s = t->times; s < t->times + t->times_len; s++) {
		struct bytes b = record_bytes(rec, s->place);
		uint64_t ms = time_convert((enum converter)s->conv, b.p, b.len, times);
		if (ms == 0)
			continue;
		if (!s->start)
			return ms;
		uint64_t duration = record_uint(rec, REF_DURATION);
		return ms + (t->duration_micro ? duration / 1000 : duration);
	}
	return 0;
}

uint64_t record_time_of(const struct data_record *rec, const struct record_times *times,
			struct place place, enum converter conv)
{
	struct bytes b = record_bytes(rec, place);
	if (b.len == 0 || b.len > 8)
		return 0;
	return time_convert(conv, b.p, b.len, times);
}

size_t record_locate(const struct template *tmpl, const uint8_t *data, size_t left,
		     struct part *parts, uint32_t *ret_room)
{
	struct cursor c = cursor_over(data, left < UINT16_MAX ? left : UINT16_MAX);
	size_t varying = 0, n = tmpl->parts_len;
	for (size_t i = 0; i < n; i++) {
		parts[i].start = (uint16_t)(c.p - data);
		cursor_take(&c, tmpl->part_len[i]);
		size_t len = cursor_u8(&c); /* RFC 7011 section 7 */
		if (len == 255)
			len = cursor_u16(&c);
		parts[i].at = (uint16_t)(c.p - data);
		parts[i].len = (uint16_t)len;
		cursor_take(&c, len);
		varying += len;
	}
	parts[n].start = (uint16_t)(c.p - data);
	cursor_take(&c, tmpl->part_len[n]);
	*ret_room = tmpl->room + (uint32_t)(6 * varying);
	return c.bad ? 0 : (size_t)(c.p - data);
}

size_t record_frames_spare(struct decoder *dec, const struct data_record *rec)
{
	size_t spare = 0;
	for (size_t i = 0; rec->tmpl->frame && i < rec->tmpl->ops_len; i++) {
		const struct op *op = &rec->tmpl->ops[i];
		if (converter_is_frame((enum converter)op->conv))
			spare += frame_spare(dec, (enum converter)op->conv,
					     record_bytes(rec, op->place));
	}
	return spare;
}

size_t record_lists_room(struct record_writer *out, const struct data_record *rec, unsigned depth)
{
	if (!rec->tmpl->lists)
		return 0;
	size_t room = 0;
	for (size_t i = 0; i < rec->tmpl->ops_len; i++) {
		const struct op *op = &rec->tmpl->ops[i];
		if (converter_is_list((enum converter)op->conv))
			room += list_room(out, (enum converter)op->conv,
					  record_bytes(rec, op->place), depth);
	}
	return room;
}

/* ---- what stands where ---- */

void value_see(struct record_writer *out, enum converter conv, struct bytes value, unsigned depth)
{
	const struct seer *seer = out->dec->settings.seer;
	if (conv >= CONV_VARYING)
		conv = converter_for(conv - CONV_VARYING, value.len);
	switch (conv) {
	case CONV_NONE:
	case CONV_ABSENT:
	case CONV_HEX:
		return;
	case CONV_IPV4:
		seer_tell(seer, SEEN_IPV4, value.p, value.len);
		return;
	case CONV_IPV6:
		seer_tell(seer, SEEN_IPV6, value.p, value.len);
		return;
	case CONV_MAC:
		seer_tell(seer, SEEN_MAC, value.p, value.len);
		return;
	case CONV_STRING:
		seer_tell(seer, SEEN_TEXT, value.p, value.len);
		return;
	case CONV_APPLICATION: /* longer ones are hex text */
		if (value.len <= 9)
			seer_tell(seer, SEEN_NUMBER, value.p, value.len);
		return;
	case CONV_BASIC_LIST:
	case CONV_TEMPLATE_LIST:
	case CONV_MULTI_LIST:
		list_see(out, conv, value, depth);
		return;
	case CONV_FRAME_ETHERNET:
	case CONV_FRAME_IP:
	case CONV_FRAME_MPLS:
		frame_see(out->dec, conv, value);
		return;
	default:
		seer_tell(seer, SEEN_NUMBER, value.p, value.len);
	}
}

void record_see(struct record_writer *out, const struct data_record *rec, unsigned depth)
{
	const struct template *t = rec->tmpl;
	for (size_t i = 0; rec->parts && i < t->parts_len; i++) {
		const uint8_t *length = rec->data + rec->parts[i].start + t->part_len[i];
		seer_tell(out->dec->settings.seer, SEEN_FORM, length,
			  (size_t)(rec->data + rec->parts[i].at - length));
	}
	for (const struct op *op = t->ops; op < t->ops + t->ops_len; op++)
		if (op->conv != CONV_NONE)
			value_see(out, (enum converter)op->conv, record_bytes(rec, op->place),
				  depth);
}
