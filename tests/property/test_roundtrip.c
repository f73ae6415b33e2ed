/* SPDX-License-Identifier: Apache-2.0
 * Round trip: random templates and values of all types are encoded, decoded and compared, with the
 * datagrams in disorder. Ten thousand messages; SEED=n starts elsewhere, and a failure names the
 * seed of its world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/world.h"

#define WORLDS         250
#define WORLD_MESSAGES 40
#define LINES_MAX      4096
#define ROOM           (8u << 20)

struct lines {
	char *rows[LINES_MAX];
	size_t len;
};

struct message {
	uint8_t *data;
	size_t len;
};

static void lines_add(struct lines *lines, const char *text, size_t len)
{
	assert_true(lines->len < LINES_MAX);
	char *copy = strndup(text, len);
	assert_non_null(copy);
	lines->rows[lines->len++] = copy;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void lines_free(struct lines *lines)
{
	for (size_t i = 0; i < lines->len; i++)
		free(lines->rows[i]);
	lines->len = 0;
}

/* ---- messages ---- */

static void message_head(struct world *w, uint32_t seq, struct wire *out)
{
	uint32_t seconds = (uint32_t)(w->exported_ms / 1000);
	out->len = 0;
	wire_uint(out, w->netflow9 ? 9 : 10, 2);
	wire_uint(out, 0, 2);
	if (w->netflow9)
		wire_uint(out, w->uptime_ms, 4);
	wire_uint(out, seconds, 4);
	wire_uint(out, seq, 4);
	wire_uint(out, 77, 4);
}

static size_t set_open(uint16_t id, struct wire *out)
{
	wire_uint(out, id, 2);
	wire_uint(out, 0, 2);
	return out->len - 4;
}

static void set_close(struct world *w, size_t start, struct wire *out)
{
	for (uint32_t pad = rng_below(&w->rng, 4); pad > 0; pad--)
		wire_uint(out, 0, 1);
	wire_set16(out, start + 2, out->len - start);
}

static void template_message(struct world *w, const struct shape *shape, struct wire *out)
{
	size_t start = set_open(w->netflow9 ? 0 : 2, out);
	world_template(w, shape, out);
	wire_set16(out, start + 2, out->len - start);
}

/* Sets of random templates with random records. Each record's members are added to `want`, `copies`
 * times. */
static void data_message(struct world *w, struct wire *out, struct lines *want, unsigned copies)
{
	for (uint32_t sets = 1 + rng_below(&w->rng, 3); sets > 0 && out->len < MESSAGE_MAX;
	     sets--) {
		const struct shape *shape = &w->shapes[rng_below(&w->rng, TEMPLATES)];
		size_t start = set_open(shape->id, out);
		for (uint32_t n = 1 + rng_below(&w->rng, 5); n > 0 && out->len < MESSAGE_MAX; n--) {
			struct text json = { 0 };
			world_record(w, shape, out, &json, 1);
			for (unsigned i = 0; i < copies; i++)
				lines_add(want, json.data, json.len);
			text_release(&json);
		}
		set_close(w, start, out);
	}
}

/* ---- the world's run ---- */

static int no_more(struct sink *sink, size_t need)
{
	(void)sink;
	(void)need;
	return -1;
}

/* The text of `"ie":{…}` in the line: up to what may follow it. */
static void take_members(struct lines *got, const char *line, const char *end)
{
	const char *ie = strstr(line, "\"ie\":{");
	assert_non_null(ie);
	ie += 5;
	const char *p = ie;
	bool text = false;
	int depth = 0;
	do {
		assert_true(p < end);
		if (text && *p == '\\')
			p++;
		else if (*p == '"')
			text = !text;
		else if (!text)
			depth += (*p == '{') - (*p == '}');
		p++;
	} while (depth);
	lines_add(got, ie, (size_t)(p - ie));
}

