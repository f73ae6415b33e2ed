/* SPDX-License-Identifier: Apache-2.0
 * Flow datagrams of a capture, kept in memory and made nobody's: addresses, MAC addresses and texts
 * are replaced, and what the decoder does not understand is zero. */
#include "importer/capture/scrub.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cleanup.h"
#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/seen.h"
#include "forwarder/decode/decode.h"
#include "forwarder/decode/template/field.h"
#include "forwarder/decode/tick.h"

/* Of all that is learnt; what is captured has a ceiling, and this follows from it. */
#define ROOM_OF_STATE (1ull << 40)

struct kept_datagram {
	struct captured captured; /* data: not used */
	size_t at, len;           /* in the two memories */
};

struct scrub {
	struct pseudonyms *names;
	struct decoder *decoder;
	struct sink sink;
	struct seer seer;
	struct capture_streams streams;
	char *lines;   /* SINK_LINE_MAX of them, which nobody reads */
	uint8_t *came; /* datagrams as they came */
	uint8_t *out;  /* the same places, as they are to go out */
	size_t used, room;
	struct kept_datagram *kept;
	size_t kept_len, kept_room;
	struct scrub_totals totals;
};

/* ---- what the decoder says ---- */

/* RFC 1071. */
static uint16_t sum_of(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += be16(p + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The sum is right where it was right, and not there where it was not (offloading leaves 0). */
static void redo_header_sum(const uint8_t *came, uint8_t *out, size_t len)
{
	out[10] = out[11] = 0;
	if (be16(came + 10) == 0 || sum_of(came, len) != 0)
		return;
	uint16_t sum = sum_of(out, len);
	out[10] = (uint8_t)(sum >> 8);
	out[11] = (uint8_t)sum;
}

static void see(void *arg, enum seen what, const uint8_t *at, size_t len)
{
	struct scrub *s = arg;
	size_t place = (size_t)((uintptr_t)at - (uintptr_t)s->came);
	if (place >= s->room || len > s->room - place)
		return; /* of a datagram that was not kept */
	uint8_t *out = s->out + place;
	switch (what) {
	case SEEN_FORM:
	case SEEN_NUMBER:
		memcpy(out, at, len);
		break;
	case SEEN_IPV4:
		pseudonym_ipv4(s->names, at, out);
		s->totals.addresses++;
		break;
	case SEEN_IPV6:
		pseudonym_ipv6(s->names, at, out);
		s->totals.addresses++;
		break;
	case SEEN_MAC:
		pseudonym_mac(s->names, at, out);
		s->totals.macs++;
		break;
	case SEEN_TEXT:
		pseudonym_text(s->names, at, len, out);
		s->totals.texts++;
		break;
	case SEEN_IPV4_HEADER:
		redo_header_sum(at, out, len);
		break;
	}
}

/* ---- making and releasing ---- */

/* The lines go nowhere. */
static int forget_lines(struct sink *sink, size_t need)
{
	struct scrub *s = sink->owner;
	sink->cur = s->lines;
	return need <= SINK_LINE_MAX ? 0 : -1;
}

static void *map(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static int make_decoder(struct scrub *s, const struct strlist *elements, struct err *err)
{
	struct decode_settings settings = decode_defaults();
	/* as in a replay: what is at hand stays, however far apart its packets are */
	settings.limits.template_ms = settings.limits.held_ms = UINT64_MAX;
	settings.limits.held_bytes = settings.limits.memory = ROOM_OF_STATE;
	settings.limits.new_lines = UINT32_MAX;
	settings.no_silent_lines = true;
	settings.seer = &s->seer;
	settings.fields = fields_open(elements->item, elements->n, err);
	if (!settings.fields)
		return -1;
	s->decoder = decoder_new(&settings, err);
	return s->decoder ? 0 : -1;
}

int scrub_new(struct pseudonyms *names, const struct strlist *elements, size_t bytes,
	      struct scrub **ret, struct err *err)
{
	struct scrub *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, EF_FAILED, "out of memory");
	s->names = names;
	s->room = bytes;
	s->seer = (struct seer){ .see = see, .arg = s };
	s->came = map(bytes);
	s->out = map(bytes);
	s->lines = malloc(SINK_LINE_MAX);
	if (!s->came || !s->out || !s->lines) {
		scrub_free(s);
		return err_set(err, EF_FAILED, "out of memory for %zu bytes of datagrams", bytes);
	}
	/* no original in a core dump; where the system does not know that, it is as with others */
	madvise(s->came, bytes, MADV_DONTDUMP);
	s->sink = (struct sink){
		.cur = s->lines, .end = s->lines + SINK_LINE_MAX, .more = forget_lines, .owner = s
	};
	for (size_t i = 0; i < LINE_KINDS; i++)
		s->sink.head[i].id_at = -1;
	if (make_decoder(s, elements, err)) {
		scrub_free(s);
		return -1;
	}
	*ret = s;
	return 0;
}

void scrub_free(struct scrub *s)
{
	if (!s)
		return;
	decoder_free(s->decoder);
	if (s->came)
		munmap(s->came, s->room);
	if (s->out)
		munmap(s->out, s->room);
	free(s->lines);
	free(s->kept);
	free(s);
}

/* ---- datagrams ---- */

static struct kept_datagram *next_kept(struct scrub *s)
{
	if (s->kept_len == s->kept_room) {
		size_t room = s->kept_room ? 2 * s->kept_room : 256;
		struct kept_datagram *more = realloc(s->kept, room * sizeof(*more));
		if (!more)
			return NULL;
		s->kept = more;
		s->kept_room = room;
	}
	return &s->kept[s->kept_len];
}

bool scrub_add(struct scrub *s, const struct captured *c)
{
	struct kept_datagram *kept = next_kept(s);
	if (!kept || c->dgram.len > s->room - s->used)
		return false;
	struct decode_report report;
	struct datagram dgram = c->dgram;
	memcpy(s->came + s->used, c->dgram.data, c->dgram.len);
	dgram.data = s->came + s->used;
	dgram.stream = capture_stream(&s->streams, s->decoder, c);
	switch (decoder_datagram(s->decoder, &dgram, &s->sink, &report)) {
	case DECODE_OK:
	case DECODE_MALFORMED:
		break;
	default:
		s->totals.not_flow++;
		memset(s->out + s->used, 0, dgram.len);
		return true;
	}
	*kept = (struct kept_datagram){ .captured = *c, .at = s->used, .len = dgram.len };
	kept->captured.dgram.data = NULL;
	kept->captured.dgram.stream = NULL;
	s->kept_len++;
	s->used += dgram.len;
	return true;
}

bool scrub_get(struct scrub *s, size_t i, struct captured *ret)
{
	if (i >= s->kept_len)
		return false;
	const struct kept_datagram *kept = &s->kept[i];
	*ret = kept->captured;
	ret->dgram.data = s->out + kept->at;
	ret->dgram.len = kept->len;
	pseudonym_ip(s->names, &kept->captured.dgram.src, &ret->dgram.src);
	pseudonym_ip(s->names, &kept->captured.dst, &ret->dst);
	return true;
}

size_t scrub_kept(const struct scrub *s)
{
	return s->kept_len;
}

static uint64_t sum_protocols(const uint64_t counts[PROTOCOLS])
{
	uint64_t sum = 0;
	for (size_t i = 0; i < PROTOCOLS; i++)
		sum += counts[i];
	return sum;
}

void scrub_totals(const struct scrub *s, struct scrub_totals *ret)
{
	const struct decode_counters *d = decoder_counters(s->decoder);
	*ret = s->totals;
	ret->datagrams = s->kept_len;
	ret->bytes = s->used;
	ret->records = sum_protocols(d->records);
	ret->options_records = sum_protocols(d->options_records);
	ret->counter_samples = d->counter_samples;
	ret->no_template = d->held_now + d->held_dropped;
	for (size_t i = 0; i < s->used; i++)
		ret->hidden += s->came[i] && !s->out[i];
}
