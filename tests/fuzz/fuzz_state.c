/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing: any state file. Its hash is made right first, so that what is before it gets read; what
 * was loaded is saved and must load again. Then every domain in it gets a flow that is joined with
 * its names, which must make clean lines. */
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "forwarder/decode/decode.h"
#include "forwarder/decode/state.h"
#include "forwarder/decode/tick.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/packet.h"

static void put_hash(uint8_t *file, size_t len)
{
	const size_t tail = 13; /* 'H', length, hash */
	if (len < 8 + tail)
		return;
	memcpy(file, "EFSTATE3", 8);
	uint64_t h = hash_bytes(0, file, len - tail);
	file[len - tail] = 'H';
	for (int i = 0; i < 8; i++)
		file[len - 8 + (size_t)i] = (uint8_t)(h >> (56 - 8 * i));
}

static struct decoder *new_decoder(void)
{
	struct err err = ERR_NONE;
	struct decode_settings settings = { .limits = { .exporters = 8, .memory = 4u << 20 } };
	struct decoder *dec = decoder_new(&settings, &err);
	if (!dec)
		abort();
	return dec;
}

static char memory[1 << 20];

/* The lines so far: a state file puts no control character into them. */
static int check_lines(struct sink *sink, size_t need)
{
	for (const char *p = memory; p < sink->cur; p++)
		if ((unsigned char)*p < 0x20 && (*p != '\n' || p == memory || p[-1] != '}'))
			abort();
	sink->cur = memory;
	return need <= sizeof(memory) ? 0 : -1;
}

struct use {
	struct decoder *dec;
	struct sink sink;
	const uint8_t *ids; /* 1 byte each */
	size_t ids_len;
};

/* Elements 10, 14, 95, 234, 235, 48 under a template, and records of small numbers. */
#define NOW_MS 1700000000000

static int use_domain(const struct exporter_info *info, void *arg)
{
	struct use *use = arg;
	struct packet p = { .len = 0 };
	bool ipfix = info->protocol == PROTO_IPFIX;
	if (!ipfix && info->protocol != PROTO_NETFLOW9)
		return 0;
	packet_hex(&p,
		   ipfix ? "000a 0000 6553f100 00000000" : "0009 0001 00000064 6553f100 00000000");
	packet_u32(&p, info->domain);
	packet_hex(&p, ipfix ? "0002" : "0000");
	packet_hex(&p, "0020 ffff 0006 000a0001 000e0001 005f0004 00ea0001 00eb0001 00300001");
	size_t n = use->ids_len < 100 ? use->ids_len : 100;
	packet_u16(&p, 65535);
	packet_u16(&p, (unsigned)(4 + 9 * n));
	for (size_t i = 0; i < n; i++) {
		unsigned id = use->ids[i];
		packet_u8(&p, id);
		packet_u8(&p, id);
		packet_u32(&p, id << 24 | id);
		packet_u8(&p, id);
		packet_u8(&p, id);
		packet_u8(&p, id);
	}
	if (ipfix)
		p.data[2] = (uint8_t)(p.len >> 8), p.data[3] = (uint8_t)p.len;
	struct datagram d = {
		.data = p.data, .len = p.len, .src = info->address, .received_ms = NOW_MS
	};
	struct decode_report report;
	decoder_datagram(use->dec, &d, &use->sink, &report);
	check_lines(&use->sink, 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_NONE;
	struct decoder *dec = new_decoder(), *again = new_decoder();
	uint8_t *file = malloc(size + 1);
	if (!file)
		abort();
	memcpy(file, data, size);
	put_hash(file, size);
	if (decoder_load(dec, file, size, NOW_MS, NULL, &err) == 0) {
		struct buf saved;
		buf_init(&saved, 16u << 20);
		if (decoder_save(dec, &saved, &err) ||
		    decoder_load(again, saved.data, saved.len, NOW_MS, NULL, &err))
			abort();
		if (decoder_counters(dec)->templates_now != decoder_counters(again)->templates_now)
			abort();
		buf_release(&saved);
		struct use use = { .dec = dec, .ids = data, .ids_len = size };
		use.sink = (struct sink){ .cur = memory,
					  .end = memory + sizeof(memory),
					  .more = check_lines };
		for (int kind = 0; kind < LINE_KINDS; kind++)
			use.sink.head[kind].id_at = -1;
		decoder_exporters(dec, use_domain, &use);
	}
	free(file);
	decoder_free(dec);
	decoder_free(again);
	return 0;
}
