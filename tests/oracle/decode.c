/* SPDX-License-Identifier: Apache-2.0
 * Decodes a capture, or datagrams written as hex (*.hex), to NDJSON on standard output; what was
 * wrong with a datagram and, as a JSON object in the last line, all counters that are not zero go
 * to standard error. usage: decode [--elements CSV] FILE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forwarder/decode/decode.h"
#include "forwarder/decode/state.h"
#include "forwarder/decode/tick.h"
#include "forwarder/decode/template/field.h"
#include "importer/capture/pcap.h"
#include "tests/lib/hexfile.h"

#define ROOM (16u << 20)

static const char *elements; /* a CSV of the user */
static uint32_t output;      /* decode_limits.output, with nothing beside it; 0: the default */

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
		if (!v || strcmp(row->name, "memory_bytes") == 0)
			continue;
		fprintf(stderr, "%s\"%s%s%s\":%llu", comma, row->name, row->value ? "." : "",
			row->value ? row->value : "", (unsigned long long)v);
		comma = ",";
	}
	fprintf(stderr, "%s\n", comma[0] == '{' ? "{}" : "}");
}

static struct decoder *new_decoder(struct err *err)
{
	struct decode_settings settings = { .fields = fields_new() };
	if (output) {
		settings.limits.output = output;
		settings.limits.output_first = 1;
	}
	if (elements && fields_load_csv(settings.fields, elements, err))
		return NULL;
	return decoder_new(&settings, err);
}

/* TCP connections, of which a case has a few. */
static struct {
	struct ip address;
	uint16_t port;
	struct stream stream;
} streams[16];

static struct stream *stream_of(const struct datagram *dgram)
{
	unsigned i = 0;
	while (i < 15 && streams[i].port &&
	       (streams[i].port != dgram->port || !ip_equal(&streams[i].address, &dgram->src)))
		i++;
	streams[i].address = dgram->src;
	streams[i].port = dgram->port;
	return &streams[i].stream;
}

static void one(struct decoder *dec, const struct datagram *dgram, struct sink *sink)
{
	static unsigned number;
	number++;
	struct decode_report report;
	if (decoder_datagram(dec, dgram, sink, &report) == DECODE_OK)
		return;
	const struct decode_problem *problem = &report.problem;
	fprintf(stderr, "datagram %u, offset %zu: %s (%u)\n", number, problem->offset,
		problem->reason ? problem->reason : "refused", problem->value);
}

static int from_capture(struct decoder *dec, const char *path, struct sink *sink, struct err *err)
{
	struct capture *capture = NULL;
	struct captured captured;
	static struct capture_streams connections;
	int more;
	if (capture_open(path, NULL, 0, &capture, err))
		return -1;
	while ((more = capture_next(capture, &captured, err)) > 0) {
		captured.dgram.stream = capture_stream(&connections, dec, &captured);
		one(dec, &captured.dgram, sink);
	}
	capture_free(capture);
	return more;
}

/* A new decoder that knows what the old one saved, at the time of what came last. */
static int restart(struct decoder **dec, uint64_t now_ms, struct err *err)
{
	struct buf state;
	buf_init(&state, 64u << 20);
	struct decoder *next = new_decoder(err);
	int result = next ? decoder_save(*dec, &state, err) : -1;
	if (result == 0)
		result = decoder_load(next, state.data, state.len, now_ms, NULL, err);
	buf_release(&state);
	decoder_free(*dec);
	*dec = next;
	return result;
}

static int from_hex(struct decoder **dec, const char *path, struct sink *sink, struct err *err)
{
	struct hexfile *file = NULL;
	struct datagram dgram;
	enum hex_step step;
	uint64_t now_ms = 0;
	int result = hexfile_open(path, &file, err);
	while (result == 0) {
		result = hexfile_next(file, &step, &dgram, err);
		if (result || step == HEX_END)
			break;
		if (step != HEX_RESTART && step != HEX_CLOSE)
			now_ms = dgram.received_ms;
		if (step == HEX_MESSAGE || step == HEX_CLOSE)
			dgram.stream = stream_of(&dgram);
		if (step == HEX_DATAGRAM || step == HEX_MESSAGE)
			one(*dec, &dgram, sink);
		else if (step == HEX_CLOSE)
			decoder_stream_end(*dec, dgram.stream);
		else if (step == HEX_TICK)
			decoder_tick(*dec, dgram.received_ms, sink);
		else
			result = restart(dec, now_ms, err);
	}
	hexfile_free(file);
	return result;
}

int main(int argc, char **argv)
{
	struct err err = ERR_NONE;
	if (argc == 4 && strcmp(argv[1], "--elements") == 0)
		elements = argv[2];
	else if (argc == 4 && strcmp(argv[1], "--output") == 0)
		output = (uint32_t)strtoul(argv[2], NULL, 10);
	else if (argc != 2) {
		fputs("usage: decode [--elements CSV | --output FACTOR] FILE\n", stderr);
		return EF_USAGE;
	}
	const char *path = argv[argc - 1], *dot = strrchr(path, '.');
	struct sink sink = { .more = flush, .owner = malloc(ROOM) };
	for (int kind = 0; kind < LINE_KINDS; kind++)
		sink.head[kind].id_at = -1;
	sink.cur = sink.owner;
	sink.end = sink.cur + ROOM;

	struct decoder *dec = new_decoder(&err);
	bool hex = dot && strcmp(dot, ".hex") == 0;
	if (!dec ||
	    (hex ? from_hex(&dec, path, &sink, &err) : from_capture(dec, path, &sink, &err)))
		fprintf(stderr, "decode: %s\n", err.msg);
	flush(&sink, 0);
	if (dec)
		print_counters(decoder_counters(dec));
	decoder_free(dec);
	free(sink.owner);
	return err.msg[0] ? EF_FAILED : EF_DONE;
}
