/* SPDX-License-Identifier: Apache-2.0
 * What each way to compress a bulk body costs: the bodies in FILE, in blocks of a size, by each
 * level of the libraries that there are. A line for each: name, block, µs of CPU a record (the best
 * of five), times as small.
 *
 * usage: compress FILE */
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "forwarder/ship/compress.h"

#if HAVE_isal
#include <isa-l/igzip_lib.h>
#endif

#define ROUNDS 5
#define ROOM   (5u << 20)

static char *body, *out;
static size_t body_len, records;

typedef size_t pack_fn(const char *raw, size_t len, int level);

static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void measure(const char *name, size_t block, pack_fn *pack, int level)
{
	double best = 0;
	size_t packed = 0;
	for (int round = 0; round < ROUNDS; round++) {
		double since = cpu_seconds();
		packed = 0;
		for (size_t at = 0; at < body_len; at += block)
			packed +=
			    pack(body + at, body_len - at < block ? body_len - at : block, level);
		double took = cpu_seconds() - since;
		if (round == 0 || took < best)
			best = took;
	}
	printf("%s\t%zu\t%.3f\t%.2f\n", name, block >> 10, best * 1e6 / (double)records,
	       (double)body_len / (double)packed);
}

/* As efd does it. */
static size_t pack_efd(const char *raw, size_t len, int level)
{
	static struct gzip *gz;
	(void)level;
	if (!gz && !(gz = gzip_new()))
		abort();
	size_t packed = 0;
	void *p = gzip_pack(gz, raw, len, &packed);
	if (!p)
		abort();
	free(p);
	return packed;
}

static size_t pack_libdeflate(const char *raw, size_t len, int level)
{
	static struct libdeflate_compressor *of[13];
	if (!of[level] && !(of[level] = libdeflate_alloc_compressor(level)))
		abort();
	return libdeflate_gzip_compress(of[level], raw, len, out, ROOM);
}

#if HAVE_isal
static struct isal_hufftables own;
static const uint32_t extra[] = { 0, ISAL_DEF_LVL1_EXTRA_LARGE, ISAL_DEF_LVL2_EXTRA_LARGE,
				  ISAL_DEF_LVL3_EXTRA_LARGE };

/* Level -1: 0 with Huffman codes made of these very lines: they cannot be better. */
static size_t pack_isal(const char *raw, size_t len, int level)
{
	static struct isal_zstream z;
	static uint8_t work[ISAL_DEF_LVL3_EXTRA_LARGE];
	isal_deflate_stateless_init(&z);
	z.level = level < 0 ? 0 : (uint32_t)level;
	z.level_buf = z.level ? work : NULL;
	z.level_buf_size = extra[z.level];
	z.gzip_flag = IGZIP_GZIP;
	z.end_of_stream = 1;
	if (level < 0)
		isal_deflate_set_hufftables(&z, &own, IGZIP_HUFFTABLE_CUSTOM);
	z.next_in = (uint8_t *)(uintptr_t)raw;
	z.avail_in = (uint32_t)len;
	z.next_out = (uint8_t *)out;
	z.avail_out = ROOM;
	if (isal_deflate_stateless(&z) != COMP_OK)
		abort();
	return z.total_out;
}

static void measure_isal(size_t block)
{
	static struct isal_huff_histogram seen;
	isal_update_histogram((uint8_t *)body, (int)(body_len < 4u << 20 ? body_len : 4u << 20),
			      &seen);
	isal_create_hufftables(&own, &seen);
	measure("isa-l 0", block, pack_isal, 0);
	measure("isa-l 0, codes of these lines", block, pack_isal, -1);
	for (int level = 1; level <= 3; level++) {
		char name[16];
		snprintf(name, sizeof(name), "isa-l %d", level);
		measure(name, block, pack_isal, level);
	}
}
#else
static void measure_isal(size_t block)
{
	(void)block;
}
#endif

static void read_body(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f || fseek(f, 0, SEEK_END) || !(body = malloc((size_t)ftell(f) + 1)) ||
	    !(out = malloc(ROOM))) {
		perror(path);
		exit(1);
	}
	rewind(f);
	while (!feof(f) && !ferror(f))
		body_len += fread(body + body_len, 1, 1u << 20, f);
	fclose(f);
	for (const char *at = body; (at = memchr(at, '\n', body_len - (size_t)(at - body))); at++)
		records++;
	records /= 2; /* an action and a document */
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: compress FILE\n");
		return 2;
	}
	read_body(argv[1]);
	measure("efd", 1u << 20, pack_efd, 0);
	measure("efd", 1u << 18, pack_efd, 0);
	measure("efd", 1u << 22, pack_efd, 0);
	measure_isal(1u << 20);
	measure("libdeflate 1", 1u << 20, pack_libdeflate, 1);
	measure("libdeflate 6", 1u << 20, pack_libdeflate, 6);
	return 0;
}
