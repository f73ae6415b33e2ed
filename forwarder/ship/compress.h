/* SPDX-License-Identifier: Apache-2.0
 * gzip of whole buffers: isa-l where the build has it, libdeflate elsewhere. */
#ifndef EF_SHIP_COMPRESS_H
#define EF_SHIP_COMPRESS_H

#include <stddef.h>
#include <stdint.h>

/*
 * A closed batch is compressed in one call, so that neither library needs a stream. isa-l costs
 * half of libdeflate's time for nearly the same size (level 1 of both); what either writes is plain
 * gzip (RFC 1952).
 *
 * One struct gzip a thread; it owns its scratch memory and nothing that it hands out.
 */
struct gzip;

struct gzip *gzip_new(void); /* NULL: out of memory */
void gzip_free(struct gzip *gz);

/*
 * Compresses len bytes at raw. Returns freshly allocated memory of exactly *ret_len bytes (the
 * caller frees it), NULL when memory ran out.
 */
void *gzip_pack(struct gzip *gz, const void *raw, size_t len, size_t *ret_len)
    __attribute__((warn_unused_result));

/*
 * Inflates into fresh memory of raw_len bytes plus a closing NUL (the caller frees it). NULL with
 * *ret_torn = 1 when the bytes are no gzip or do not inflate to exactly raw_len bytes, NULL with
 * *ret_torn = 0 when memory ran out.
 */
char *gzip_unpack(struct gzip *gz, const void *packed, size_t len, size_t raw_len, int *ret_torn)
    __attribute__((warn_unused_result));

/* CRC-32 (the gzip polynomial) of a buffer. */
uint32_t gzip_crc(const void *data, size_t len);

#endif
