/* SPDX-License-Identifier: Apache-2.0
 * A server that keeps the documents of one index as Elasticsearch does, for tests. */
#ifndef EF_TESTS_DOCUMENTS_H
#define EF_TESTS_DOCUMENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/options.h"
#include "importer/client/es.h"

struct MHD_Daemon;

struct documents {
	struct MHD_Daemon *daemon;
	json_t *docs;      /* id -> {_seq_no, _primary_term, _source} */
	json_t *templates; /* answer to GET /_index_template; NULL: none */
	bool index;
	const char *prefix;       /* of the installation whose index it is; NULL: none */
	const char *owner;        /* in the index's mapping */
	const char *alias;        /* of which the index's name is one */
	const char *broken, *why; /* error of every request, but for the index itself */
	int seq_no;
	void (*writes)(void); /* called before a write is done; NULL: nobody */
	unsigned refuse;      /* status for every request; 0: none */
	unsigned lose_answer; /* after so many writes the next one is done and answered as if not */
	char text[1 << 16];
	size_t len;
};

extern struct documents server;
extern struct elastic_settings settings; /* of the server */
extern struct es *es;

/* For cmocka: starts and stops it; empties it before a test. */
int documents_start(void **state);
int documents_stop(void **state);
int documents_empty(void **state);

/* The body of a document; NULL: there is none. Borrowed. */
json_t *documents_kept(const char *id);
/* Puts a document there as another program would. */
void documents_put(const char *id, json_t *source_take);
/* Fails the test where `result` is not 0. */
void documents_must(int result, const struct err *err);

#endif
