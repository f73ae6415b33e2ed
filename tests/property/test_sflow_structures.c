/* SPDX-License-Identifier: Apache-2.0
 * Round trip of every sFlow structure: the rows of the table say how random values are encoded and
 * what must come out, in older and newer versions of the structures, in any mix. SEED=n repeats a
 * run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forwarder/decode/decode.h"
#include "forwarder/decode/record/sflow_rows.h"
#include "tests/lib/packet.h"
#include "tests/lib/rng.h"

#define DATAGRAMS  5000
#define STRUCTURES 6
#define FIELDS_MAX 64
#define NAME_MAX   128

static struct rng rng;

static uint64_t any(void)
{
	return rng_next(&rng);
}

static uint32_t below(uint32_t n)
{
	return rng_below(&rng, n);
}

/* ---- values: each is written and said ---- */

static json_t *hex(const uint8_t *bytes, size_t n)
{
	char text[2 * 64 + 1] = "";
	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return json_string(text);
}

static json_t *put_bytes(struct packet *p, size_t n, int family)
{
	uint8_t b[64] = { 0 };
	char text[64];
	for (size_t i = 0; i < n; i++)
		b[i] = (uint8_t)any();
	packet_bytes(p, b, n);
	if (!family)
		return hex(b, n);
	inet_ntop(family, b, text, sizeof(text));
	return json_string(text);
}

static json_t *put_mac(struct packet *p)
{
	char text[18];
	size_t at = p->len;
	json_decref(put_bytes(p, 8, 0));
	const uint8_t *b = p->data + at;
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
		 b[5]);
	return json_string(text);
}

static json_t *put_u32(struct packet *p, uint32_t v)
{
	packet_u32(p, v);
	return json_integer(v);
}

static json_t *put_u64(struct packet *p)
{
	uint64_t v = below(4) ? any() >> below(64) : any();
	packet_u64(p, v);
	return v > INT64_MAX ? json_sprintf("%" PRIu64, v) : json_integer((json_int_t)v);
}

static json_t *put_float(struct packet *p)
{
	float v = (float)below(200000) / 8 - 1000;
	uint32_t bits;
	memcpy(&bits, &v, sizeof(bits));
	packet_u32(p, bits);
	return json_real((double)v);
}

static json_t *put_text(struct packet *p, size_t max)
{
	char text[32];
	size_t n = below((uint32_t)max + 1);
	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + below(26));
	packet_bytes(p, text, n);
	return json_stringn(text, n);
}

static json_t *put_counted(struct packet *p, bool text)
{
	size_t start = packet_open(p);
	json_t *value = text ? put_text(p, 30) : put_bytes(p, below(40), 0);
	packet_shut(p, start);
	return value;
}

/* A count below `n`, and as many of what `each` puts. */
static json_t *put_list(struct packet *p, uint32_t n, json_t *(*each)(struct packet *))
{
	json_t *list = json_array();
	n = below(n);
	packet_u32(p, n);
	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(list, each(p));
	return list;
}

static json_t *put_any(struct packet *p)
{
	return put_u32(p, (uint32_t)any());
}

static json_t *put_lane(struct packet *p)
{
	static const char *const names[] = { "index",        "tx_bias_current", "tx_power",
					     "tx_power_min", "tx_power_max",    "tx_wavelength",
					     "rx_power",     "rx_power_min",    "rx_power_max",
					     "rx_wavelength" };
	json_t *lane = json_object();
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		json_object_set_new(lane, names[k], put_any(p));
	return lane;
}

static json_t *put_adapter(struct packet *p)
{
	json_t *index = put_any(p);
	return json_pack("{s:o,s:o}", "ifIndex", index, "mac_addresses", put_list(p, 3, put_mac));
}

/* ---- structures ---- */

/* What one structure is said with. */
struct said {
	json_t *members;
	bool counters; /* all ones is "not known" there */
	unsigned family;
};

/* `,"name":` */
static void say(struct said *s, const char *key, size_t len, json_t *value)
{
	char name[NAME_MAX];
	assert_in_range(len, 5, NAME_MAX);
	memcpy(name, key + 2, len - 4);
	name[len - 4] = '\0';
	json_object_set_new(s->members, name, value);
}

static bool is_free(const struct said *s, const struct sflow_field *f, unsigned which)
{
	char name[NAME_MAX];
	if (s->counters || !f->iana_len[which])
		return false;
	memcpy(name, f->iana[which] + 2, f->iana_len[which] - 4u);
	name[f->iana_len[which] - 4] = '\0';
	return !json_object_get(s->members, name);
}

/* Under IANA's name while that is free, else under the structure's own. */
static void say_field(struct said *s, const struct sflow_field *f, unsigned which, json_t *value)
{
	if (is_free(s, f, which))
		say(s, f->iana[which], f->iana_len[which], value);
	else
		say(s, f->key, f->key_len, value);
}

