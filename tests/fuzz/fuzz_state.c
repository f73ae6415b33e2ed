/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing: any state file. Its hash is made right first, so that what is before it gets read; what was loaded is saved
 * and must load again. */
#include <stdlib.h>
#include <string.h>

#include "forwarder/decode/decode.h"
#include "tests/fuzz/fuzz.h"

static void put_hash(uint8_t *file, size_t len)
{
	const size_t tail = 13; /* 'H', length, hash */
	uint64_t h = 0xcbf29ce484222325u;
	if (len < 8 + tail)
		return;
	memcpy(file, "EFSTATE1", 8);
	for (size_t i = 0; i < len - tail; i++)
		h = (h ^ file[i]) * 0x100000001b3u;
	file[len - tail] = 'H';
	for (int i = 0; i < 8; i++)
		file[len - 8 + (size_t)i] = (uint8_t)(h >> (56 - 8 * i));
}

static struct decoder *new_decoder(void)
{
	struct err err = ERR_NONE;
	struct decode_options options = { .limits = { .exporters = 8, .memory = 4u << 20 } };
	struct decoder *dec = decoder_new(&options, &err);
	if (!dec)
		abort();
	return dec;
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
	if (decoder_load(dec, file, size, &err) == 0) {
		struct buf saved;
		buf_init(&saved, 16u << 20);
		if (decoder_save(dec, &saved, &err) ||
		    decoder_load(again, saved.data, saved.len, &err))
			abort();
		if (decoder_counters(dec)->templates_now != decoder_counters(again)->templates_now)
			abort();
		buf_release(&saved);
	}
	free(file);
	decoder_free(dec);
	decoder_free(again);
	return 0;
}
