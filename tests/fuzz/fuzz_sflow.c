/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing: any octets as an sFlow datagram; each line must be JSON and fit the room it asked
 * for. */
#include <stdlib.h>

#include "forwarder/decode/decode.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/strict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct decode_settings settings = { .fields = NULL };
	struct datagram dgram = { .data = data, .len = size, .received_ms = 1700000000000 };
	static struct decoder *dec;
	static struct strict strict;
	struct decode_report report;
	struct err err;

	if (!dec) {
		dec = decoder_new(&settings, &err);
		strict_init(&strict);
	}
	if (!dec)
		abort();
	(void)decoder_datagram(dec, &dgram, &strict.sink, &report);
	strict_check(&strict);
	return 0;
}
