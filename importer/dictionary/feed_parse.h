/* SPDX-License-Identifier: Apache-2.0
 * Addresses out of the text of a threat feed: lines, columns, URLs, JSON. */
#ifndef EF_IMPORTER_FEED_PARSE_H
#define EF_IMPORTER_FEED_PARSE_H

#include <stddef.h>

#include "common/err.h"
#include "common/ip.h"

enum feed_format_kind { FEED_TEXT, FEED_URLS, FEED_COLUMNS, FEED_JSON };

struct feed_format {
	enum feed_format_kind kind;
	char separator; /* COLUMNS; ',' reads RFC 4180 */
	int column;     /* from 0 */
	int length;     /* column with the prefix length, or -1 */
	char member[64];
};

/* "text", "urls", "csv:2", "tsv:1/3", "json:ip_address". */
int feed_format_parse(const char *text, struct feed_format *ret_format, struct err *err);

struct feed_prefixes {
	struct prefix *prefix; /* sorted, each once */
	size_t n, room;
	size_t names;      /* lines whose host is a name (FEED_URLS) */
	size_t unreadable; /* lines or members that hold no address */
};

/* `text` ends with a NUL that `len` does not count. EF_FAILED over `max` prefixes, or when it holds
 * a NUL. */
int feed_parse(const struct feed_format *format, const char *text, size_t len, size_t max,
	       struct feed_prefixes *ret_prefixes, struct err *err);
void feed_prefixes_release(struct feed_prefixes *p);

#endif
