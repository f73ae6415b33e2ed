/* SPDX-License-Identifier: Apache-2.0
 * The record of an installation: what the cluster remembers of who set it up, with what, and how
 * far that went.
 *
 * One document; docs/setup.md lists its members. Commands read it, change the tree in `body`, and
 * write it back; a write finds the record as it was read, or fails. */
#ifndef EF_IMPORTER_RECORD_H
#define EF_IMPORTER_RECORD_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"
#include "importer/record/document.h"

struct es;

#define RECORD_FORMAT 1 /* a record of a higher one is not ours to read or write */

enum record_found {
	RECORD_ABSENT,    /* nothing was set up, or by an efctl that kept none, or it got lost */
	RECORD_THERE,     /* in `body` */
	RECORD_FORBIDDEN, /* the caller may not read it: `why` */
	RECORD_UNFIT,     /* it is damaged, or this efctl is too old for it: `why` */
};

struct record {
	enum record_found found;
	/* {format, version, assets, options, dictionaries, namespaces, keys, state, by, at, …};
	 * with its members also where none was found */
	json_t *body;
	json_t *before; /* `body` as it was read, or written last */
	struct document_at at;
	struct err why;
	json_t *unusable; /* names of options whose values here this efctl does not know; NULL:
			   * none. remember_options() fills it */
};

/* State of the installation: `state` in the record. */
#define RECORD_APPLYING "applying" /* setup writes, or was interrupted while it did */
#define RECORD_APPLIED  "applied"

/* Fills `ret`; -1 where the cluster does not answer as it should. Release also after an error. */
int record_read(struct es *es, struct record *ret, struct err *err);
void record_release(struct record *r);

/* Whether there may be one that is not known. */
bool record_is_unknown(const struct record *r);

/* Takes an unfit record for a lost one: it is written anew. */
void record_give_up(struct record *r);

/* Fails where the record may be there but not be read: for who is going to change it. */
int record_must_be_known(const struct record *r, struct err *err);

/* Whether `body` tells of something else than what was read, or of another version; an installation
 * whose setup was interrupted is not what it says, either. */
bool record_changed(const struct record *r);

/* Writes it with who, when, this version and `state`; NULL leaves these four as they are: tables
 * and keys may change every hour, and that is no setup. Fails when somebody else wrote it since it
 * was read. */
int record_write(struct es *es, struct record *r, const char *state, struct err *err);

/* Fails where somebody wrote it since it was read. */
int record_still_true(struct es *es, const struct record *r, struct err *err);

/* Deletes it, and all that is kept beside it. 1 when its index stays, which others use, too. */
int record_delete(struct es *es, struct record *r, struct err *err);

/* Its members; borrowed, never NULL. */
json_t *record_options(const struct record *r);      /* {"setup.retention": "7d"} */
json_t *record_dictionaries(const struct record *r); /* docs/setup.md */
json_t *record_tables(const struct record *r);       /* their files by name; NULL: none */
json_t *record_namespaces(const struct record *r);   /* ["default"] */
json_t *record_keys(const struct record *r);         /* [{id, name, namespace, …}] */
const char *record_text(const struct record *r, const char *member); /* "" where it is not there */

/* Whether the list has the namespace. */
bool record_namespace_has(const struct record *r, const char *name);

/* Puts a namespace into the list, or takes it out; whether that changed anything. */
bool record_namespace_add(struct record *r, const char *name);
bool record_namespace_drop(struct record *r, const char *name);

/* The same for API keys: an entry of record_keys(), in the place of one with the same id; all that
 * have this id, and all of this namespace (NULL: none for that). */
void record_key_add(struct record *r, json_t *entry_take);
void record_key_drop(struct record *r, const char *id, const char *namespace);

#endif
