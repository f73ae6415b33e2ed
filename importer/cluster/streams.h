/* SPDX-License-Identifier: Apache-2.0
 * The data streams that flows go to: which exist, and whether their newest backing index has the current mapping. */
#ifndef EF_IMPORTER_STREAMS_H
#define EF_IMPORTER_STREAMS_H

#include <jansson.h>

#include "common/err.h"

struct es;

/* The data streams that efd writes to, without "-<namespace>", and what their documents are called. */
struct stream_row {
	const char *name, *what;
};
#define STREAMS 4
extern const struct stream_row stream_rows[STREAMS];

/* Names of the patterns of all our data streams, for URLs; beside those of efd the one that indicators go to. */
#define STREAMS_ALL                                                                        \
	"logs-flow-*,logs-flow.failed-*,metrics-flow.counters-*,metrics-flow.exporters-*," \
	"logs-ti_flow-*"

/*
 * Appends to `ret_names` the data streams whose write index was made from an older mapping than today's template.
 * Clusters without data streams have none.
 */
int streams_outdated(struct es *es, json_t *ret_names, struct err *err);

/*
 * Creates our data streams of `namespace` where they are missing, empty. Without them Kibana does not know the fields of a
 * stream that got no document yet (no record failed, no sFlow counters), and its panels show errors in place of "no results".
 */
int streams_create(struct es *es, const char *namespace, struct err *err);

/* Searches the data stream `stream`-`namespace`; one that is not there has nothing. *ret_reply is the caller's. */
int streams_search(struct es *es, const char *stream, const char *namespace, const json_t *body,
		   json_t **ret_reply, struct err *err);

/* Starts a new backing index for each of `names`. */
int streams_rollover(struct es *es, const json_t *names, struct err *err);

#endif
