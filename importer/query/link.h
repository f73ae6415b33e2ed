/* SPDX-License-Identifier: Apache-2.0
 * A question as a link into Kibana: its time, and its filter as a query there. */
#ifndef EF_IMPORTER_LINK_H
#define EF_IMPORTER_LINK_H

#include "importer/query/query.h"

/* Where a link leads: enum link_place's names; ends with NULL. */
enum link_place { LINK_NOWHERE, LINK_DISCOVER, LINK_RECORDS, LINK_HOSTS };
extern const char *const link_places[];

/*
 * The URL, the caller's: all of the question stands behind its #, which browsers keep for
 * themselves, as Rison (JSON with fewer quotes, github.com/Nanonid/rison) in percent-encoding
 * (RFC 3986, 2.1). EF_USAGE where nobody said where Kibana is.
 */
int link_of(const struct app *app, const struct query *q, enum link_place place, char **ret_url,
	    struct err *err);

/* `value` as Rison, before it is encoded; the caller's. */
char *link_rison(const json_t *value);

#endif
