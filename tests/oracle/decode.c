/* SPDX-License-Identifier: Apache-2.0
 * Decodes a capture to NDJSON on standard output; counters that are not zero go to standard error as JSON.
 * usage: decode [--ports P,...] [--tick] CAPTURE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forwarder/decode/decode.h"
#include "importer/pcap.h"

#define ROOM (16u << 20)

static int flush(struct sink *sink, size_t need)
{
	char *start = sink->owner;
	fwrite(start, 1, (size_t)(sink->cur - start), stdout);
	sink->cur = start;
	return need <= ROOM ? 0 : -1;
}

static void print_counters(const struct decode_counters *counters)
{
	const char *comma = "{";
	for (size_t i = 0; i < decode_counter_rows_len; i++) {
		const struct decode_counter_row *row = &decode_counter_rows[i];
		uint64_t v;
		memcpy(&v, (const char *)counters + row->offset, sizeof(v));
		if (!v)
			continue;
		fprintf(stderr, "%s\"%s%s%s\":%llu", comma, row->name, row->value ? "." : "",
			row->value ? row->value : "", (unsigned long long)v);
		comma = ",";
	}
	fprintf(stderr, "%s\n", comma[0] == '{' ? "{}" : "}");
}

int main(int argc, char **argv)
{
	struct err err = ERR_NONE;
	struct decode_options options = { 0 };
	struct decoder *dec = decoder_new(&options, &err);
	struct capture *capture = NULL;
	bool tick = argc > 2 && strcmp(argv[1], "--tick") == 0;
	if (argc < 2) {
		fputs("usage: decode [--tick] CAPTURE\n", stderr);
		return EF_USAGE;
	}
	if (!dec || capture_open(argv[argc - 1], NULL, 0, &capture, &err)) {
		fprintf(stderr, "decode: %s\n", err.msg);
		return EF_FAILED;
	}
	struct sink sink = { .more = flush, .owner = malloc(ROOM) };
	for (int kind = 0; kind < LINE_KINDS; kind++)
		sink.head[kind].id_at = -1;
	sink.cur = sink.owner;
	sink.end = sink.cur + ROOM;
	struct captured captured;
	int more;
	while ((more = capture_next(capture, &captured, &err)) > 0)
		decoder_datagram(dec, &captured.dgram, &sink);
	if (more < 0)
		fprintf(stderr, "decode: %s\n", err.msg);
	if (tick)
		decoder_tick(dec, UINT64_MAX / 4, &sink);
	flush(&sink, 0);
	print_counters(decoder_counters(dec));
	capture_free(capture);
	decoder_free(dec);
	free(sink.owner);
	return EF_DONE;
}