static void put_address(struct packet *p, struct said *s, const struct sflow_field *f)
{
	uint32_t type = below(3);
	packet_u32(p, type);
	if (!type)
		return;
	s->family = type - 1;
	say_field(s, f, s->family,
		  type == 1 ? put_bytes(p, 4, AF_INET) : put_bytes(p, 16, AF_INET6));
}

static void put_path(struct packet *p, struct said *s, const struct sflow_field *f)
{
	json_t *path = json_array();
	uint32_t segments = below(3), first = 0, last = 0;
	packet_u32(p, segments);
	for (uint32_t i = 0; i < segments; i++) {
		bool set = below(2);
		json_t *numbers = set ? json_array() : json_incref(path);
		uint32_t n = below(4);
		packet_u32(p, set ? 1 : 2);
		packet_u32(p, n);
		for (uint32_t k = 0; k < n; k++) {
			last = 1 + below(UINT32_MAX);
			first = first ? first : last;
			json_array_append_new(numbers, put_u32(p, last));
		}
		if (set)
			json_array_append(path, numbers);
		json_decref(numbers);
	}
	say(s, f->key, f->key_len, path);
	if (first && is_free(s, f, 0))
		say(s, f->iana[0], f->iana_len[0], json_integer(first));
	if (last && is_free(s, f, 1))
		say(s, f->iana[1], f->iana_len[1], json_integer(last));
}

static void put_number(struct packet *p, struct said *s, const struct sflow_field *f)
{
	unsigned which = f->iana_len[1] ? s->family : 0;
	bool unknown = s->counters && below(8) == 0;
	if (unknown)
		packet_fill(p, 0xff, f->type == SFLOW_U32 ? 4 : 8);
	else if (f->type == SFLOW_U32)
		say_field(s, f, which, put_u32(p, below(UINT32_MAX)));
	else
		say_field(s, f, 0, put_u64(p));
}

static json_t *put_value(struct packet *p, unsigned type)
{
	size_t start = p->len;
	int32_t number = (int32_t)any();
	json_t *value;
	switch (type) {
	case SFLOW_I32:
		packet_u32(p, (uint32_t)number);
		return json_integer(number);
	case SFLOW_F32:
		return put_float(p);
	case SFLOW_MAC:
		return put_mac(p);
	case SFLOW_IPV4:
		return put_bytes(p, 4, AF_INET);
	case SFLOW_IPV6:
		return put_bytes(p, 16, AF_INET6);
	case SFLOW_STRING:
	case SFLOW_OPAQUE:
		return put_counted(p, type == SFLOW_STRING);
	case SFLOW_OPAQUE4:
		return put_bytes(p, 4, 0);
	case SFLOW_OPAQUE16:
		return put_bytes(p, 16, 0);
	case SFLOW_STRING16:
		value = put_text(p, 16);
		packet_fill(p, 0, 16 - (p->len - start));
		return value;
	case SFLOW_U32_LIST:
		return put_list(p, 5, put_any);
	case SFLOW_LANES:
		return put_list(p, 3, put_lane);
	case SFLOW_ADAPTERS:
		return put_list(p, 3, put_adapter);
	default: /* SFLOW_PDUS: what is behind the count is not read */
		value = put_u32(p, below(100));
		packet_fill(p, 1, 12);
		return value;
	}
}

static void put_field(struct packet *p, struct said *s, const struct sflow_field *f)
{
	if (f->type == SFLOW_U32 || f->type == SFLOW_U64)
		put_number(p, s, f);
	else if (f->type == SFLOW_ADDRESS)
		put_address(p, s, f);
	else if (f->type == SFLOW_AS_PATH)
		put_path(p, s, f);
	else
		say_field(s, f, 0, put_value(p, f->type));
}

/* An older version of a structure ends earlier, a newer one has more. */
static void put_structure(struct packet *p, const struct sflow_structure *row, struct said *s)
{
	uint32_t fields = below(4) ? row->fields : below(row->fields + 1u);
	packet_u32(p, row->tag);
	size_t start = packet_open(p);
	for (uint32_t i = 0; i < fields; i++)
		put_field(p, s, &sflow_fields[row->first + i]);
	if (fields == row->fields && below(4) == 0)
		packet_fill(p, 7, 4 * below(5));
	packet_shut(p, start);
}

/* A random row that is not in the sample yet; sampled headers have a test of their own. */
static const struct sflow_structure *pick(const struct sflow_structure *rows, size_t count,
					  uint64_t *taken)
{
	for (;;) {
		uint32_t i = below((uint32_t)count);
		if (rows[i].tag != 1 && !(taken[i / 64] >> i % 64 & 1)) {
			taken[i / 64] |= 1ull << i % 64;
			return &rows[i];
		}
	}
}

/* ---- the test ---- */

