/* SPDX-License-Identifier: Apache-2.0
 * Threat feeds: download, sanity checks, and the CSV that is kept of each.
 *
 * A feed is a row of threat-feeds.csv. Its indicators are kept in DIR/feeds/NAME.csv, which is a
 * threats.csv with the feed's URL, ETag and date in comments; dict.c reads it when the feed is
 * switched on. */
#ifndef EF_IMPORTER_FEED_H
#define EF_IMPORTER_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/err.h"
#include "common/ip.h"
#include "importer/dictionary/dict_rows.h"

struct http;

#define FEED_BYTES_MAX   (64U << 20) /* of one download */
#define FEED_ENTRIES_MAX 1000000U    /* of one feed */
#define FEED_V4_MIN      8           /* shorter prefixes are mistakes of the feed, not threats */
#define FEED_V6_MIN      19

/* Columns of threat-feeds.csv. */
enum feed_column {
	FEED_NAME,
	FEED_URL,
	FEED_FORMAT,
	FEED_CATEGORY,
	FEED_SEVERITY,
	FEED_ENABLED,
	FEED_TERMS,
	FEED_INTERVAL,
	FEED_USE, /* who may use it: a word of feed_uses[]; empty is unclear */
};

/* What a feed's terms allow; `text` is for people. */
enum feed_use { FEED_FREE, FEED_UNCLEAR, FEED_NONCOMMERCIAL, FEED_USES };
struct feed_use_row {
	const char *word, *text;
};
extern const struct feed_use_row feed_uses[FEED_USES];

enum feed_outcome {
	FEED_NEW,  /* downloaded and kept */
	FEED_SAME, /* the server says that nothing changed */
	FEED_WAIT, /* the last download is younger than the feed's interval */
};

struct feed_report {
	enum feed_outcome outcome;
	size_t entries;    /* kept */
	size_t reserved;   /* left out: private, reserved or multicast addresses */
	size_t wide;       /* left out: prefixes shorter than FEED_V4_MIN or FEED_V6_MIN */
	size_t unreadable; /* lines that hold no address */
	int64_t age_ms;    /* of the file that was there; -1: none */
};

/* Whether a prefix is so short that it is a mistake and not a threat. */
bool feed_too_wide(const struct prefix *prefix);

/* Where the kept CSV is below the user's directory: the name in lower case, '-' for what is neither
 * letter nor digit. To be freed; NULL when memory is short. */
char *feed_file(const char *feed);
/* The same with the directory in front. */
char *feed_path(const char *dir, const char *feed);

/* Whether format, URL and interval of every row can be used, and each has a file of its own: names
 * may not differ in marks alone. */
int feed_check_all(const struct dict_rows *feeds, struct err *err);

/* Its interval in milliseconds; 0 for one that cannot be read. */
int64_t feed_interval_ms(const struct dict_row *row);

/* When the kept file was last confirmed, in milliseconds since the epoch; 0: there is none. */
int64_t feed_confirmed_ms(const char *path);

/* Milliseconds since then; -1 when there is none. */
int64_t feed_age_ms(const char *path);

/* How many indicators a kept file holds. */
size_t feed_kept_rows(const char *path);

/* From which age on a feed is stale: three times its interval, which counts as an hour at least
 * because the timer comes hourly. */
int64_t feed_stale_ms(const struct dict_row *row);

/* FEED_UNCLEAR where the row does not say. */
enum feed_use feed_use(const struct dict_row *row);

static inline bool feed_is_on(const struct dict_row *row)
{
	return strcmp(row->cell[FEED_ENABLED], "true") == 0;
}

/*
 * Downloads the feed when its interval is over or `force`, and keeps what passes the checks against
 * `special` (the rows of special-purpose.csv). On failure the file of before stays. A reply in
 * which fewer than half of the lines hold an address is refused: it is some error page.
 */
int feed_update(struct http *http, const char *dir, const struct dict_row *row,
		const struct dict_rows *special, bool force, struct feed_report *ret_report,
		struct err *err);

#endif
