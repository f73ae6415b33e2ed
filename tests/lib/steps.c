/* SPDX-License-Identifier: Apache-2.0
 * Rows of datagrams in one byte string, the input of the NetFlow and IPFIX fuzz targets. */
#include "tests/lib/steps.h"

#include <stdlib.h>

#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/decode.h"
#include "forwarder/decode/tick.h"
#include "tests/lib/strict.h"

static struct stream streams[8];

static void one(struct decoder *dec, struct cursor body, uint8_t who, uint16_t version,
		uint64_t now_ms, struct sink *sink)
{
	size_t len = cursor_left(&body);
	uint8_t *copy = malloc(len ? len : 1); /* of its own: reading beyond it is found */
	if (!copy)
		abort();
	memcpy(copy, body.p, len);
	if (version && len >= 2) {
		copy[0] = (uint8_t)(version >> 8);
		copy[1] = (uint8_t)version;
	}
	struct datagram dgram = { .data = copy, .len = len, .port = who, .received_ms = now_ms };
	if (who & 0x40)
		dgram.stream = &streams[who & 7];
	if (dgram.stream && who & 0x20)
		decoder_stream_end(dec, dgram.stream);
	dgram.src = ip_from_v4((const uint8_t[]){ 192, 0, 2, who & 3 });
	struct decode_report report;
	(void)decoder_datagram(dec, &dgram, sink, &report);
	free(copy);
}

void steps_run(const uint8_t *data, size_t size, uint16_t version)
{
	struct err err = ERR_NONE;
	struct decode_settings settings = { .limits = { .exporters = 8,
							.templates_per_exporter = 16,
							.options_per_exporter = 16,
							.held_bytes = 8192,
							.memory = 4u << 20 } };
	struct decoder *dec = decoder_new(&settings, &err);
	struct cursor c = cursor_over(data, size);
	uint64_t now_ms = 1700000000000;
	struct strict strict;
	if (!dec)
		abort();
	strict_init(&strict);
	while (cursor_left(&c) >= 3) {
		uint16_t len = cursor_u16(&c);
		uint8_t who = cursor_u8(&c);
		now_ms += 1000;
		if (who & 0x80)
			decoder_tick(dec, now_ms += len * 1000u, &strict.sink);
		else
			one(dec, cursor_sub(&c, len), who, version, now_ms, &strict.sink);
		strict_check(&strict);
	}
	strict_release(&strict);
	decoder_free(dec);
}