static void decode_all(struct world *w, struct message *messages, size_t len, struct lines *got)
{
	struct err err = ERR_NONE;
	struct decode_settings settings = { 0 };
	struct decoder *dec = decoder_new(&settings, &err);
	char *memory = malloc(ROOM);
	struct sink sink = { .cur = memory, .end = memory + ROOM, .more = no_more };
	for (int kind = 0; kind < LINE_KINDS; kind++)
		sink.head[kind].id_at = -1;
	assert_non_null(dec);
	assert_non_null(memory);
	for (size_t i = 0; i < len; i++) {
		struct datagram d = { .data = messages[i].data,
				      .len = messages[i].len,
				      .port = (uint16_t)(1000 + i % 3),
				      .received_ms = w->exported_ms };
		struct decode_report report;
		enum decode_result result = decoder_datagram(dec, &d, &sink, &report);
		if (result != DECODE_OK)
			print_error("message %zu: %s at %zu\n", i, report.problem.reason,
				    report.problem.offset);
		assert_int_equal(result, DECODE_OK);
		for (char *line = memory, *end; line < sink.cur; line = end + 1) {
			end = memchr(line, '\n', (size_t)(sink.cur - line));
			assert_non_null(end);
			take_members(got, line, end);
		}
		sink.cur = memory;
	}
	assert_int_equal(decoder_counters(dec)->sink_dropped, 0);
	decoder_free(dec);
	free(memory);
}

static void shuffle(struct rng *r, struct message *messages, size_t len)
{
	for (size_t i = len; i-- > 1;) {
		size_t k = rng_below(r, (uint32_t)i + 1);
		struct message other = messages[k];
		messages[k] = messages[i];
		messages[i] = other;
	}
}

/* Templates first, or everything in disorder: then data waits for its templates. Nested lists need
 * theirs before. */
static void run_world(struct fields *fields, uint64_t seed, bool netflow9)
{
	static struct world w;
	static struct wire out;
	static struct lines want, got;
	struct message messages[2 * WORLD_MESSAGES];
	size_t len = 0;
	world_make(&w, fields, netflow9, seed);
	bool disorder = netflow9 && rng_chance(&w.rng, 50);
	for (size_t i = 0; i < WORLD_MESSAGES; i++) {
		bool twice = rng_chance(&w.rng, 10);
		message_head(&w, (uint32_t)i, &out);
		if (i < TEMPLATES)
			template_message(&w, &w.shapes[i], &out);
		else
			data_message(&w, &out, &want, twice ? 2 : 1);
		wire_set16(&out, 2, w.netflow9 ? rng_below(&w.rng, 100) : out.len);
		for (int copies = twice ? 2 : 1; copies > 0; copies--) {
			messages[len].data = malloc(out.len);
			assert_non_null(messages[len].data);
			memcpy(messages[len].data, out.data, out.len);
			messages[len++].len = out.len;
		}
	}
	if (disorder)
		shuffle(&w.rng, messages, len);
	decode_all(&w, messages, len, &got);
	qsort(want.rows, want.len, sizeof(*want.rows), by_text);
	qsort(got.rows, got.len, sizeof(*got.rows), by_text);
	if (want.len != got.len)
		print_error("seed %llu: %zu records, want %zu\n", (unsigned long long)seed, got.len,
			    want.len);
	for (size_t i = 0; i < want.len && i < got.len; i++) {
		if (strcmp(want.rows[i], got.rows[i]) != 0)
			print_error("seed %llu (%s)\ngot  %s\nwant %s\n", (unsigned long long)seed,
				    netflow9 ? "NetFlow 9" : "IPFIX", got.rows[i], want.rows[i]);
		assert_string_equal(got.rows[i], want.rows[i]);
	}
	assert_int_equal(got.len, want.len);
	lines_free(&want);
	lines_free(&got);
	for (size_t i = 0; i < len; i++)
		free(messages[i].data);
}

static void run_worlds(bool netflow9)
{
	const char *from = getenv("SEED");
	uint64_t seed = from ? strtoull(from, NULL, 10) : 1;
	struct fields *fields = fields_new();
	assert_non_null(fields);
	for (uint64_t i = 0; i < WORLDS / 2; i++)
		run_world(fields, seed + i, netflow9);
	fields_free(fields);
}

/* ---- NetFlow 1, 5, 6, 7: fixed records, written down once more ---- */

enum kind { NUMBER, ADDRESS, UPTIME, NOTHING };

struct column {
	const char *name;
	unsigned width;
	enum kind kind;
};

#define SAME_COLUMNS                                                                    \
	{ "sourceIPv4Address", 4, ADDRESS }, { "destinationIPv4Address", 4, ADDRESS },  \
	    { "ipNextHopIPv4Address", 4, ADDRESS }, { "ingressInterface", 2, NUMBER },  \
	    { "egressInterface", 2, NUMBER }, { "packetDeltaCount", 4, NUMBER },        \
	    { "octetDeltaCount", 4, NUMBER }, { "flowStartMilliseconds", 4, UPTIME },   \
	    { "flowEndMilliseconds", 4, UPTIME }, { "sourceTransportPort", 2, NUMBER }, \
	{                                                                               \
		"destinationTransportPort", 2, NUMBER                                   \
	}
