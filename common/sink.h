/* SPDX-License-Identifier: Apache-2.0
 * Where lines go: memory that the owner lends, written front to back, one whole line at a time.
 *
 * The owner sets `cur` and `end` to its memory and `more` to a function that brings new memory. Who
 * writes (the decoder) knows the largest size of a line before its first byte, so it asks once and
 * then writes without looking. `more` is called only between lines: everything before `cur` is
 * whole lines and may be taken away. It returns 0 when `end - cur >= need`, or -1: then this record
 * is dropped and counted (decode_counters.sink_dropped). What has room for SINK_LINE_MAX loses
 * none: no record is estimated at more.
 *
 * Before each line the bytes of `head[kind]` are copied: for Elasticsearch the action row of the
 * bulk request, for NDJSON nothing. Where `id_at` is not -1 a document id of SINK_ID_LEN characters
 * (base64url; from exporter, domain, sequence, place in the datagram and receive time, so that the
 * same datagram always gets the same ids) is written over the head's bytes from `id_at` on. A line
 * ends with '\n'. */
#ifndef EF_COMMON_SINK_H
#define EF_COMMON_SINK_H

#include <stddef.h>
#include <stdint.h>

enum line_kind { LINE_FLOW, LINE_COUNTERS, LINE_EXPORTER, LINE_KINDS };

#define SINK_LINE_MAX (1u << 20) /* bytes, head and slack included */
#define SINK_HEAD_MAX 160
#define SINK_ID_LEN   19

struct line_head {
	char text[SINK_HEAD_MAX]; /* padded (jsonw.h) */
	uint16_t len;
	int16_t id_at; /* where in `text` the id goes, -1: nowhere */
};

struct sink {
	char *cur, *end;
	int (*more)(struct sink *sink, size_t need);
	void *owner; /* for `more` */
	struct line_head head[LINE_KINDS];
	uint64_t lines[LINE_KINDS]; /* written so far */
};

#endif
