/* SPDX-License-Identifier: Apache-2.0
 * The data streams that flows go to: which exist, and whether their newest backing index has the
 * current mapping. */
#ifndef EF_IMPORTER_STREAMS_H
#define EF_IMPORTER_STREAMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "common/names.h"

struct es;

/* Our data streams, without prefix (functions here add it) and "-<namespace>", and what their
 * documents are called: those that efd writes to, then the others. */
struct stream_row {
	const char *name, *what;
};
#define STREAMS     4 /* of efd */
#define STREAMS_ALL 5 /* with the indicators of `efctl dictionaries indicators` */
extern const struct stream_row stream_rows[STREAMS_ALL];

/* A path with the patterns of all our data streams between `before` and `after`; `path` has
 * STREAMS_PATH bytes. */
#define STREAMS_PATH 600
const char *streams_path(const struct es *es, char *path, const char *before, const char *after);

/* Calls `look` with `arg` (the findings, say) for each data stream of `namespace` that efd writes
 * to, by its whole name; ends at the first that does not return 0, with -1. */
#define STREAM_NAME (NAME_ROOM + 100)
typedef int stream_look_fn(struct es *es, const char *stream, void *arg, struct err *err);
int streams_each(struct es *es, const char *namespace, stream_look_fn *look, void *arg,
		 struct err *err);

/* In the settings of an index, of a template and of what is simulated: the pipelines that documents
 * go through. */
#define STREAMS_PIPELINE "settings.index.default_pipeline"
#define STREAMS_FINAL    "settings.index.final_pipeline"

/* The path that asks what a new index of `stream` would get. It asks for another name of the same
 * pattern: OpenSearch refuses one that exists. */
const char *streams_simulate_path(char *path, const char *stream);
/* The name of the index that a data stream, an entry of GET _data_stream, is written to; "":
 * none. */
const char *streams_write_index(const json_t *stream);

/* What is in one data stream (or plain index, on a cluster without them). */
struct stream_data {
	bool exists;
	bool counted; /* false: a part of it is closed or does not answer, so there may be more */
	uint64_t documents, bytes;
	uint64_t newest_ms; /* 0: none, or it may not be read */
};

/*
 * Which of stream_rows `namespace` has, by exact name, and what is in each. `ret_others` is an
 * object that gets the other namespaces with streams under our patterns as its keys. Anything but
 * an answer is an error: not seen is not gone.
 */
int streams_of(struct es *es, bool has_data_streams, const char *namespace,
	       struct stream_data ret_data[STREAMS_ALL], json_t *ret_others, struct err *err);

/* Looks again at one that exists: what came in the meantime. */
int streams_look(struct es *es, const char *stream, const char *namespace,
		 struct stream_data *ret_data, struct err *err);

/*
 * Appends to `ret_names` the data streams whose write index was made from an older mapping than
 * today's template. Clusters without data streams have none.
 */
int streams_outdated(struct es *es, json_t *ret_names, struct err *err);

/* Appends to `ret_names` those data streams of `namespace`, by exact name, that efd writes to and
 * that are not there. */
int streams_missing(struct es *es, const char *namespace, json_t *ret_names, struct err *err);

/*
 * Creates our data streams of `namespace` where they are missing, empty. Without them Kibana does
 * not know the fields of a stream that got no document yet (no record failed, no sFlow counters),
 * and its panels show errors in place of "no results".
 */
int streams_create(struct es *es, const char *namespace, struct err *err);

/* Searches the data stream `stream`-`namespace`; one that is not there has nothing. *ret_reply is
 * the caller's. */
int streams_search(struct es *es, const char *stream, const char *namespace, const json_t *body,
		   json_t **ret_reply, struct err *err);

/* The same over other clusters, too: `remotes` are their names. */
int streams_search_remote(struct es *es, const struct strlist *remotes, const char *stream,
			  const char *namespace, const json_t *body, json_t **ret_reply,
			  struct err *err);

/* Starts a new backing index for each of `names`. */
int streams_rollover(struct es *es, const json_t *names, struct err *err);

#endif