#define SAME_COLUMNS5                                                                              \
	{ NULL, 1, NOTHING }, { "tcpControlBits", 1, NUMBER },                                     \
	    { "protocolIdentifier", 1, NUMBER }, { "ipClassOfService", 1, NUMBER },                \
	    { "bgpSourceAsNumber", 2, NUMBER }, { "bgpDestinationAsNumber", 2, NUMBER },           \
	    { "sourceIPv4PrefixLength", 1, NUMBER }, { "destinationIPv4PrefixLength", 1, NUMBER }, \
	{                                                                                          \
		NULL, 2, NOTHING                                                                   \
	}

static const struct old_format {
	unsigned version, header_len, columns_len;
	struct column columns[24];
} old_formats[] = {
	{ 1,
	  16,
	  16,
	  { SAME_COLUMNS,
	    { NULL, 2, NOTHING },
	    { "protocolIdentifier", 1, NUMBER },
	    { "ipClassOfService", 1, NUMBER },
	    { "tcpControlBits", 1, NUMBER },
	    { NULL, 7, NOTHING } } },
	{ 5, 24, 20, { SAME_COLUMNS, SAME_COLUMNS5 } },
	{ 6, 24, 21, { SAME_COLUMNS, SAME_COLUMNS5, { "bgpNextHopIPv4Address", 4, ADDRESS } } },
	{ 7, 24, 21, { SAME_COLUMNS, SAME_COLUMNS5, { "exporterIPv4Address", 4, ADDRESS } } },
};

static void old_column(struct world *w, const struct column *c, struct wire *out, struct text *json)
{
	uint64_t v = rng_next(&w->rng) & ((1ull << 8 * (c->width > 4 ? 4 : c->width)) - 1);
	if (c->kind == UPTIME)
		v = (uint32_t)(w->uptime_ms - v % 3600000);
	wire_uint(out, v, c->width);
	if (c->kind == NOTHING)
		return;
	text_add(json, "%c\"%s\":", json->len ? ',' : '{', c->name);
	if (c->kind == ADDRESS)
		text_add(json, "\"%u.%u.%u.%u\"", (unsigned)(v >> 24), (unsigned)(v >> 16 & 255),
			 (unsigned)(v >> 8 & 255), (unsigned)(v & 255));
	else if (c->kind == UPTIME)
		text_add(json, "%llu",
			 (unsigned long long)(w->exported_ms - (uint32_t)(w->uptime_ms - v)));
	else
		text_add(json, "%llu", (unsigned long long)v);
}

static void old_message(struct world *w, const struct old_format *f, struct wire *out,
			struct lines *want)
{
	uint32_t count = 1 + rng_below(&w->rng, 24);
	out->len = 0;
	wire_uint(out, f->version, 2);
	wire_uint(out, count, 2);
	wire_uint(out, w->uptime_ms, 4);
	wire_uint(out, w->exported_ms / 1000, 4);
	while (out->len < f->header_len)
		wire_uint(out, 0, 1);
	for (uint32_t i = 0; i < count; i++) {
		struct text json = { 0 };
		for (unsigned k = 0; k < f->columns_len; k++)
			old_column(w, &f->columns[k], out, &json);
		text_add(&json, "}");
		lines_add(want, json.data, json.len);
		text_release(&json);
	}
}

static void netflow1_to_7(void **state)
{
	(void)state;
	static struct world w;
	static struct wire out;
	static struct lines want, got;
	struct fields *fields = fields_new();
	assert_non_null(fields);
	for (uint64_t seed = 1; seed <= 400; seed++) {
		world_make(&w, fields, false, seed);
		old_message(&w, &old_formats[seed % 4], &out, &want);
		struct message message = { out.data, out.len };
		decode_all(&w, &message, 1, &got);
		assert_int_equal(got.len, want.len);
		for (size_t i = 0; i < want.len; i++)
			assert_string_equal(got.rows[i], want.rows[i]);
		lines_free(&want);
		lines_free(&got);
	}
	fields_free(fields);
}

static void netflow9(void **state)
{
	(void)state;
	run_worlds(true);
}

static void ipfix(void **state)
{
	(void)state;
	run_worlds(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(netflow1_to_7),
		cmocka_unit_test(netflow9),
		cmocka_unit_test(ipfix),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
