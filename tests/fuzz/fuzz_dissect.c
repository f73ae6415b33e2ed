/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing: the first octet says the link layer, the others are a packet; the members must be JSON
 * and fit DISSECT_MAX. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/jsonw.h"
#include "forwarder/decode/record/dissect.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL;
	char *out, *end;
	bool truncated = false;
	json_error_t error;
	json_t *json;

	if (!size)
		return 0;
	out = malloc(DISSECT_MAX + JSONW_SLACK + 1);
	if (!out)
		abort();
	end = dissect(out, data[0], data + 1, size - 1, &truncated);
	if (end > out) {
		if (end - out > DISSECT_MAX || out[0] != ',')
			abort();
		out[0] = '{';
		*end++ = '}';
		json = json_loadb(out, (size_t)(end - out), flags, &error);
		if (!json) {
			fprintf(stderr, "%s: %.*s\n", error.text, (int)(end - out), out);
			abort();
		}
		json_decref(json);
	}
	free(out);
	return 0;
}
