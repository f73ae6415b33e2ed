/* SPDX-License-Identifier: Apache-2.0
 * gzip of whole buffers: isa-l where the build has it, libdeflate elsewhere. */
#include "forwarder/ship/compress.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#if HAVE_isal
#include <isa-l/igzip_lib.h>
#endif

#define LEVEL 1

struct gzip {
	struct libdeflate_decompressor *inflater;
	char *out; /* grows to the bound of the largest input seen */
	size_t cap;
#if HAVE_isal
	struct isal_zstream stream;
	uint8_t level_buf[ISAL_DEF_LVL1_EXTRA_LARGE];
#else
	struct libdeflate_compressor *deflater;
#endif
};

struct gzip *gzip_new(void)
{
	struct gzip *gz = calloc(1, sizeof(*gz));
	if (!gz)
		return NULL;
	gz->inflater = libdeflate_alloc_decompressor();
#if !HAVE_isal
	gz->deflater = libdeflate_alloc_compressor(LEVEL);
	if (!gz->deflater) {
		gzip_free(gz);
		return NULL;
	}
#endif
	if (!gz->inflater) {
		gzip_free(gz);
		return NULL;
	}
	return gz;
}

void gzip_free(struct gzip *gz)
{
	if (!gz)
		return;
	if (gz->inflater)
		libdeflate_free_decompressor(gz->inflater);
#if !HAVE_isal
	if (gz->deflater)
		libdeflate_free_compressor(gz->deflater);
#endif
	free(gz->out);
	free(gz);
}

/* Stored blocks (5 bytes for each 64 KiB at most), header and trailer; both libraries stay below
 * it. */
static size_t bound(size_t len)
{
	return len + len / 1024 + 4096;
}

#if HAVE_isal
static size_t deflate_all(struct gzip *gz, const void *raw, size_t len)
{
	struct isal_zstream *z = &gz->stream;
	isal_deflate_stateless_init(z);
	z->level = LEVEL;
	z->level_buf = gz->level_buf;
	z->level_buf_size = sizeof(gz->level_buf);
	z->gzip_flag = IGZIP_GZIP;
	z->end_of_stream = 1;
	z->next_in = (uint8_t *)(uintptr_t)raw; /* the library's field lacks const */
	z->avail_in = (uint32_t)len;
	z->next_out = (uint8_t *)gz->out;
	z->avail_out = (uint32_t)gz->cap;
	return isal_deflate_stateless(z) == COMP_OK ? z->total_out : 0;
}
#else
static size_t deflate_all(struct gzip *gz, const void *raw, size_t len)
{
	return libdeflate_gzip_compress(gz->deflater, raw, len, gz->out, gz->cap);
}
#endif

void *gzip_pack(struct gzip *gz, const void *raw, size_t len, size_t *ret_len)
{
	size_t need = bound(len);
	if (gz->cap < need) {
		char *out = realloc(gz->out, need);
		if (!out)
			return NULL;
		gz->out = out;
		gz->cap = need;
	}
	size_t n = deflate_all(gz, raw, len);
	void *packed = n ? malloc(n) : NULL;
	if (!packed)
		return NULL;
	memcpy(packed, gz->out, n);
	*ret_len = n;
	return packed;
}

char *gzip_unpack(struct gzip *gz, const void *packed, size_t len, size_t raw_len, int *ret_torn)
{
	char *raw = malloc(raw_len + 1);
	*ret_torn = 0;
	if (!raw)
		return NULL;
	size_t n = 0;
	enum libdeflate_result r =
	    libdeflate_gzip_decompress(gz->inflater, packed, len, raw, raw_len, &n);
	if (r != LIBDEFLATE_SUCCESS || n != raw_len) {
		*ret_torn = 1;
		free(raw);
		return NULL;
	}
	raw[n] = '\0';
	return raw;
}

uint32_t gzip_crc(const void *data, size_t len)
{
	return libdeflate_crc32(0, data, len);
}
