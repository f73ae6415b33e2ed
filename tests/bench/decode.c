/* SPDX-License-Identifier: Apache-2.0
 * How fast is decoding? Reads captures into memory, decodes them again and again, prints a JSON
 * object for each. usage: decode [--seconds S] [--once] CAPTURE... ; --once decodes each one time
 * only, for callgrind */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "forwarder/decode/decode.h"
#include "importer/capture/pcap.h"

#define ROOM (4u << 20)

struct datagrams {
	struct datagram *rows;
	size_t len, room;
	uint64_t bytes;
};

static int rewind_sink(struct sink *sink, size_t need)
{
	uint64_t *bytes = (uint64_t *)((char *)sink->owner + ROOM);
	*bytes += (uint64_t)(sink->cur - (char *)sink->owner);
	sink->cur = sink->owner;
	return need <= ROOM ? 0 : -1;
}

static int load(const char *path, struct datagrams *all, struct err *err)
{
	struct capture *capture = NULL;
	struct captured captured;
	int more;
	if (capture_open(path, NULL, 0, &capture, err))
		return -1;
	while ((more = capture_next(capture, &captured, err)) > 0) {
		if (all->len == all->room) {
			all->room = all->room ? 2 * all->room : 4096;
			all->rows = realloc(all->rows, all->room * sizeof(*all->rows));
		}
		struct datagram *d = &all->rows[all->len++];
		*d = captured.dgram;
		uint8_t *copy = malloc(d->len);
		if (!all->rows || !copy)
			abort();
		memcpy(copy, d->data, d->len);
		d->data = copy;
		all->bytes += d->len;
	}
	capture_free(capture);
	return more;
}

static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t records_of(const struct decode_counters *counters)
{
	uint64_t n = 0;
	for (int i = 0; i < PROTOCOLS; i++)
		n += counters->records[i];
	return n;
}

static int measure(const char *path, double seconds, bool once)
{
	struct err err = ERR_NONE;
	struct datagrams all = { 0 };
	struct decode_settings settings = { 0 };
	struct decoder *dec = decoder_new(&settings, &err);
	char *memory = calloc(1, ROOM + sizeof(uint64_t));
	if (!dec || !memory || load(path, &all, &err) < 0) {
		fprintf(stderr, "decode: %s: %s\n", path, err.msg);
		return EF_FAILED;
	}
	struct sink sink = {
		.cur = memory, .end = memory + ROOM, .more = rewind_sink, .owner = memory
	};
	for (int kind = 0; kind < LINE_KINDS; kind++) { /* as for Elasticsearch */
		static const char head[] =
		    "{\"create\":{\"_id\":\"                           \"}}\n";
		memcpy(sink.head[kind].text, head, sizeof(head) - 1);
		sink.head[kind].len = sizeof(head) - 1;
		sink.head[kind].id_at = 18;
	}
	const struct decode_counters *counters = decoder_counters(dec);
	uint64_t before = 0;
	double start = 0, best = 1e9, spent;
	unsigned rounds = 0;
	struct decode_report report;
	do {
		for (size_t i = 0; i < all.len; i++)
			decoder_datagram(dec, &all.rows[i], &sink, &report);
		if (rounds++ == 0 && !once) { /* warm */
			before = records_of(counters);
			start = cpu_seconds();
			best = 1e9;
			continue;
		}
		spent = cpu_seconds() - start;
	} while (!once && (rounds == 1 || spent < seconds));
	if (once)
		return EF_DONE;
	uint64_t records = records_of(counters) - before;
	rewind_sink(&sink, 0);
	uint64_t bytes;
	memcpy(&bytes, memory + ROOM, sizeof(bytes));
	(void)best;
	printf("{\"capture\":\"%s\",\"records\":%llu,\"cpu_seconds\":%.3f,\"records_per_cpu_"
	       "second\":%.0f,"
	       "\"ns_per_record\":%.1f,\"bytes_per_line\":%.0f}\n",
	       path, (unsigned long long)records, spent, (double)records / spent,
	       1e9 * spent / (double)records, (double)bytes / (double)records_of(counters));
	return EF_DONE;
}

int main(int argc, char **argv)
{
	double seconds = 2;
	bool once = false;
	int result = EF_USAGE;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--once") == 0)
			once = true;
		else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
			seconds = atof(argv[++i]);
		else
			result = measure(argv[i], seconds, once);
	}
	return result;
}
