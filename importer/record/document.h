/* SPDX-License-Identifier: Apache-2.0
 * Documents of the index in which an installation keeps what it knows of itself: read, written only
 * as they were read, deleted. */
#ifndef EF_IMPORTER_DOCUMENT_H
#define EF_IMPORTER_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"

struct es;

/* Which writing of a document was seen; `term` 0: there was none. */
struct document_at {
	long long seq_no, term;
};

/* What became of a write or a delete that was to find the document as it was seen. */
enum document_result { DOCUMENT_FAILED = -1, DOCUMENT_WRITTEN, DOCUMENT_CHANGED };

/* Makes the index where it is missing; `*ret_made` tells whether it was. Its mapping indexes
 * nothing: documents are asked for by id. */
int document_index_make(struct es *es, bool *ret_made, struct err *err);

/* Whose the index of that name is, by the mark in its mapping. */
enum document_index {
	INDEX_ABSENT,
	INDEX_OURS,
	INDEX_FOREIGN, /* somebody else made it */
	INDEX_UNSEEN,  /* the caller may not look */
};

/* EF_USAGE where the name is an alias, or the index is blocked. */
int document_index_look(struct es *es, enum document_index *ret_index, struct err *err);
/* EF_USAGE where it is somebody else's: nothing of ours goes there. */
int document_index_fits(const struct es *es, enum document_index index, struct err *err);

/* Deletes our documents, and with them the index where it is ours and holds nothing else. 1 when it
 * stays, 0 when it is gone, which may be before; -1. */
int document_index_clear(struct es *es, struct err *err);
/* Deletes the index where it is ours and holds no document but `id`; whether it did. */
bool document_index_drop(struct es *es, const char *id);

/*
 * 1 with the document's body (the caller's) and place, 0 when there is none, -1. Always the newest
 * one, also where the index was not refreshed. `*ret_forbidden` (may be NULL) tells of an error
 * that the caller may not look there, or nobody while the index is closed or blocked.
 */
int document_get(struct es *es, const char *id, json_t **ret_body, struct document_at *ret_at,
		 bool *ret_forbidden, struct err *err);

/* The ids of all documents as an array of texts, the caller's: at most DOCUMENTS_MAX of them. */
#define DOCUMENTS_MAX 1000
int document_ids(struct es *es, json_t **ret_ids, struct err *err);

/* Writes the document if it is still as it was `*at` (term 0: not there), and sets `*at` to what it
 * is then. The index has to be there. */
enum document_result document_put(struct es *es, const char *id, const json_t *body,
				  struct document_at *at, struct err *err);

/* Deletes it if it is still as it was `at`; NULL: however it is. One that is gone is fine. */
enum document_result document_delete(struct es *es, const char *id, const struct document_at *at,
				     struct err *err);

#endif