static bool equal(const json_t *a, const json_t *b)
{
	const char *name;
	json_t *value;
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b) ||
		       json_equal((json_t *)a, (json_t *)b);
	if (!json_is_object(a) || !json_is_object(b))
		return json_equal((json_t *)a, (json_t *)b);
	json_object_foreach ((json_t *)a, name, value)
		if (!equal(value, json_object_get(b, name)))
			return false;
	return json_object_size(a) == json_object_size(b);
}

static int no_more(struct sink *sink, size_t need)
{
	(void)need;
	return sink->cur ? -1 : 0;
}

/* The line of a datagram, which has one. */
static json_t *decode(struct decoder *dec, const struct packet *p)
{
	static char memory[1 << 20];
	const struct datagram dgram = { .data = p->data,
					.len = p->len,
					.received_ms = 1700000000000 };
	struct sink sink = { .cur = memory, .end = memory + sizeof(memory), .more = no_more };
	struct decode_report report;
	json_error_t error;
	for (int k = 0; k < LINE_KINDS; k++)
		sink.head[k].id_at = -1;
	assert_int_equal(decoder_datagram(dec, &dgram, &sink, &report), DECODE_OK);
	*sink.cur = '\0';
	json_t *line = json_loads(memory, JSON_REJECT_DUPLICATES, &error);
	if (!line)
		fail_msg("%s: %s", error.text, memory);
	return line;
}

static void check(json_t *line, const char *member, const json_t *want)
{
	json_t *got = json_object_get(line, member);
	if (!equal(got, want) || json_object_get(line, "tags"))
		fail_msg("got %s\nwant %s", json_dumps(got, JSON_SORT_KEYS),
			 json_dumps(want, JSON_SORT_KEYS));
	json_decref(line);
}

static void flow_structures(struct decoder *dec, uint32_t seq)
{
	uint64_t taken[8] = { 0 };
	struct packet p = { 0 };
	unsigned n = below(STRUCTURES + 1);
	packet_sflow(&p, seq, 1);
	packet_shut(&p, packet_sflow_flow(&p, 0));
	json_t *bare = decode(dec, &p);
	struct said s = { .members = json_object_get(bare, "ie") };

	p.len = 0;
	packet_sflow(&p, seq + 1, 1);
	size_t start = packet_sflow_flow(&p, n);
	for (unsigned i = 0; i < n; i++) {
		s.family = 0;
		put_structure(&p, pick(sflow_flow_rows, sflow_flow_rows_count, taken), &s);
	}
	packet_shut(&p, start);
	json_t *line = decode(dec, &p);
	/* the length of the frame is the sample's, not the structure's */
	json_object_del(json_object_get(line, "ie"), "octetDeltaCount");
	json_object_del(json_object_get(line, "ie"), "sflow.frameLength");
	json_object_del(line, "tags"); /* implausible, as most random lengths are */
	check(line, "ie", s.members);
	json_decref(bare);
}

static void counter_structures(struct decoder *dec, uint32_t seq)
{
	uint64_t taken[1] = { 0 };
	struct packet p = { 0 };
	json_t *want = json_object();
	unsigned n = 1 + below(STRUCTURES);
	bool expanded = below(2);
	packet_sflow(&p, seq, 1);
	packet_u32(&p, expanded ? 4 : 2);
	size_t start = packet_open(&p);
	packet_u32(&p, seq);
	packet_fill(&p, 0, expanded ? 8 : 4);
	packet_u32(&p, n);
	for (unsigned i = 0; i < n; i++) {
		const struct sflow_structure *row =
		    pick(sflow_counter_rows, sflow_counter_rows_count, taken);
		char name[NAME_MAX];
		struct said s = { .members = json_object(), .counters = true };
		snprintf(name, sizeof(name), "%.*s", row->key_len - 4, row->key + 2);
		put_structure(&p, row, &s);
		json_object_set_new(want, name, s.members);
	}
	packet_shut(&p, start);
	check(decode(dec, &p), "counters", want);
	json_decref(want);
}

static void every_structure(void **unused)
{
	const struct decode_settings settings = { .fields = NULL };
	struct err err;
	struct decoder *dec = decoder_new(&settings, &err);
	(void)unused;
	assert_non_null(dec);
	assert_in_range(sflow_counter_rows_count, STRUCTURES, 64);
	assert_in_range(sflow_flow_rows_count, STRUCTURES, 512);
	for (uint32_t i = 0; i < DATAGRAMS; i++) {
		flow_structures(dec, 3 * i);
		counter_structures(dec, 3 * i + 2);
	}
	const struct decode_counters *c = decoder_counters(dec);
	assert_int_equal(c->skipped_structures + c->malformed_record + c->malformed_sample, 0);
	assert_int_equal(c->lost, 0);
	decoder_free(dec);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_structure) };
	const char *seed = getenv("SEED");
	rng.state = seed ? strtoull(seed, NULL, 10) : 20251124;
	printf("# SEED=%" PRIu64 "\n", rng.state);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
