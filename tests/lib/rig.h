/* SPDX-License-Identifier: Apache-2.0
 * A decoder with a sink in memory, and small datagrams for it: for tests of the decoder's state.
 * Include it once, after cmocka.h. */
#ifndef EF_TESTS_LIB_RIG_H
#define EF_TESTS_LIB_RIG_H

#include "tests/lib/world.h"

#define NOW_MS 1700000000000

struct fixture {
	struct decoder *dec;
	const struct decode_counters *counters;
	struct sink sink;
	struct decode_report report; /* of the last datagram */
	struct wire wire;
	char memory[1 << 20];
	int more_calls;
	bool no_room;
};

static struct fixture f;

static inline int more(struct sink *sink, size_t need)
{
	f.more_calls++;
	if (f.no_room || need > sizeof(f.memory))
		return -1;
	sink->cur = f.memory;
	sink->end = f.memory + sizeof(f.memory);
	return 0;
}

static inline void start(struct decode_limits limits)
{
	struct err err = ERR_NONE;
	struct decode_settings settings = { .limits = limits };
	memset(&f, 0, sizeof(f));
	f.dec = decoder_new(&settings, &err);
	assert_non_null(f.dec);
	f.counters = decoder_counters(f.dec);
	f.sink.more = more;
	for (int kind = 0; kind < LINE_KINDS; kind++)
		f.sink.head[kind].id_at = -1;
}

static inline void stop(void)
{
	decoder_free(f.dec);
}

static inline struct ip address(uint32_t n)
{
	return ip_from_v4(
	    (const uint8_t[]){ 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n });
}

static inline enum decode_result give_at(uint32_t exporter, uint64_t ms)
{
	struct datagram d = {
		.data = f.wire.data, .len = f.wire.len, .src = address(exporter), .received_ms = ms
	};
	return decoder_datagram(f.dec, &d, &f.sink, &f.report);
}

static inline enum decode_result give(uint32_t exporter)
{
	return give_at(exporter, NOW_MS);
}

static inline void netflow9(uint32_t domain, uint32_t seq, uint32_t uptime_ms)
{
	f.wire.len = 0;
	wire_uint(&f.wire, 9, 2);
	wire_uint(&f.wire, 1, 2);
	wire_uint(&f.wire, uptime_ms, 4);
	wire_uint(&f.wire, NOW_MS / 1000, 4);
	wire_uint(&f.wire, seq, 4);
	wire_uint(&f.wire, domain, 4);
}

/* A template of `elements` counters of 4 bytes. */
static inline void template(uint16_t id, unsigned elements)
{
	wire_uint(&f.wire, 0, 2);
	wire_uint(&f.wire, 8 + 4 * elements, 2);
	wire_uint(&f.wire, id, 2);
	wire_uint(&f.wire, elements, 2);
	for (unsigned i = 0; i < elements; i++) {
		wire_uint(&f.wire, i ? 100 + i : 1, 2);
		wire_uint(&f.wire, 4, 2);
	}
}

/* A data set of `records` for template(id, 1). */
static inline void data(uint16_t id, unsigned records)
{
	wire_uint(&f.wire, id, 2);
	wire_uint(&f.wire, 4 + 4 * records, 2);
	for (unsigned i = 0; i < records; i++)
		wire_uint(&f.wire, i + 1, 4);
}

/* An IPFIX message with `records` of template `id`, which counts records. */
static inline void ipfix(uint32_t seq, uint16_t id, unsigned records)
{
	f.wire.len = 0;
	wire_uint(&f.wire, 10, 2);
	wire_uint(&f.wire, 20 + 4 * records, 2);
	wire_uint(&f.wire, NOW_MS / 1000, 4);
	wire_uint(&f.wire, seq, 4);
	wire_uint(&f.wire, 7, 4);
	data(id, records);
	wire_set16(&f.wire, f.wire.len - 2, seq);
}

#endif
