/* SPDX-License-Identifier: Apache-2.0
 * Threat feeds: downloads, reading of their formats, sanity checks, and the CSV that is kept of each. */
#ifndef EF_IMPORTER_FEED_H
#define EF_IMPORTER_FEED_H

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
};

/* Where the indicators of a feed are kept: DIR/feeds/NAME.csv, with the name in lower case and '-' for what is neither letter
 * nor digit. To be freed; NULL when memory is short. */
char *feed_path(const char *dir, const char *feed);

#endif
